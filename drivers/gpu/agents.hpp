#pragma once
#include "controller/ports.hpp"
#include "drivers/gpu/nodes.hpp"

#include <functional>
#include <memory>

namespace ballast::drivers {

/// GPU nodes by their agents on a broker. What they say comes by way of the broker's listener, which shares `nodes`.
class GpuAgents final : public Driver {
public:
    /// `publish(topic, payload)` never waits; QoS 1, not retained.
    using Publish = std::function<void(std::string topic, std::string payload)>;

    GpuAgents(std::shared_ptr<GpuNodes> nodes, Publish publish);

    /// Tells the log once a minute what was ignored.
    asio::awaitable<void> run(Mailbox& mailbox) override;
    void submit(const Order& order) override;

private:
    void tell_what_was_ignored();

    std::shared_ptr<GpuNodes> nodes_;
    Publish publish_;
    GpuNodes::Counts told_;
};

}  // namespace ballast::drivers
