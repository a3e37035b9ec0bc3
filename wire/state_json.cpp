#include "wire/state_json.hpp"

#include "wire/json_tree.hpp"
#include "wire/rfc3339.hpp"

#include <fmt/format.h>

namespace ballast::wire {

namespace {

std::string watts(const std::optional<Power>& power) {
    return power ? fmt::format("{}", power->count) : "null";
}

std::string time(const std::optional<Instant>& at) {
    return at ? fmt::format("\"{}\"", rfc3339(*at)) : "null";
}

std::string name_or_null(const std::string& name) { return name.empty() ? "null" : json_quoted(name); }

std::string binding_json(const std::optional<StateReport::Binding>& binding) {
    if (!binding) return "null";
    return fmt::format(R"({{"scope":{},"limit_w":{},"policy":{},"source":{},"reason":{},"until":{}}})",
                       json_quoted(binding->scope), watts(binding->limit), json_quoted(binding->policy),
                       name_or_null(binding->source), json_quoted(binding->reason), time(binding->until));
}

std::string event_json(const StateReport::Event& event) {
    return fmt::format(R"({{"number":{},"id":{},"source":{},"cause":{},"since":{},"until":{}}})",
                       event.number, name_or_null(event.id), name_or_null(event.source),
                       json_quoted(event.cause), time(event.since), time(event.until));
}

std::string overruled_json(const StateReport::Overruled& o) {
    return fmt::format(R"({{"scope":{},"limit_w":{},"policy":{},"source":{},"reason":{}}})", json_quoted(o.scope), o.limit.count, json_quoted(o.policy), name_or_null(o.source),
                       json_quoted(o.reason));
}

std::string disarmed_json(const StateReport::Disarmed& d) {
    return fmt::format(R"({{"policy":{},"who":{},"why":{},"until":{},"protections":{}}})", json_quoted(d.policy), json_quoted(d.who), json_quoted(d.why), time(d.until), d.protections);
}

std::string said_json(const StateReport::Said& s) {
    return fmt::format(R"({{"word":{},"target":{},"limit_w":{},"who":{},"why":{},"until":{}}})", json_quoted(s.word), json_quoted(s.target), watts(s.limit), json_quoted(s.who),
                       json_quoted(s.why), time(s.until));
}

std::string switch_json(const StateReport::Switch& s) {
    return fmt::format(R"({{"source":{},"since":{},"in_local":"{}"}})", json_quoted(s.source), time(s.since), s.sheds ? "shed_only" : "observe");
}

std::string notice_json(const StateReport::Notice& n) {
    return fmt::format(R"({{"group":{},"owner":{},"policy":{},"power_w":{},"deadline":{}}})", json_quoted(n.group), json_quoted(n.owner), json_quoted(n.policy), n.power.count, time(n.deadline));
}

template <class Items, class Print>
std::string list(const Items& items, Print print) {
    std::string json = "[";
    for (const auto& item : items) json += (json.size() > 1 ? "," : "") + print(item);
    return json + "]";
}

}  // namespace

std::string state_json(const StateReport& report) {
    std::string json = fmt::format(
        R"({{"time":{},"site_w":{},"firm_w":{},"interruptible_w":{},"flexible_w":{},"available_down_w":{},"available_flexible_w":{},"available_up_w":{},"residual_w":{})",
        time(report.time), watts(report.site), report.firm.count, report.interruptible.count,
        report.flexible.count, report.available_down.count, report.available_flexible.count, report.available_up.count, watts(report.residual));
    json += fmt::format(R"(,"binding":{},"shortfall_w":{},"events":[)", binding_json(report.binding),
                        report.shortfall.count);
    for (std::size_t i = 0; i < report.events.size(); ++i)
        json += (i > 0 ? "," : "") + event_json(report.events[i]);
    return json + fmt::format(R"(],"overruled":{},"disarmed":{},"said":{},"local":{},"contested":{{"loads":{},"named":{}}},"notices":{}}})", list(report.overruled, overruled_json),
                              list(report.disarmed, disarmed_json), list(report.said, said_json), list(report.local, switch_json), report.contested,
                              list(report.contesting, [](const std::string& name) { return json_quoted(name); }), list(report.notices, notice_json));
}

}  // namespace ballast::wire
