#pragma once
#include "controller/core.hpp"

/// What is told of the system's peaks, and what of a season's budget was spent on them. See policies/coincident_peak.
namespace ballast {

void apply_system_demand(Core& core, const Signal& signal);
void apply_peak_forecast(Core& core, const Signal& signal);
/// False: no forecast of that name stood.
bool release_forecast(Core& core, const Signal& signal);

/// Windows that are over, and what time nobody asks for any more.
void end_forecasts(Core& core);

/// An episode of this policy is over: its hours are spent.
void spend_hours(Core& core, const Episode& episode);

}  // namespace ballast
