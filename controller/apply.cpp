#include "controller/apply.hpp"

#include "controller/books.hpp"
#include "controller/words.hpp"

#include <algorithm>

namespace ballast {

void apply_one(Core& core, const OperatorWord& word) { obey(core, word); }

void apply_one(Core& core, const JournalHealth& health) {
    if (core.state.journal_writes == health.writes) return;
    core.state.journal_writes = health.writes;
    core.note(health.writes ? NoteKind::raises_resumed : NoteKind::raises_stopped, 0);
}

void apply_one(Core& core, const ClockJump& jump) { core.note(NoteKind::clock_jump, 0, std::to_string(jump.by.count()) + " ms"); }

void apply_one(Core& core, const Lost& lost) { core.note(NoteKind::messages_lost, lost.signals); }

void apply(Core& core, const Event& event) {
    std::visit([&](const auto& one) { apply_one(core, one); }, event);
}

}  // namespace ballast
