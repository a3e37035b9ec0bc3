#include "drivers/meters/modbus_meter.hpp"

#include "drivers/no_source.hpp"

#include <fmt/format.h>

#include <utility>

namespace ballast::drivers {
namespace {

/// "register 3059: ..." with what to look at.
tl::unexpected<Error> at_register(const PowerRegister& settings, const Error& error) {
    return fail(error.code, fmt::format("unit {} register {}: {}; check address (0-based), type and order", settings.unit.unit_id,
                                        settings.value.address, error.detail));
}

}  // namespace

Result<Power> power_of(const PowerRegister& settings, const ModbusReply& reply) {
    const auto value = wire::decode(reply.words, settings.value.type, settings.value.order);
    if (!value) return at_register(settings, value.error());
    const auto watts = wire::scaled(*value, settings.scale_w);
    if (!watts) return at_register(settings, watts.error());
    const Power power{*watts};
    if (power >= settings.plausible_low && power <= settings.plausible_high) return power;
    return at_register(settings, {Errc::implausible, fmt::format("{} W is outside {}..{} W (plausible_min_kw, plausible_max_kw)", power.count,
                                                                 settings.plausible_low.count, settings.plausible_high.count)});
}

Result<Power> WatchedPower::heard(const ModbusReply& reply, Mailbox& mailbox) {
    Result<Power> power = power_of(settings_, reply);
    if (power) {
        refusing_ = false;
        return power;
    }
    const Error& error = power.error();
    const Rejection why = error.code == Errc::implausible ? Rejection::implausible : Rejection::malformed;
    if (!std::exchange(refusing_, true)) mailbox.put(Rejected{no_source, why, fmt::format("{}: {}", what_, error.detail).substr(0, 200)});
    return power;
}

ModbusMeter::ModbusMeter(MeterId meter, PowerRegister settings, ModbusBuses& buses)
    : ModbusPoll{"meter " + settings.name, read_request(settings.unit, settings.value), settings.period,
                 buses.at(settings.unit.endpoint)},
      meter_{meter}, power_{"meter " + settings.name, settings} {}

Result<void> ModbusMeter::heard(const ModbusReply& reply, Mailbox& mailbox) {
    const Result<Power> power = power_.heard(reply, mailbox);
    if (!power) return tl::unexpected{power.error()};
    mailbox.put(MeterReading{meter_, *power, reply.at, Quality::measured});
    return {};
}

MeteredLoad::MeteredLoad(Slot load, PowerRegister settings, ModbusBuses& buses)
    : ModbusPoll{"load " + settings.name, read_request(settings.unit, settings.value), settings.period,
                 buses.at(settings.unit.endpoint)},
      load_{load}, power_{"load " + settings.name, settings} {}

Result<void> MeteredLoad::heard(const ModbusReply& reply, Mailbox& mailbox) {
    const Result<Power> power = power_.heard(reply, mailbox);
    if (!power) return tl::unexpected{power.error()};
    mailbox.put(LoadReading{Range{load_, load_ + 1}, Mode::running, Quality::measured, *power, reply.at});
    return {};
}

}  // namespace ballast::drivers
