#include "drivers/asic/asics.hpp"

#include "drivers/asic/fleet.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ballast {
namespace {

/// Ends the fleet's work however the coroutine ends; destroyed unresumed too.
class Running {
public:
    Running(std::shared_ptr<asic::Fleet> fleet, Mailbox& mailbox) : fleet_{std::move(fleet)} { fleet_->start(mailbox); }
    ~Running() { fleet_->stop(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    std::shared_ptr<asic::Fleet> fleet_;
};

asio::awaitable<void> run_fleet(std::shared_ptr<asic::Fleet> fleet, Mailbox& mailbox) {
    asio::steady_timer cancelled{fleet->executor(), asio::steady_timer::time_point::max()};
    const Running running{fleet, mailbox};
    co_await cancelled.async_wait(asio::as_tuple(asio::use_awaitable));
}

class Asics : public Driver {
public:
    Asics(asio::any_io_executor executor, AsicSettings settings)
        : fleet_{std::make_shared<asic::Fleet>(std::move(executor), std::move(settings))} {}
    ~Asics() override { fleet_->stop(); }

    asio::awaitable<void> run(Mailbox& mailbox) override { return run_fleet(fleet_, mailbox); }
    void submit(const Order& order) override { fleet_->submit(order); }

private:
    std::shared_ptr<asic::Fleet> fleet_;
};

}  // namespace

std::unique_ptr<Driver> make_asics(asio::any_io_executor executor, AsicSettings settings) {
    return std::make_unique<Asics>(std::move(executor), std::move(settings));
}

}  // namespace ballast
