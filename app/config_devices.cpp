#include "app/config_parts.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

const Choices<Parity> parities{{"none", Parity::none}, {"even", Parity::even}, {"odd", Parity::odd}};
const Choices<WordOrder> orders{{"abcd", WordOrder::abcd},
                                {"badc", WordOrder::badc},
                                {"cdab", WordOrder::cdab},
                                {"dcba", WordOrder::dcba}};
const Choices<RegisterType> types{{"int16", RegisterType::int16},     {"uint16", RegisterType::uint16},
                                  {"int32", RegisterType::int32},     {"uint32", RegisterType::uint32},
                                  {"int64", RegisterType::int64},     {"uint64", RegisterType::uint64},
                                  {"float32", RegisterType::float32}, {"float64", RegisterType::float64}};

int words(RegisterType type) {
    switch (type) {
    case RegisterType::int16:
    case RegisterType::uint16: return 1;
    case RegisterType::int32:
    case RegisterType::uint32:
    case RegisterType::float32: return 2;
    default: return 4;
    }
}

void serial_line(Keys& keys, Parse& parse, ModbusConfig& place) {
    place.device = keys.must_text("device", "a serial line like \"/dev/ttyS0\"");
    place.baud = static_cast<int>(keys.number_or("baud", {300, 4'000'000}, place.baud));
    place.parity = keys.choice_or("parity", parities, place.parity);
    place.stop_bits =
        static_cast<int>(keys.number_or("stop_bits", {1, 2}, place.parity == Parity::none ? 2 : 1));
    keys.refuse("host", "transport = \"rtu\" has a device");
    keys.refuse("port", "transport = \"rtu\" has a device");
    if (place.device.empty()) return;
    const auto [seen, first] = parse.lines.try_emplace(place.device, place, keys.at("device"));
    const auto& [other, at] = seen->second;
    if (first ||
        (other.baud == place.baud && other.parity == place.parity && other.stop_bits == place.stop_bits))
        return;
    keys.fault(
        "device",
        fmt::format("{} has another baud, parity or stop_bits than on line {}; one line has one setting",
                    shown(place.device), at.line));
}

}  // namespace

ModbusConfig modbus(Keys& keys, Parse& parse) {
    ModbusConfig place;
    const Choices<Transport> transports{{"tcp", Transport::tcp}, {"rtu", Transport::rtu}};
    place.transport = keys.choice_or("transport", transports, Transport::tcp);
    if (place.transport == Transport::rtu) {
        serial_line(keys, parse, place);
    } else {
        place.host = keys.must_text("host", "a host name or address", wrong_host);
        place.port = static_cast<std::uint16_t>(keys.number_or("port", port_range(), place.port));
        for (const auto* key : {"device", "baud", "parity", "stop_bits"})
            keys.refuse(key, "it belongs to transport = \"rtu\"");
    }
    const bool rtu = place.transport == Transport::rtu;
    place.unit_id = static_cast<int>(keys.number_or("unit_id", rtu ? Range{1, 247} : Range{0, 255}, 1));
    place.timeout = keys.span_or("timeout_ms", {10, 60'000}, place.timeout);
    return place;
}

RegisterConfig register_of(Keys& keys) {
    const Choices<RegisterFunction> functions{{"holding", RegisterFunction::holding},
                                              {"input", RegisterFunction::input}};
    RegisterConfig found;
    found.function = keys.must_choice("function", functions).value_or(found.function);
    found.address = static_cast<std::uint16_t>(keys.must_number("address", {0, 65'535}));
    found.type = keys.must_choice("type", types).value_or(found.type);
    const auto order = keys.choice("order", orders);
    if (!order && !keys.has("order") && words(found.type) > 1)
        keys.missing("order", "allowed: abcd, badc, cdab, dcba (abcd: high word first)");
    found.order = order.value_or(WordOrder::abcd);
    if (found.address + words(found.type) > 65'536)
        keys.fault(
            "address",
            fmt::format("'address' is {} and the value has {} registers; the last one allowed is 65535",
                        found.address, words(found.type)));
    return found;
}

std::pair<RegisterFunction, std::uint16_t> bit_of(Keys& keys) {
    const Choices<RegisterFunction> functions{{"discrete", RegisterFunction::discrete},
                                              {"coil", RegisterFunction::coil}};
    const auto function = keys.must_choice("function", functions).value_or(RegisterFunction::discrete);
    return {function, static_cast<std::uint16_t>(keys.must_number("address", {0, 65'535}))};
}

MeterConfig meter_of(Keys& keys, Parse& parse) {
    MeterConfig meter;
    keys.must_choice("driver", Choices<int>{{"modbus", 0}});
    meter.modbus = modbus(keys, parse);
    meter.period = keys.span_or("period_ms", {20, 3'600'000}, meter.period);
    const Duration usual = std::max(meter.stale_after, 3 * meter.period);
    meter.stale_after = keys.span_or("stale_after_s", seconds(100, day_ms), usual);
    if (meter.stale_after <= meter.period)
        keys.fault(
            "stale_after_s",
            fmt::format(
                "'stale_after_s' is {} and it is asked every {} ms only; allowed: more than one period",
                unscaled(meter.stale_after.count(), 3), meter.period.count()));
    const Range either_way{-most_watts, most_watts, 3};
    if (const auto least = keys.number("plausible_min_kw", either_way)) meter.plausible_min = Power{*least};
    if (const auto most = keys.number("plausible_max_kw", either_way)) meter.plausible_max = Power{*most};
    if (meter.plausible_min && meter.plausible_max && *meter.plausible_min > *meter.plausible_max)
        keys.fault("plausible_min_kw", "'plausible_min_kw' is above 'plausible_max_kw'; allowed: at most that");
    if (!keys.has("power")) keys.missing("power", "expected { function, address, type, order, scale_w }");
    if (const auto* table = keys.table("power")) {
        Keys power{*table, "'power' of " + keys.what(), keys.faults()};
        meter.power = register_of(power);
        if (!power.has("scale_w"))
            power.missing("scale_w", "expected what turns the register's value into W: 1, 1000, -1, ...");
        meter.power.scale = power.real("scale_w", 1e-9, 1e9).value_or(1);
        power.finish();
    }
    return meter;
}

void parse_meters(Keys& root, Parse& parse) {
    const auto tables = root.tables("meter");
    for (const auto* table : tables) {
        Keys keys{*table, title(*table, "meter", parse.config.meters.size()), parse.faults};
        std::string name = unique_name(keys, parse.meters());
        MeterConfig meter = meter_of(keys, parse);
        meter.name = std::move(name);
        keys.finish();
        parse.config.meters.push_back(std::move(meter));
    }
}

void plausible_unless_given(MeterConfig& meter, Power least, Power most) {
    if (!meter.plausible_min) meter.plausible_min = std::min(least, meter.plausible_max.value_or(least));
    if (!meter.plausible_max) meter.plausible_max = std::max(most, *meter.plausible_min);
}

void bound_meters(Parse& parse) {
    const Config& config = parse.config;
    Power feeders, all;
    for (const FeederConfig& feeder : config.feeders) feeders += feeder.overhead;
    for (const GroupConfig& group : config.groups) {
        all += group.nameplate;
        for (const MachineConfig& machine : group.machines) all += machine.watts;
    }
    const Power most{10 * (all + std::max(config.site.overhead, feeders)).count};
    for (MeterConfig& meter : parse.config.meters) plausible_unless_given(meter, -most, most);
}

}  // namespace ballast::config
