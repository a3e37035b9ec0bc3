#include "drivers/asic/cgminer.hpp"

#include "drivers/asic/signs.hpp"
#include "wire/cgminer_rates.hpp"
#include "wire/printable.hpp"

#include <fmt/format.h>

namespace ballast::asic {

void Cgminer::add(Machine& m, const AsicMachine&) {
    m.own = static_cast<std::uint32_t>(asks_devices_.size());
    asks_devices_.push_back(false);
}

Turn Cgminer::ask(Machine& m, bool devices) {
    asks_devices_[m.own] = devices;
    wire::cgminer::write_request(request_, devices ? "devs" : "summary");
    return {.kind = Turn::Kind::ask, .request = {request_}};
}

Turn Cgminer::begin_poll(Machine& m, Steady) { return ask(m, false); }

/// Never begun: `cannot` has refused it.
Turn Cgminer::begin_order(Machine& m, Steady) { return refused(cannot(m.wanted.rung)); }

Turn Cgminer::answered(Machine& m, std::string_view bytes, Steady) {
    const bool devices = asks_devices_[m.own] != 0;
    const auto reply = parser_.parse(bytes);
    if (!reply) return garbage(reply.error().detail);
    if (reply->status.failed()) {
        // Some firmware knows no `devs`, or has none yet; its summary was an answer.
        if (devices) return concluded(m, std::nullopt);
        return garbage(fmt::format("it does not tell its summary: {}", wire::printable(reply->status.message, 80)));
    }
    if (devices) return concluded(m, wire::cgminer::devices_gigahashes(*reply));
    if (const auto other = stranger(m, wire::cgminer::summary_mac(*reply))) return *other;
    const auto gigahashes = wire::cgminer::recent_gigahashes(*reply);
    return gigahashes ? concluded(m, gigahashes) : ask(m, true);
}

Turn Cgminer::concluded(Machine& m, std::optional<double> gigahashes) {
    Signs signs;
    signs.gigahashes = gigahashes;
    return {.kind = Turn::Kind::report, .report = weigh(m, signs)};
}

}  // namespace ballast::asic
