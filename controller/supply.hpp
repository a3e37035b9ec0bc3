#pragma once
#include "controller/core.hpp"

/// A sag or a blackout, and the return from it. It is recognised at the meter: what runs was drawn at the last reading and
/// is not at this one. No order of ours explains that, because what we ordered away is not counted as running.
namespace ballast {

/// A good reading of a meter is about to replace the one before.
void watch_supplies(Core& core, const MeterReading& reading);

/// Loads of a group have answered, by what they said at `taken`: where they are fed from there is supply.
void supply_heard(Core& core, GroupId g, Steady taken);

/// What time makes of a supply: a fall that stands is a loss; what has come back for long enough is steady.
void end_supplies(Core& core);

/// Whether a load found resting rests because its supply was lost, and not by somebody's will.
bool fell_with_supply(const Core& core, GroupId g);

/// Whether what a meter shows says nothing about the residual: some supply has not settled, or loads that run do not show.
bool supply_unsettled(const Core& core, Scope scope, Power meter);

/// The load rests, and not by an order of ours; it may come back as any other that rests.
void found_resting(Core& core, Slot slot);

}  // namespace ballast
