#pragma once
#include "model/site.hpp"
#include "sim/live_plant.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ballast::sim {

/// A node and its agent. Its draw is a hall's of the plant.
struct GpuNodeSettings {
    std::string name;
    std::size_t hall = 0;               ///< In the plant.
    Power rated, standby;
    Workload workload = Workload::training;
    bool saves = true;                  ///< False: it refuses every checkpoint.
};

/// What this work draws when nobody holds it: training nearly its nameplate, decode far less.
Power free_draw(const GpuNodeSettings& node);

struct GpuAgentsSettings {
    std::string host = "127.0.0.1";     ///< Of the broker; loopback.
    std::uint16_t port = 1883;
    std::string site;                   ///< In the topics.
    std::vector<GpuNodeSettings> nodes;
    Duration status_every{1'000};
    Duration cap_takes{800};            ///< From the order to the new draw; up to a second.
    Duration checkpoint_takes{15'000};
    Duration sleep_takes{2'000}, wake_takes{10'000};
};

/// All agents of a site on one connection. It connects, and connects again, by itself.
class GpuAgents {
public:
    GpuAgents(GpuAgentsSettings settings, LivePlant& plant);
    ~GpuAgents();
    GpuAgents(const GpuAgents&) = delete;
    GpuAgents& operator=(const GpuAgents&) = delete;

    bool connected() const;
    std::size_t orders_heard() const;
    std::size_t checkpoints_done() const;

private:
    class Voice;
    std::unique_ptr<Voice> voice_;
};

}  // namespace ballast::sim
