#include "controller/clock.hpp"
#include "drivers/asic/fleet.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace ballast::asic {
namespace {

using boost::asio::ip::tcp;

constexpr Duration resolve_again_after{60'000};

}  // namespace

void Fleet::place(Machine& m, const AsicMachine& said) {
    boost::system::error_code no_literal;
    m.endpoint = tcp::endpoint{boost::asio::ip::make_address(said.host, no_literal), said.port};
    m.resolved = !no_literal;
    m.home = m.endpoint.address();
    if (m.resolved) return;
    m.named = true;
    m.endpoint.port(said.port);
    auto known = std::ranges::find(host_names_, said.host, &HostName::host);
    if (known == host_names_.end()) known = host_names_.insert(known, HostName{said.host, {}, {}, false});
    known->machines.push_back(number(m));
    m.host_name = static_cast<std::uint32_t>(known - host_names_.begin());
}

void Fleet::resolve(HostName& host) {
    if (std::exchange(host.asking, true)) return;
    host.asked = steady_now();
    const auto which = static_cast<std::uint32_t>(&host - host_names_.data());
    resolver_.async_resolve(host.host, "", [weak = weak_from_this(), which](boost::system::error_code failed, const tcp::resolver::results_type& found) {
        const auto self = weak.lock();
        if (!self || !self->mailbox_) return;
        // Miners live in IPv4; a name that has both kinds of address is taken there.
        auto best = found.begin();
        for (auto it = found.begin(); it != found.end() && !failed; ++it)
            if (it->endpoint().address().is_v4()) {
                best = it;
                break;
            }
        const tcp::endpoint first = failed || best == found.end() ? tcp::endpoint{} : best->endpoint();
        self->resolved(which, failed || best == found.end() ? nullptr : &first);
    });
}

/// What was known stays where nothing new is found.
void Fleet::resolved(std::uint32_t which, const tcp::endpoint* found) {
    HostName& host = host_names_[which];
    host.asking = false;
    if (!found) return unresolved_.warn("asics: host name '{}' is not known to the resolver", host.host);
    for (const std::uint32_t who : host.machines) {
        Machine& m = machines_[who];
        if (!m.followed() && m.endpoint.address() != found->address()) {
            m.endpoint.address(found->address());
            if (m.identity == Identity::proven) m.identity = Identity::unproven;
        }
        m.home = found->address();
        m.resolved = true;
    }
}

/// It does not answer, or somebody else does.
void Fleet::look_up_again(Machine& m) {
    if (m.named) {
        HostName& host = host_names_[m.host_name];
        if (!m.resolved || steady_now() - host.asked > resolve_again_after) resolve(host);
    }
    if (m.mac != 0 && m.resolved) follow(m);
}

/// To the next of the addresses at which its MAC was seen, and from the last of them back home. There it has to prove who it is.
void Fleet::follow(Machine& m) {
    const auto seen = std::ranges::equal_range(neighbours(), m.mac, {}, &Neighbour::mac);
    const auto here = std::ranges::find(seen, m.endpoint.address(), &Neighbour::address);
    auto next = here == seen.end() ? seen.begin() : here + 1;
    while (next != seen.end() && next->address == m.home) ++next;
    const boost::asio::ip::address to = next == seen.end() ? m.home : boost::asio::ip::address{next->address};
    if (to == m.endpoint.address()) return;
    m.endpoint.address(to);
    m.identity = Identity::unproven;
}

/// Once for each address that it turned up at.
void Fleet::tell_move(const Machine& m) {
    boost::asio::ip::address& told = moves_told_[number(m)];
    if (told == m.endpoint.address()) return;
    told = m.endpoint.address();
    spdlog::warn("{} {}: has moved to {}, by its mac {:012x}, and is followed there; put that address into the inventory", m.dialect->name(), name(m), told.to_string(), m.mac);
}

/// Read now and then, however many machines are missing.
const std::vector<Neighbour>& Fleet::neighbours() {
    const Steady now = steady_now();
    if (settings_.neighbours && (!neighbours_at_ || now - *neighbours_at_ >= settings_.neighbours_every)) {
        neighbours_at_ = now;
        neighbours_ = settings_.neighbours();
        std::ranges::stable_sort(neighbours_, {}, &Neighbour::mac);
    }
    return neighbours_;
}

}  // namespace ballast::asic
