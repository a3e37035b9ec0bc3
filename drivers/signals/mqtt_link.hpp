#pragma once
#include "drivers/signals/mqtt_outbox.hpp"
#include "model/units.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace ballast::drivers {

/// Why there is no connection, with the remedy where one is known.
struct MqttRefusal {
    enum class Kind : std::uint8_t {
        unreachable,  ///< No TCP or TLS connection.
        unanswered,   ///< Connected, but the answer was none, or none of MQTT.
        version,      ///< The broker does not speak this version.
        refused,      ///< It knows us and does not want us.
        ours,         ///< A file of ours cannot be read.
        stopped,
    } kind{};
    std::string why;
};

/// What each connection is asked for.
struct MqttHello {
    Duration keep_alive{10'000}, connect_timeout{10'000}, session_expiry{86'400'000};
    std::string user, password;
    bool tls = false;
    std::string tls_ca, tls_certificate,
        tls_key;                          ///< Files; empty: the system's authorities, no certificate of ours.
    std::size_t most_bytes = 256 * 1024;  ///< Of a packet, which an MQTT 5 broker then does not even send.
    std::optional<MqttMessage> will;
};

/// One client of one protocol version, for one thread. Everything that waits gives up when `stop` is requested.
class MqttLink {
public:
    /// Both are called on the library's thread, which nobody may hold up.
    struct Heard {
        std::function<void(std::string_view topic, std::string_view payload)> message;
        std::function<void(std::string_view why)> lost;
    };

    /// `version` is 4 (MQTT 3.1.1) or 5. Throws only when the library refuses to make a client.
    MqttLink(const std::string& host, std::uint16_t port, bool tls, const std::string& client_id, int version,
             Heard heard);
    ~MqttLink();

    /// May be called again after a loss or a refusal; the session goes on.
    std::optional<MqttRefusal> connect(const MqttHello& hello, std::stop_token stop);

    /// Asks for a topic and, each time anew, for what is retained there. The reason, if the broker does not want to.
    std::optional<std::string> subscribe(const std::string& filter, std::stop_token stop);

    /// False: not now; nothing was sent.
    bool publish(const MqttMessage& message);

    /// Published and not acknowledged yet.
    std::size_t in_flight();

    bool lost() const;

    /// Says good-bye, so that no last will is sent. Waits a second at most.
    void disconnect();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace ballast::drivers
