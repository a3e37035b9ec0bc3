#include "app/receipt.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ballast {
namespace {

double megawatts(Power p) { return static_cast<double>(p.count) / 1e6; }
double in_seconds(Duration d) { return static_cast<double>(d.count()) / 1e3; }

std::string mw(std::optional<Power> p) { return p ? fmt::format("{:9.3f} MW", megawatts(*p)) : fmt::format("{:>12}", "not known"); }

std::string signed_mw(std::optional<Power> p) { return p ? fmt::format("{:+9.3f} MW", megawatts(*p)) : fmt::format("{:>12}", "not known"); }

std::string asked(const ShedReceipt& r) {
    if (!r.signal) return fmt::format("by policy {}, {}", r.policy, name_of(r.reason));
    const Signal& s = *r.signal;
    const std::string what = s.ask == Ask::full       ? "everything interruptible off"
                             : s.ask == Ask::absolute ? fmt::format("at most {:.3f} MW", megawatts(s.power))
                                                      : fmt::format("{:.3f} MW less than the reference", megawatts(s.power));
    const std::string end = s.end == open_end ? "until released" : "until " + utc_text(s.end);
    return fmt::format("{} from {}: {}, from {} {}", name_of(s.kind), r.source, what, utc_text(s.start), end);
}

std::string after_beginning(const ShedReceipt& r, std::optional<Instant> at) {
    if (!at) return "-";
    return fmt::format("{}  ({:+.3f} s)", utc_text(*at), in_seconds(*at - r.began.utc));
}

/// When it was over, as far as that was seen.
std::string ended(const ShedReceipt& r) {
    if (!r.closed) return "still open";
    const bool unseen = std::ranges::any_of(r.unrecorded, [&](const auto& gap) { return gap.to == r.closed->utc; });
    return fmt::format("over {} {}", unseen ? "by" : "at", utc_text(r.closed->utc));
}

std::string gaps(const ShedReceipt& r) {
    std::string text;
    for (const auto& gap : r.unrecorded)
        if (gap.steps == 0) text += fmt::format("  NOT RUNNING from {} to {}: Ballast was stopped or dead, and nobody measured, ordered or answered\n", utc_text(gap.from), utc_text(gap.to));
        else text += fmt::format("  NOT RECORDED from {} to {}: the journal could not write, and {} step(s) of that time are missing;\n    what was ordered, answered and measured in it is not in this receipt\n",
                            utc_text(gap.from), utc_text(gap.to), gap.steps);
    return text;
}

std::string clocks(const ShedReceipt& r) {
    std::string text;
    if (r.issue_to_heard && *r.issue_to_heard != Duration{0})  // A contact has no clock: it is issued when it is read.
        text += fmt::format("  heard {:.3f} s after its issue by the source's clock (transport and the offset of the clocks together)\n", in_seconds(*r.issue_to_heard));
    for (const Duration by : r.clock_jumps) text += fmt::format("  our wall clock was off by {:+.3f} s meanwhile; all seconds here are by the clock that does not jump\n", in_seconds(by));
    return text;
}

const char* counted_from(const ShedReceipt& r) {
    if (r.reference != r.mean_before) return "the meter when it began";
    return r.reference_estimated ? "estimated: the meter had no past as long as the window" : "mean before its issue";
}

std::string at_the_meter(const ShedReceipt& r) {
    if (std::ranges::none_of(r.moments, [](const ShedReceipt::Moment& m) { return m.meter.has_value(); })) return "\n  No meter showed anything after it began: nothing is proven.\n";
    std::string text = fmt::format("\n  {:>7}  {:>12}  {:>12}  {:>12}  {:>12}\n", "after", "site meter", "shed", "firm", "residual");
    for (const ShedReceipt::Moment& m : r.moments) {
        const bool known = m.meter.has_value();
        text += fmt::format("  {:>5} s  {}  {}  {}  {}{}\n", m.after.count() / 1'000, mw(m.meter), mw(m.shed()),
                            signed_mw(known ? std::optional{m.firm_change} : std::nullopt), signed_mw(m.residual_change),
                            r.over_by(m) ? "  (the event was over)" : "");
    }
    return text + "  Shed is the fall of the meter from the reference, corrected for what firm load did meanwhile. The residual is what the meter shows beyond all that\n"
                  "  the loads say of themselves: where it grew, something else did, or a load that says it rests does not; it is not counted as shed.\n";
}

std::string means(const std::vector<ShedReceipt::Interval>& intervals, int minutes) {
    constexpr std::size_t most = 24;
    std::string text;
    for (std::size_t i = 0; i < std::min(intervals.size(), most); ++i) {
        const auto& one = intervals[i];
        text += fmt::format("  {} + {:2} min  {}  ({:.0f} s measured{})\n", utc_text(one.start), minutes, mw(one.measured > Duration{0} ? std::optional{one.mean} : std::nullopt),
                            in_seconds(one.measured), one.missing > Duration{0} ? fmt::format(", {:.0f} s not", in_seconds(one.missing)) : "");
    }
    if (intervals.size() > most) text += fmt::format("  and {} more intervals (--json lists all)\n", intervals.size() - most);
    return text;
}

std::string seconds(std::optional<Duration> d) { return d ? fmt::format("{:.1f} s", in_seconds(*d)) : std::string{"not seen"}; }

/// How the machines of each group took it: what "N in X s" was.
std::string by_group(const ShedReceipt& r) {
    if (r.groups.empty()) return "";
    std::size_t width = 5;
    for (const auto& g : r.groups) width = std::max(width, g.group.size());
    std::string text = fmt::format("\nFrom its order to being seen at rest:\n  {:{}}  {:>8}  {:>8}  {:>11}  {:>11}  {:>12}\n", "group", width, "ordered", "seen", "half within", "95 % within", "at rest each");
    for (const auto& g : r.groups)
        text += fmt::format("  {:{}}  {:>8}  {:>8}  {:>11}  {:>11}  {:>12}\n", g.group, width, g.ordered, g.obeyed, seconds(g.half_within), seconds(g.most_within), g.residual ? fmt::format("{} W", g.residual->count) : "not known");
    return text;
}

}  // namespace

std::string print(const std::vector<LearnedGroup>& learned) {
    if (learned.empty()) return "";
    std::size_t width = 5;
    for (const LearnedGroup& g : learned) width = std::max(width, g.group.size());
    std::string text = fmt::format("\nWhat was known of these machines before (95 % of orders; so many more were ordered as do not obey in time):\n  {:{}}  {:>8}  {:>11}  {:>11}  {:>11}  {:>12}\n", "group", width, "judged", "at rest in",
                                   "back in", "not in time", "at rest each");
    for (const LearnedGroup& g : learned)
        text += fmt::format("  {:{}}  {:>8}  {:>11}  {:>11}  {:>9.1f} %  {:>12}\n", g.group, width, g.judged, seconds(g.shed), seconds(g.back), static_cast<double>(g.failing_ppm) / 1e4, g.residual ? fmt::format("{} W", g.residual->count) : "not known");
    return text;
}

namespace {

/// Names, as many as a person can read.
std::string named(const std::vector<std::string>& names) {
    constexpr std::size_t most = 500;
    const auto shown = std::min(names.size(), most);
    const std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
    return names.size() > most ? fmt::format("{}, and {} more (--json names all)", text, names.size() - most) : text;
}

std::string misses(const ShedReceipt& r) {
    if (r.misses.empty()) {
        if (r.ordered == 0 && !r.unrecorded.empty()) return "\nNo load is known to have been ordered off for this event: see what was not recorded, or while Ballast was not running.\n";
        if (r.reason == Reason::beyond_quota) return "\nDeclined: it is more than its programme may call for. No load was ordered off for it.\n";
        if (r.ordered == 0) return "\nNo load was ordered off for this event: nothing had to give way, or what gives way had been ordered off before.\n";
        return r.worst_shortfall > Power{} ? "" : "\nEvery load that was ordered was seen to obey in time, or has not come due.\n";
    }
    std::map<std::pair<std::string, MissCause>, std::vector<std::string>> by_cause;
    for (const auto& line : r.misses) by_cause[{line.ordered_by, line.cause}].push_back(line.load + (line.given_up ? " (given up)" : ""));
    std::string text = fmt::format("\n{} load(s) were not seen to obey in time:\n", r.misses.size());
    for (const auto& [cause, loads] : by_cause)
        text += fmt::format("  {} ({}){}: {}\n", name_of(cause.second), loads.size(), cause.first.empty() ? "" : ", ordered off by " + cause.first, named(loads));
    return text;
}

}  // namespace

std::string print(const ShedReceipt& r) {
    std::string text = fmt::format("Event {}  (number {})\n  {}\n", r.name, static_cast<std::uint32_t>(r.event), asked(r));
    text += fmt::format("  heard {}, counted from {}, {}\n", utc_text(r.heard.utc), utc_text(r.began.utc),
                        ended(r));
    text += gaps(r) + clocks(r);
    const bool unknown = r.reference_estimated && !r.signal;  // Of a policy's own event whose beginning fell into a gap.
    text += unknown ? std::string{"  reference        not known\n"} : fmt::format("  reference     {}  ({})\n", mw(r.reference), counted_from(r));
    if (!unknown) text += fmt::format("  mean before   {}{}\n", mw(r.mean_before), r.reference_estimated ? "  (estimated)" : "");
    if (r.limit) text += fmt::format("  limit         {}\n", mw(r.limit));
    text += fmt::format("\n  first command          {}\n  last command           {}\n  first acknowledgement  {}\n  last acknowledgement   {}\n",
                        after_beginning(r, r.first_command), after_beginning(r, r.last_command), after_beginning(r, r.first_acknowledgement),
                        after_beginning(r, r.last_acknowledgement));
    text += fmt::format("  loads ordered {} ({:.3f} MW by nameplate), acknowledged {}, seen to obey {}\n", r.ordered, megawatts(r.ordered_rated), r.acknowledged, r.obeyed);
    if (r.flexible > 0) text += fmt::format("  of them flexible {}: slowed or put to sleep when nothing interruptible was left\n", r.flexible);
    if (r.checkpoints > 0) text += fmt::format("  asked {} time(s) that work be saved, acknowledged {}\n", r.checkpoints, r.saved);
    text += at_the_meter(r) + by_group(r);
    if (!r.five_minutes.empty()) text += "\nMeans at the site meter, by whole settlement interval:\n" + means(r.five_minutes, 5) + means(r.fifteen_minutes, 15);
    if (r.limit) text += fmt::format("\nUndelivered: {:.3f} MW*s above the limit", static_cast<double>(r.undelivered.count) / 1e9);
    if (r.limit) text += r.unmeasured > Duration{0} ? fmt::format(", not counting {:.1f} s without a meter.\n", in_seconds(r.unmeasured)) : std::string{".\n"};
    if (r.worst_shortfall > Power{}) text += fmt::format("SHORTFALL of up to {:.3f} MW: all that was eligible had been ordered off.\n", megawatts(r.worst_shortfall));
    if (!r.aborted.empty()) text += fmt::format("Aborted: {}\n", r.aborted);
    if (!r.contactors_opened.empty()) text += fmt::format("Contactors opened: {}\n", named(r.contactors_opened));
    return text + misses(r);
}

}  // namespace ballast
