#pragma once
#include "model/units.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace ballast {

/// How long machines take, as counts of loads by powers of two of a tenth of a second. When it is full all is halved, so that
/// what was seen lately weighs more and nothing grows.
class ResponseTimes {
public:
    static constexpr std::size_t bins = 17;          ///< Up to 0.1 s, 0.2 s, ... and beyond 54 min.
    static constexpr std::uint32_t full = 20'000;

    void add(Duration took, std::uint32_t loads) {
        std::size_t bin = 0;
        while (bin + 1 < bins && Duration{100LL << bin} < took) ++bin;
        loads = std::min(loads, full / 2);
        if (count() + loads > full)
            for (std::uint32_t& c : counts_) c /= 2;
        counts_[bin] += loads;
    }
    std::uint32_t count() const {
        std::uint32_t sum = 0;
        for (const std::uint32_t c : counts_) sum += c;
        return sum;
    }
    /// So many of a hundred took no longer; nothing: none was seen.
    std::optional<Duration> within(unsigned percent) const {
        const std::uint64_t all = count();
        std::uint64_t sum = 0;
        for (std::size_t bin = 0; bin < bins && all > 0; ++bin) {
            sum += counts_[bin];
            if (sum * 100 >= all * percent) return Duration{100LL << bin};
        }
        return std::nullopt;
    }
    bool operator==(const ResponseTimes&) const = default;
    template <class Io> friend void io(Io& f, ResponseTimes& t) {
        for (std::uint32_t& c : t.counts_) f.whole(c);
    }

private:
    std::array<std::uint32_t, bins> counts_{};
};

/// What the machines of a group were seen to make of their orders: the residual they go on drawing, how soon they go and
/// come back, how many do not. Learned by order and reading, never by load, and bounded in all directions.
class MachineResponse {
public:
    static constexpr std::int64_t enough = 200;            ///< Loads that have to have been judged before anything is believed.
    static constexpr std::int64_t full = 20'000;
    static constexpr std::int64_t most_failing_ppm = 100'000;  ///< More than this is an outage, and no habit.
    static constexpr std::int64_t most_residual_ppm = 300'000;  ///< Of the nameplate: who draws more does not rest.

    /// Loads of one first order to sleep were seen to rest, drawing `residual` each if that was measured.
    void rested(Duration took, std::uint32_t loads, std::optional<Power> residual) {
        to_shed_.add(took, loads);
        judge(loads, 0);
        if (!residual) return;
        const std::int64_t n = std::min<std::int64_t>(loads, full / 2);
        if (measured_ + n > full) measured_ /= 2, residual_sum_ /= 2;
        measured_ += n;
        residual_sum_ += std::clamp<std::int64_t>(residual->count, 0, 1'000'000'000) * n;
    }
    void came_back(Duration took, std::uint32_t loads) { back_.add(took, loads); }
    /// One of them had not by its deadline.
    void missed() { judge(0, 1); }

    const ResponseTimes& to_shed() const { return to_shed_; }
    const ResponseTimes& back() const { return back_; }
    std::int64_t judged() const { return obeyed_ + missed_; }

    /// The share of orders, 10^-6, that are not obeyed in time; 0 until enough were judged.
    std::int64_t failing_ppm() const { return judged() < enough ? 0 : std::min(most_failing_ppm, missed_ * 1'000'000 / judged()); }
    /// What a resting machine goes on drawing; nothing until enough have told, or where that is no rest.
    std::optional<Power> residual(Power nameplate_each) const {
        if (measured_ < enough) return std::nullopt;
        const Power mean{residual_sum_ / measured_};
        if (Int128{mean.count} * 1'000'000 > Int128{nameplate_each.count} * most_residual_ppm) return std::nullopt;
        return mean;
    }
    bool operator==(const MachineResponse&) const = default;
    template <class Io> friend void io(Io& f, MachineResponse& r) {
        io(f, r.to_shed_), io(f, r.back_);
        f.whole(r.obeyed_), f.whole(r.missed_), f.whole(r.measured_), f.whole(r.residual_sum_);
    }

private:
    void judge(std::int64_t obeyed, std::int64_t missed) {
        obeyed = std::min(obeyed, full / 2);
        if (judged() + obeyed + missed > full) obeyed_ /= 2, missed_ /= 2;
        obeyed_ += obeyed;
        missed_ += missed;
    }

    ResponseTimes to_shed_, back_;
    std::int64_t obeyed_ = 0, missed_ = 0;
    std::int64_t measured_ = 0, residual_sum_ = 0;   ///< Loads, and W.
};

}  // namespace ballast
