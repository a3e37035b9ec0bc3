#include "controller/shed_receipt.hpp"

#include <algorithm>

namespace ballast {

void ReceiptBuilder::see_gone(Trace& trace, Slot slot, const LoadReading& reading) {
    trace.loads[slot] |= was_seen;
    ++trace.receipt.obeyed;
    Went& went = trace.went[slot];
    went.took_ms = std::max(0, clamped_ms(reading.taken - trace.receipt.began.steady - Duration{went.ordered_ms}));
    if ((reading.mode == Mode::asleep || reading.mode == Mode::off) && reading.quality == Quality::measured) went.residual_w = static_cast<std::int32_t>(std::clamp<std::int64_t>(reading.power.count, 0, 1'000'000'000));
}

namespace {

/// By when so many of a hundred had gone, of `ordered` of which those in `took` have.
std::optional<Duration> within(const std::vector<std::int32_t>& took, std::size_t ordered, std::size_t percent) {
    const std::size_t needed = (ordered * percent + 99) / 100;
    return needed == 0 || took.size() < needed ? std::nullopt : std::optional{Duration{took[needed - 1]}};
}

}  // namespace

std::vector<ShedReceipt::GroupResponse> ReceiptBuilder::group_responses(const Trace& trace) const {
    std::vector<ShedReceipt::GroupResponse> all;
    if (trace.loads.empty()) return all;
    std::vector<std::int32_t> took;
    for (const Site::Group& group : site_.groups) {
        ShedReceipt::GroupResponse response{group.name};
        took.clear();
        std::int64_t residual = 0, measured = 0;
        for (Slot s = group.loads.first; s < group.loads.last; ++s) {
            const Went& went = trace.went[s];
            response.ordered += (trace.loads[s] & was_ordered) != 0;
            if (went.took_ms >= 0) took.push_back(went.took_ms);
            if (went.residual_w >= 0) residual += went.residual_w, ++measured;
        }
        if (response.ordered == 0) continue;
        std::ranges::sort(took);
        response.obeyed = took.size();
        response.half_within = within(took, response.ordered, 50);
        response.most_within = within(took, response.ordered, 95);
        if (measured > 0) response.residual = Power{residual / measured};
        all.push_back(std::move(response));
    }
    return all;
}

}  // namespace ballast
