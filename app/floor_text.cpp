#include "app/floor_text.hpp"

#include "wire/loose_json.hpp"
#include "wire/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace ballast {
namespace {

namespace json = boost::json;
namespace loose = wire::loose;

std::string text(const json::object& in, std::string_view key) { return wire::printable(loose::text(in, key), 160); }
std::int64_t count(const json::object& in, std::string_view key) { return loose::whole(in, key).value_or(0); }

std::string kilowatts(std::int64_t watts) { return fmt::format("{:.1f} kW", static_cast<double>(watts) / 1e3); }

/// "19:05:00Z" of an instant of the floor's own day, else all of it to the second.
std::string clock(const std::string& at, const std::string& now) {
    if (at.size() < 20 || now.size() < 20) return at;
    const bool today = at.compare(0, 10, now, 0, 10) == 0;
    return fmt::format("{}Z", std::string_view{at}.substr(today ? 11 : 0, today ? 8 : 19));
}

std::string source_words(std::string_view source, std::string_view quality) {
    if (source == "meter") return "measured by its meter";
    if (source == "pdu") return fmt::format("{} by PDU", quality);
    if (source == "machine") return fmt::format("{} by machine", quality);
    return source == "learned" ? "estimated, as learned" : "estimated, by nameplate";
}

std::string power_line(const json::object& power) {
    const std::int64_t all = count(power, "watts"), measured = count(power, "measured_w");
    std::string line = kilowatts(all);
    const bool whole = loose::text(power, "quality") == "measured";
    const json::object* by = loose::object(&power, "by_source_w");
    if (!by || by->size() < 2) return fmt::format("{}, {}", line, source_words(loose::text(power, "source"), loose::text(power, "quality")));
    line += whole ? ", measured" : fmt::format(", of which {} measured", kilowatts(measured));
    std::string parts;
    for (const auto& part : *by) parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", wire::printable(part.key(), 16), kilowatts(std::llround(loose::number(part.value()).value_or(0))));
    return fmt::format("{} ({})", line, parts);
}

/// "4 running, 1 resting; 1 ordered and not seen to obey, 1 of them late". A contactor is closed or open.
std::string counts_line(const json::object& counts, bool is_gear) {
    std::string line, trouble;
    const auto add = [&counts](std::string& to, std::string_view key, std::string_view words) {
        if (const auto n = count(counts, key); n > 0) to += fmt::format("{}{} {}", to.empty() ? "" : ", ", n, words);
    };
    add(line, "run", is_gear ? "closed" : "running");
    add(line, "rest", is_gear ? "open" : "resting");
    add(line, "fault", "in fault");
    add(line, "silent", "silent");
    add(line, "unknown", "not heard yet");
    add(trouble, "unseen", "ordered and not seen to obey");
    add(trouble, "late", "of them late");
    add(trouble, "unwell", "short, hot or without a pool");
    add(trouble, "latched", "latched");
    add(trouble, "locked_out", "locked out");
    add(trouble, "held", "held");
    add(trouble, "maintenance", "in maintenance");
    add(trouble, "contested", "contested");
    return trouble.empty() ? line : fmt::format("{}; {}", line, trouble);
}

std::string order_line(const json::object& order, const std::string& now) {
    const std::string policy = text(order, "policy");
    std::string line = fmt::format("{} for {} at {}{} ({}): {} obeyed", text(order, "rung"), count(order, "loads"), clock(text(order, "at"), now), policy.empty() ? "" : " by " + policy, text(order, "reason"),
                                   count(order, "obeyed"));
    if (const auto n = count(order, "not_seen"); n > 0) line += fmt::format(", {} not seen to", n);
    if (const auto n = count(order, "failed"); n > 0) line += fmt::format(", {} refused or out of reach", n);
    return line;
}

std::string error_words(const json::object& error, const std::string& now) {
    const std::string machine = text(error, "machine");
    const auto times = count(error, "times");
    return fmt::format("{}{} at {}{}", machine.empty() ? "" : machine + ": ", text(error, "what"), clock(text(error, "at"), now), times > 1 ? fmt::format(" ({} errors so far)", times) : "");
}

std::string unwell_line(const json::array& unwell, std::int64_t all) {
    std::string line;
    for (const json::value& value : unwell)
        if (const json::object* one = value.if_object()) line += fmt::format("{}{} ({})", line.empty() ? "" : ", ", text(*one, "name"), text(*one, "ails"));
    if (const auto rest = all - static_cast<std::int64_t>(unwell.size()); rest > 0) line += fmt::format(" and {} more", rest);
    return line;
}

std::string order_words(const json::object& order, const std::string& now) {
    const auto fate = loose::text(order, "fate");
    const bool late = loose::truth(order, "late").value_or(false);
    return fmt::format("to {} since {}: {}{}", text(order, "wanted"), clock(text(order, "since"), now), fate == "not_seen" ? "not seen to obey" : wire::printable(fate, 32), late ? ", late" : "");
}

using Row = std::vector<std::string>;

Row row_of(const json::object& machine, const std::string& now) {
    std::string state = text(machine, "state"), remarks = text(machine, "ails");
    if (const json::array* bars = loose::array(&machine, "bars"))
        for (const json::value& bar : *bars)
            if (const auto* name = bar.if_string()) state += ", " + wire::printable(*name, 16);
    if (const json::object* error = loose::object(&machine, "error")) remarks += (remarks.empty() ? "" : "; ") + error_words(*error, now);
    const json::object* order = loose::object(&machine, "order");
    return {text(machine, "name"), state, kilowatts(count(machine, "watts")), source_words(loose::text(machine, "source"), loose::text(machine, "quality")), order ? order_words(*order, now) : "no order yet", remarks};
}

std::string table(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (const Row& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (widths.size() <= i) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    std::string out;
    for (const Row& row : rows) {
        std::string line = "   ";
        for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format(" {:{}} ", row[i], i + 1 == row.size() ? 0 : widths[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

std::string group_text(const json::object& group, const std::string& now) {
    std::string out = fmt::format("{} ({}, {}), {} load(s)", text(group, "name"), text(group, "driver"), text(group, "tier"), count(group, "loads"));
    const json::object* counts = loose::object(&group, "counts");
    const bool is_gear = loose::text(group, "driver") == "contactor";
    if (counts) out += ": " + counts_line(*counts, is_gear);
    out += "\n";
    const auto line = [&out](std::string_view what, const std::string& said) { out += fmt::format("    {:6} {}\n", what, said); };
    const json::object* power = loose::object(&group, "power");
    if (power && (!is_gear || count(*power, "watts") > 0)) line("draws", power_line(*power));
    if (const json::object* order = loose::object(&group, "last_order")) line("order", order_line(*order, now));
    if (const json::object* error = loose::object(&group, "last_error")) line("error", error_words(*error, now));
    if (const json::array* unwell = loose::array(&group, "unwell"); unwell && !unwell->empty()) line("unwell", unwell_line(*unwell, counts ? count(*counts, "unwell") : 0));
    if (const json::array* machines = loose::array(&group, "machines")) {
        std::vector<Row> rows;
        for (const json::value& machine : *machines)
            if (const json::object* one = machine.if_object()) rows.push_back(row_of(*one, now));
        out += table(rows);
    }
    return out;
}

}  // namespace

std::string floor_text(const boost::json::object& floor) {
    const std::string now = text(floor, "time");
    const auto site_w = loose::number(floor, "site_w");
    std::string out = fmt::format("{}, {} {}", text(floor, "site"), loose::truth(floor, "live").value_or(false) ? "now," : "as of", now);
    if (site_w) out += fmt::format(": {} at the meter", kilowatts(std::llround(*site_w)));
    out += loose::truth(floor, "live").value_or(false) ? "\n" : "\nNo daemon answered: this is how its journal ends; machines' errors and health are not in it.\n";
    if (const json::array* groups = loose::array(&floor, "groups"))
        for (const json::value& group : *groups)
            if (const json::object* one = group.if_object()) out += group_text(*one, now);
    return out;
}

}  // namespace ballast
