#include "drivers/asic/epic.hpp"

#include "drivers/asic/signs.hpp"
#include "wire/epic.hpp"

#include <fmt/format.h>

namespace ballast::asic {

namespace {

/// All is in its summary, its limit too.
Health health_of(const wire::epic::Summary& said) {
    Health health;
    if (said.boards) health.boards = static_cast<unsigned>(said.boards->alive), health.built_in = static_cast<unsigned>(said.boards->listed);
    health.hottest = said.hottest;
    if (said.hottest && said.hot_above) health.hot = *said.hottest > *said.hot_above;
    health.pools = said.pool_connected;
    return health;
}

}  // namespace

void Epic::add(Machine& m, const AsicMachine& said) {
    m.own = static_cast<std::uint32_t>(memory_.size());
    memory_.push_back({Step::summary, http_host(said.host, said.port), said.password, {}});
}

Turn Epic::wrong(const Memory& e, std::string_view why) { return e.step < Step::identify ? garbage(why) : refused(why); }

Turn Epic::ask(Memory& e, Step step) {
    e.step = step;
    const auto request = http_.request({.target = step == Step::summary ? "/summary" : "/network", .host = e.host});
    if (!request) return wrong(e, request.error().detail);
    return {.kind = Turn::Kind::ask, .request = *request};
}

Turn Epic::begin_poll(Machine& m, Steady) { return ask(memory_[m.own], Step::summary); }

Turn Epic::begin_order(Machine& m, Steady) {
    Memory& e = memory_[m.own];
    return m.mac != 0 && m.identity == Identity::unproven ? ask(e, Step::identify) : order(m, e);
}

Turn Epic::order(Machine& m, Memory& e) {
    e.step = Step::order;
    const std::string body = wire::epic::miner_order(m.wanted.rung == Rung::sleep ? "Stop" : "Autostart", e.password);
    const auto request = http_.request({.method = "POST", .target = "/miner", .host = e.host, .body = body});
    if (!request) return refused(request.error().detail);
    return {.kind = Turn::Kind::commit, .request = *request};
}

Turn Epic::answered(Machine& m, std::string_view bytes, Steady) {
    Memory& e = memory_[m.own];
    const auto answer = wire::http::parse(bytes, true);
    if (!answer) return garbage(answer.error().detail);
    if (e.step == Step::order) return ordered(e, *answer);
    if (!answer->succeeded()) return wrong(e, fmt::format("it answers with HTTP {}", answer->status));
    return e.step == Step::summary ? summed_up(m, e, answer->body) : known(m, e, answer->body);
}

Turn Epic::ordered(const Memory& e, const wire::http::Answer& answer) {
    if (answer.status == 401 || answer.status == 403) return refused(fmt::format("it does not take this password (HTTP {})", answer.status));
    if (!answer.succeeded()) return refused(fmt::format("it answers with HTTP {}", answer.status));
    const auto taken = wire::epic::parse_order_reply(parser_, answer.body);
    if (taken) return {.kind = Turn::Kind::accepted};
    if (taken.error().code != Errc::refused) return garbage(taken.error().detail);
    return refused("it says no: " + fit_to_log(taken.error().detail, {e.password}));
}

// ---- polls

Turn Epic::summed_up(Machine& m, Memory& e, std::string_view body) {
    const auto said = wire::epic::parse_summary(parser_, body);
    if (!said) return garbage(said.error().detail);
    Signs signs;
    signs.power = said->power;
    signs.measured = said->measured;
    signs.gigahashes = said->gigahashes;
    signs.mean_gigahashes = said->mean_gigahashes;
    signs.says_rest = said->idles();
    e.seen = weigh(m, signs);
    e.seen.health = health_of(*said);
    if (m.identity != Identity::proven) {
        if (m.mac != 0) return ask(e, Step::who);
        m.meets(std::nullopt);
    }
    return {.kind = Turn::Kind::report, .report = e.seen};
}

Turn Epic::known(Machine& m, Memory& e, std::string_view body) {
    const auto mac = wire::epic::parse_network(parser_, body);
    if (!mac) return garbage(mac.error().detail);
    if (const auto other = stranger(m, *mac)) return *other;
    if (e.step == Step::identify) return order(m, e);
    return {.kind = Turn::Kind::report, .report = e.seen};
}

}  // namespace ballast::asic
