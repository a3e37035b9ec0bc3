#include "study/programme_score.hpp"

#include <algorithm>

namespace ballast::study {

namespace {

Power mean_of(Energy energy, Duration over) { return Power{static_cast<std::int64_t>(energy.count / over.count())}; }

/// Base points come every five minutes or so: half of that is enough to be judged by.
void judge_intervals(const ShedReceipt& receipt, const ScoreRule& rule, Score& score) {
    constexpr Duration enough = std::chrono::seconds{150};
    score.missed = {};
    for (const ShedReceipt::Judged& piece : receipt.judged) {
        if (piece.measured < enough) continue;
        const Power asked = mean_of(piece.allowed, piece.measured) - rule.band, drawn = mean_of(piece.drawn, piece.measured);
        const Power share{static_cast<std::int64_t>(Int128{asked.count} * rule.within_ppm / 1'000'000)};
        const Power highest = asked + std::max(share, rule.within);
        ++score.intervals;
        score.kept += drawn <= highest;
        score.missed += std::max(Power{}, drawn - highest) * piece.measured;
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
