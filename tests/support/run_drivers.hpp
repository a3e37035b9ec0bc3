#pragma once
#include "controller/ports.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iterator>
#include <list>
#include <variant>
#include <vector>

namespace ballast::support {

/// An io_context and a mailbox with drivers running in them, and all that they have put. Runs only while it is asked to.
/// Make it before the drivers and their threads, so that it outlives them, and stop() it at the end of the test.
class DriverBench {
public:
    explicit DriverBench(std::size_t loads = 8, std::size_t meters = 8) : mailbox_{loads, meters, [] {}} {}
    DriverBench(const DriverBench&) = delete;
    DriverBench& operator=(const DriverBench&) = delete;

    void run(Driver& driver) {
        asio::cancellation_signal& stop_signal = stops_.emplace_back();
        asio::co_spawn(io_, driver.run(mailbox_), asio::bind_cancellation_slot(stop_signal.slot(), [this](std::exception_ptr error) {
                           ++ended_;
                           if (error) std::rethrow_exception(error);
                       }));
    }

    /// Asks every driver to end and waits for it. False: one did not within `patience`.
    bool stop(std::chrono::milliseconds patience = std::chrono::seconds{20}) {
        for (auto& stop_signal : stops_) stop_signal.emit(asio::cancellation_type::terminal);
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (ended_ < stops_.size() && std::chrono::steady_clock::now() < deadline) step();
        return ended_ == stops_.size();
    }

    /// Runs until it holds; false once `patience` has passed.
    template <class Condition>
    bool until(Condition holds, std::chrono::milliseconds patience = std::chrono::seconds{20}) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (!holds()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            step();
        }
        return true;
    }

    /// Runs for that long, to see that something does not happen.
    void pass(std::chrono::milliseconds time) {
        until([] { return false; }, time);
    }

    /// All events of one kind so far, in order.
    template <class Kind>
    std::vector<Kind> all() const {
        std::vector<Kind> found;
        for (const Event& event : heard_)
            if (const auto* one = std::get_if<Kind>(&event)) found.push_back(*one);
        return found;
    }
    template <class Kind>
    std::size_t count() const { return all<Kind>().size(); }

    void forget() { heard_.clear(); }

    Mailbox& mailbox() { return mailbox_; }
    asio::io_context& io() { return io_; }

private:
    void step() {
        io_.restart();
        io_.run_one_for(std::chrono::milliseconds{20});
        mailbox_.drain(batch_);
        heard_.insert(heard_.end(), std::make_move_iterator(batch_.begin()), std::make_move_iterator(batch_.end()));
    }

    asio::io_context io_;
    Mailbox mailbox_;
    std::list<asio::cancellation_signal> stops_;
    std::size_t ended_ = 0;
    std::vector<Event> batch_, heard_;
};

}  // namespace ballast::support
