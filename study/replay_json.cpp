#include "sim/feeds/local_time.hpp"
#include "study/replay.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace ballast::study {

namespace {

constexpr Int128 per_megawatt_hour = 3'600'000'000'000;                   ///< mJ.
constexpr Int128 per_currency_unit = Int128{1'000'000} * per_megawatt_hour;  ///< 10^-9 per kWh x mJ.

std::string quoted(const std::string& text) { return boost::json::serialize(boost::json::string{text}); }

}  // namespace

std::string decimal(Int128 value, Int128 unit, int places) {
    Int128 scale = 1;
    for (int i = 0; i < places; ++i) scale *= 10;
    const bool negative = value < 0;
    const Int128 size = negative ? -value : value;
    Int128 whole = size / unit;
    Int128 part = ((size % unit) * scale * 2 + unit) / (unit * 2);
    if (part == scale) part = 0, ++whole;
    const char* const sign = negative && (whole != 0 || part != 0) ? "-" : "";
    if (places == 0) return fmt::format("{}{}", sign, static_cast<std::int64_t>(whole));
    return fmt::format("{}{}.{:0{}}", sign, static_cast<std::int64_t>(whole), static_cast<std::int64_t>(part), places);
}

double uptime(const ReplayResult& r) {
    const Int128 could = r.baseline_energy.count - r.fixed_energy.count;
    return could > 0 ? static_cast<double>(r.energy.count - r.fixed_energy.count) / static_cast<double>(could) : 1.0;
}

namespace {

/// What was earned and lost, where the site says what its machines are worth.
std::string economics_of(const ReplayResult& r) {
    const auto energy = [](Energy e) { return decimal(e.count, per_megawatt_hour, 3); };
    const auto money = [](Money m) { return decimal(m.count, per_currency_unit, 2); };
    const Earned& e = r.earned;
    std::string text = fmt::format(R"(,"hash_revenue":{},"overhead_cost":{},"adder_cost":{},"ramp_loss":{},"wear_cost":{})", money(e.hash), money(e.overhead),
                                   money(e.adder), money(e.ramp_loss), money(e.wear));
    text += fmt::format(R"(,"standby_mwh":{},"standby_cost":{},"demand_cost":{},"underuse_cost":{},"hedged_mwh":{},"hedge_gain":{})", energy(e.standby), money(e.standby_cost),
                        money(e.demand), money(e.underuse), energy(e.hedged), money(e.hedge_gain));
    return text + fmt::format(R"(,"net_money":{},"baseline_net_money":{})", money(e.net(r.cost)), money(r.baseline_earned.net(r.baseline_cost)));
}

}  // namespace

std::string to_json(const ReplayResult& r) {
    std::string gaps;
    for (const sim::FeedGap& gap : r.gaps)
        gaps += fmt::format(R"({}{{"from":"{}","to":"{}","from_date":"{}","to_date":"{}","intervals":{}}})", gaps.empty() ? "" : ",",
                            sim::in_utc(gap.start), sim::in_utc(gap.end), gap.from_date, gap.to_date, gap.intervals);
    const auto energy = [](Energy e) { return decimal(e.count, per_megawatt_hour, 3); };
    const auto money = [](Money m) { return decimal(m.count, per_currency_unit, 2); };
    std::string text = fmt::format(R"({{"site":{},"feed":{},"from":"{}","to":"{}","intervals":{},"gaps":[{}],"price_known":{},)",
                                   quoted(r.site), quoted(r.feed), sim::in_utc(r.from), sim::in_utc(r.to), r.intervals, gaps, quoted(r.price_known));
    text += fmt::format(R"("energy_mwh":{},"energy_cost":{},"baseline_mwh":{},"baseline_cost":{},"curtailed_mwh":{},"uptime":{:.6f},)",
                        energy(r.energy), money(r.cost), energy(r.baseline_energy), money(r.baseline_cost),
                        energy(r.baseline_energy - r.energy), uptime(r));
    text += fmt::format(R"("transitions":{},"decisions":{},"currency":{},"seconds":{:.3f},"digest":"{:016x}")", r.transitions, r.decisions,
                        quoted(r.currency), r.seconds, r.digest);
    return text + (r.earned.known ? economics_of(r) : "") + "}";
}

}  // namespace ballast::study
