#pragma once
#include "controller/books.hpp"
#include "controller/flex_move.hpp"

#include <array>
#include <string>

namespace ballast {

/// Ready to go, or why not. `emergency`: on whose account it would go.
FlexMove next_move(const Core& core, Slot s, bool emergency);

/// The draw of one flexible load, see `count`.
Draw flex_draw(const LoadState& load, const FlexState& flex, Power rated, Power standby, bool dead);

/// Wanted lower than it would be by itself, and nobody's word but ours keeps it there.
bool is_slowed(const Core& core, Slot s);

/// All it could give in its range, once its work is safe; by what it draws now.
Power could_give(const Core& core, Slot s);

/// What giving a slowed load its full draw back adds.
Draw full_again(const Core& core, Slot s);

// What the stages do with flexible loads.

/// A reading of loads of one flexible group.
void hear_flexible(Core& core, GroupId g, Range loads, const LoadReading& reading);
/// A receipt for one flexible load. Of a checkpoint, "accepted" says that the work is safe; of an uncap, that it is done.
/// False: it is as any other load's.
bool hear_flexible(Core& core, const Receipt& receipt, Slot s);
/// Checkpoints that are overdue are told once.
void verify_flexible(Core& core);
/// A cap that was kept and is not any more is given again, if it still is not.
void cap_again(Core& core, Slot s, const Why& why);
/// It was told often enough to draw less and does not: no cap below what it draws counts again.
void learn_lowest(Core& core, Slot s);
/// What no interruptible load can give any more, flexible ones give, in their turn and after their notice.
void slow_for_bounds(Core& core);
/// What an obligation that has yet to begin will want of flexible loads is prepared: their work is saved.
void prepare_for_obligations(Core& core);
/// Whom limits have room for gets its full draw back, before any interruptible load is woken: whoever shares a limit that
/// still holds one back has to wait (`Core::yields`), and what is on its way keeps its room.
void restore_flexible(Core& core, std::vector<Room>& rooms);
/// But for this bound some flexible load would get its full draw back.
bool holds_flexible(const Core& core, const Bound& bound, const Room& room);
/// For a shortfall: what flexible loads under the scope could not give, and why. Empty: there are none.
std::string not_given(const Core& core, Scope scope, bool emergency);

/// Orders one flexible load; `cap` with that rung only.
void order_flexible(Core& core, Slot s, Rung rung, Power cap, const Why& why, std::uint8_t attempt = 1);

/// Asks that its work be saved; lowers nothing. The event is opened if there is none.
void ask_for_checkpoint(Core& core, Slot s, const Why& why);

}  // namespace ballast
