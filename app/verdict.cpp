#include "app/receipt.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast {

namespace {

std::string sentence_of(const study::Score& score, const study::ScoreRule& rule, const std::string& currency) {
    const double given = static_cast<double>(score.given_ppm) / 1e4, needed = static_cast<double>(rule.pass_ppm) / 1e4;
    std::string text = !score.proven ? "UNPROVEN, the meter did not show enough of it: " : score.passed ? "PASSED: " : "MISSED: ";
    text += rule.by_intervals ? fmt::format("{} of {} five-minute intervals kept, {:.1f} %, {:.1f} % needed", score.kept, score.intervals, given, needed)
                              : fmt::format("{:.3f} of {:.3f} MWh given, {:.1f} %, {:.1f} % needed", megawatt_hours(score.asked - score.missed), megawatt_hours(score.asked), given, needed);
    text += fmt::format("; {:.3f} MWh missed", megawatt_hours(score.missed));
    if (rule.penalty) text += fmt::format(", which costs {:.2f} {}", static_cast<double>(score.cost) / 1e9, currency);
    if (score.unmeasured > Duration{0}) text += fmt::format("; {:.0f} s without a meter are not judged", static_cast<double>(score.unmeasured.count()) / 1e3);
    return text + ".";
}

}  // namespace

std::optional<Verdict> verdict_of(const Config& config, const ShedReceipt& receipt) {
    const auto policy = std::ranges::find(config.policies, receipt.policy, &PolicyConfig::name);
    if (policy == config.policies.end() || !policy->programme) return std::nullopt;
    const auto score = study::score(receipt, policy->programme->score);
    const bool judged = score && (score->asked > Energy{} || score->intervals > 0 || receipt.unmeasured > Duration{0});
    if (!judged) return std::nullopt;  // Nothing was to go.
    return Verdict{policy->name, *score, sentence_of(*score, policy->programme->score, config.site.currency)};
}

}  // namespace ballast
