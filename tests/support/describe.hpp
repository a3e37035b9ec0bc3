#pragma once
#include "controller/engine.hpp"
#include "model/names.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <vector>

/// Decisions and states in words, for the failures of properties.
namespace ballast::tests {

inline std::string describe(const Why& why) {
    return fmt::format("policy {} {} {} event {}", index(why.policy), name_of(why.cause), name_of(why.reason), static_cast<unsigned>(why.event));
}

inline std::string describe(Scope scope) { return fmt::format("{} {}", name_of(scope.kind), scope.number); }

inline std::string describe(const Order& order) {
    return fmt::format("  order {} group {} [{}, {}) {} attempt {}: {}\n", static_cast<std::uint64_t>(order.id), index(order.group), order.loads.first,
                       order.loads.last, name_of(order.rung), order.attempt, describe(order.why));
}

inline std::string describe(const Decision& decision) {
    std::string text = fmt::format("  at {} wake {}\n", decision.at.steady.time_since_epoch().count(), decision.wake.time_since_epoch().count());
    for (const Order& order : decision.orders) text += describe(order);
    for (const Binding& b : decision.binding)
        text += fmt::format("  binding {} limit {} expected {} shortfall {} proven {}: {}\n", describe(b.scope), b.limit.count, b.expected.count,
                            b.shortfall.count, b.proven, describe(b.why));
    for (const Miss& m : decision.misses)
        text += fmt::format("  miss {} load {} {} given up {}\n", static_cast<std::uint64_t>(m.order), m.load, name_of(m.cause), m.given_up);
    for (const Note& n : decision.notes) text += fmt::format("  note {} {} event {} {}\n", name_of(n.kind), n.number, static_cast<unsigned>(n.event), n.text);
    return text;
}

/// An engine's state in lines that can be compared, and the bytes of its snapshot.
struct Picture {
    std::vector<std::string> lines;
    std::string bytes;
};

inline Picture picture(const Engine& engine, Now now) {
    const State& state = engine.state();
    Picture p{{}, engine.snapshot(now).bytes};
    const auto ms = [](Steady t) { return t.time_since_epoch().count(); };
    for (Slot s = 0; s < state.loads.size(); ++s) {
        const LoadState& l = state.loads[s];
        p.lines.push_back(fmt::format("load {} order {} watts {} reading {} taken {} heard {} {} {} on {} seen {} failing {} stale {} {}", s,
                                      static_cast<std::uint64_t>(l.order), l.watts.count, l.reading.count, ms(l.taken), ms(l.heard), name_of(l.mode),
                                      name_of(l.quality), l.on, l.seen, l.failing, l.stale, name_of(l.fate)));
    }
    for (std::size_t i = 0; i < state.flexible.size(); ++i) {
        const FlexState& f = state.flexible[i];
        p.lines.push_back(fmt::format("flexible {} cap {} lowest {} since {} told {} asked {} saved {} missed {}", state.first_flexible + i, f.cap.count, f.lowest.count,
                                      ms(f.since), ms(f.told), ms(f.asked), ms(f.saved), f.missed));
    }
    for (std::size_t g = 0; g < state.groups.size(); ++g) {
        const GroupState& s = state.groups[g];
        p.lines.push_back(fmt::format("group {} planned {} possible {} lowering {} raising {} measured {} unknown {} doubtful {} stale {} heard {} next wake {}", g,
                                      s.planned.count, s.possible.count, s.lowering.count, s.raising.count, s.measured.count, s.unknown.count, s.doubtful.count, s.stale,
                                      ms(s.heard), ms(s.next_wake)));
        for (const Run& run : s.runs) p.lines.push_back(fmt::format("group {} run to {} since {} on {} bars {}", g, run.last, ms(run.since), run.on, run.bars));
    }
    for (std::size_t m = 0; m < state.meters.size(); ++m)
        p.lines.push_back(fmt::format("meter {} power {} taken {} fresh {}", m, state.meters[m].power.count, ms(state.meters[m].taken), state.meters[m].fresh));
    for (const Obligation& o : state.obligations)
        p.lines.push_back(fmt::format("obligation {} {} begins {} ends {} held {}", static_cast<unsigned>(o.event), o.signal.id, ms(o.begins), ms(o.ends), o.held.size()));
    for (const Episode& e : state.episodes) p.lines.push_back(fmt::format("episode {} {}", index(e.policy), static_cast<unsigned>(e.event)));
    return p;
}

/// What differs; empty if nothing does.
inline std::string changes(const Picture& before, const Picture& after) {
    if (before.bytes == after.bytes) return {};
    const auto [is, was] = std::ranges::mismatch(after.bytes, before.bytes);
    std::string text = fmt::format("the snapshot at byte {} of {} and {}\n", is - after.bytes.begin(), after.bytes.size(), before.bytes.size());
    for (std::size_t i = 0; i < std::max(before.lines.size(), after.lines.size()); ++i) {
        const std::string old = i < before.lines.size() ? before.lines[i] : "-", now = i < after.lines.size() ? after.lines[i] : "-";
        if (old != now) text += old + "\n" + now + "\n";
    }
    return text;
}

}  // namespace ballast::tests
