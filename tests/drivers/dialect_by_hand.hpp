#pragma once
#include "drivers/asic/dialect.hpp"
#include "tests/catch.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace ballast::support {

/// An answer over HTTP, whole.
inline std::string http(int status, std::string_view body = {}) {
    return fmt::format("HTTP/1.1 {} Whatever\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

/// A dialect and one machine of it, without a fleet: the test is the device.
template <class Dialect>
struct ByHand {
    using Kind = asic::Turn::Kind;

    explicit ByHand(std::string_view mac = {}, Power rated = Power{3'000}) {
        AsicMachine said;
        said.host = "10.0.0.7", said.port = 80, said.user = "root", said.password = password;
        machine.rated = rated;
        machine.standby = Power{40};
        machine.mac = mac.empty() ? 0 : *wire::cgminer::mac_address(mac);
        dialect->add(machine, said);
    }

    void poll() { take(dialect->begin_poll(machine, now)); }
    void order(Rung rung, Power cap = {}) {
        machine.wanted = {OrderId{1}, rung, cap};
        machine.committed = false;
        take(dialect->begin_order(machine, now));
    }
    void hears(std::string_view bytes) { take(dialect->answered(machine, bytes, now)); }

    /// It asks for this, or sends the order by it.
    bool sends(std::string_view line) const { return (kind == Kind::ask || kind == Kind::commit) && request.starts_with(std::string{line} + " HTTP/1.1\r\n"); }
    bool refuses(std::string_view because) const { return kind == Kind::refused && why.find(because) != why.npos; }
    bool reports(Mode mode) const { return kind == Kind::report && report.mode == mode; }
    bool reports(Mode mode, Quality quality, Power power) const { return reports(mode) && report.quality == quality && report.power == power; }

    static constexpr const char* password = "s3cret!";
    std::unique_ptr<Dialect> dialect = std::make_unique<Dialect>();  // So that the whole can be moved.
    asic::Machine machine;
    Steady now = Steady{Duration{1'000'000}};

    // The last turn, kept: its texts end with the next.
    Kind kind = Kind::over;
    std::string request, why;
    asic::Report report;

private:
    void take(const asic::Turn& turn) {
        if (turn.kind == Kind::commit) machine.sent = machine.wanted, machine.committed = true;
        if (turn.kind == Kind::accepted && machine.wanted.rung == Rung::cap) machine.capped = true;
        if (turn.kind == Kind::accepted && machine.wanted.rung == Rung::uncap) machine.capped = false;
        kind = turn.kind, request = turn.request.bytes, why = turn.why, report = turn.report;
        INFO(why);
        CHECK(why.find(password) == why.npos);
    }
};

}  // namespace ballast::support
