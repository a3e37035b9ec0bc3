#pragma once
#include "model/state.hpp"

namespace ballast::policies {

struct SiteCap {
    PolicyId policy{};
    Scope scope;                      ///< The site, unless a feeder is named.
    Power act_above, aim, release;    ///< release <= aim <= act_above.
    Duration window{0};               ///< Averaging window of the meter; 0: instantaneous.
    Duration prove_within{30'000};
    EscalateTo escalate_to = EscalateTo::contactor;
    Duration contactor_after{60'000};
    std::uint8_t rank = 20;
    Reason reason = Reason::contract_limit;  ///< Or feeder_limit.
};

/// The contract limit, in bands: act above one, aim at the next, refill below the third. Always in force.
Policy site_cap(SiteCap settings);

}  // namespace ballast::policies
