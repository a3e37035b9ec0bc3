#include "drivers/signals/modbus_signals.hpp"

#include "controller/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace ballast::drivers {
namespace {

/// Now by the wall, but never twice the same nor back: for an equal id the newer issue wins.
Instant stamp(Instant& last) {
    last = last == Instant::min() ? wall_now() : std::max(wall_now(), last + Duration{1});
    return last;
}

Signal say(SignalKind kind, const std::string& id, SourceId source, Instant& last) {
    Signal signal;
    signal.source = source;
    signal.kind = kind;
    signal.id = id;
    signal.issued = signal.start = stamp(last);
    return signal;
}

bool is(double value, double mark) { return value == mark || (std::isnan(value) && std::isnan(mark)); }

}  // namespace

ModbusContact::ModbusContact(ContactSignal settings, ModbusBuses& buses)
    : ModbusPoll{"signal " + settings.name, read_request(settings.unit, settings.contact), settings.period,
                 buses.at(settings.unit.endpoint)},
      settings_{std::move(settings)}, debounce_{settings_.debounce} {}

Result<void> ModbusContact::heard(const ModbusReply& reply, Mailbox& mailbox) {
    mailbox.put(Heartbeat{settings_.source});
    const bool closed = (reply.words.at(0) != 0) == settings_.contact.true_when;
    const auto active = debounce_.saw(closed == settings_.active_when_closed, reply.at);
    if (active)
        mailbox.put(say(*active ? settings_.says : SignalKind::release, settings_.name, settings_.source, issued_));
    return {};
}

Result<WatchedRegister::Value> WatchedRegister::value_of(const ModbusReply& reply) const {
    const SignalRegister& s = *settings_;
    const auto raw = wire::decode(reply.words, s.value.type, s.value.order, wire::Sentinel::kept);
    if (raw && none_ && is(wire::as_double(*raw), *none_)) return Value{true, 0};
    const auto value = wire::decode(reply.words, s.value.type, s.value.order);
    if (!value) return tl::unexpected{value.error()};
    const double number = wire::as_double(*value) * s.scale;
    if (number < s.plausible_min || number > s.plausible_max)
        return fail(Errc::implausible,
                    fmt::format("{} {} is outside {}..{} (plausible_min, plausible_max)", number, s.unit_name, s.plausible_min, s.plausible_max));
    const auto scaled = wire::scaled(*value, s.scale * s.unit_size);
    if (!scaled) return tl::unexpected{scaled.error()};
    return Value{false, *scaled};
}

Result<WatchedRegister::Value> WatchedRegister::heard(const ModbusReply& reply, Mailbox& mailbox) {
    Result<Value> value = value_of(reply);
    if (value) {
        mailbox.put(Heartbeat{settings_->source});
        refusing_ = false;
        return value;
    }
    const Error& error = value.error();
    const std::string detail = fmt::format("unit {} register {}: {}; what was heard before stands", settings_->unit.unit_id,
                                           settings_->value.address, error.detail);
    const Rejection why = error.code == Errc::implausible ? Rejection::implausible : Rejection::malformed;
    if (!std::exchange(refusing_, true)) mailbox.put(Rejected{settings_->source, why, detail.substr(0, 200)});
    return fail(error.code, detail);
}

ModbusLimit::ModbusLimit(LimitSignal settings, ModbusBuses& buses)
    : ModbusPoll{"signal " + settings.watch.name, read_request(settings.watch.unit, settings.watch.value),
                 settings.watch.period, buses.at(settings.watch.unit.endpoint)},
      settings_{std::move(settings)}, register_{settings_.watch, settings_.none} {}

Result<void> ModbusLimit::heard(const ModbusReply& reply, Mailbox& mailbox) {
    const auto value = register_.heard(reply, mailbox);
    if (!value) return tl::unexpected{value.error()};
    const bool near = last_ && last_->none == value->none &&
                      std::abs(static_cast<double>(value->scaled) - static_cast<double>(last_->scaled)) <=
                          static_cast<double>(settings_.dead_band.count);
    if (near) return {};
    last_ = *value;
    const SignalRegister& watch = settings_.watch;
    Signal signal = say(value->none ? SignalKind::release : SignalKind::dispatch, watch.name, watch.source, issued_);
    if (!value->none) {
        signal.ask = Ask::absolute;
        signal.power = Power{value->scaled};
    }
    mailbox.put(std::move(signal));
    return {};
}

ModbusPrice::ModbusPrice(PriceSignal settings, ModbusBuses& buses)
    : ModbusPoll{"signal " + settings.watch.name, read_request(settings.watch.unit, settings.watch.value),
                 settings.watch.period, buses.at(settings.watch.unit.endpoint)},
      settings_{std::move(settings)}, register_{settings_.watch} {}

Result<void> ModbusPrice::heard(const ModbusReply& reply, Mailbox& mailbox) {
    const auto value = register_.heard(reply, mailbox);
    if (!value) return tl::unexpected{value.error()};
    const Instant start{wall_now().time_since_epoch() / settings_.interval * settings_.interval};
    if (last_ == *value && start_ == start) return {};
    last_ = *value;
    if (std::exchange(start_, start) != start) issued_ = Instant::min();  // Only one interval's prices compete.
    Signal signal = say(SignalKind::price, {}, settings_.watch.source, issued_);
    signal.start = start;
    signal.end = start + settings_.interval;
    signal.price = Price{value->scaled};
    mailbox.put(std::move(signal));
    return {};
}

ModbusLevel::ModbusLevel(SignalKind kind, SignalRegister watch, ModbusBuses& buses)
    : ModbusPoll{"signal " + watch.name, read_request(watch.unit, watch.value), watch.period, buses.at(watch.unit.endpoint)},
      kind_{kind}, watch_{std::move(watch)}, register_{watch_} {}

Result<void> ModbusLevel::heard(const ModbusReply& reply, Mailbox& mailbox) {
    const auto value = register_.heard(reply, mailbox);
    if (!value) return tl::unexpected{value.error()};
    if (last_ == *value) return {};
    last_ = *value;
    Signal signal = say(kind_, {}, watch_.source, issued_);
    if (kind_ == SignalKind::heat) signal.power = Power{value->scaled};
    else signal.temperature = Temperature{value->scaled};
    mailbox.put(std::move(signal));
    return {};
}

}  // namespace ballast::drivers
