#pragma once
#include "controller/core.hpp"

namespace ballast {

// What each kind of event does to State. By kind: what is wished and told, what is read, and what concerns ourselves.

void apply_one(Core& core, const Signal& signal);
void apply_one(Core& core, const Heartbeat& beat);
void apply_one(Core& core, const Rejected& rejected);

void apply_one(Core& core, const MeterReading& reading);
void apply_one(Core& core, const LoadReading& reading);
void apply_one(Core& core, const Answered& answered);
void apply_one(Core& core, const Receipt& receipt);
void apply_one(Core& core, const HashReading& reading);

/// A load that was silent for too long answers again.
void lives(Core& core, Slot slot);
/// What loads of the group were just seen to have given up, which a meter that lags does not show yet.
void sink(Core& core, GroupId g, Power power);

void apply_one(Core& core, const FrequencyReading& reading);
void apply_one(Core& core, const Tripped& tripped);

void apply_one(Core& core, const OperatorWord& word);
void apply_one(Core& core, const JournalHealth& health);
void apply_one(Core& core, const ClockJump& jump);
void apply_one(Core& core, const Lost& lost);

}  // namespace ballast
