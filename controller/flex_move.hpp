#pragma once
#include "model/order.hpp"

#include <cstdint>

namespace ballast {

/// Why a flexible load is not slowed any further just now, though watts are wanted.
enum class FlexBar : std::uint8_t {
    none,             ///< It could be.
    not_in_range,     ///< The site file gives it no step, or none but a checkpoint.
    not_heard,        ///< Nobody knows what it draws, so nothing may be counted.
    resting,          ///< It says that it rests: it has nothing to give.
    cut_off,          ///< Its contactor is open.
    at_its_floor,     ///< It is down as far as its range goes.
    draws_less,       ///< It draws no more than the lowest cap it may be given: the cap would bind nothing.
    in_notice,        ///< It was told, and its notice has not run out.
    awaits_checkpoint,  ///< Its work is being saved.
    unsaved,          ///< Its checkpoint is overdue or was refused, and unsaved work is not put to sleep.
    not_obeying,      ///< It was told to go lower and was not seen to.
    others_have_it,   ///< A switch has it in local, or people work on it.
};
inline constexpr std::size_t flex_bars = 12;

/// The next step down of a flexible load, and what it would give.
struct FlexMove {
    Rung rung = Rung::cap;
    Power cap = no_limit;     ///< The lowest it could be given.
    Power gives;              ///< Of its present draw, by its last reading; an unheard one gives nothing.
    FlexBar bar = FlexBar::none;  ///< `none`: it may go now.
    bool asks = false;        ///< A checkpoint has to be asked for before, or with it.
    Steady may_at = never;    ///< When what bars it has run out, if time alone ends that.
};

/// What a reading within a cap is: power regulation swings by about 2 % round its set point.
constexpr bool within_cap(Power power, Power cap) { return power.count <= cap.count + cap.count / 50; }

}  // namespace ballast
