#include "drivers/asic/cgminer.hpp"

#include "drivers/asic/signs.hpp"
#include "wire/cgminer_rates.hpp"
#include "wire/printable.hpp"

#include <fmt/format.h>

namespace ballast::asic {

void Cgminer::add(Machine& m, const AsicMachine&) {
    m.own = static_cast<std::uint32_t>(memory_.size());
    memory_.emplace_back();
}

Turn Cgminer::ask(Machine& m, Step step) {
    memory_[m.own].step = step;
    wire::cgminer::write_request(request_, step == Step::summary ? "summary" : step == Step::look_pools ? "pools" : "devs");
    return {.kind = Turn::Kind::ask, .request = {request_}};
}

Turn Cgminer::begin_poll(Machine& m, Steady) { return ask(m, Step::summary); }

/// Never begun: `cannot` has refused it.
Turn Cgminer::begin_order(Machine& m, Steady) { return refused(cannot(m.wanted.rung)); }

Turn Cgminer::answered(Machine& m, std::string_view bytes, Steady) {
    Memory& c = memory_[m.own];
    const bool devices = c.step == Step::devices;
    const auto reply = parser_.parse(bytes);
    if (!reply) return garbage(reply.error().detail);
    if (c.step >= Step::look_devices) return looked_on(m, c, *reply);
    if (reply->status.failed()) {
        // Some firmware knows no `devs`, or has none yet; its summary was an answer.
        if (devices) return concluded(m, std::nullopt);
        return garbage(fmt::format("it does not tell its summary: {}", wire::printable(reply->status.message, 80)));
    }
    if (devices) return concluded(m, wire::cgminer::devices_gigahashes(*reply));
    if (const auto other = stranger(m, wire::cgminer::summary_mac(*reply))) return *other;
    const auto gigahashes = wire::cgminer::recent_gigahashes(*reply);
    return gigahashes ? concluded(m, gigahashes) : ask(m, Step::devices);
}

Turn Cgminer::begin_look(Machine& m, Steady) {
    memory_[m.own].health = {};
    return ask(m, Step::look_devices);
}

/// Of no limit to its heat is anything known.
Turn Cgminer::looked_on(Machine& m, Memory& c, const wire::cgminer::Reply& reply) {
    if (c.step == Step::look_devices) {
        take_boards(c.health, wire::cgminer::devices(reply));
        c.health.hottest = wire::cgminer::hottest_device(reply);
        return ask(m, Step::look_pools);
    }
    take_pools(c.health, wire::cgminer::pools(reply));
    return looked(c.health);
}

Turn Cgminer::concluded(Machine& m, std::optional<double> gigahashes) {
    Signs signs;
    signs.gigahashes = gigahashes;
    return {.kind = Turn::Kind::report, .report = weigh(m, signs)};
}

}  // namespace ballast::asic
