#pragma once
#include "sim/live_plant.hpp"
#include "sim/luxos_machine.hpp"

#include <atomic>
#include <memory>
#include <vector>

namespace ballast::sim {

/// LuxOS miners by the thousand on loopback, on one thread: one request a connection, a reply that ends in NUL, then the
/// server closes. One listener for each address and port; where more than 512 addresses share a port one listener serves
/// them all, a miner is told by the address that was called, and any that is not in the list is closed at once.
/// Replies take a time of the machine's own (20 to 200 ms by seed, or as given); the effect begins with the request.
class LuxosDevices {
public:
    struct Timing {
        Between reply{milliseconds{20}, milliseconds{200}};
        Duration slow_reply{21'000};
        Duration idle{120'000};   ///< A connection that says nothing, or is never answered, ends after this.
    };

    /// Throws std::runtime_error naming the address and port that cannot be had, or a host that is not loopback.
    LuxosDevices(std::vector<LuxosSettings> machines, LivePlant& plant, std::uint64_t seed, Timing timing);
    LuxosDevices(std::vector<LuxosSettings> machines, LivePlant& plant, std::uint64_t seed)
        : LuxosDevices{std::move(machines), plant, seed, Timing{}} {}
    ~LuxosDevices();
    LuxosDevices(const LuxosDevices&) = delete;
    LuxosDevices& operator=(const LuxosDevices&) = delete;

    /// Since the start. Requests are those that were answered, or would have been had the machine not hung.
    std::uint64_t connections() const;
    std::uint64_t requests() const;

private:
    class Server;
    std::unique_ptr<Server> server_;
};

}  // namespace ballast::sim
