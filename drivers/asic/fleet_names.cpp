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
        m.endpoint.address(found->address());
        m.resolved = true;
    }
}

void Fleet::look_up_again(const Machine& m) {
    if (!m.named) return;
    HostName& host = host_names_[m.host_name];
    if (!m.resolved || steady_now() - host.asked > resolve_again_after) resolve(host);
}

}  // namespace ballast::asic
