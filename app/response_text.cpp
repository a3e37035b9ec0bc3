#include "app/response_text.hpp"

#include <fmt/format.h>

namespace ballast {
namespace {

std::string within(const ResponseTimes& times) {
    const auto longest = times.within(95);
    return longest ? fmt::format("95 % within {:.1f} s", static_cast<double>(longest->count()) / 1e3) : std::string{"not seen yet"};
}

Power nameplate_each(const State& state, const Site::Group& group) {
    Power sum;
    for (Slot s = group.loads.first; s < group.loads.last; ++s) sum += state.site->loads[s].rated;
    return Power{sum.count / std::max<std::int64_t>(1, group.loads.size())};
}

}  // namespace

std::vector<std::string> learned_sentences(const State& state) {
    std::vector<std::string> sentences;
    for (std::size_t i = 0; i < state.groups.size(); ++i) {
        const MachineResponse& learned = state.groups[i].response;
        const Site::Group& group = state.site->groups[i];
        if (learned.judged() < MachineResponse::enough) continue;
        const auto residual = learned.residual(nameplate_each(state, group));
        sentences.push_back(fmt::format("Machines of {} rest {} of an order, {:.1f} % not by its deadline, so that for a call so much more is ordered{}; they are back {}.", group.name,
                                        within(learned.to_shed()), static_cast<double>(learned.failing_ppm()) / 1e4,
                                        residual ? fmt::format("; at rest they draw {} W, which counts from each epoch on", residual->count) : "", within(learned.back())));
    }
    return sentences;
}

}  // namespace ballast
