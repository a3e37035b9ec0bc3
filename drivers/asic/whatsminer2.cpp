#include "drivers/asic/whatsminer2.hpp"

#include <algorithm>

namespace ballast::asic {
namespace {

namespace wire2 = wire::whatsminer2;

/// A token lives for half an hour.
constexpr Duration renewed_after{25 * 60'000};

constexpr std::string_view locked = "its API is locked: change its default password and allow the API with WhatsMinerTool";

}  // namespace

void Whatsminer2::add(Machine& m, const AsicMachine& said) {
    m.own = static_cast<std::uint32_t>(memory_.size());
    const auto known = std::ranges::find(passwords_, said.password);
    memory_.emplace_back().password = static_cast<std::uint32_t>(known - passwords_.begin());
    if (known == passwords_.end()) passwords_.push_back(said.password);
}

Turn Whatsminer2::ask(Memory& w, Step step, std::string_view command) {
    w.step = step;
    wire2::write_request(request_, command);
    return {.kind = Turn::Kind::ask, .request = {request_}};
}

Turn Whatsminer2::answered(Machine& m, std::string_view bytes, Steady now) {
    Memory& w = memory_[m.own];
    if (w.step == Step::power) return order_answered(m, w, bytes);
    const auto reply = parser_.parse(bytes);
    if (!reply) return garbage(reply.error().detail);
    if (w.step >= Step::devs) return looked_on(w, *reply);
    return w.step == Step::token ? token_given(m, w, *reply, now) : reported(m, w, *reply, now);
}

// ---- polls

Turn Whatsminer2::begin_poll(Machine& m, Steady) {
    Memory& w = memory_[m.own];
    w.power.reset(), w.gigahashes.reset(), w.mean_gigahashes.reset(), w.says_off.reset(), w.chips.reset();
    return ask(w, Step::summary, "summary");
}

Turn Whatsminer2::reported(Machine& m, Memory& w, const wire::cgminer::Reply& reply, Steady now) {
    if (w.step == Step::summary || w.step == Step::identify) {
        const auto said = wire2::summary(reply);
        if (const auto other = stranger(m, said ? said->mac : std::nullopt)) return *other;
        if (w.step == Step::identify) return ordered(m, w, now);
        if (said) w.power = said->power, w.gigahashes = said->gigahashes, w.mean_gigahashes = said->mean_gigahashes, w.chips = said->chips;
        return ask(w, Step::status, "status");
    }
    if (w.step == Step::status) {
        if (const auto said = wire2::status(reply)) w.says_off = said->off;
        if (w.renew_at > now) return concluded(m, w);
        return ask(w, Step::early_token, "get_token");
    }
    // That it gave none is told by the order that needs one.
    take_token(w, reply, now);
    return concluded(m, w);
}

/// Its supply measures what it draws; that outweighs what it says of itself. It is asleep if it says so and neither its watts nor its hashing
/// say otherwise; one of them at least has to speak.
Turn Whatsminer2::concluded(Machine& m, const Memory& w) const {
    Report seen;
    const bool hashes = w.gigahashes.value_or(0) > 0, draws = w.power && is_running_draw(m, *w.power);
    const bool rests = w.says_off.value_or(false) && (w.power || w.gigahashes);
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

Turn Whatsminer2::begin_look(Machine& m, Steady) {
    Memory& w = memory_[m.own];
    w.health = {.hottest = w.chips};
    return ask(w, Step::devs, "devs");
}

/// A board that is missing is not always in its list. That it is too hot it says by its codes: how hot it may be depends on its model.
Turn Whatsminer2::looked_on(Memory& w, const wire::cgminer::Reply& reply) {
    if (w.step == Step::devs) {
        if (!reply.repaired) take_boards(w.health, wire2::boards(reply));
        return ask(w, Step::pools, "pools");
    }
    if (w.step == Step::pools) {
        if (!reply.repaired) take_pools(w.health, wire2::pools(reply));
        return ask(w, Step::errors, "get_error_code");
    }
    if (!reply.status.failed()) w.health.hot = wire::whatsminer::tells_heat(wire2::error_codes(reply));
    return looked(w.health);
}

// ---- orders

Turn Whatsminer2::begin_order(Machine& m, Steady now) {
    Memory& w = memory_[m.own];
    w.renewed = false;
    if (m.mac != 0 && m.identity == Identity::unproven) return ask(w, Step::identify, "summary");
    return ordered(m, w, now);
}

Turn Whatsminer2::ordered(Machine& m, Memory& w, Steady now) {
    if (w.off.empty() || w.renew_at <= now) return ask(w, Step::token, "get_token");
    w.step = Step::power;
    return {.kind = Turn::Kind::commit, .request = {packet(m, w)}};
}

/// Of its power it takes a percent within a second, and forgets it when it starts anew.
std::string_view Whatsminer2::packet(const Machine& m, const Memory& w) {
    if (m.wanted.rung == Rung::sleep) return w.off;
    if (m.wanted.rung == Rung::wake) return w.on;
    const std::string percent = std::to_string(percent_wanted(m, 0));
    request_ = wire2::packet(*w.session, "set_power_pct", {{"percent", percent}});
    return request_;
}

bool Whatsminer2::take_token(Memory& w, const wire::cgminer::Reply& reply, Steady now) {
    const auto token = wire2::token_reply(reply);
    auto session = token ? wire2::make_session(passwords_[w.password], *token) : tl::unexpected{token.error()};
    if (!session) {
        why_ = session.error().detail;
        return false;
    }
    w.off = wire2::packet(*session, "power_off", {{"respbefore", "true"}});
    w.on = wire2::packet(*session, "power_on");
    w.session.emplace(std::move(*session));
    w.renew_at = later(now, renewed_after);
    return true;
}

Turn Whatsminer2::token_given(Machine& m, Memory& w, const wire::cgminer::Reply& reply, Steady now) {
    const auto answer = wire2::answer(reply.status);
    if (answer == wire2::Answer::locked) return refused(locked);
    if (answer == wire2::Answer::too_many_tokens) return refused("sixteen others hold its tokens: it gives no more until one of them is half an hour old");
    if (take_token(w, reply, now)) return ordered(m, w, now);
    const std::string why = why_;
    return refused(why);
}

Turn Whatsminer2::order_answered(Machine&, Memory& w, std::string_view bytes) {
    const auto reply = wire2::open(*w.session, bytes, parser_);
    if (!reply) return garbage(reply.error().detail);
    const auto answer = wire2::answer(reply->status);
    if (answer == wire2::Answer::taken) return {.kind = Turn::Kind::accepted};
    if (answer == wire2::Answer::locked) return refused(locked);
    const bool over = answer == wire2::Answer::token_refused || answer == wire2::Answer::unreadable;
    if (over) w.off.clear(), w.on.clear(), w.renew_at = Steady::min();
    if (!over || std::exchange(w.renewed, true)) return refused(answer == wire2::Answer::unreadable ? "it does not understand what was sealed with this password" : reply->status.message);
    why_ = reply->status.message;
    Turn again = ask(w, Step::token, "get_token");
    again.why = why_;
    return again;
}

}  // namespace ballast::asic
