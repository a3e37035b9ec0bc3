#include "drivers/meters/modbus_meter.hpp"

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
    return at_register(settings, {Errc::implausible, fmt::format("{} W is outside {}..{} W", power.count,
                                                                 settings.plausible_low.count, settings.plausible_high.count)});
}

ModbusMeter::ModbusMeter(MeterId meter, PowerRegister settings, ModbusBuses& buses)
    : ModbusPoll{"meter " + settings.name, read_request(settings.unit, settings.value), settings.period,
                 buses.at(settings.unit.endpoint)},
      meter_{meter}, settings_{std::move(settings)} {}

Result<void> ModbusMeter::heard(const ModbusReply& reply, Mailbox& mailbox) {
    const Result<Power> power = power_of(settings_, reply);
    if (!power) return tl::unexpected{power.error()};
    mailbox.put(MeterReading{meter_, *power, reply.at, Quality::measured});
    return {};
}

MeteredLoad::MeteredLoad(Slot load, PowerRegister settings, ModbusBuses& buses)
    : ModbusPoll{"load " + settings.name, read_request(settings.unit, settings.value), settings.period,
                 buses.at(settings.unit.endpoint)},
      load_{load}, settings_{std::move(settings)} {}

Result<void> MeteredLoad::heard(const ModbusReply& reply, Mailbox& mailbox) {
    const Result<Power> power = power_of(settings_, reply);
    if (!power) return tl::unexpected{power.error()};
    mailbox.put(LoadReading{Range{load_, load_ + 1}, Mode::running, Quality::measured, *power, reply.at});
    return {};
}

}  // namespace ballast::drivers
