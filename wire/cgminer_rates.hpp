#pragma once
#include "wire/cgminer.hpp"
#include "wire/count.hpp"

/// How fast a cgminer of any lineage hashes, and how well it is. Source of the format: cgminer API-README (summary, devs) and shared/facts/asic.md,
/// section 1.1. A window is part of its name, "MHS 5s", "GHS 1m", and the shortest depends on its log interval.
namespace ballast::wire::cgminer {

/// `SUMMARY[0]`: the rate of the shortest window it has, of at most five minutes, GH/s. The mean since its start ("MHS av")
/// is none: it outlasts the hashing by hours.
std::optional<double> recent_gigahashes(const Reply& reply);

/// `DEVS`: the same, summed over those that are alive and not disabled. Nothing if none of them says a rate; of a reply that
/// had to be repaired nothing where the sum is 0, because some may have been cut off.
std::optional<double> devices_gigahashes(const Reply& reply);

/// `SUMMARY[0]` of those that tell their MAC in it; plain cgminer does not.
std::optional<std::uint64_t> summary_mac(const Reply& reply);

/// What of its health a machine of this lineage tells: plain cgminer, LuxOS, Braiins OS beside its REST.

/// `DEVS`: its boards; alive are those that are enabled, call themselves Alive and hash, or, where none hashes, are enabled and Alive. Nothing
/// if there is no such list, or if some may have been cut off.
std::optional<Count> devices(const Reply& reply);

/// `POOLS`: alive by their status, which is Alive. Nothing as above.
std::optional<Count> pools(const Reply& reply);

/// `DEVS`, else `TEMPS`: the hottest of what the boards tell of themselves, not of their chips.
std::optional<Temperature> hottest_device(const Reply& reply);

/// `TEMPCTRL[0].Hot` of LuxOS: above it a board is too hot (docs.luxor.tech/firmware/features/tempsandfans; the reply's names: pyasic, config/temperature.py).
std::optional<Temperature> hot_above(const Reply& reply);

}  // namespace ballast::wire::cgminer
