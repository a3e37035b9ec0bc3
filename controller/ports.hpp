#pragma once
#include "controller/mailbox.hpp"
#include "model/order.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace ballast {

namespace asio = boost::asio;

/// One kind of outside world: a broker, a bus, a fleet of sockets.
class Driver {
public:
    virtual ~Driver() = default;

    /// Runs until cancelled, reconnecting by itself; puts all it learns into the mailbox. Throws only for our own mistakes.
    virtual asio::awaitable<void> run(Mailbox& mailbox) = 0;

    /// Never waits and never throws: the order's fate arrives later, as Receipts in the mailbox.
    /// A newer order to a load replaces one that has not been sent. Called on the loop's thread.
    virtual void submit(const Order& order) = 0;
};

/// Acts by a table that was authorised beforehand, and asks nobody.
class Tripper {
public:
    virtual ~Tripper() = default;

    /// From now on this table is in force, in place of the one before. Never waits. Called on the loop's thread.
    virtual void arm(const TripTable& table) = 0;
};

}  // namespace ballast
