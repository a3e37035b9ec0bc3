#pragma once
#include "model/calendar.hpp"
#include "model/state.hpp"
#include "policies/quota.hpp"

#include <optional>

namespace ballast::policies {

/// Watts as contracts put them.
struct Amount {
    enum class Of : std::uint8_t {
        watts,            ///< Just these.
        offered,          ///< A share of the volume offered.
        peak,             ///< A share of the scope's 12-month peak.
        below_reference,  ///< The reference less a share of the volume offered.
    };
    Of of = Of::watts;
    Power watts;
    std::int64_t share_ppm = 1'000'000;
    bool operator==(const Amount&) const = default;
};

/// When the programme counts on the site without having called.
struct Armed {
    enum class When : std::uint8_t { never, always, signalled } when = When::always;
    ContractHours hours;       ///< Their season is also the one that the quota counts by.
};

/// The parts that every programme is made of. See docs/programmes.md for those that are shipped.
struct Programme {
    PolicyId policy{};
    std::vector<SourceId> sources;       ///< Its calls, arms and releases.
    Scope scope;                         ///< Has a meter.
    Power offered;                       ///< If no arm says another volume.
    Power peak;                          ///< The scope's 12-month peak by its invoice.
    std::optional<Amount> ceiling;       ///< During a call; with one that names its own limit the tighter holds.
    std::optional<Amount> armed_floor;   ///< Of what can be shed, while armed.
    std::optional<Amount> armed_ceiling; ///< Of all that is drawn, while armed.
    std::optional<Power> follow;         ///< Calls are base points: draw within this of the newest, up and down.
    Duration lead{0};                    ///< So long before a start that is known the loads begin to go, to be gone by then.
    Quota quota;
    Armed armed;
    WallClock clock;
    Duration prove_within{30'000};
    std::int64_t margin_ppm = 10'000;
    EscalateTo escalate_to = EscalateTo::power_off, emergency_escalate_to = EscalateTo::contactor;
    Duration contactor_after{60'000};
    std::uint8_t rank = 10, emergency_rank = 0;
};

/// A programme: what it wants while it is armed, and what while it has called. Notice, ramp and duration are
/// terms of its sources (Site::CallTerms). Whatever may be called in while it is armed is promised, so that it is known beforehand when
/// it could not be kept.
Policy programme(Programme settings);

}  // namespace ballast::policies
