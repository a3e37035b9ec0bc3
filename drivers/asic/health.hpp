#pragma once
#include "model/units.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ballast::asic {

/// What a machine says of its own health. What it does not tell is nothing: unknown, not well.
struct Health {
    std::optional<unsigned> boards = {};   ///< That hash.
    std::optional<unsigned> built_in = {}; ///< Boards that it says it has; makes that list only those that hash say less than they have.
    std::optional<Temperature> hottest = {}; ///< Chip, or board of makes that tell only that.
    std::optional<bool> hot = {};          ///< By its own word, by its own limit, or by its make's.
    std::optional<bool> pools = {};        ///< One at least is alive.
    bool operator==(const Health&) const = default;
};

/// What ails a machine that should hash. Bits.
enum Ail : std::uint8_t {
    few_boards = 1,  ///< Fewer hash than it has.
    too_hot = 2,
    no_pool = 4,     ///< None of its pools is alive.
};

/// What is wrong by this look; `boards_had`: the most it ever showed, 0: unknown. One that does not run yet lacks no boards.
std::uint8_t ails_of(const Health& health, unsigned boards_had, bool runs);

/// "2 of 3 boards, hot (112 C), no pool"; empty for none.
std::string ails_text(std::uint8_t ails, const Health& health, unsigned boards_had);

}  // namespace ballast::asic
