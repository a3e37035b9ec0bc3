#include "study/programme_score.hpp"

#include <algorithm>

namespace ballast::study {

namespace {

void judge_intervals(const ShedReceipt& receipt, const ScoreRule& rule, Score& score) {
    constexpr Duration length = std::chrono::minutes{5};
    const Power share{static_cast<std::int64_t>(Int128{receipt.limit->count} * rule.within_ppm / 1'000'000)};
    const Power highest = *receipt.limit + std::max(share, rule.within);
    score.missed = {};
    for (const ShedReceipt::Interval& interval : receipt.five_minutes) {
        const bool whole = interval.start >= std::max(receipt.began.utc, receipt.met_by) && interval.start + length <= receipt.closed->utc;
        if (!whole || interval.measured == Duration{0}) continue;
        ++score.intervals;
        score.kept += interval.mean <= highest;
        score.missed += std::max(Power{}, interval.mean - highest) * length;
    }
    if (score.intervals > 0) score.given_ppm = std::int64_t{score.kept} * 1'000'000 / score.intervals;
}

}  // namespace

std::optional<Score> score(const ShedReceipt& receipt, const ScoreRule& rule) {
    if (!receipt.closed || !receipt.limit) return std::nullopt;
    Score score;
    score.asked = receipt.asked;
    score.missed = receipt.undelivered;
    score.unmeasured = receipt.unmeasured;
    if (rule.by_intervals) judge_intervals(receipt, rule, score);
    else if (score.asked > Energy{}) score.given_ppm = static_cast<std::int64_t>(std::max<Int128>(0, (score.asked - score.missed).count) * 1'000'000 / score.asked.count);
    score.proven = receipt.unmeasured <= (receipt.measured + receipt.unmeasured) / 10 && (rule.by_intervals ? score.intervals > 0 : score.asked > Energy{});
    score.passed = score.proven && score.given_ppm >= rule.pass_ppm;
    // 1 kWh is 3.6 x 10^9 mJ.
    if (rule.penalty) score.cost = score.missed.count * rule.penalty->count / 3'600'000'000;
    return score;
}

}  // namespace ballast::study
