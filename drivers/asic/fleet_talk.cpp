#include "controller/clock.hpp"
#include "drivers/asic/fleet.hpp"
#include "wire/printable.hpp"

namespace ballast::asic {
namespace {

std::string_view told(Outcome outcome) {
    return outcome == Outcome::unreachable ? "not reachable" : outcome == Outcome::closed ? "no usable answer" : "no answer in time";
}

}  // namespace

/// Does what the dialect wants next. False: nothing is under way with the machine any more.
bool Fleet::converse(Machine& m, Talk talk, const Turn& turn) {
    if (talk == Talk::look && turn.kind != Turn::Kind::ask) return conclude_look(m, turn.report.health), false;
    switch (turn.kind) {
    case Turn::Kind::ask:
        if (talk == Talk::order && m.committed && !uncommitted(m, turn)) return false;
        return ask(m, talk, turn.request);
    case Turn::Kind::commit:
        if (m.committed && !uncommitted(m, turn)) return false;
        m.sent = m.wanted;
        m.waiting = false;
        m.committed = true;
        m.lifts = false;
        if (m.sent.rung == Rung::cap) m.capped = true;
        return ask(m, talk, turn.request);
    case Turn::Kind::report: return conclude_poll(m, turn.report);
    case Turn::Kind::accepted: return settle(m, Fate::accepted), false;
    case Turn::Kind::refused: return refuse(m, turn.why), false;
    case Turn::Kind::garbage:
        garbage_.warn("{} {}: garbage in place of an answer ({} so far): {}", m.dialect->name(), name(m), garbage_.total() + 1, wire::printable(turn.why, 120));
        return no_answer(m, talk, Outcome::closed, fmt::format("garbage in place of an answer: {}", turn.why)), false;
    case Turn::Kind::foreign:
        strangers_.warn("{} {}: {}; it is not ordered until that is put right", m.dialect->name(), name(m), wire::printable(turn.why, 120));
        look_up_again(m);
        if (talk == Talk::order) return refuse(m, turn.why), false;
        note_error(m, turn.why);
        return report_foreign(m), false;
    case Turn::Kind::over: break;
    }
    return false;
}

/// False: it could not be begun, and what had to follow from that has been done.
bool Fleet::ask(Machine& m, Talk talk, const Request& request) {
    boost::asio::ip::tcp::endpoint to = m.endpoint;
    if (request.port != 0) to.port(request.port);
    const auto begun = m.resolved ? exchanges_.begin(number(m), to, request, steady_now(), m.exchange) : Exchanges::Begun::unreachable;
    m.talk = begun == Exchanges::Begun::yes ? talk : Talk::idle;
    if (begun == Exchanges::Begun::yes) return true;
    if (begun == Exchanges::Begun::unreachable) return unreachable(m, talk);
    short_ = true;
    shortage_.warn("asics: no socket to be had ({} open); what waits is tried again shortly. Raise LimitNOFILE or lower connections",
                   exchanges_.open());
    if (talk == Talk::order) {
        m.committed = false;
        m.waiting = true;
        enqueue(m);
    } else if (talk == Talk::poll || talk == Talk::look) {
        --polls_open_;
        if (talk == Talk::poll) schedule(m, steady_now() + Duration{1'000});
    }
    return false;
}

void Fleet::answered(std::uint32_t who, Outcome outcome, std::string_view bytes) {
    Machine& m = machines_[who];
    const Talk talk = std::exchange(m.talk, Talk::idle);
    if (outcome == Outcome::replied) {
        const Turn turn = m.dialect->answered(m, bytes, steady_now());
        if (m.followed() && m.identity == Identity::proven) tell_move(m);
        converse(m, talk, turn);
    } else if (outcome == Outcome::unreachable) {
        unreachable(m, talk);
    } else {
        no_answer(m, talk, outcome, told(outcome));
    }
}

/// As `converse`: there may be another door.
bool Fleet::unreachable(Machine& m, Talk talk) {
    if (m.resolved && talk != Talk::look)
        if (const auto other = m.dialect->unreachable(m)) return converse(m, talk, *other);
    no_answer(m, talk, Outcome::unreachable, told(Outcome::unreachable));
    return false;
}

/// `why`: as it is noted with the machine.
void Fleet::no_answer(Machine& m, Talk talk, Outcome outcome, std::string_view why) {
    if (talk == Talk::look) return conclude_look(m, std::nullopt);
    if (m.identity != Identity::foreign) m.identity = Identity::unproven;
    note_error(m, why);
    look_up_again(m);
    if (talk == Talk::order) {
        const Fate fate = outcome == Outcome::unreachable ? Fate::unreachable : Fate::timed_out;
        silence_.warn("{} {}: {} to an order", m.dialect->name(), name(m), told(outcome));
        return settle(m, fate);
    }
    if (talk == Talk::poll) {
        --polls_open_;
        if (m.shared) m.reported = false;
        schedule_next(m);
    }
    if (talk == Talk::tidying) tidy_after(m, settings_.session_rest);
}

/// Whatever is under way but an order, which an order may not wait for.
void Fleet::break_off(Machine& m) {
    if (m.talk != Talk::poll && m.talk != Talk::look && m.talk != Talk::tidying) return;
    exchanges_.abort(m.exchange);
    if (std::exchange(m.talk, Talk::idle) != Talk::tidying) --polls_open_;
}

}  // namespace ballast::asic
