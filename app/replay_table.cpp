#include "app/replay.hpp"
#include "sim/feeds/local_time.hpp"

#include <fmt/format.h>

namespace ballast {
namespace {

constexpr Int128 per_megawatt_hour = 3'600'000'000'000;
constexpr Int128 per_currency_unit = Int128{1'000'000} * per_megawatt_hour;

/// "-1234567.89" as "-1,234,567.89"
std::string grouped(std::string text) {
    const std::size_t first = text.starts_with('-') ? 1 : 0;
    for (std::size_t at = std::min(text.find('.'), text.size()); at > first + 3;) text.insert(at -= 3, ",");
    return text;
}

std::string number(std::uint64_t n) { return grouped(std::to_string(n)); }
std::string megawatt_hours_of(Energy e) { return grouped(study::decimal(e.count, per_megawatt_hour, 3)); }
std::string money_of(Money m) { return grouped(study::decimal(m.count, per_currency_unit, 2)); }

std::string mean_price(Money cost, Energy energy) {
    // Money / energy is 10^-9 per kWh, which is 10^-6 per MWh.
    return energy.count > 0 ? study::decimal(cost.count, energy.count * 1'000'000, 2) : "-";
}

std::string hours_of(Duration span) { return study::decimal(span.count(), 3'600'000, 2) + " h"; }

void line(std::string& text, std::string_view name, const std::string& value) {
    text += fmt::format("  {:<14}{}\n", name, value);
}

std::string days_of(const sim::FeedGap& gap) {
    return gap.from_date == gap.to_date ? gap.from_date : fmt::format("{} to {}", gap.from_date, gap.to_date);
}

void say_gaps(std::string& text, const sim::Feed& feed) {
    constexpr std::size_t most = 40;
    std::int64_t missing = 0;
    for (const sim::FeedGap& gap : feed.report.gaps) missing += gap.intervals;
    line(text, "gaps",
         feed.report.gaps.empty() ? "none"
                                  : fmt::format("{}, {} intervals missing; nothing was put in their place",
                                                feed.report.gaps.size(), number(static_cast<std::uint64_t>(missing))));
    for (std::size_t i = 0; i < std::min(most, feed.report.gaps.size()); ++i)
        line(text, "", fmt::format("{}: {}", days_of(feed.report.gaps[i]), feed.report.gaps[i].intervals));
    if (feed.report.gaps.size() > most) line(text, "", fmt::format("and {} more (--json has all)", feed.report.gaps.size() - most));
}

void say_rows(std::string& text, const sim::Feed& feed) {
    const sim::FeedReport& r = feed.report;
    std::string rows = fmt::format("{} read, {} intervals of {} min", number(r.rows), number(r.intervals),
                                   study::decimal(feed.interval_length.count(), 60'000, 0));
    if (r.other_nodes) rows += fmt::format(", {} of other nodes", number(r.other_nodes));
    if (r.outside) rows += fmt::format(", {} outside --from and --to", number(r.outside));
    if (r.duplicates) rows += fmt::format(", {} duplicates", number(r.duplicates));
    if (r.contradictions) rows += fmt::format(", {} contradicting an earlier row (the first is kept)", number(r.contradictions));
    if (r.rounded) rows += fmt::format(", {} prices rounded to 10^-6 per MWh", number(r.rounded));
    line(text, "rows", rows + fmt::format(", {} bad", number(r.bad_rows)));
    for (const sim::FeedFault& fault : r.faults) line(text, "", fmt::format("line {}: {}", fault.line, fault.what));
    for (const std::string& note : r.notes) line(text, "", note);
}

void say_feed(std::string& text, const sim::Feed& feed) {
    line(text, "prices", fmt::format("{}: {}{}, {}", feed.file, feed.market,
                                     feed.node.empty() ? "" : ", " + feed.node, feed.unit));
    say_rows(text, feed);
    say_gaps(text, feed);
}

void say_rules(std::string& text, const Replayed& r) {
    const bool own = r.feed.known_rule == r.feed.market_rule;
    using Kind = sim::KnownRule::Kind;
    // Before an interval is over, where its market tells what it cost only then.
    const Kind known = r.feed.known_rule.kind;
    const bool early = r.feed.market_rule.kind == Kind::end && (known == Kind::start || known == Kind::day_ahead || (known == Kind::delayed && r.feed.known_rule.delay < r.feed.interval_length));
    line(text, "known", own ? text_of(r.feed.known_rule) + ", this market's own rule"
                            : fmt::format("{}; this market's own rule is {}{}", text_of(r.feed.known_rule),
                                          text_of(r.feed.market_rule),
                                          early ? ", so this is an upper bound that nobody could have reached" : ""));
    line(text, "settled by", r.settle ? fmt::format("{}: {}", r.settle->file, r.settle->market) : "the same prices");
    if (r.converted) line(text, "converted", *r.converted);
    if (r.result.unpriced > Duration{0})
        line(text, "not settled", fmt::format("{} without a price: in none of the totals", hours_of(r.result.unpriced)));
}

void say_totals(std::string& text, const study::ReplayResult& r) {
    const Energy saved = r.baseline_energy - r.energy;
    const Money kept = r.baseline_cost - r.cost;
    const auto row = [&](std::string_view name, Energy energy, Money cost) {
        text += fmt::format("  {:<14}{:>18}{:>22}{:>16}\n", name, megawatt_hours_of(energy), money_of(cost), mean_price(cost, energy));
    };
    text += fmt::format("\n  {:<14}{:>18}{:>22}{:>16}\n", "", "MWh", r.currency, r.currency + "/MWh");
    row("all running", r.baseline_energy, r.baseline_cost);
    row("as decided", r.energy, r.cost);
    row("curtailed", saved, kept);
    text += "\n";
    if (r.fixed_energy > Energy{})
        line(text, "of each", fmt::format("{} MWh are firm loads at nameplate, and overhead", megawatt_hours_of(r.fixed_energy)));
    line(text, "uptime", fmt::format("{:.4f} of what may stop, by energy", study::uptime(r)));
    line(text, "transitions", number(r.transitions));
    line(text, "decisions", fmt::format("{} in {} steps, digest {:016x}", number(r.decisions), number(r.steps), r.digest));
    line(text, "took", fmt::format("{:.2f} s, of which the engine's loop {:.2f} s", r.seconds, r.loop_seconds));
}

void say_money(std::string& text, const study::ReplayResult& r) {
    const study::Earned &e = r.earned, &all = r.baseline_earned;
    if (!e.known) return;
    text += fmt::format("\n  {:<34}{:>18}{:>18}\n", r.currency, "as decided", "all running");
    const auto row = [&](std::string_view name, Money decided, Money running) {
        if (decided != Money{} || running != Money{}) text += fmt::format("  {:<34}{:>18}{:>18}\n", name, money_of(decided), money_of(running));
    };
    row("hash revenue, after the pool", e.hash, all.hash);
    row("energy", -r.cost, -r.baseline_cost);
    row("overhead that moves with it", -e.overhead, -all.overhead);
    row("adders", -e.adder, -all.adder);
    row("hash lost while ramping", -e.ramp_loss, -all.ramp_loss);
    row("wear of cycles", -e.wear, -all.wear);
    row("demand charge", -e.demand, -all.demand);
    row("bought and not drawn", -e.underuse, -all.underuse);
    row("hedge", e.hedge_gain, all.hedge_gain);
    row("net", e.net(r.cost), all.net(r.baseline_cost));
    text += fmt::format("  standby is {} MWh and {} of the energy", megawatt_hours_of(e.standby), money_of(e.standby_cost));
    if (e.hedged > Energy{}) text += fmt::format("; {} MWh were bought ahead", megawatt_hours_of(e.hedged));
    text += "\n";
}

}  // namespace

std::string replay_table(const Replayed& r) {
    std::string text = fmt::format("{}, {} to {}\n", r.result.site, sim::in_utc(r.result.from), sim::in_utc(r.result.to));
    say_feed(text, r.feed);
    say_rules(text, r);
    if (r.settle) {
        text += "  billed by\n";
        say_feed(text, *r.settle);
    }
    say_totals(text, r.result);
    say_money(text, r.result);
    return text;
}

}  // namespace ballast
