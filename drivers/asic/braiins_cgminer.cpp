#include "drivers/asic/braiins.hpp"

#include "wire/cgminer_rates.hpp"

namespace ballast::asic {
namespace {

namespace wireb = wire::braiins;

constexpr std::uint16_t cgminer_port = 4'028;

/// A release that has no REST will not get it soon; one that was just starting has it a few polls later.
constexpr std::uint8_t polls_between_looks = 10;

}  // namespace

/// Nobody listens where REST should be. Once in a conversation: then the machine is not there at all.
std::optional<Turn> Braiins::unreachable(Machine& m) {
    Memory& b = memory_[m.own];
    if (b.moved) {
        b.polls_to_rest = 0;
        return std::nullopt;
    }
    return move_to_cgminer(m, b);
}

/// An order asks something first as well, so that nothing is ordered of one that does not speak it.
Turn Braiins::move_to_cgminer(const Machine& m, Memory& b) {
    b.moved = true;
    b.token.clear();
    if (b.polls_to_rest == 0) b.polls_to_rest = polls_between_looks;
    const bool slows = m.wanted.rung == Rung::cap || m.wanted.rung == Rung::uncap;
    if (b.ordering && slows) return refused("its REST API is not there, and the other takes no power target");
    Turn turn = ask_cgminer(b, Step::summary, "summary");
    turn.why = "its REST API is not there";
    return turn;
}

Turn Braiins::ask_cgminer(Memory& b, Step step, std::string_view command) {
    b.step = step;
    wire::cgminer::write_request(request_, command);
    return {.kind = step == Step::pause ? Turn::Kind::commit : Turn::Kind::ask, .request = {.bytes = request_, .port = cgminer_port}};
}

Turn Braiins::cgminer_looked_on(Memory& b, const wire::cgminer::Reply& reply) {
    if (b.step == Step::devs) {
        take_boards(b.health, wire::cgminer::devices(reply));
        return ask_cgminer(b, Step::temps, "temps");
    }
    if (b.step == Step::temps) {
        b.health.hottest = wire::cgminer::hottest_device(reply);
        return ask_cgminer(b, Step::cgminer_pools, "pools");
    }
    take_pools(b.health, wire::cgminer::pools(reply));
    return looked(b.health);
}

Turn Braiins::cgminer_answered(Machine& m, Memory& b, std::string_view bytes) {
    const auto reply = parser_.parse(bytes);
    if (!reply) return garbage(reply.error().detail);
    if (b.step == Step::summary) {
        b.gigahashes = wire::cgminer::gigahashes(*reply);
        if (!b.gigahashes) return garbage("no hash rate in its summary");
        if (const auto other = stranger(m, std::nullopt)) return *other;
        if (b.ordering) return ask_cgminer(b, Step::pause, m.wanted.rung == Rung::sleep ? "pause" : "resume");
        return ask_cgminer(b, Step::tuner, "tunerstatus");
    }
    if (b.step >= Step::devs) return cgminer_looked_on(b, *reply);
    if (b.step == Step::tuner) {
        b.power = wireb::tuner_power(*reply);
        b.status = b.paused ? wireb::Status::paused : wireb::Status::other;
        return concluded(m, b);
    }
    if (!wireb::paused_or_resumed(*reply)) return refused(reply->status.message);
    b.paused = m.sent.rung == Rung::sleep;
    return {.kind = Turn::Kind::accepted};
}

}  // namespace ballast::asic
