#include "drivers/signals/mapping.hpp"
#include "tests/fuzz/target.hpp"

#include <vector>

using namespace ballast;
using namespace ballast::fuzz;
using drivers::Mapping;
using drivers::TimeFormat;

namespace {

constexpr Instant received{Duration{1'780'000'000'000}};

/// As site files map what markets and contacts publish.
const std::vector<Mapping>& mappings() {
    using std::chrono::minutes;
    static const std::vector<Mapping> all{
        {.kind = SignalKind::price, .value = "/data/0/price", .unit = "USD/MWh", .issued = "/at", .start = "/data/0/start", .interval = minutes{5}},
        {.kind = SignalKind::price, .value = "", .unit = "ct/kWh", .interval = minutes{60}},
        {.kind = SignalKind::price, .value = "/p", .unit = "USD/kWh", .start = "/t", .end = "/u", .time_format = TimeFormat::unix_s},
        {.kind = SignalKind::dispatch, .value = "/kw", .unit = "kW", .issued = "/t", .start = "/start", .end = "/end", .time_format = TimeFormat::unix_ms, .id = "/id", .release = "/state", .release_when = "over"},
        {.kind = SignalKind::emergency, .value = "/state", .ask = Ask::full, .full_when = "ON", .release = "/state", .release_when = "OFF"},
        {.kind = SignalKind::temperature, .value = "/c", .unit = "degC"},
    };
    return all;
}

}  // namespace

FUZZ_TARGET(signal_mapping) {
    for (const Mapping& mapping : mappings()) {
        const wire::SignalRules rules{.source = SourceId{2}, .kind = mapping.kind};
        const auto signal = parse_mapped(bytes, mapping, rules, received, "contact");
        if (signal) PROMISE(signal->source == rules.source && signal->id.size() <= 128);
        else PROMISE(shown_well(signal.error(), 160));
    }
    const auto half = bytes.size() / 2;
    drivers::topic_matches(bytes.substr(0, half), bytes.substr(half));
    if (drivers::filter_fault(bytes).empty() && bytes.find_first_of("+#") == bytes.npos && !bytes.starts_with('$')) PROMISE(drivers::topic_matches(bytes, bytes));
}
