#pragma once
#include "model/state.hpp"

namespace ballast::policies {

struct EarlierCalls {
    PolicyId policy{};
    Duration prove_within{30'000}, contactor_after{60'000};
    std::int64_t margin_ppm = 10'000;
    std::uint8_t rank = 10, emergency_rank = 0;
};

/// Asks what policies of an earlier site file asked for a call and none of this one does (Obligation::held), until it is over.
Policy earlier_calls(EarlierCalls settings);

}  // namespace ballast::policies
