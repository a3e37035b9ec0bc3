#pragma once
#include "app/config.hpp"
#include "model/result.hpp"
#include "sim/feeds/feed.hpp"
#include "sim/stand.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ballast {

/// How a site file's world is to behave where the file cannot say.
struct StandWishes {
    std::uint64_t seed = 1;
    double speed = 720;                          ///< History seconds a second: an hour in five.
    std::optional<sim::Feed> prices;             ///< Empty: the utility is silent.
    sim::FaultPlan faults;
    std::optional<Duration> full_after;          ///< From a wake to full power; empty: three to six minutes, as the real ones.
    Duration hall_grows{120'000};                ///< Each hall goes from half of its nameplate to four fifths meanwhile.
};

/// A stand for the devices a site file names, and what to tell people about it.
struct StandPlan {
    sim::StandSettings settings;
    std::vector<std::string> lines;              ///< What stands where, one a line.
};

/// Everything of the site file on loopback. Errors: `refused` names the first host that is not loopback or a bus that is
/// serial; `implausible` a fault that names nothing here.
Result<StandPlan> stand_of(const Config& config, const StandWishes& wishes);

}  // namespace ballast
