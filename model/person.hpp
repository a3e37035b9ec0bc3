#pragma once
#include "model/ids.hpp"
#include "model/limit.hpp"
#include "model/units.hpp"

#include <string>
#include <vector>

namespace ballast {

/// A rule that a person's abort has taken out of force: what it asks moves nothing until it is armed again.
struct Disarm {
    PolicyId policy{};
    std::string who, why;
    Steady until = never;            ///< never: until `clear`.
    bool protections = false;        ///< Forced: what it asks for an emergency, or to keep a contract or a machine, is silenced too.
    std::vector<EventId> told;       ///< Calls that it would have answered, each told of once.
};

/// Loads that people work on: put to rest, then left alone until it is over. What they may draw is kept free for them.
struct Maintenance {
    Range loads;
    Steady until = never;
    std::string target;              ///< As it was said: a load, a group, "site".
    std::string who, why;
    bool settled = false;            ///< All of it was handed over.
};

/// A person's own limit, or their word that a group runs whatever the price, for a while.
struct Override {
    Scope scope;
    Power limit = Power::max();      ///< Draw at most; max: run whatever the price.
    Steady until = never;
    std::string target, who, why;

    bool runs() const { return limit == Power::max(); }
};

}  // namespace ballast
