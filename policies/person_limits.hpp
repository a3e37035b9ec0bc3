#pragma once
#include "model/state.hpp"

namespace ballast::policies {

struct PersonLimits {
    PolicyId policy{};
    SourceId source{};                 ///< The operator.
    std::int64_t margin_ppm = 10'000;  ///< As of a dispatch.
    std::uint8_t rank = 15;            ///< After what others ask, before the contract.
};

/// What persons have said a scope may draw, or that it is to run whatever the price, each for a while. A limit meets all
/// others, the tightest holds; a word to run moves nothing but the price.
Policy person_limits(PersonLimits settings);

}  // namespace ballast::policies
