#include "app/log_sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ballast {

std::string OrderSums::ordered(Steady now, std::size_t down, std::size_t up) {
    down_ += down, up_ += up;
    if (now >= next_) return due(now);
    if ((down == 0 || told_down_) && (up == 0 || told_up_)) return {};
    return rest();  // A shed in the middle of a long way up is news.
}

std::string OrderSums::due(Steady now) {
    if (now < next_ || down_ + up_ == 0) return {};
    next_ = now + every;
    told_down_ = told_up_ = false;
    return rest();
}

std::string OrderSums::rest() {
    if (down_ + up_ == 0) return {};
    told_down_ |= down_ > 0, told_up_ |= up_ > 0;
    return fmt::format("ordered {} load(s) down, {} up", std::exchange(down_, 0), std::exchange(up_, 0));
}

std::string Overflows::told(Steady now, const Note& note, const std::string& sentence) {
    Since& since = by_source_[note.number];
    if (now < since.next) return ++since.untold, std::string{};
    since.next = now + every;
    const std::size_t more = std::exchange(since.untold, 0);
    return more == 0 ? sentence : fmt::format("{} ({} more like it since the last such line)", sentence, more);
}

std::vector<std::string> UnknownPrices::changed(const Decision& decision, const State& state) {
    const Site& site = *state.site;
    std::map<PolicyId, SourceId> now;
    std::vector<std::string> lines;
    for (const Binding& b : decision.binding) {
        const bool held = b.why.reason == Reason::price_unknown_held;
        if (!held && b.why.reason != Reason::price_unknown_shed) continue;
        if (!now.try_emplace(b.why.policy, b.why.source).second || unknown_.contains(b.why.policy)) continue;
        lines.push_back(fmt::format("{} says no price that holds now: under {} {} until it does", site.sources[index(b.why.source)].name, site.policies[index(b.why.policy)],
                                    held ? "nothing that rests is started" : "machines are put to sleep"));
    }
    for (const auto& [policy, source] : unknown_) {
        if (now.contains(policy)) continue;
        if (!state.fresh(source)) now.emplace(policy, source);  // Another limit binds there meanwhile.
        else lines.push_back(fmt::format("{} says a price again: {} goes by it", site.sources[index(source)].name, site.policies[index(policy)]));
    }
    unknown_ = std::move(now);
    return lines;
}

}  // namespace ballast
