#include "drivers/asic/dialect.hpp"

#include <fmt/format.h>

namespace ballast::asic {

Turn Dialect::refused(std::string_view why) {
    why_ = why;
    return {.kind = Turn::Kind::refused, .why = why_};
}

Turn Dialect::garbage(std::string_view why) {
    why_ = why;
    return {.kind = Turn::Kind::garbage, .why = why_};
}

Turn Dialect::taken(const Machine& m, Power most) {
    if (m.sent.rung != Rung::cap || most <= m.sent.cap) return {.kind = Turn::Kind::accepted};
    return refused(fmt::format("it goes no lower than {} W, to which it was set; {} W were ordered", most.count, m.sent.cap.count));
}

std::optional<Turn> Dialect::stranger(Machine& m, std::optional<std::uint64_t> said) {
    if (m.meets(said)) return std::nullopt;
    why_ = said ? fmt::format("answers with mac {:012x}, the inventory says {:012x}", *said, m.mac) : "answers as a stranger, or where it was not expected, and does not tell its mac";
    return Turn{.kind = Turn::Kind::foreign, .why = why_};
}

}  // namespace ballast::asic
