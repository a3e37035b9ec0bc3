#pragma once
#include "model/units.hpp"

#include <optional>
#include <string>

namespace ballast::sim {

/// What a utility asks by a dispatch or an emergency.
struct Dispatch {
    std::string id;
    Instant start{};
    std::optional<Instant> end;        ///< None: until released.
    std::optional<Power> limit;        ///< Draw at most this. Whole kW.
    std::optional<Power> reduce;       ///< Draw this much less. Neither: everything that may stop.
    Duration ramp{0};                  ///< Whole seconds.
};

/// The payloads of `ballast/<site>/signal/<name>`, written as a utility would write them.
std::string price_message(Instant issued, Instant start, Instant end, Price price, const std::string& currency);
std::string dispatch_message(Instant issued, const Dispatch& dispatch);
std::string emergency_message(Instant issued, const Dispatch& dispatch);
std::string release_message(Instant issued, const std::string& id);

}  // namespace ballast::sim
