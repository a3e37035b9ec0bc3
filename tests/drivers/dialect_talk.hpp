#pragma once
#include "drivers/asic/dialect.hpp"
#include "tests/catch.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

/// A dialect driven by hand, without a fleet, sockets or a clock, and one machine that speaks it.
template <class Dialect>
struct DialectTalk {
    explicit DialectTalk(const ballast::AsicMachine& said) {
        m.rated = ballast::Power{3'000};
        m.standby = ballast::Power{15};
        m.mac = 0xce0201008c36;
        dialect.add(m, said);
    }

    ballast::asic::Turn poll() { return take(dialect.begin_poll(m, now)); }
    ballast::asic::Turn order(ballast::Rung rung, ballast::Power cap = {}) {
        m.wanted = {ballast::OrderId{1}, rung, cap};
        m.committed = false;
        return take(dialect.begin_order(m, now));
    }
    ballast::asic::Turn hear(std::string_view bytes) { return take(dialect.answered(m, bytes, now)); }
    ballast::asic::Turn nobody() { return take(dialect.unreachable(m).value()); }

    /// Keeps what it asks, and what a fleet would of an order that goes out.
    ballast::asic::Turn take(ballast::asic::Turn turn) {
        asked = turn.request.bytes;
        why = turn.why;
        if (turn.kind == ballast::asic::Turn::Kind::commit) m.sent = m.wanted, m.committed = true;
        if (turn.kind == ballast::asic::Turn::Kind::accepted && m.wanted.rung == ballast::Rung::cap) m.capped = true;
        if (turn.kind == ballast::asic::Turn::Kind::accepted && m.wanted.rung == ballast::Rung::uncap) m.capped = false;
        return turn;
    }

    Dialect dialect;
    ballast::asic::Machine m;
    ballast::Steady now{ballast::Duration{7'000'000}};
    std::string asked, why;
};
