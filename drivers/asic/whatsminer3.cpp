#include "drivers/asic/whatsminer3.hpp"

#include "wire/printable.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::asic {
namespace {

namespace wire3 = wire::whatsminer3;

constexpr std::string_view info = "get.device.info", status = "get.miner.status", service = "set.miner.service",
                           power_percent = "set.miner.power_percent";

/// Real ones have eight characters. What is longer is kept of nobody.
constexpr std::size_t longest_salt = 64;

constexpr std::string_view denial = "it denies the order: the password is wrong, or its clock, or its owner has not allowed the API (WhatsMinerTool)";

}  // namespace

void Whatsminer3::add(Machine& m, const AsicMachine& said) {
    m.own = static_cast<std::uint32_t>(memory_.size());
    const Login login{said.user.empty() ? "super" : said.user, said.password};
    const auto known = std::ranges::find(logins_, login);
    memory_.emplace_back().login = static_cast<std::uint32_t>(known - logins_.begin());
    if (known == logins_.end()) logins_.push_back(login);
}

Turn Whatsminer3::ask(Memory& w, Step step) {
    w.step = step;
    if (step == Step::summary) wire3::write_query(request_, status, "summary");
    else if (step == Step::edevs) wire3::write_query(request_, status, "edevs");
    else if (step == Step::pools) wire3::write_query(request_, status, "summary+pools");  // Idle firmware may deny the pools alone.
    else wire3::write_query(request_, info);
    return {.kind = Turn::Kind::ask, .request = {request_, Frame::whatsminer3}};
}

Turn Whatsminer3::answered(Machine& m, std::string_view bytes, Steady now) {
    Memory& w = memory_[m.own];
    const auto reply = wire3::parse_reply(bytes, parser_);
    if (!reply) return garbage(reply.error().detail);
    if (reply->when) w.ahead = std::chrono::floor<Duration>(reply->when->time_since_epoch()) - now.time_since_epoch();
    const bool of_status = w.step == Step::summary || w.step >= Step::edevs;
    const std::string_view asked = of_status ? status : w.step == Step::order ? w.command : info;
    if (reply->taken() && !reply->command.empty() && reply->command != asked) return garbage("it answers what it was not asked");
    if (w.step == Step::order) return order_answered(w, *reply);
    if (w.step >= Step::edevs) return looked_on(w, *reply);
    if (w.step != Step::summary) return informed(m, w, *reply, now);
    // A machine at rest may have no summary to give; then it is judged by its supply, or not at all.
    if (const auto said = wire3::summary(*reply)) {
        if (said->power) w.power = std::max(*said->power, w.power.value_or(Power{0}));
        w.gigahashes = said->gigahashes;
        w.chips = said->chips;
        w.mean_gigahashes = said->quarter_gigahashes ? said->quarter_gigahashes : said->mean_gigahashes;
    }
    return concluded(m, w);
}

// ---- polls

Turn Whatsminer3::begin_poll(Machine& m, Steady) {
    Memory& w = memory_[m.own];
    w.power.reset(), w.gigahashes.reset(), w.mean_gigahashes.reset(), w.works.reset(), w.hot.reset(), w.chips.reset();
    return ask(w, Step::info);
}

/// Who it is comes before all it says.
Turn Whatsminer3::informed(Machine& m, Memory& w, const wire3::Reply& reply, Steady now) {
    const bool polled = w.step == Step::info;
    const auto said = reply.taken() ? wire3::device(reply) : std::nullopt;
    if (!said) return polled ? garbage(words_of(w, reply)) : refused(words_of(w, reply));
    if (const auto other = stranger(m, said->mac)) return *other;
    if (!said->salt.empty() && said->salt.size() <= longest_salt) w.salt = said->salt;
    if (!polled) return ordered(m, w, now);
    w.power = said->supply_power;
    w.works = said->working;
    w.hot = wire::whatsminer::tells_heat(said->error_codes);
    return ask(w, Step::summary);
}

/// It is asleep if it says so and neither its watts nor its hashing say otherwise; one of them at least has to speak. Watts come from its supply
/// by two ways, of which the greater counts.
Turn Whatsminer3::concluded(Machine& m, const Memory& w) const {
    Report seen;
    const bool hashes = w.gigahashes.value_or(0) > 0, draws = w.power && is_running_draw(m, *w.power);
    const bool rests = w.works.has_value() && !*w.works && (w.power || w.gigahashes);
    if (draws || hashes) seen.mode = Mode::running;
    else seen.mode = rests ? Mode::asleep : Mode::fault;
    if (w.power) {
        seen.quality = Quality::measured;
        seen.power = *w.power;
    } else if (seen.mode == Mode::asleep) {
        seen.quality = Quality::estimated;
        seen.power = m.standby;
    }
    if (m.hash_wanted && draws) seen.gigahashes = w.mean_gigahashes;
    return {.kind = Turn::Kind::report, .report = seen};
}

// ---- health

Turn Whatsminer3::begin_look(Machine& m, Steady) {
    Memory& w = memory_[m.own];
    w.health = {.hottest = w.chips, .hot = w.hot};
    return ask(w, Step::edevs);
}

Turn Whatsminer3::looked_on(Memory& w, const wire3::Reply& reply) {
    if (w.step == Step::edevs) {
        if (reply.taken()) take_boards(w.health, wire3::boards(reply));
        return ask(w, Step::pools);
    }
    if (reply.taken()) take_pools(w.health, wire3::pools(reply));
    return looked(w.health);
}

// ---- orders

Turn Whatsminer3::begin_order(Machine& m, Steady now) {
    Memory& w = memory_[m.own];
    w.renewed = false;
    if (m.mac != 0 && m.identity == Identity::unproven) return ask(w, Step::prepare);
    if (w.salt.empty() || !w.ahead) return ask(w, Step::prepare);
    return ordered(m, w, now);
}

Turn Whatsminer3::ordered(Machine& m, Memory& w, Steady now) {
    if (w.salt.empty()) return refused("it gives no salt, without which it takes no order");
    if (!w.ahead) return refused("it does not tell its time, without which it takes no order");
    w.step = Step::order;
    w.stamped = std::chrono::floor<std::chrono::seconds>(std::chrono::sys_time<Duration>{now.time_since_epoch() + *w.ahead});
    const Login& login = logins_[w.login];
    const wire3::Credentials who{login.account, login.password, w.salt, w.stamped};
    const bool slows = m.wanted.rung == Rung::cap || m.wanted.rung == Rung::uncap;
    w.command = slows ? power_percent : service;
    if (slows) wire3::write_power_percent(request_, who, percent_wanted(m, 0), wire3::Pace::fast);
    else wire3::write_service(request_, who, m.wanted.rung == Rung::sleep ? wire3::Service::stop : wire3::Service::start);
    return {.kind = Turn::Kind::commit, .request = {request_, Frame::whatsminer3}};
}

Turn Whatsminer3::order_answered(Memory& w, const wire3::Reply& reply) {
    if (reply.taken()) return {.kind = Turn::Kind::accepted};
    if (!reply.denied()) return refused(words_of(w, reply));
    w.salt.clear();
    if (std::exchange(w.renewed, true)) return refused(denial);
    Turn again = ask(w, Step::prepare);
    again.why = denial;
    return again;
}

/// Its own words, unless they repeat what proved the order.
std::string Whatsminer3::words_of(const Memory& w, const wire3::Reply& reply) const {
    const std::string code = reply.code ? fmt::format("code {}", *reply.code) : "no code";
    const Login& login = logins_[w.login];
    const std::string token = wire3::token(w.command, {login.account, login.password, w.salt, w.stamped});
    const auto repeats = [&](std::string_view secret) { return !secret.empty() && reply.message.find(secret) != std::string_view::npos; };
    if (reply.message.empty() || repeats(token) || repeats(login.password)) return code;
    return fmt::format("{}: {}", code, wire::printable(reply.message, 80));
}

}  // namespace ballast::asic
