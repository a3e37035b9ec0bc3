#include "app/standing_text.hpp"

#include "app/binding_text.hpp"
#include "app/decision_text.hpp"
#include "controller/hosting.hpp"
#include "model/utc.hpp"

#include <fmt/format.h>


namespace ballast {

namespace {

std::string until(Now now, Steady end) { return end == never ? std::string{"until it is cleared"} : "until " + utc_text(now.utc + (end - now.steady)); }

std::string disarmed(const State& state, const Disarm& d, Now now) {
    return fmt::format("Policy {} is disarmed by {} ({}) {}: what it asks moves nothing{}.", state.site->policies[index(d.policy)], d.who, d.why, until(now, d.until),
                       d.protections ? ", not even an emergency or the contract" : "; an emergency still does");
}

std::string overridden(const Override& o, Now now) {
    if (o.runs()) return fmt::format("{} wants {} to run whatever the price ({}) {}; what is owed to others still counts.", o.who, o.target, o.why, until(now, o.until));
    return fmt::format("{} holds {} to {} ({}) {}.", o.who, o.target, print(o.limit), o.why, until(now, o.until));
}

std::string switched(const State& state, const Obligation& o, Now now) {
    const Site::Source& source = state.site->sources[index(o.signal.source)];
    return fmt::format("{} is in local since {}: nothing is raised, no contactor moves, and {}.", source.name, utc_text(now.utc - (now.steady - o.heard)),
                       source.in_local == InLocal::shed_only ? "machines are put to sleep all the same" : "no machine is put to sleep");
}

std::string contested(const State& state, const Contest& c, Now now) {
    return fmt::format("{} was woken by something else {} time(s) after it was put to sleep, last at {}{}.", state.site->loads[c.load].name, c.times, utc_text(now.utc - (now.steady - c.last)),
                       c.waiting ? "; it runs, and is sent back when its turn comes" : "");
}

/// What customers' machines have given this month.
std::vector<std::string> hosted_sentences(const State& state) {
    std::vector<std::string> all;
    for (const Customer& customer : customers_of(*state.site)) {
        const Duration promised = state.site->groups[index(customer.groups.front())].hosting.rest_per_month, rested = rested_each(state, customer);
        const auto hours = [](Duration d) { return static_cast<double>(d.count()) / 3.6e6; };
        if (rested > Duration{0} || promised > Duration{0})
            all.push_back(fmt::format("Machines of {} have rested {:.2f} h each this month for the sake of others{}.", customer.name, hours(rested),
                                      promised > Duration{0} ? fmt::format(", of {:.1f} h that were promised at most", hours(promised)) : ""));
    }
    return all;
}

}  // namespace

std::string asked_of_owner(const Notice& notice) { return fmt::format("{} by {}", print(notice.power), utc_text(notice.deadline)); }

std::vector<std::string> standing_sentences(const State& state, Now now) {
    constexpr std::size_t most_contests = 10;
    std::vector<std::string> all;
    for (const Disarm& d : state.disarmed) all.push_back(disarmed(state, d, now));
    for (const Maintenance& m : state.maintenance)
        all.push_back(fmt::format("{} has {} in maintenance ({}) {}: it is left alone, and what it may draw is kept free.", m.who, m.target, m.why, until(now, m.until)));
    for (const Override& o : state.overrides) all.push_back(overridden(o, now));
    for (const Obligation& o : state.obligations)
        if (o.signal.kind == SignalKind::local) all.push_back(switched(state, o, now));
    for (std::string& sentence : hosted_sentences(state)) all.push_back(std::move(sentence));
    std::size_t named = 0;
    for (const Contest& c : state.contests)
        if (c.times >= state.site->contested_after && ++named <= most_contests) all.push_back(contested(state, c, now));
    if (named > most_contests) all.push_back(fmt::format("{} more load(s) are woken by something else.", named - most_contests));
    for (const Notice& n : state.notices)
        all.push_back(fmt::format("The owner of {} has notice of {} less, for policy {}: nobody else is left to give it.", state.site->groups[index(n.group)].name, asked_of_owner(n),
                                  state.site->policies[index(n.policy)]));
    return all;
}

std::string outweighed(std::span<const Overruled> overruled, std::size_t binding, const Site& site) {
    std::string text;
    for (const Overruled& o : overruled) {
        if (o.by != binding) continue;
        text += fmt::format("{}{} {} by policy {}{}", text.empty() ? "; it outweighs " : ", ", print(o.limit), is_floor(o.why.reason) ? "or more" : "or less", site.policies[index(o.why.policy)],
                            o.scope == Scope::site() ? std::string{} : " on " + name_of(o.scope, site));
    }
    return text;
}

}  // namespace ballast
