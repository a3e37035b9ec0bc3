#include "drivers/asic/vnish.hpp"

#include "drivers/asic/signs.hpp"
#include "wire/vnish.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::asic {
namespace {

constexpr Duration first_bar{60'000}, longest_bar{600'000};

/// It throttles no further.
constexpr int least_percent = 20;

/// A poll that could not unlock leaves that to orders for so long: each try with a wrong password brings 429 nearer.
constexpr Duration early_again_after{600'000};

}  // namespace

void Vnish::add(Machine& m, const AsicMachine& said) {
    m.own = static_cast<std::uint32_t>(memory_.size());
    Memory& v = memory_.emplace_back();
    v.host = http_host(said.host, said.port);
    v.password = said.password;
}

Turn Vnish::wrong(const Memory& v, std::string_view why) { return v.ordering ? refused(why) : garbage(why); }

Turn Vnish::begin_poll(Machine& m, Steady now) {
    Memory& v = memory_[m.own];
    v.ordering = v.unlocked = v.summary_locked = false;
    v.seen.reset();
    return next(m, v, now);
}

Turn Vnish::begin_order(Machine& m, Steady now) {
    Memory& v = memory_[m.own];
    v.ordering = true;
    v.unlocked = v.summary_locked = false;
    return next(m, v, now);
}

/// Whatever this poll or order still lacks: who it is, before that is told any secret; telemetry; a token; the order itself.
Turn Vnish::next(Machine& m, Memory& v, Steady now) {
    if (m.mac == 0 && m.identity != Identity::proven) m.meets(std::nullopt);
    if (m.identity != Identity::proven) return ask(v, Step::info, "GET", "/api/v1/info");
    const bool has_token = !v.token.empty();
    if (!v.ordering && !v.seen && (has_token || !v.summary_locked)) return ask(v, Step::summary, "GET", "/api/v1/summary");
    if (!has_token && (v.ordering || now >= v.early_from)) return unlock(v, now);
    if (v.ordering) return order(m, v);
    if (!v.seen) return garbage("it shows nothing without a login, and did not let us log in lately");
    return {.kind = Turn::Kind::report, .report = *v.seen};
}

Turn Vnish::ask(Memory& v, Step step, std::string_view method, std::string_view target, std::string_view body) {
    v.step = step;
    const bool proves = !v.token.empty() && (step == Step::summary || step == Step::order);
    const std::string bearer = proves ? "Bearer " + v.token : "";
    const auto request = http_.request({.method = method, .target = target, .host = v.host, .authorization = bearer, .body = body});
    if (!request) return wrong(v, request.error().detail);
    return {.kind = step == Step::order ? Turn::Kind::commit : Turn::Kind::ask, .request = *request};
}

Turn Vnish::order(const Machine& m, Memory& v) {
    if (m.wanted.rung == Rung::cap || m.wanted.rung == Rung::uncap)
        return ask(v, Step::order, "POST", "/api/v1/mining/throttle", wire::vnish::throttle_order(percent_wanted(m, least_percent)));
    return ask(v, Step::order, "POST", m.wanted.rung == Rung::sleep ? "/api/v1/mining/stop" : "/api/v1/mining/start");
}

Turn Vnish::unlock(Memory& v, Steady now) {
    if (v.barred_until > now) {
        const auto rest = std::chrono::ceil<std::chrono::seconds>(v.barred_until - now);
        return without_token(v, fmt::format("it was asked to unlock too often (HTTP 429): not again for another {} s", rest.count()));
    }
    v.early_from = later(now, early_again_after);  // Until it has worked.
    return ask(v, Step::unlock, "POST", "/api/v1/unlock", wire::vnish::unlock_order(v.password));
}

/// A poll that has its telemetry is not spoiled by the lack of a token that only orders need.
Turn Vnish::without_token(const Memory& v, std::string_view why) {
    if (!v.ordering && v.seen) return {.kind = Turn::Kind::report, .report = *v.seen};
    return wrong(v, why);
}

Turn Vnish::answered(Machine& m, std::string_view bytes, Steady now) {
    Memory& v = memory_[m.own];
    const auto answer = wire::http::parse(bytes, true);
    if (!answer) return garbage(answer.error().detail);
    if (answer->status == 401 || answer->status == 403) return locked(m, v, answer->status, now);
    if (answer->status == 429) return too_many(v, now);
    if (!answer->succeeded()) return failed(v, *answer);
    return told(m, v, answer->body, now);
}

/// The password is wrong; or the token is over, or there has to be one. A machine that forgot a token has restarted, or is
/// another one, which is not to be told the password.
Turn Vnish::locked(Machine& m, Memory& v, int status, Steady now) {
    if (v.step == Step::unlock) return without_token(v, fmt::format("it does not take this password (HTTP {})", status));
    if (v.step == Step::info) return wrong(v, fmt::format("it does not tell who it is (HTTP {}); without its mac in the inventory it need not", status));
    const bool had_token = !v.token.empty();
    v.token.clear();
    if (v.unlocked) return wrong(v, fmt::format("it does not take the token that it has just given (HTTP {})", status));
    if (had_token && m.identity == Identity::proven) m.identity = Identity::unproven;
    if (!had_token) v.summary_locked = true;
    Turn again = next(m, v, now);
    if (again.kind == Turn::Kind::ask && v.ordering) why_ = "its token had run out", again.why = why_;
    return again;
}

Turn Vnish::too_many(Memory& v, Steady now) {
    if (v.step != Step::unlock) return wrong(v, "it is asked too often (HTTP 429)");
    v.bar = v.bar == Duration{0} ? first_bar : std::min(v.bar * 2, longest_bar);
    v.barred_until = later(now, v.bar);
    return unlock(v, now);
}

Turn Vnish::failed(const Memory& v, const wire::http::Answer& answer) {
    if (v.step == Step::order && answer.status == 404) return refused("it has no such order (HTTP 404): its firmware is too old, or not VNish");
    const std::string words = fit_to_log(wire::vnish::error_words(parser_, answer.body), {v.password, v.token});
    const std::string why = fmt::format("it answers with HTTP {}{}{}", answer.status, words.empty() ? "" : ": ", words);
    return v.step == Step::unlock ? without_token(v, why) : wrong(v, why);
}

Turn Vnish::told(Machine& m, Memory& v, std::string_view body, Steady now) {
    switch (v.step) {
    case Step::summary: return summed_up(m, v, body, now);
    case Step::unlock: return unlocked(m, v, body, now);
    case Step::order: return ordered(m, v, body);
    case Step::info: break;
    }
    const auto said = wire::vnish::parse_info(parser_, body);
    if (!said) return garbage(said.error().detail);
    if (const auto other = stranger(m, said->mac)) return *other;
    return next(m, v, now);
}

Turn Vnish::summed_up(Machine& m, Memory& v, std::string_view body, Steady now) {
    const auto said = wire::vnish::parse_summary(parser_, body);
    if (!said) return garbage(said.error().detail);
    Signs signs;
    signs.power = said->power;
    signs.gigahashes = said->gigahashes;
    signs.says_rest = said->stopped();
    v.seen = weigh(m, signs);
    Health& health = v.seen->health.emplace();  // Its limit is in none of its pages that are asked here: whether it is too hot is not known.
    take_boards(health, said->boards);
    take_pools(health, said->pools);
    health.hottest = said->chips;
    return next(m, v, now);
}

Turn Vnish::unlocked(Machine& m, Memory& v, std::string_view body, Steady now) {
    auto token = wire::vnish::parse_token(parser_, body);
    if (!token) return v.ordering || !v.seen ? garbage(token.error().detail) : without_token(v, {});
    v.token = std::move(*token);
    v.unlocked = true;
    v.bar = Duration{0};
    v.early_from = Steady::min();
    return next(m, v, now);
}

Turn Vnish::ordered(const Machine& m, const Memory& v, std::string_view body) {
    if (is_web_page(body)) return garbage("a web page in place of an answer to an order");
    const auto said = wire::vnish::parse_order_reply(parser_, body);
    if (said) return taken(m, std::max(m.sent.cap, Power{m.rated.count * least_percent / 100}));
    if (said.error().code != Errc::refused) return garbage(said.error().detail);
    return refused("it says no: " + fit_to_log(said.error().detail, {v.password, v.token}));
}

}  // namespace ballast::asic
