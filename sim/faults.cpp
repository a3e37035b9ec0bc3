#include "sim/faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

namespace ballast::sim {

namespace {

struct MachineName {
    std::string_view name;
    MachineFault fault;
};
constexpr MachineName machine_names[] = {
    {"hung", MachineFault::hung},       {"no-effect", MachineFault::no_effect}, {"lies", MachineFault::lies},
    {"self-wakes", MachineFault::self_wakes}, {"refused", MachineFault::refused}, {"garbage", MachineFault::garbage},
    {"slow-reply", MachineFault::slow_reply}, {"never-wakes", MachineFault::never_wakes}, {"resets", MachineFault::resets},
    {"empty-stats", MachineFault::empty_stats}, {"few-boards", MachineFault::few_boards}, {"loses-pools", MachineFault::loses_pools},
    {"overheats", MachineFault::overheats}, {"moved", MachineFault::moved},   {"bad-tokens", MachineFault::bad_tokens},
    {"no-tokens", MachineFault::no_tokens}};

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc{} && end == text.data() + text.size() && value >= 0 && value < 1e9;
    return good ? std::optional{value} : std::nullopt;
}

std::optional<Duration> in_seconds(std::string_view text) {
    const auto value = number(text);
    return value ? std::optional{Duration{static_cast<Duration::rep>(*value * 1000)}} : std::nullopt;
}

tl::unexpected<Error> wrong(std::string_view item) {
    std::string names;
    for (const MachineName& known : machine_names) names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
    return fail(Errc::implausible, fmt::format("fault \"{}\": allowed are FAULT=PERCENT, whole and once each ({}), and NAME:FAULT@AFTER[+LASTS] in seconds (a meter: silent, "
                                               "exceptions, frozen; a contactor: trip, welded; a hall: transfer; a frequency meter: silent, exceptions, or the Hz it shows; site: dark)", item, names));
}

bool read_share(std::string_view item, FaultPlan& plan) {
    const std::size_t is = item.find('=');
    const auto known = std::ranges::find(machine_names, item.substr(0, is), &MachineName::name);
    const auto percent = is == item.npos ? std::nullopt : number(item.substr(is + 1));
    if (known == std::end(machine_names) || !percent || *percent > 100) return false;
    const auto whole = static_cast<unsigned>(*percent);
    return whole == *percent && plan.percent.try_emplace(known->fault, whole).second;
}

bool read_befalls(std::string_view item, FaultPlan& plan) {
    const std::size_t at = item.rfind('@'), colon = item.rfind(':', at);
    if (at == item.npos || colon == item.npos || colon == 0 || colon + 1 == at) return false;
    const std::string_view when = item.substr(at + 1);
    const std::size_t plus = when.find('+');
    const auto after = in_seconds(when.substr(0, plus));
    const auto lasts = plus == when.npos ? std::optional{Duration{0}} : in_seconds(when.substr(plus + 1));
    if (!after || !lasts) return false;
    plan.befalls.push_back({std::string{item.substr(0, colon)}, std::string{item.substr(colon + 1, at - colon - 1)}, *after, *lasts});
    return true;
}

template <class Settings>
std::optional<std::size_t> named(const std::vector<Settings>& all, const std::string& name) {
    const auto found = std::ranges::find(all, name, &Settings::name);
    return found == all.end() ? std::nullopt : std::optional{static_cast<std::size_t>(found - all.begin())};
}

std::optional<MeterFault> meter_fault(const std::string& word) {
    if (word == "silent") return MeterFault::silent;
    if (word == "exceptions") return MeterFault::exceptions;
    return word == "frozen" ? std::optional{MeterFault::frozen} : std::nullopt;
}

/// It shows so many Hz, or fails, and later is as before.
void befall_frequency(const FaultPlan::Befalls& item, std::size_t meter, Frequency nominal, std::optional<double> hz, std::optional<MeterFault> fault, std::vector<Happening>& out) {
    const Frequency shows = hz ? Frequency{std::llround(*hz * 1000)} : nominal;
    const MeterFault how = fault.value_or(MeterFault::none);
    const auto set = [meter](Frequency f, MeterFault h) { return [=](Plant& p, Steady) { p.set_frequency(meter, f), p.set_frequency_fault(meter, h); }; };
    out.push_back({item.after, fmt::format("the meter of {}: {}{}", item.name, item.fault, hz ? " Hz" : ""), set(shows, how)});
    if (item.lasts > Duration{0}) out.push_back({item.after + item.lasts, fmt::format("the meter of {}: {:.3f} Hz", item.name, hertz(nominal)), set(nominal, MeterFault::none)});
}

void share_out(const FaultPlan& plan, PlantSettings& plant) {
    Chance chance{plant.seed ^ 0xfa017ull};
    std::vector<std::size_t> order(plant.machines.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[chance.below(i)]);
    std::size_t next = 0;
    for (const auto& [fault, percent] : plan.percent)
        for (std::size_t left = order.size() * percent / 100; left > 0 && next < order.size(); --left) plant.machines[order[next++]].fault = fault;
}

}  // namespace

Result<FaultPlan> read_fault_plan(std::string_view text) {
    FaultPlan plan;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        const std::string_view item = text.substr(at, comma - at);
        if (!item.empty() && !read_share(item, plan) && !read_befalls(item, plan)) return wrong(item);
        at = comma + 1;
    }
    unsigned together = 0;
    for (const auto& [fault, percent] : plan.percent) together += percent;
    if (together > 100) return fail(Errc::implausible, fmt::format("{} percent of the machines are to fail; allowed: 100 together, for each has one fault", together));
    return plan;
}

Result<std::vector<Happening>> apply(const FaultPlan& plan, PlantSettings& plant) {
    share_out(plan, plant);
    std::vector<Happening> out;
    for (const FaultPlan::Befalls& item : plan.befalls) {
        const auto meter = named(plant.meters, item.name), contactor = named(plant.contactors, item.name), hall = named(plant.halls, item.name);
        const auto frequency = named(plant.frequencies, item.name);
        const auto fault = meter_fault(item.fault);
        const auto shows = number(item.fault);
        if (item.name == "site" && item.fault == "dark") {
            const Duration lasts = item.lasts > Duration{0} ? item.lasts : Duration{1'000};
            out.push_back({item.after, "the grid is gone", [](Plant& p, Steady now) { p.black_out(true, now); }});
            out.push_back({item.after + lasts, "the grid is back", [](Plant& p, Steady now) { p.black_out(false, now); }});
        } else if (hall && item.fault == "transfer") {
            const Duration lasts = item.lasts > Duration{0} ? item.lasts : Duration{1'000};
            auto& profile = plant.halls[*hall].profile;
            profile = with_transfer(std::move(profile), item.after, lasts);
            out.push_back({item.after, "hall " + item.name + " goes to its batteries", [](Plant&, Steady) {}});
        } else if (meter && fault) {
            out.push_back({item.after, "meter " + item.name + ": " + item.fault, [m = *meter, f = *fault](Plant& p, Steady now) { p.set_fault(m, f, now); }});
            if (item.lasts > Duration{0})
                out.push_back({item.after + item.lasts, "meter " + item.name + " is well again", [m = *meter](Plant& p, Steady now) { p.set_fault(m, MeterFault::none, now); }});
        } else if (contactor && item.fault == "trip") {
            out.push_back({item.after, "contactor " + item.name + " trips", [c = *contactor](Plant& p, Steady now) { p.trip(c, now); }});
        } else if (contactor && item.fault == "welded") {
            out.push_back({item.after, "contactor " + item.name + " welds", [c = *contactor](Plant& p, Steady) { p.set_fault(c, ContactorFault::welded); }});
        } else if (frequency && (shows || (fault && *fault != MeterFault::frozen))) {
            befall_frequency(item, *frequency, plant.frequencies[*frequency].nominal, shows, fault, out);
        } else {
            return fail(Errc::implausible, fmt::format("fault \"{}:{}\": no meter, contactor or hall of that name knows this fault (a meter: silent, exceptions, "
                                                       "frozen; a contactor: trip, welded; a hall: transfer; a frequency meter: silent, exceptions, or the Hz it shows; site: dark)", item.name, item.fault));
        }
    }
    std::ranges::stable_sort(out, {}, &Happening::after);
    return out;
}

}  // namespace ballast::sim
