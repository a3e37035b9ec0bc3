#pragma once
#include "controller/engine.hpp"
#include "policies/dispatch.hpp"
#include "policies/person_limits.hpp"
#include "policies/site_cap.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

/// An engine over a site of miners that a test tells things, second by second.
namespace ballast::tests {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
constexpr SourceId market{0}, utility{1}, by_person{2};

inline Now at(Duration t) { return {midnight + t, Steady{std::chrono::hours{1000} + t}}; }

/// So many of 1 kW under one meter, in one group; policies obligations, contract, operator.
inline Site miners(Slot n) {
    Site site;
    site.meters = {{"poi", std::chrono::minutes{5}, std::chrono::seconds{900}}};
    site.meter = MeterId{0};
    site.sources = {{"market", OnStale::hold}, {"utility", OnStale::hold}, {"operator", OnStale::hold}};
    for (Slot s = 0; s < n; ++s) site.loads.push_back({"m-" + std::to_string(s), Power{1'000}, 20'000, Price{80'000'000}});
    site.groups.push_back({.name = "miners", .driver = "luxos", .loads = {0, n}, .tier = Tier::interruptible});
    site.groups[0].stale_after = Duration::max();
    site.policies = {"obligations", "contract", "operator"};
    return site;
}

inline std::vector<Policy> usual_policies() {
    return {policies::dispatch({.policy = PolicyId{0}, .sources = {utility}}),
            policies::site_cap({PolicyId{1}, Scope::site(), Power{100'000}, Power{99'000}, Power{98'000}}),
            policies::person_limits({.policy = PolicyId{2}, .source = by_person})};
}

inline Signal dispatch(Duration issued, std::string id, Power limit, SourceId by = utility) {
    Signal s{.source = by, .kind = SignalKind::dispatch, .id = std::move(id)};
    s.issued = s.start = midnight + issued;
    s.ask = Ask::absolute;
    s.power = limit;
    return s;
}
inline Signal emergency(Duration issued, std::string id, SourceId by = utility) {
    Signal s = dispatch(issued, std::move(id), Power{}, by);
    s.kind = SignalKind::emergency;
    s.ask = Ask::full;
    return s;
}
inline Signal released(Duration issued, std::string id, SourceId by = utility) {
    Signal s = dispatch(issued, std::move(id), Power{}, by);
    s.kind = SignalKind::release;
    return s;
}
inline Signal price(Duration start, Price price) {
    Signal s{.source = market, .kind = SignalKind::price};
    s.issued = s.start = midnight + start;
    s.end = s.start + std::chrono::minutes{5};
    s.price = price;
    return s;
}

class Bench {
public:
    explicit Bench(Site site, std::vector<Policy> policies = usual_policies()) : site_{std::move(site)}, policies_{std::move(policies)}, engine_{site_, policies_, {}, at(Duration{0})} {}

    /// Readings say that they were taken now: those made before are of the step that takes them.
    void step(Duration t, std::vector<Event> heard) {
        now_ = at(t);
        for (Event& event : heard) {
            if (auto* reading = std::get_if<LoadReading>(&event)) reading->taken = now_.steady;
            if (auto* reading = std::get_if<MeterReading>(&event)) reading->taken = now_.steady;
        }
        decision_ = &engine_.step(now_, heard);
    }
    void restart() { engine_ = Engine{site_, policies_, engine_.snapshot(now_), now_}; }

    LoadReading all(Mode mode, Power each) const { return {site_.groups.back().loads, mode, Quality::measured, each, {}}; }
    static LoadReading rest(Slot first, Slot last) { return {{first, last}, Mode::asleep, Quality::measured, Power{}, {}}; }
    static LoadReading run(Slot first, Slot last) { return {{first, last}, Mode::running, Quality::measured, Power{1'000}, {}}; }
    static MeterReading meter(Power power) { return {MeterId{0}, power, {}, Quality::measured}; }

    const Decision& decision() const { return *decision_; }
    const Engine& engine() const { return engine_; }
    std::size_t ordered(Rung rung) const {
        std::size_t n = 0;
        for (const Order& order : decision_->orders) n += order.rung == rung ? order.loads.size() : 0;
        return n;
    }
    bool said(NoteKind kind) const { return std::ranges::find(decision_->notes, kind, &Note::kind) != decision_->notes.end(); }
    bool told(NoteKind kind, std::string_view text) const {
        return std::ranges::any_of(decision_->notes, [&](const Note& n) { return n.kind == kind && n.text == text; });
    }
    std::string text_of(NoteKind kind) const {
        const auto found = std::ranges::find(decision_->notes, kind, &Note::kind);
        return found == decision_->notes.end() ? std::string{} : found->text;
    }

private:
    Site site_;
    std::vector<Policy> policies_;
    Engine engine_;
    Now now_ = at(Duration{0});
    const Decision* decision_ = nullptr;
};

}  // namespace ballast::tests
