#include "app/response_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace ballast {
namespace {

std::string within(std::optional<Duration> longest) {
    return longest ? fmt::format("95 % within {:.1f} s", static_cast<double>(longest->count()) / 1e3) : std::string{"not seen yet"};
}

Power nameplate_each(const State& state, const Site::Group& group) {
    Power sum;
    for (Slot s = group.loads.first; s < group.loads.last; ++s) sum += state.site->loads[s].rated;
    return Power{sum.count / std::max<std::int64_t>(1, group.loads.size())};
}

std::optional<std::string> efficiency_sentence(const LearnedEfficiency& learned, const Site::Group& group) {
    const auto seen = learned.seen_ppm();
    if (!seen) return std::nullopt;
    const double more = static_cast<double>(*seen - 1'000'000) / 1e4;
    const std::string said = fmt::format("Machines of {} draw {:.1f} % {} for a hash than their joules_per_terahash say, by {} reading(s)", group.name, std::abs(more), more < 0 ? "less" : "more", learned.readings());
    if (learned.factor_ppm() != *seen) return fmt::format("{}, which is not believed: look at the site file's numbers, or at their sensors.", said);
    return fmt::format("{}; from each epoch on their strikes and their turn go by that.", said);
}

}  // namespace

std::vector<LearnedGroup> learned_groups(const State& state) {
    std::vector<LearnedGroup> groups;
    for (std::size_t i = 0; i < state.groups.size(); ++i) {
        const MachineResponse& learned = state.groups[i].response;
        const Site::Group& group = state.site->groups[i];
        if (learned.judged() >= MachineResponse::enough)
            groups.push_back({group.name, learned.judged(), learned.failing_ppm(), learned.to_shed().within(95), learned.back().within(95), learned.residual(nameplate_each(state, group))});
    }
    return groups;
}

std::vector<std::string> learned_sentences(const State& state) {
    std::vector<std::string> sentences;
    for (std::size_t i = 0; i < state.groups.size(); ++i)
        if (auto said = efficiency_sentence(state.groups[i].efficiency, state.site->groups[i])) sentences.push_back(std::move(*said));
    for (const LearnedGroup& g : learned_groups(state)) {
        sentences.push_back(fmt::format("Machines of {} rest {} of an order, {:.1f} % not by its deadline, so that for a call so much more is ordered{}; they are back {}.", g.group,
                                        within(g.shed), static_cast<double>(g.failing_ppm) / 1e4,
                                        g.residual ? fmt::format("; at rest they draw {} W, which counts from each epoch on", g.residual->count) : "", within(g.back)));
    }
    return sentences;
}

}  // namespace ballast
