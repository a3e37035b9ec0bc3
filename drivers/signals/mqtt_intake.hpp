#pragma once
#include "controller/mailbox.hpp"
#include "drivers/signals/mapping.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::drivers {

/// One `[[signal]]` of a broker.
struct MqttSignal {
    std::string name;
    std::string topic;  ///< A filter: + and # as in MQTT.
    wire::SignalRules rules;
    std::optional<Mapping> mapping;  ///< Absent: our own JSON.
};

/// Turns messages into events: a Signal and a Heartbeat for each that is understood, a Rejected for each that is not.
/// A flood of bad ones from one signal is told in full for the first few of each second and as a count for the rest,
/// so that they cannot crowd out what others say. Called from any thread; waits for nothing but the mailbox.
class MqttIntake {
public:
    static constexpr unsigned told_each_second = 16;
    static constexpr std::size_t longest_detail = 200;  ///< Bytes of a Rejected's detail.

    explicit MqttIntake(std::vector<MqttSignal> signals);

    /// Every signal whose filter matches hears it. False: none does.
    bool take(std::string_view topic, std::string_view payload, Instant received, Steady now,
              Mailbox& mailbox);

    /// Tells the counts that are due. To be called about once a second.
    void flush(Steady now, Mailbox& mailbox);

    const std::vector<MqttSignal>& signals() const { return signals_; }

private:
    /// What one signal refused in the second that began at `since`.
    struct Refused {
        Steady since = Steady::min();
        unsigned told = 0;
        std::uint64_t held_back = 0;
        Rejected last;
    };

    void refuse(std::size_t signal, Rejected rejected, Steady now, Mailbox& mailbox);
    void tell_count(std::size_t signal, Mailbox& mailbox);

    const std::vector<MqttSignal> signals_;
    std::mutex mutex_;  ///< Guards what follows.
    std::vector<Refused> refused_;
};

}  // namespace ballast::drivers
