#include "drivers/asic/braiins.hpp"

#include "wire/http_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::asic {
namespace {

namespace wireb = wire::braiins;
using wireb::Status;

/// As it stands in the header Host.
std::string host_of(const AsicMachine& said) {
    const std::string host = said.host.find(':') == std::string::npos ? said.host : fmt::format("[{}]", said.host);
    return said.port == 80 ? host : fmt::format("{}:{}", host, said.port);
}

/// A web server that does not know the API: none such is here.
bool is_absent(int status) { return status == 404 || status == 405 || status == 501; }

/// Chips of Antminers under it: its fans run at full speed above that, by what its handbook calls `hot_temp` [M: its default, from memory]. It may be
/// set otherwise, which its REST API does not tell.
constexpr Temperature hot_above{100'000};

}  // namespace

std::string_view Braiins::target_of(Step step) {
    switch (step) {
    case Step::details: return wireb::details_target;
    case Step::configuration: return wireb::configuration_target;
    case Step::hashboards: return wireb::hashboards_target;
    case Step::pools: return wireb::pools_target;
    default: return wireb::stats_target;
    }
}

void Braiins::add(Machine& m, const AsicMachine& said) {
    m.own = static_cast<std::uint32_t>(memory_.size());
    memory_.emplace_back().login = static_cast<std::uint32_t>(logins_.size());
    logins_.push_back({said.user.empty() ? "root" : said.user, said.password, host_of(said)});
}

// ---- one page

Turn Braiins::send(Memory& b, Turn::Kind kind, std::string_view method, std::string_view target, std::string_view body) {
    std::array<wire::http::Header, 2> headers;
    std::size_t used = 0;
    if (!body.empty()) headers[used++] = {"Content-Type", "application/json"};
    if (b.step != Step::login) headers[used++] = {"Authorization", b.token};
    const auto request = wire::http::write_request({method, target, logins_[b.login].host, std::span{headers}.first(used), body});
    if (!request) return wrong(b, request.error().detail);
    request_ = *request;
    return {.kind = kind, .request = {request_, Frame::http}};
}

/// After a login, if there is no token.
Turn Braiins::ask(Machine& m, Memory& b, Step step) {
    const Login& login = logins_[b.login];
    b.step = step;
    if (b.token.empty()) {
        b.after = step;
        b.step = Step::login;
        b.logged_in = true;
        return send(b, Turn::Kind::ask, "POST", wireb::login_target, wireb::login_body(login.user, login.password));
    }
    if (step == Step::action) return act(m, b);
    return send(b, Turn::Kind::ask, "GET", target_of(step), {});
}

Turn Braiins::act(Machine& m, Memory& b) {
    switch (m.wanted.rung) {
    case Rung::cap:
    case Rung::uncap: return set_target(m, b);
    case Rung::sleep: return send(b, Turn::Kind::commit, "PUT", wireb::pause_target, {});
    default: break;
    }
    return send(b, Turn::Kind::commit, "PUT", wireb::resume_target, {});
}

Turn Braiins::answered(Machine& m, std::string_view bytes, Steady) {
    Memory& b = memory_[m.own];
    return b.step >= Step::summary ? cgminer_answered(m, b, bytes) : rest_answered(m, b, bytes);
}

Turn Braiins::rest_answered(Machine& m, Memory& b, std::string_view bytes) {
    const auto answer = wire::http::parse(bytes, true);
    if (!answer) return garbage(answer.error().detail);
    if (b.step == Step::login && is_absent(answer->status)) return move_to_cgminer(m, b);
    b.polls_to_rest = 0;
    const bool looks = b.step == Step::hashboards || b.step == Step::pools;
    if (looks && is_absent(answer->status)) return looked_on(m, b, {});
    if (answer->status == 401 || (is_absent(answer->status) && !b.logged_in)) return unauthorized(m, b);
    if (!answer->succeeded()) {
        if (const auto nearer = out_of_range(m, b, answer->body)) return *nearer;
        return wrong(b, failure(b, answer->status, answer->body));
    }
    return understood(m, b, answer->body);
}

/// The token is over, or whoever gave it is gone: another one, and the same page again; once. Before an order it has to say again who it is.
Turn Braiins::unauthorized(Machine& m, Memory& b) {
    b.token.clear();
    if (b.step == Step::login) return wrong(b, "it does not take this user and password");
    if (b.logged_in) return wrong(b, "it refuses the token that it has just given");
    Turn again = ask(m, b, b.ordering && m.mac != 0 ? Step::details : b.step);
    if (again.why.empty()) again.why = "its token was over";
    return again;
}

/// Its own words, unless they repeat a secret.
std::string Braiins::failure(const Memory& b, int status, std::string_view body) {
    const std::string said = wireb::error_text(parser_, body);
    const auto repeats = [&](const std::string& secret) { return !secret.empty() && body.find(secret) != std::string_view::npos; };
    if (said.empty() || repeats(b.token) || repeats(logins_[b.login].password)) return fmt::format("it answers with HTTP {}", status);
    return fmt::format("it answers with HTTP {}: {}", status, said);
}

Turn Braiins::wrong(const Memory& b, std::string_view why) { return b.ordering ? refused(why) : garbage(why); }

Turn Braiins::understood(Machine& m, Memory& b, std::string_view body) {
    if (b.step == Step::login) {
        const auto login = wireb::parse_login(parser_, body);
        if (!login) return wrong(b, login.error().detail);
        b.token = login->token;
        return ask(m, b, b.after);
    }
    if (b.step == Step::hashboards || b.step == Step::pools) return looked_on(m, b, body);
    if (b.step == Step::action && !wireb::is_action_reply(body)) return garbage("a page in place of an answer");
    if (b.step == Step::action) return target_taken(m, b);
    if (b.step == Step::configuration) return target_told(m, b, body);
    if (b.step == Step::details) {
        const auto said = wireb::parse_details(parser_, body);
        if (!said) return garbage(said.error().detail);
        if (const auto other = stranger(m, said->mac)) return *other;
        b.status = said->status;
        return ask(m, b, b.ordering ? Step::action : Step::stats);
    }
    const auto said = wireb::parse_stats(parser_, body);
    if (!said) return garbage(said.error().detail);
    b.power = said->approximate_power;
    b.gigahashes = said->gigahashes;
    return concluded(m, b);
}

// ---- health

/// By whichever of its APIs the poll before was answered.
Turn Braiins::begin_look(Machine& m, Steady) {
    Memory& b = memory_[m.own];
    b.ordering = b.logged_in = false;
    b.health = {};
    if (b.polls_to_rest > 0) return ask_cgminer(b, Step::devs, "devs");
    return b.token.empty() ? Turn{} : ask(m, b, Step::hashboards);
}

/// Pages that some release does not have are empty here, and tell nothing.
Turn Braiins::looked_on(Machine& m, Memory& b, std::string_view body) {
    if (b.step == Step::hashboards) {
        if (const auto boards = wireb::parse_hashboards(parser_, body)) {
            take_boards(b.health, boards->count);
            b.health.hottest = boards->chips;
            if (boards->chips) b.health.hot = *boards->chips > hot_above;
        }
        return ask(m, b, Step::pools);
    }
    if (const auto pools = wireb::parse_pools(parser_, body)) b.health.pools = std::ranges::any_of(*pools, &wireb::Pool::alive);
    return looked(b.health);
}

// ---- polls and orders

Turn Braiins::begin_poll(Machine& m, Steady) {
    Memory& b = memory_[m.own];
    b.ordering = b.logged_in = b.moved = false;
    b.status = Status::other;
    b.power.reset(), b.gigahashes.reset();
    if (b.polls_to_rest == 0 || --b.polls_to_rest == 0) return ask(m, b, Step::details);
    return move_to_cgminer(m, b);
}

Turn Braiins::begin_order(Machine& m, Steady) {
    Memory& b = memory_[m.own];
    b.ordering = true;
    b.logged_in = b.moved = b.asked = b.within_range = false;
    if (b.polls_to_rest > 0) return move_to_cgminer(m, b);
    const bool unknown = m.identity == Identity::unproven || b.token.empty();
    return ask(m, b, m.mac != 0 && unknown ? Step::details : Step::action);
}

/// Hashing outweighs what it says of itself, and without hashing known nothing is known. What it computes of its power is its profile's, whatever
/// it does: it is told of a machine that hashes only.
Turn Braiins::concluded(const Machine& m, const Memory& b) const {
    Report seen;
    seen.quality = Quality::estimated;
    if (b.gigahashes.value_or(0) > 0) {
        seen.mode = Mode::running;
        seen.power = b.power && b.power->count > 0 ? *b.power : m.rated;
    } else if (b.status == Status::paused && b.gigahashes) {
        seen.mode = Mode::asleep;
        seen.power = m.standby;
    } else {
        seen.mode = Mode::fault;
        seen.quality = Quality::bad;
    }
    return {.kind = Turn::Kind::report, .report = seen};
}

}  // namespace ballast::asic
