#include "drivers/signals/mqtt_intake.hpp"

#include "wire/printable.hpp"

#include <fmt/format.h>

namespace ballast::drivers {

namespace {

constexpr Duration window{1'000};
constexpr std::size_t longest_name = 40, longest_topic = 60;

Rejection rejection(Errc code) {
    if (code == Errc::oversized) return Rejection::oversized;
    return code == Errc::implausible ? Rejection::implausible : Rejection::malformed;
}

Result<wire::SignalMessage> parse(std::string_view payload, const MqttSignal& signal, Instant received) {
    if (!signal.mapping) return wire::parse_signal_json(payload, signal.rules);
    auto mapped = parse_mapped(payload, *signal.mapping, signal.rules, received, signal.name);
    if (!mapped) return tl::unexpected{std::move(mapped.error())};
    return wire::SignalMessage{std::move(*mapped)};
}

}  // namespace

MqttIntake::MqttIntake(std::vector<MqttSignal> signals)
    : signals_{std::move(signals)}, refused_(signals_.size()) {}

bool MqttIntake::take(std::string_view topic, std::string_view payload, Instant received, Steady now,
                      Mailbox& mailbox) {
    bool ours = false;
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        const MqttSignal& signal = signals_[i];
        if (!topic_matches(signal.topic, topic)) continue;
        ours = true;
        auto message = parse(payload, signal, received);
        if (!message) {
            const std::string who = wire::printable(signal.name, longest_name);
            const std::string where = wire::printable(topic, longest_topic);
            const std::string what = fmt::format("{} on {}: {}", who, where, message.error().detail);
            refuse(
                i,
                {signal.rules.source, rejection(message.error().code), wire::printable(what, longest_detail)},
                now, mailbox);
            continue;
        }
        if (auto* heard = std::get_if<Signal>(&*message)) mailbox.put(std::move(*heard));
        mailbox.put(Heartbeat{signal.rules.source});
    }
    return ours;
}

void MqttIntake::refuse(std::size_t signal, Rejected rejected, Steady now, Mailbox& mailbox) {
    const std::lock_guard lock{mutex_};
    Refused& refused = refused_[signal];
    if (now - window >= refused.since) {
        tell_count(signal, mailbox);
        refused = {now, 0, 0, {}};
    }
    if (refused.told < told_each_second) {
        ++refused.told;
        mailbox.put(std::move(rejected));
    } else {
        ++refused.held_back;
        refused.last = std::move(rejected);
    }
}

void MqttIntake::flush(Steady now, Mailbox& mailbox) {
    const std::lock_guard lock{mutex_};
    for (std::size_t i = 0; i < refused_.size(); ++i)
        if (refused_[i].held_back > 0 && now - window >= refused_[i].since) tell_count(i, mailbox);
}

void MqttIntake::tell_count(std::size_t signal, Mailbox& mailbox) {
    Refused& refused = refused_[signal];
    if (refused.held_back == 0) return;
    const std::string what =
        fmt::format("{} more refused within a second; the last: {}", refused.held_back, refused.last.detail);
    mailbox.put(Rejected{refused.last.source, Rejection::flooded, wire::printable(what, longest_detail)});
    refused.held_back = 0;
}

}  // namespace ballast::drivers
