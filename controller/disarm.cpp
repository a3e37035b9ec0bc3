#include "controller/disarm.hpp"

#include "controller/frequency.hpp"
#include "controller/words.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace ballast {

namespace {

/// Keeps people, machines or a contract whole, and is not for an abort alone to end. A demand that is paid for is money.
bool protects(const Bound& bound) {
    return bound.why.cause == Cause::emergency || (bound.why.cause == Cause::capacity && bound.why.reason != Reason::demand_peak);
}

bool silences(const Disarm& disarm, const Bound& bound) { return bound.why.policy == disarm.policy && (!protects(bound) || disarm.protections); }

/// What an abort is about.
struct Aborted {
    std::vector<EventId> events;       ///< Calls it ends.
    std::set<PolicyId> rules;          ///< That fired.
    bool protects = false;
};

/// "20261122T010000Z"
bool is_stamp(std::string_view text) {
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return false;
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == 'T' || c == 'Z'; });
}

/// Whether a policy is meant: by its name, or by that of its running episode, which begins with it.
bool names_policy(const Core& core, PolicyId policy, std::string_view target) {
    const std::string& name = core.site.policies[index(policy)];
    if (target == name) return true;
    const bool episode = target.starts_with(name + "-") && is_stamp(target.substr(name.size() + 1));
    return episode && std::ranges::any_of(core.state.episodes, [&](const Episode& e) { return e.policy == policy; });
}

Aborted meant_by(const Core& core, const std::string& target) {
    Aborted aborted;
    for (const Obligation& o : core.state.obligations) {
        if (o.signal.id != target || !is_call(o.signal.kind)) continue;
        aborted.events.push_back(o.event);
        aborted.protects = aborted.protects || o.signal.kind == SignalKind::emergency;
    }
    Limits asked;  // Now, before anything of it ends.
    for (const Policy& policy : core.policies) policy(core.state, core.now, asked);
    if (aborted.events.empty())
        for (std::size_t p = 0; p < core.site.policies.size(); ++p)
            if (const PolicyId policy{static_cast<std::uint16_t>(p)}; policy != core.site.earlier_calls && names_policy(core, policy, target)) aborted.rules.insert(policy);
    for (const Bound& bound : asked.bounds) {
        const bool fired = std::ranges::find(aborted.events, bound.why.event) != aborted.events.end();
        if (fired && bound.why.policy != core.site.earlier_calls) aborted.rules.insert(bound.why.policy);
        if (fired || (aborted.events.empty() && aborted.rules.contains(bound.why.policy))) aborted.protects = aborted.protects || protects(bound);
    }
    return aborted;
}

void take_out_of_force(Core& core, PolicyId policy, const OperatorWord& word) {
    std::erase_if(core.state.disarmed, [&](const Disarm& d) { return d.policy == policy; });
    const Steady until = word.lasts > Duration{0} ? later(core.now.steady, word.lasts) : never;
    core.state.disarmed.push_back({policy, word.who, word.why, until, word.force, {}});
    core.note(NoteKind::disarmed, index(policy), "by " + word.who + ": " + word.why);
}

void end_calls(Core& core, const Aborted& aborted, const OperatorWord& word) {
    for (const EventId event : aborted.events) {
        const auto found = std::ranges::find(core.state.obligations, event, &Obligation::event);
        core.note(NoteKind::aborted, index(found->signal.source), found->signal.id + " by " + word.who + ": " + word.why, event);
        end_obligation(core, static_cast<std::size_t>(found - core.state.obligations.begin()), found->signal.issued);
    }
}

/// Why the word cannot be obeyed as it was said; empty: it can.
std::string objection(const OperatorWord& word, const Aborted& aborted) {
    if (aborted.events.empty() && aborted.rules.empty()) return "no event or policy called " + word.target + " stands";
    const bool brief = word.lasts > Duration{0} && word.lasts <= longest_forced;
    if (word.force && !brief) return "an abort of " + word.target + " by force is for an hour at the most: say for how long, as --for 30m";
    if (aborted.protects && !word.force)
        return word.target + " is an emergency, or keeps a contract or a machine: it is ended only by --force with --for 1h or less, and comes back by itself";
    return {};
}

}  // namespace

void abort(Core& core, const OperatorWord& word) {
    if (const auto guarded = disarm(core, word)) return take_out_of_force(core, *guarded, word);
    const Aborted aborted = meant_by(core, word.target);
    if (std::string why = objection(word, aborted); !why.empty()) return core.note(NoteKind::word_refused, 0, std::move(why));
    end_calls(core, aborted, word);
    for (const PolicyId policy : aborted.rules) take_out_of_force(core, policy, word);
}

bool arm_rule_again(Core& core, const OperatorWord& word) {
    const auto named = [&](const Disarm& d) { return core.site.policies[index(d.policy)] == word.target; };
    const auto found = std::ranges::find_if(core.state.disarmed, named);
    if (found == core.state.disarmed.end()) return false;
    core.note(NoteKind::armed_again, index(found->policy), "by " + word.who + ": " + word.why);
    arm_again(core, found->policy);
    core.state.disarmed.erase(found);
    return true;
}

void end_disarms(Core& core) {
    std::erase_if(core.state.disarmed, [&](const Disarm& d) {
        if (d.until > core.now.steady) return core.wake_at(d.until), false;
        core.note(NoteKind::armed_again, index(d.policy), "its time is over");
        arm_again(core, d.policy);
        return true;
    });
}

namespace {

/// Each call that the rule would have answered is told of once.
void tell_ignored(Core& core, Disarm& disarm, const Why& why) {
    if (why.event == EventId{} || std::ranges::find(disarm.told, why.event) != disarm.told.end()) return;
    const auto call = std::ranges::find(core.state.obligations, why.event, &Obligation::event);
    if (call == core.state.obligations.end()) return;
    disarm.told.push_back(why.event);
    core.note(NoteKind::disarmed_ignores, index(disarm.policy), call->signal.id, why.event);
}

void silence(Core& core, Disarm& disarm) {
    const auto forget = [&](EventId event) { return std::ranges::find(core.state.obligations, event, &Obligation::event) == core.state.obligations.end(); };
    std::erase_if(disarm.told, forget);
    const auto its = [&](const auto& limit) { return limit.why.policy == disarm.policy; };
    std::erase_if(core.limits.bounds, [&](const Bound& bound) {
        if (!silences(disarm, bound)) return false;
        tell_ignored(core, disarm, bound.why);
        return true;
    });
    std::erase_if(core.limits.cutoffs, its);
    std::erase_if(core.limits.floors, its);
    std::erase_if(core.limits.promises, its);
}

}  // namespace

bool is_disarmed(const Core& core, const Bound& bound) {
    return std::ranges::any_of(core.state.disarmed, [&](const Disarm& disarm) { return silences(disarm, bound); });
}

void silence_disarmed(Core& core) {
    for (Disarm& disarm : core.state.disarmed) silence(core, disarm);
}

}  // namespace ballast
