#include "drivers/switchgear/outlets.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ballast::drivers {

asio::awaitable<void> Outlets::run(Mailbox&) {
    asio::steady_timer for_ever{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
    co_await for_ever.async_wait(asio::as_tuple(asio::use_awaitable));
}

Driver* Outlets::pdu_of(Slot slot) const {
    const auto found = pdus_.find(slot);
    return found == pdus_.end() ? nullptr : found->second;
}

void Outlets::submit(const Order& order) {
    Order part = order;
    for (Slot s = order.loads.first; s < order.loads.last; s = part.loads.last) {
        Driver* const pdu = pdu_of(s);
        part.loads = {s, s + 1};
        while (!pdu && part.loads.last < order.loads.last && !pdu_of(part.loads.last)) ++part.loads.last;
        if (pdu) pdu->submit(part);
        else machines_.submit(part);
    }
}

}  // namespace ballast::drivers
