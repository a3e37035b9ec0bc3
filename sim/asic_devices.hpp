#pragma once
#include "sim/antminer_machine.hpp"
#include "sim/axeos_machine.hpp"
#include "sim/braiins_machine.hpp"
#include "sim/cgminer_machine.hpp"
#include "sim/epic_machine.hpp"
#include "sim/live_plant.hpp"
#include "sim/luxos_machine.hpp"
#include "sim/vnish_machine.hpp"
#include "sim/whatsminer2_machine.hpp"
#include "sim/whatsminer3_machine.hpp"

#include <atomic>
#include <memory>
#include <variant>
#include <vector>

namespace ballast::sim {

/// One machine of a floor, of whichever make it is.
using AsicSettings = std::variant<LuxosSettings, Whatsminer2Settings, AntminerSettings, Whatsminer3Settings, BraiinsSettings,
                                  AxeosSettings, EpicSettings, VnishSettings, CgminerSettings>;

/// Miners of any make by the thousand on loopback, on one thread: what is said is the device's (AsicDevice), when and
/// over which connection is here. One listener for each address and port; where more than 512 addresses share a port one
/// listener serves them all, a miner is told by the address that was called, and any that is not in the list is closed at
/// once. One request of a connection is answered at a time. Replies take a time of the machine's own (its make's, else
/// the floor's: 20 to 200 ms by seed, or as given); the effect begins with the request.
class AsicDevices {
public:
    struct Timing {
        Between reply{milliseconds{20}, milliseconds{200}};
        Duration slow_reply{21'000};
        Duration idle{120'000};   ///< A connection that says nothing, or is never answered, ends after this since its last reply.
    };

    /// Throws std::runtime_error naming the address and port that cannot be had, or a host that is not loopback.
    AsicDevices(const std::vector<AsicSettings>& floor, LivePlant& plant, std::uint64_t seed, Timing timing);
    AsicDevices(const std::vector<AsicSettings>& floor, LivePlant& plant, std::uint64_t seed) : AsicDevices{floor, plant, seed, Timing{}} {}
    ~AsicDevices();
    AsicDevices(const AsicDevices&) = delete;
    AsicDevices& operator=(const AsicDevices&) = delete;

    /// Since the start. Requests are those that were answered, or would have been had the machine not hung.
    std::uint64_t connections() const;
    std::uint64_t requests() const;

private:
    class Server;
    std::unique_ptr<Server> server_;
};

}  // namespace ballast::sim
