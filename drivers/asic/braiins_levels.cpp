#include "drivers/asic/braiins.hpp"

#include "wire/http_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::asic {
namespace {

namespace wireb = wire::braiins;

/// A target that is no lower than this share of what it draws at most is none of ours.
constexpr std::int64_t whole_percent = 95;

}  // namespace

/// What it is set to is read first: before a cap, to be given back; before an uncap, where nobody remembers what to give back.
Turn Braiins::set_target(Machine& m, Memory& b) {
    const bool caps = m.wanted.rung == Rung::cap;
    if (!b.asked && (!b.before || (caps && !m.capped))) return ask(m, b, Step::configuration);
    if (caps) b.target = b.range ? std::clamp(m.wanted.cap, b.range->least, b.range->most) : m.wanted.cap;
    else if (b.before) b.target = *b.before;
    else if (b.now && b.now->count * 100 >= m.rated.count * whole_percent) return {.kind = Turn::Kind::accepted};
    else return refused("what its power target was before it was capped is not known any more: set it on its own page");
    return send(b, Turn::Kind::commit, "PUT", wireb::power_target_target, wireb::power_target_body(b.target));
}

Turn Braiins::target_told(Machine& m, Memory& b, std::string_view body) {
    const auto said = wireb::parse_power_target(parser_, body);
    if (!said) return garbage(said.error().detail);
    b.now = *said;
    b.asked = true;
    if (m.wanted.rung == Rung::cap) {
        if (!b.now) return refused("its tuner has no power target that could be lowered and given back: set one on its own page");
        const bool whole = b.now->count * 100 >= m.rated.count * whole_percent;
        if (!m.capped || whole) b.before = b.now;  // Else it may be a cap of who was here before us.
    }
    return ask(m, b, Step::action);
}

/// Its refusal says what it would take: that is taken as near to the order as it goes, once.
std::optional<Turn> Braiins::out_of_range(Machine& m, Memory& b, std::string_view body) {
    const bool slows = m.sent.rung == Rung::cap || m.sent.rung == Rung::uncap;
    if (b.step != Step::action || !slows || b.within_range) return std::nullopt;
    const auto range = wireb::allowed_range(body);
    if (!range) return std::nullopt;
    b.range = range;
    b.within_range = true;
    b.target = std::clamp(b.target, range->least, range->most);
    Turn again = send(b, Turn::Kind::commit, "PUT", wireb::power_target_target, wireb::power_target_body(b.target));
    why_ = fmt::format("it takes {} to {} W only", range->least.count, range->most.count);
    if (again.why.empty()) again.why = why_;
    return again;
}

Turn Braiins::target_taken(const Machine& m, Memory& b) {
    if (m.sent.rung == Rung::uncap) b.before.reset();
    return taken(m, b.target);
}

}  // namespace ballast::asic
