#pragma once
#include "controller/core.hpp"

/// How fast the site and its feeders may change by our own choice: stagger, ramps, and what may start at once. What pace
/// allows is settled when the step begins, so that it does not depend on how often somebody looks.
namespace ballast {

/// The site's pace, and that of every feeder that has one.
std::vector<Pace> paces_of(const Site& site);

/// Begins the step's turns.
void open_paces(Core& core);

/// Whether the ramps over a group let one more load stop for money; `stopped` pays for it.
bool may_stop(Core& core, GroupId g);
void stopped(Core& core, GroupId g, Power watts);

/// Whether stagger, ramps and inrush let one more load start; `started` pays for it.
bool may_start(Core& core, GroupId g, Slot s);
void started(Core& core, GroupId g, Slot s, Power added);

/// What one load takes in the moment it starts; a contactor's, what all that it carries does.
Power inrush_of(const Core& core, Slot s);

/// Whether so much may start at once, now; `take_inrush` has it started. More than a scope's limit starts alone.
bool inrush_allows(Core& core, GroupId g, Power inrush);
void take_inrush(Core& core, GroupId g, Power inrush);

}  // namespace ballast
