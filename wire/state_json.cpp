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
    return json + "]}";
}

}  // namespace ballast::wire
