#include "drivers/asic/antminer.hpp"

#include "drivers/asic/json_over_http.hpp"
#include "wire/http_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace ballast::asic {
namespace {

constexpr std::uint8_t polls_between_confs = 10;

/// Its config shows by then what was written.
constexpr Duration shown_within{2'500};

/// A set may take 21 s, while the machine restarts.
constexpr Duration write_patience{30'000};

/// By the line of its diagnosis that looks at temperatures; nothing if it has none.
std::optional<bool> tells_heat(const wire::antminer::Summary& summary) {
    for (const auto& check : summary.checks)
        if (check.type == "temp" && check.status != '?') return check.status != 's';
    return std::nullopt;
}

/// Boards as its page lists them; where none hashes, all of them. Nothing of a page that may have been cut off.
std::optional<wire::Count> boards_of(const wire::antminer::Stats& stats) {
    if (stats.empty || stats.repaired) return std::nullopt;
    wire::Count count{.listed = stats.chains.size()};
    for (const auto& chain : stats.chains) count.alive += chain.rate.value_or(0) > 0;
    if (count.alive == 0) count.alive = count.listed;
    return count;
}

std::optional<Temperature> hottest_of(const wire::antminer::Stats& stats) {
    double most = 0;
    for (const auto& chain : stats.chains) most = std::max(most, chain.chip_celsius.value_or(chain.board_celsius.value_or(0)));
    return most > 0 ? std::optional{Temperature{std::llround(most * 1'000)}} : std::nullopt;
}

}  // namespace

Antminer::Antminer() {
    std::random_device random;
    cnonce_ = fmt::format("{:08x}{:08x}", random(), random());
}

void Antminer::add(Machine& m, const AsicMachine& said) {
    m.own = static_cast<std::uint32_t>(memory_.size());
    const Login login{said.user.empty() ? "root" : said.user, said.password, http_host(said.host, said.port)};
    memory_.emplace_back().login = static_cast<std::uint32_t>(logins_.size());
    logins_.push_back(login);
}

// ---- one page

std::string_view Antminer::page_of(Step step) {
    switch (step) {
    case Step::summary: return "/cgi-bin/summary.cgi";
    case Step::stats: return "/cgi-bin/stats.cgi";
    case Step::pools: return "/cgi-bin/pools.cgi";
    case Step::who:
    case Step::identify: return "/cgi-bin/get_system_info.cgi";
    case Step::conf:
    case Step::read_conf: return "/cgi-bin/get_miner_conf.cgi";
    case Step::write_conf: break;
    }
    return "/cgi-bin/set_miner_conf.cgi";
}

Turn Antminer::ask(Memory& a, Step step) {
    a.asked_again = false;
    return send(a, step, "GET", page_of(step), {});
}

Turn Antminer::send(Memory& a, Step step, std::string_view method, std::string_view target, std::string_view body) {
    a.step = step;
    const Login& login = logins_[a.login];
    std::string proof;
    std::array<wire::http::Header, 2> headers;
    std::size_t used = 0;
    if (a.challenge) {
        const auto made = wire::digest::authorization(*a.challenge, {method, target, login.user, login.password, cnonce_, ++a.count});
        if (!made) return wrong(step, made.error().detail);
        proof = *made;
        headers[used++] = {"Authorization", proof};
    }
    if (!body.empty()) headers[used++] = {"Content-Type", "text/plain;charset=UTF-8"};  // As its own page sends it.
    const auto request = wire::http::write_request({method, target, login.host, std::span{headers}.first(used), body});
    if (!request) return wrong(step, request.error().detail);
    request_ = *request;
    const bool commits = step == Step::write_conf;
    return {.kind = commits ? Turn::Kind::commit : Turn::Kind::ask, .request = {request_, Frame::http, commits ? write_patience : Duration{0}}};
}

/// An order is refused; a poll has come to nothing.
Turn Antminer::wrong(Step step, std::string_view why) { return step >= Step::identify ? refused(why) : garbage(why); }

Turn Antminer::answered(Machine& m, std::string_view bytes, Steady now) {
    now_ = now;
    Memory& a = memory_[m.own];
    const auto answer = wire::http::parse(bytes, true);
    if (!answer) return garbage(answer.error().detail);
    if (answer->status == 401) return unauthorized(a, answer->www_authenticate);
    if (!answer->succeeded() && (a.step == Step::stats || a.step == Step::pools)) return looked_on(a, {});
    if (!answer->succeeded()) {
        const std::string why = fmt::format("it answers with HTTP {}", answer->status);
        return a.step == Step::read_conf || a.step == Step::write_conf ? refused(why) : garbage(why);
    }
    return understood(m, a, answer->body);
}

/// The same page again, under the new challenge: the first one, or the one before is too old. A config that was not taken is
/// read anew first.
Turn Antminer::unauthorized(Memory& a, std::span<const std::string> challenges) {
    const auto challenge = wire::digest::parse_challenge(challenges);
    if (!challenge) return wrong(a.step, challenge.error().detail);
    const bool tried = a.challenge.has_value() && !challenge->stale && a.asked_again;
    a.challenge = *challenge;
    a.count = 0;
    if (tried || std::exchange(a.asked_again, true)) return wrong(a.step, "it does not take this user and password");
    const Step step = a.step == Step::write_conf ? Step::read_conf : a.step;
    Turn again = send(a, step, "GET", page_of(step), {});
    if (again.why.empty()) why_ = "its login had run out", again.why = why_;
    return again;
}

Turn Antminer::understood(Machine& m, Memory& a, std::string_view body) {
    switch (a.step) {
    case Step::summary: {
        const auto said = wire::antminer::parse_summary(parser_, body);
        if (!said) return garbage(said.error().detail);
        a.gigahashes = wire::antminer::gigahashes(said->rate_5s.value_or(0), said->unit).value_or(0);
        a.hot = tells_heat(*said);
        return go_on_polling(m, a, false);
    }
    case Step::stats:
    case Step::pools: return looked_on(a, body);
    case Step::conf: {
        const auto conf = wire::antminer::parse_conf(parser_, body);
        if (!conf) return garbage(conf.error().detail);
        a.mode = conf->mode;
        learn_mode(m, a, conf->mode);
        a.polls_to_conf = polls_between_confs;
        return go_on_polling(m, a, true);
    }
    case Step::who:
    case Step::identify: return known(m, a, body);
    case Step::read_conf: return written(m, a, body);
    case Step::write_conf: break;
    }
    const auto taken = wire::antminer::parse_set_reply(parser_, body);
    a.polls_to_conf = 0;
    a.wrote = taken && a.mode != a.writes ? std::optional{a.writes} : std::nullopt;
    return taken ? Turn{.kind = Turn::Kind::accepted} : refused(taken.error().detail);
}

Turn Antminer::known(Machine& m, Memory& a, std::string_view body) {
    const auto said = wire::antminer::parse_system_info(parser_, body);
    if (!said) return garbage(said.error().detail);
    if (const auto other = stranger(m, said->mac)) return *other;
    return a.step == Step::who ? go_on_polling(m, a, false) : ask(a, Step::read_conf);
}

// ---- polls

Turn Antminer::begin_poll(Machine& m, Steady) {
    Memory& a = memory_[m.own];
    if (m.expected != Mode::unknown || m.identity != Identity::proven) a.polls_to_conf = 0;
    return ask(a, Step::summary);
}

/// Its config is due, or what it hashes does not fit what that last said.
Turn Antminer::go_on_polling(Machine& m, Memory& a, bool conf_asked) {
    if (m.identity != Identity::proven) {
        if (m.mac != 0) return ask(a, Step::who);
        m.meets(std::nullopt);
    }
    const bool fits = a.mode && (a.gigahashes > 0) == (*a.mode != WorkMode::sleep);
    if (!conf_asked && (a.polls_to_conf == 0 || !fits)) return ask(a, Step::conf);
    if (a.polls_to_conf > 0) --a.polls_to_conf;
    return concluded(m, a);
}

/// Hashing outweighs what the config says: an OK that changes nothing is the usual case. No rates and no sleep is one that
/// is not up yet, or broken.
Turn Antminer::concluded(const Machine& m, Memory& a) {
    Report seen;
    seen.ignored = ignored(m, a);
    seen.quality = Quality::estimated;
    if (a.gigahashes > 0) seen.mode = Mode::running, seen.power = a.mode == WorkMode::low && m.low_power > Power{} ? m.low_power : m.rated;
    else if (a.mode == WorkMode::sleep) seen.mode = Mode::asleep, seen.power = m.standby;
    else seen.mode = Mode::fault, seen.quality = Quality::bad;
    return {.kind = Turn::Kind::report, .report = seen};
}

/// Its config does not say what was written: it takes modes in the other form, as a number or in quotes. Found out once a machine; the next that was
/// never written to is guessed to be as this one.
bool Antminer::ignored(const Machine& m, Memory& a) {
    if (!a.wrote || !a.mode || a.sure == Memory::Form::taken) return false;
    if (a.mode != a.wrote && now_ < later(m.accepted, shown_within)) return false;
    if (a.mode == a.wrote) {
        a.sure = Memory::Form::taken;
        usual_ = a.form;
        return false;
    }
    a.wrote.reset();
    a.form = a.form == ModeType::number ? ModeType::string : ModeType::number;
    return std::exchange(a.sure, Memory::Form::other) == Memory::Form::guessed;
}

// ---- health

Turn Antminer::begin_look(Machine& m, Steady) {
    Memory& a = memory_[m.own];
    a.health = {.hot = a.hot};
    return ask(a, Step::stats);
}

Turn Antminer::looked_on(Memory& a, std::string_view body) {
    if (a.step == Step::stats) {
        if (const auto stats = wire::antminer::parse_stats(parser_, body)) {
            take_boards(a.health, boards_of(*stats));
            a.health.hottest = hottest_of(*stats);
        }
        return ask(a, Step::pools);
    }
    if (const auto pools = wire::antminer::parse_pools(parser_, body)) a.health.pools = wire::antminer::any_alive(*pools);
    return looked(a.health);
}

// ---- orders

Turn Antminer::begin_order(Machine& m, Steady) {
    Memory& a = memory_[m.own];
    if (m.wanted.rung == Rung::cap && m.low_power <= Power{}) return refused("it knows no watts, only a low power mode, of which the site file gives none (low_power_w)");
    if (m.wanted.rung == Rung::cap && m.wanted.cap < m.low_power) return refused("its low power mode draws more than it may: see low_power_w");
    return ask(a, m.mac != 0 && m.identity == Identity::unproven ? Step::identify : Step::read_conf);
}

/// What a wake or an uncap gives back. Low power of one that we slow is no mode of its owner's.
void Antminer::learn_mode(const Machine& m, Memory& a, std::optional<WorkMode> mode) {
    const bool ours = mode == WorkMode::low && m.low_power > Power{};
    if (mode && mode != WorkMode::sleep && !ours) a.ran_in = mode;
}

Antminer::WorkMode Antminer::mode_wanted(const Machine& m, const Memory& a) {
    if (m.wanted.rung == Rung::sleep) return WorkMode::sleep;
    return m.wanted.rung == Rung::cap ? WorkMode::low : a.ran_in.value_or(WorkMode::normal);
}

/// Its whole config, as it is now, with another mode. Each write restarts it, so one that is slowed or let back is not written what it has.
Turn Antminer::written(Machine& m, Memory& a, std::string_view body) {
    const auto conf = wire::antminer::parse_conf(parser_, body);
    if (!conf) return refused(conf.error().detail);
    a.mode = conf->mode;
    learn_mode(m, a, conf->mode);
    ignored(m, a);
    if (a.sure == Memory::Form::guessed) a.form = usual_;
    a.writes = mode_wanted(m, a);
    const bool slows = m.wanted.rung == Rung::cap || m.wanted.rung == Rung::uncap;
    if (slows && conf->mode == a.writes) {
        a.polls_to_conf = 0;
        return {.kind = Turn::Kind::accepted};
    }
    const auto changed = wire::antminer::with_mode(*conf, a.writes, a.form);
    if (!changed) return refused(changed.error().detail);
    return send(a, Step::write_conf, "POST", page_of(Step::write_conf), *changed);
}

}  // namespace ballast::asic
