#include "drivers/asic/luxos.hpp"

#include "wire/cgminer_rates.hpp"

namespace ballast::asic {
namespace {

/// More than any course of logon, foreign session, one renewal and a change of profile takes.
constexpr unsigned most_exchanges = 16;

}  // namespace

void Luxos::add(Machine& m, const AsicMachine&) {
    m.own = static_cast<std::uint32_t>(memory_.size());
    memory_.emplace_back();
}

Turn Luxos::ask(LuxosMemory& l, LuxosStep step, std::string_view command, std::string_view parameter) {
    l.step = step;
    wire::cgminer::write_request(request_, command, parameter);
    return {.kind = Turn::Kind::ask, .request = {request_}};
}

/// Under its session. All but the last command of an order only prepare it.
Turn Luxos::order(LuxosMemory& l, LuxosStep step, bool commits, std::string_view command, std::string_view words) {
    parameter_.assign(l.session.view());
    parameter_ += ',';
    parameter_ += words;
    Turn turn = ask(l, step, command, parameter_);
    if (commits) turn.kind = Turn::Kind::commit;
    return turn;
}

Turn Luxos::answered(Machine& m, std::string_view bytes, Steady) {
    LuxosMemory& l = memory_[m.own];
    const auto reply = parser_.parse(bytes);
    if (!reply) return garbage(reply.error().detail);
    switch (l.step) {
    case LuxosStep::power: l.power = wire::cgminer::power(*reply); return go_on_polling(m, l);
    case LuxosStep::summary:
        l.gigahashes = wire::cgminer::gigahashes(*reply);
        l.mean_gigahashes = wire::cgminer::mean_gigahashes(*reply);
        return go_on_polling(m, l);
    case LuxosStep::config:
        if (const auto other = configured(m, l, *reply)) return *other;
        return go_on_polling(m, l);
    case LuxosStep::identify:
        if (const auto other = configured(m, l, *reply)) return *other;
        return go_on_ordering(m, l);
    case LuxosStep::logon: return logged_on(m, l, *reply);
    case LuxosStep::session: return session_told(m, l, *reply);
    case LuxosStep::profiles: return profiles_told(m, l, *reply);
    case LuxosStep::curtail:
    case LuxosStep::tune_off:
    case LuxosStep::profile:
    case LuxosStep::tune_on: return order_taken(m, l, *reply);
    case LuxosStep::logoff: l.session = {}; break;
    case LuxosStep::devs:
    case LuxosStep::pools:
    case LuxosStep::tempctrl: return go_on_looking(l, *reply);
    }
    return {};
}

/// Takes what `config` says, unless somebody else says it.
std::optional<Turn> Luxos::configured(Machine& m, LuxosMemory& l, const wire::cgminer::Reply& reply) {
    const auto said = wire::cgminer::config(reply);
    if (const auto other = stranger(m, said ? said->mac : std::nullopt)) return other;
    l.asleep = said ? said->asleep : std::nullopt;
    l.supply_on = said ? said->power_supply_on : std::nullopt;
    l.profile = said ? said->profile : std::string_view{};
    l.tunes_itself = said ? said->tunes_itself : std::nullopt;
    l.config_known = said.has_value();
    l.polls_to_config = 10;
    return std::nullopt;
}

// ---- polls

Turn Luxos::begin_poll(Machine& m, Steady) {
    LuxosMemory& l = memory_[m.own];
    l.power.reset();
    l.gigahashes.reset();
    l.mean_gigahashes.reset();
    l.config_asked = l.summary_asked = false;
    if (m.expected != Mode::unknown || m.identity != Identity::proven) l.polls_to_config = 0;
    return ask(l, LuxosStep::power, "power");
}

/// Whatever this poll still wants to know, else its conclusion.
Turn Luxos::go_on_polling(Machine& m, LuxosMemory& l) {
    if (wants_config(m, l)) {
        l.config_asked = true;
        return ask(l, LuxosStep::config, "config");
    }
    if (wants_summary(m, l)) {
        l.summary_asked = true;
        return ask(l, LuxosStep::summary, "summary");
    }
    if (l.polls_to_config > 0) --l.polls_to_config;
    return {.kind = Turn::Kind::report, .report = judge(m, l)};
}

// ---- health

Turn Luxos::begin_look(Machine& m, Steady) {
    LuxosMemory& l = memory_[m.own];
    l.health = {};
    return ask(l, LuxosStep::devs, "devs");
}

/// What it does not know it answers with an error, which tells nothing.
Turn Luxos::go_on_looking(LuxosMemory& l, const wire::cgminer::Reply& reply) {
    Health& health = l.health;
    if (l.step == LuxosStep::devs) {
        take_boards(health, wire::cgminer::devices(reply));
        health.hottest = wire::cgminer::hottest_device(reply);
        return ask(l, LuxosStep::pools, "pools");
    }
    if (l.step == LuxosStep::pools) {
        take_pools(health, wire::cgminer::pools(reply));
        return ask(l, LuxosStep::tempctrl, "tempctrl");
    }
    const auto limit = wire::cgminer::hot_above(reply);
    if (limit && health.hottest) health.hot = *health.hottest > *limit;
    return looked(health);
}

// ---- orders

Turn Luxos::begin_order(Machine& m, Steady) {
    LuxosMemory& l = memory_[m.own];
    l.exchanges = 0;
    l.renewed = l.config_known = false;
    l.chosen.clear();
    return go_on_ordering(m, l);
}

/// The next exchange of the order; what is already known is not asked.
Turn Luxos::go_on_ordering(Machine& m, LuxosMemory& l) {
    if (++l.exchanges > most_exchanges) return refused("its session changes faster than it can be used");
    if (m.mac != 0 && m.identity == Identity::unproven) return ask(l, LuxosStep::identify, "config");
    if (l.session.empty()) return ask(l, LuxosStep::logon, "logon");
    if (m.wanted.rung == Rung::cap) return set_level(m, l);
    if (m.wanted.rung == Rung::uncap) return let_back(m, l);
    return order(l, LuxosStep::curtail, true, "curtail", m.wanted.rung == Rung::sleep ? "sleep" : "wakeup");
}

Turn Luxos::logged_on(Machine& m, LuxosMemory& l, const wire::cgminer::Reply& reply) {
    const auto id = reply.status.failed() ? std::nullopt : wire::cgminer::session_id(reply);
    if (id) {
        l.session = *id;
        l.ours = true;
        return go_on_ordering(m, l);
    }
    if (!wire::cgminer::session_taken(reply))
        return refused(reply.status.failed() ? reply.status.message : "its answer to logon names no session that can be used");
    if (++l.exchanges > most_exchanges) return refused(reply.status.message);
    return ask(l, LuxosStep::session, "session");
}

/// A device has one session, whoever opened it; who knows its id may use it.
Turn Luxos::session_told(Machine& m, LuxosMemory& l, const wire::cgminer::Reply& reply) {
    const auto id = wire::cgminer::session_id(reply);
    if (!id) return renewed(m, l);  // It has ended meanwhile.
    l.session = *id;
    l.ours = false;
    return go_on_ordering(m, l);
}

Turn Luxos::order_taken(Machine& m, LuxosMemory& l, const wire::cgminer::Reply& reply) {
    const bool curtails = l.step == LuxosStep::curtail;
    if (curtails && wire::cgminer::curtail_taken(reply)) return {.kind = Turn::Kind::accepted};
    const bool answers = reply.status.kind == 'S' || reply.status.kind == 'I' || reply.status.kind == 'W';
    if (!curtails && answers) return level_taken(m, l);
    if (!wire::cgminer::session_invalid(reply)) return refused(reply.status.message);
    l.session = {};
    // A machine that rebooted forgets its session; one that never had it may be another at the same address.
    if (m.identity == Identity::proven) m.identity = Identity::unproven;
    Turn again = renewed(m, l);
    if (again.kind == Turn::Kind::refused) return again;
    why_ = reply.status.message;
    again.why = why_;  // Should a newer order wait, this one ends here.
    return again;
}

Turn Luxos::renewed(Machine& m, LuxosMemory& l) {
    if (std::exchange(l.renewed, true)) return refused("a fresh session is invalid too");
    return go_on_ordering(m, l);
}

// ---- sessions

bool Luxos::untidy(const Machine& m) const {
    const LuxosMemory& l = memory_[m.own];
    return l.ours && !l.session.empty();
}

Turn Luxos::begin_tidying(Machine& m) {
    LuxosMemory& l = memory_[m.own];
    return ask(l, LuxosStep::logoff, "logoff", l.session.view());
}

}  // namespace ballast::asic
