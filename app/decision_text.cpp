#include "app/decision_text.hpp"

#include "model/names.hpp"
#include "model/utc.hpp"

#include <fmt/format.h>

namespace ballast {
namespace {

std::string name(const auto& list, std::size_t n) {
    if (n >= list.size()) return fmt::format("#{}", n);
    if constexpr (requires { list[n].name; }) return list[n].name;
    else return list[n];
}

std::string print(const Why& why, const Site& site) {
    return fmt::format("{} by {} (source {}, rank {}, event {}, until {}, up to {})", name_of(why.reason), name(site.policies, index(why.policy)),
                       name(site.sources, index(why.source)), why.rank, static_cast<std::uint32_t>(why.event),
                       why.until == open_end ? "released" : utc_text(why.until), name_of(why.escalate_to));
}

std::string print(const TripTable& table, const Site& site) {
    std::string text;
    for (const auto& stage : table.stages) {
        text += text.empty() ? "opens" : "; then";
        for (const Slot slot : stage) text += " " + name(site.loads, slot);
        if (stage.empty()) text += " nothing";
    }
    return text;
}

std::string print(Range loads, const Site& site) {
    if (loads.empty()) return "no load";
    const std::string first = name(site.loads, loads.first);
    return loads.size() == 1 ? first : fmt::format("{} .. {} ({} loads)", first, name(site.loads, loads.last - 1), loads.size());
}

}  // namespace

std::string print(Price price, const std::string& currency) { return fmt::format("{:.2f} {}/MWh", per_megawatt_hour(price), currency); }
std::string print(Power power) { return fmt::format("{:.3f} MW", static_cast<double>(power.count) / 1e6); }

std::vector<std::string> lines_of(const Decision& d, const Site& site) {
    std::vector<std::string> lines;
    lines.push_back(fmt::format("at {} (steady {} ms), wakes {}", utc_text(d.at.utc), d.at.steady.time_since_epoch().count(),
                                d.wake == never ? std::string{"never"} : fmt::format("in {} ms", (d.wake - d.at.steady).count())));
    for (const Order& o : d.orders)
        lines.push_back(fmt::format("order {}: {} {}, attempt {}: {}", static_cast<std::uint64_t>(o.id), o.rung == Rung::cap ? fmt::format("cap to {} W", o.cap.count) : std::string{name_of(o.rung)}, print(o.loads, site), o.attempt, print(o.why, site)));
    for (const Binding& b : d.binding)
        lines.push_back(fmt::format("binding on {} {}: limit {}, expected {}, shortfall {}, {}: {}", name_of(b.scope.kind), b.scope.number, print(b.limit),
                                    print(b.expected), print(b.shortfall), b.proven ? "proven" : "not proven", print(b.why, site)));
    for (const Overruled& o : d.overruled)
        lines.push_back(fmt::format("binding {} overrules on {} {}: limit {}: {}", o.by, name_of(o.scope.kind), o.scope.number, print(o.limit), print(o.why, site)));
    for (const Miss& m : d.misses)
        lines.push_back(fmt::format("miss of order {}: {}, {}, event {}{}", static_cast<std::uint64_t>(m.order), name(site.loads, m.load), name_of(m.cause),
                                    static_cast<std::uint32_t>(m.event), m.given_up ? ", given up" : ""));
    for (const Note& n : d.notes)
        lines.push_back(fmt::format("note {} {}: event {}, {}, \"{}\"", name_of(n.kind), n.number, static_cast<std::uint32_t>(n.event), print(n.power), n.text));
    for (const TripTable& t : d.tables) lines.push_back(fmt::format("table {} of guard {}: {}", static_cast<std::uint64_t>(t.id), index(t.guard), print(t, site)));
    return lines;
}

}  // namespace ballast
