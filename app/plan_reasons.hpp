#pragma once
#include "app/plan_wish.hpp"
#include "controller/engine.hpp"

namespace ballast {

struct SkipReason {
    const char* code;   ///< See LeftAlone::code.
    std::string why;
};

/// Why a load that gets no order is left as it is, by what the engine knows after it has decided.
class SkipReasons {
public:
    /// `binding`: of the decision.
    SkipReasons(const Config& config, const SiteModel& model, const Engine& engine, const Wish& wish, Now now, std::span<const Binding> binding = {})
        : config_{config}, model_{model}, engine_{engine}, wish_{wish}, now_{now}, binding_{binding} {}

    SkipReason of(std::size_t group, Slot load) const;

private:
    SkipReason flexible(std::size_t group, Slot load) const;
    SkipReason resting(std::size_t group, Slot load) const;
    SkipReason running(std::size_t group, Slot load) const;
    bool without_supply(std::size_t group) const;
    /// A switch has the group in local, and leaves us to watch.
    bool in_local(std::size_t group) const;
    /// The dearest price in force over a group, by its policies.
    std::optional<Price> price_on(std::size_t group) const;
    /// A coincident peak has the group, and has stopped somebody.
    bool peak_on(std::size_t group) const;
    /// The policy whose floor keeps machines of the group running; empty: none.
    std::string kept_by(std::size_t group) const;
    /// The wish is a limit on a feeder that does not feed the group.
    bool elsewhere(std::size_t group) const;

    const Config& config_;
    const SiteModel& model_;
    const Engine& engine_;
    const Wish& wish_;
    Now now_;
    std::span<const Binding> binding_;
};

/// Neighbours under the same dwell and bars; the load is one of the group's.
const Run& run_of(const State& state, std::size_t group, Slot load);

}  // namespace ballast
