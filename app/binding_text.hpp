#pragma once
#include "model/order.hpp"
#include "model/state.hpp"

#include <string>

namespace ballast {

/// One binding limit in one sentence for a manager: the policy, the signal behind it, and the arithmetic.
/// "Policy obligations holds the site to 4.000 MW, because utility asked for at most 4.000 MW (dispatch d-1): 3.900 MW
/// is expected, 0.100 MW within it." Whether a meter shows it is another question; see proof_of.
std::string sentence_of(const Binding& binding, const State& state, Now now, const std::string& currency);

/// ", and the meter shows it": to go before the sentence's full stop. Empty where the scope has no meter.
std::string proof_of(const Binding& binding, const Site& site);

/// "the site", "feeder north", "group miners-a"
std::string name_of(Scope scope, const Site& site);

/// The obligation that a limit carries out, if it does and it still stands.
const Obligation* obligation_of(const Why& why, const State& state);

}  // namespace ballast
