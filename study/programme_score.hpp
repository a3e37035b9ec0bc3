#pragma once
#include "controller/shed_receipt.hpp"

#include <optional>

namespace ballast::study {

/// How a programme's other side judges a call.
struct ScoreRule {
    std::optional<Price> penalty;       ///< For each kWh that was asked and not given.
    std::int64_t pass_ppm = 1'000'000;  ///< This much of what was asked, or of the intervals, passes.
    bool by_intervals = false;          ///< By five-minute means of the time in which it stood, against what was asked meanwhile, instead of by energy.
    std::int64_t within_ppm = 0;        ///< How far above what was asked a mean may be.
    Power within;                       ///< The same in watts; the greater counts.
    Power band;                         ///< So far above what was asked is the limit that the site was held to.
    bool operator==(const ScoreRule&) const = default;
};

/// One call, judged.
struct Score {
    Energy asked, missed;
    std::int64_t given_ppm = 1'000'000; ///< Of what was asked, or of the intervals.
    unsigned intervals = 0, kept = 0;   ///< Judged, and of those within; by_intervals only.
    bool proven = true;                 ///< The meter spoke for nine tenths of the time, and something could be judged.
    bool passed = true;                 ///< And it is proven.
    Int128 cost = 0;                    ///< 10^-9 currency; a penalty is positive.
    Duration unmeasured{0};             ///< Nobody can say what was drawn; counts as neither given nor missed.
};

/// Nothing while the event is open, or had no limit to be judged by.
std::optional<Score> score(const ShedReceipt& receipt, const ScoreRule& rule);

}  // namespace ballast::study
