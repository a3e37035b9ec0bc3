#include "drivers/asic/axeos.hpp"

#include "drivers/asic/signs.hpp"
#include "wire/axeos.hpp"

#include <fmt/format.h>

namespace ballast::asic {
namespace {

/// Boards that measure behind their regulator add this for all the rest (bitaxeorg/ESP-Miner, main/power/power.c), so that
/// they say it at rest too.
constexpr Power added_for_the_rest{5};

/// It slows down for its heat from there (bitaxeorg/ESP-Miner, main/tasks/power_management_task.c: THROTTLE_TEMP).
constexpr Temperature slows_above{75'000};

constexpr std::string_view from_elsewhere = "it takes orders from its own network only (HTTP 401): let Ballast reach it from a private address there";
constexpr std::string_view too_old = "firmware before 2.14 cannot pause: update it, or cut it off by a contactor or a PDU";

}  // namespace

void Axeos::add(Machine& m, const AsicMachine& said) {
    m.own = static_cast<std::uint32_t>(memory_.size());
    memory_.push_back({Step::poll, http_host(said.host, said.port)});
}

Turn Axeos::wrong(const Memory& a, std::string_view why) { return a.step == Step::poll ? garbage(why) : refused(why); }

Turn Axeos::ask_info(Memory& a, Step step) {
    a.step = step;
    const auto request = http_.request({.target = "/api/system/info", .host = a.host});
    if (!request) return wrong(a, request.error().detail);
    return {.kind = Turn::Kind::ask, .request = *request};
}

Turn Axeos::begin_poll(Machine& m, Steady) { return ask_info(memory_[m.own], Step::poll); }

Turn Axeos::begin_order(Machine& m, Steady) {
    Memory& a = memory_[m.own];
    return m.mac != 0 && m.identity == Identity::unproven ? ask_info(a, Step::identify) : order(m, a);
}

Turn Axeos::order(Machine& m, Memory& a) {
    a.step = Step::order;
    const std::string_view target = m.wanted.rung == Rung::sleep ? "/api/system/pause" : "/api/system/resume";
    const auto request = http_.request({.method = "POST", .target = target, .host = a.host});
    if (!request) return refused(request.error().detail);
    return {.kind = Turn::Kind::commit, .request = *request};
}

Turn Axeos::answered(Machine& m, std::string_view bytes, Steady) {
    Memory& a = memory_[m.own];
    const auto answer = wire::http::parse(bytes, true);
    if (!answer) return garbage(answer.error().detail);
    if (answer->status == 401) return wrong(a, from_elsewhere);
    if (a.step == Step::order) return ordered(*answer);
    if (!answer->succeeded()) return wrong(a, fmt::format("it answers with HTTP {}", answer->status));
    const Turn next = told(m, a, answer->body);
    if (next.kind != Turn::Kind::over) return next;
    return order(m, a);
}

/// Nobody has written down what it says when it has paused; so its status says that, and only HTML, which it never is, is none.
/// 405 is how its web server answers a POST to a path that it knows for GET only, as older firmware may.
Turn Axeos::ordered(const wire::http::Answer& answer) {
    if (answer.status == 404 || answer.status == 405) return refused(too_old);
    if (!answer.succeeded()) return refused(fmt::format("it answers with HTTP {}", answer.status));
    if (is_web_page(answer.body)) return garbage("a web page in place of an answer to an order");
    return {.kind = Turn::Kind::accepted};
}

/// `over`: it is who it should be, and an order may go on.
Turn Axeos::told(Machine& m, const Memory& a, std::string_view body) {
    const auto info = wire::axeos::parse_info(parser_, body);
    if (!info) return garbage(info.error().detail);
    if (const auto other = stranger(m, info->mac)) return *other;
    if (a.step == Step::identify) return {};
    Signs signs;
    signs.power = info->power;
    signs.measured = info->power.has_value();
    signs.constant = added_for_the_rest;
    signs.gigahashes = info->gigahashes;
    signs.mean_gigahashes = info->mean_gigahashes;
    signs.says_rest = info->paused.value_or(false);
    Report seen = weigh(m, signs);
    Health& health = seen.health.emplace();  // One board; and its pool may be dead without its saying so.
    health.hottest = info->chip;
    if (info->overheated || info->chip) health.hot = info->overheated.value_or(false) || info->chip.value_or(Temperature{}) > slows_above;
    return {.kind = Turn::Kind::report, .report = seen};
}

}  // namespace ballast::asic
