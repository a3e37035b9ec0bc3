#include "app/receipt.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"

#include <boost/json.hpp>

namespace ballast {
namespace {

namespace json = boost::json;

json::value watts(std::optional<Power> p) { return p ? json::value(p->count) : json::value(nullptr); }
json::value time(std::optional<Instant> t) { return t && *t != open_end ? json::value(utc_text(*t)) : json::value(nullptr); }
double in_seconds(Duration d) { return static_cast<double>(d.count()) / 1e3; }
json::value seconds(std::optional<Duration> d) { return d ? json::value(in_seconds(*d)) : json::value(nullptr); }

json::value asked(const ShedReceipt& r) {
    if (!r.signal) return nullptr;
    const Signal& s = *r.signal;
    return json::object{{"kind", name_of(s.kind)},
                        {"ask", name_of(s.ask)},
                        {"power_w", s.ask == Ask::full ? json::value(nullptr) : json::value(s.power.count)},
                        {"issued", time(s.issued)},
                        {"start", time(s.start)},
                        {"end", time(s.end)},
                        {"ramp_s", in_seconds(s.ramp)}};
}

json::array after(const ShedReceipt& r) {
    json::array all;
    for (const ShedReceipt::Moment& m : r.moments)
        all.push_back(json::object{{"after_s", in_seconds(m.after)},
                                   {"meter_w", watts(m.meter)},
                                   {"shed_w", watts(m.shed())},
                                   {"firm_change_w", m.meter ? json::value(m.firm_change.count) : json::value(nullptr)},
                                   {"residual_change_w", watts(m.residual_change)}});
    return all;
}

json::array groups(const ShedReceipt& r) {
    json::array all;
    for (const auto& g : r.groups)
        all.push_back(json::object{{"group", g.group}, {"ordered", g.ordered}, {"obeyed", g.obeyed}, {"half_within_s", seconds(g.half_within)}, {"most_within_s", seconds(g.most_within)}, {"residual_w", watts(g.residual)}});
    return all;
}

json::array means(const std::vector<ShedReceipt::Interval>& intervals) {
    json::array all;
    for (const auto& i : intervals) all.push_back(json::object{{"start", utc_text(i.start)}, {"mean_w", i.mean.count}, {"measured_s", in_seconds(i.measured)}, {"missing_s", in_seconds(i.missing)}});
    return all;
}

json::array misses(const ShedReceipt& r) {
    json::array all;
    for (const auto& m : r.misses) all.push_back(json::object{{"load", m.load}, {"cause", name_of(m.cause)}, {"times", m.times}, {"given_up", m.given_up}, {"ordered_by", m.ordered_by.empty() ? json::value(nullptr) : json::value(m.ordered_by)}});
    return all;
}

json::value judged(const std::optional<Verdict>& verdict) {
    if (!verdict) return nullptr;
    const study::Score& s = verdict->score;
    return json::object{{"name", verdict->programme},
                        {"proven", s.proven},
                        {"passed", s.passed},
                        {"given", static_cast<double>(s.given_ppm) / 1e6},
                        {"asked_mwh", static_cast<double>(s.asked.count) / 3.6e12},
                        {"missed_mwh", static_cast<double>(s.missed.count) / 3.6e12},
                        {"intervals", s.intervals},
                        {"intervals_kept", s.kept},
                        {"cost", static_cast<double>(s.cost) / 1e9}};
}

}  // namespace

json::object receipt_json(const ShedReceipt& r, const std::string& site, const std::optional<Verdict>& verdict) {
    json::array jumps, contactors, unrecorded;
    for (const Duration by : r.clock_jumps) jumps.emplace_back(in_seconds(by));
    for (const auto& gap : r.unrecorded) unrecorded.push_back(json::object{{"from", utc_text(gap.from)}, {"to", utc_text(gap.to)}, {"steps", gap.steps}});
    for (const std::string& name : r.contactors_opened) contactors.emplace_back(name);
    return {{"site", site},
            {"event", static_cast<std::uint32_t>(r.event)},
            {"id", r.name},
            {"policy", r.policy},
            {"source", r.source.empty() ? json::value(nullptr) : json::value(r.source)},
            {"cause", name_of(r.cause)},
            {"reason", name_of(r.reason)},
            {"asked", asked(r)},
            {"heard", utc_text(r.heard.utc)},
            {"began", utc_text(r.began.utc)},
            {"closed", r.closed ? time(r.closed->utc) : json::value(nullptr)},
            {"issue_to_heard_s", r.issue_to_heard ? json::value(in_seconds(*r.issue_to_heard)) : json::value(nullptr)},
            {"clock_jumps_s", std::move(jumps)},
            {"not_recorded", std::move(unrecorded)},
            {"reference_w", r.reference.count},
            {"mean_before_w", r.mean_before.count},
            {"reference_estimated", r.reference_estimated},
            {"limit_w", watts(r.limit)},
            {"first_command", time(r.first_command)},
            {"last_command", time(r.last_command)},
            {"first_acknowledgement", time(r.first_acknowledgement)},
            {"last_acknowledgement", time(r.last_acknowledgement)},
            {"loads_ordered", r.ordered},
            {"loads_acknowledged", r.acknowledged},
            {"loads_obeyed", r.obeyed},
            {"ordered_rated_w", r.ordered_rated.count},
            {"groups", groups(r)},
            {"flexible_ordered", r.flexible},
            {"checkpoints_asked", r.checkpoints},
            {"checkpoints_saved", r.saved},
            {"at_meter", after(r)},
            {"five_minute_means", means(r.five_minutes)},
            {"fifteen_minute_means", means(r.fifteen_minutes)},
            {"asked_mw_s", static_cast<double>(r.asked.count) / 1e9},
            {"undelivered_mw_s", static_cast<double>(r.undelivered.count) / 1e9},
            {"unmeasured_s", in_seconds(r.unmeasured)},
            {"worst_shortfall_w", r.worst_shortfall.count},
            {"programme", judged(verdict)},
            {"contactors_opened", std::move(contactors)},
            {"aborted", r.aborted.empty() ? json::value{} : json::value{r.aborted}},
            {"misses", misses(r)}};
}

json::array learned_json(const std::vector<LearnedGroup>& learned) {
    json::array all;
    for (const LearnedGroup& g : learned)
        all.push_back(json::object{{"group", g.group}, {"judged", g.judged}, {"not_in_time", static_cast<double>(g.failing_ppm) / 1e6}, {"shed_within_s", seconds(g.shed)}, {"back_within_s", seconds(g.back)}, {"residual_w", watts(g.residual)}});
    return all;
}

}  // namespace ballast
