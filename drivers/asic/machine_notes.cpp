#include "drivers/asic/machine_notes.hpp"

#include "wire/printable.hpp"

#include <algorithm>

namespace ballast::asic {

void MachineNotes::erred(Slot load, std::string_view what, Steady at) {
    amend(load, [&](MachineNote& note) {
        note.error = wire::printable(what, 120);
        note.erred = at;
        ++note.errors;
    });
}

MachineNotes::View MachineNotes::read() const {
    View view;
    const std::lock_guard lock{mutex_};
    view.pieces_.assign(pieces_.begin(), pieces_.end());
    std::ranges::fill(shared_, true);
    return view;
}

MachineNotes::Piece* MachineNotes::own(std::size_t at) {
    std::shared_ptr<Piece>& held = pieces_[at];
    if (!held) held = std::make_shared<Piece>();
    else if (shared_[at]) held = std::make_shared<Piece>(*held);
    shared_[at] = false;
    return held.get();
}

}  // namespace ballast::asic
