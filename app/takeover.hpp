#pragma once
#include "app/site_of.hpp"
#include "controller/engine.hpp"

#include <string>
#include <vector>

namespace ballast {

// What goes over from one site file to the next, and what does not.

/// What of a running daemon's config only a restart can change; empty: the next one may be taken over.
std::vector<Fault> takes_a_restart(const Config& running, const Config& next);

/// Names of the loads that are to rest by our orders, in the site's order.
std::vector<std::string> resting_by_us(const Engine& engine);

/// What people are told when some of these are not in the site file any more; empty: all are.
std::string departed_sentence(const std::vector<std::string>& resting, const SiteModel& now);

}  // namespace ballast
