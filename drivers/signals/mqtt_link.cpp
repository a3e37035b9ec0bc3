#include "drivers/signals/mqtt_link.hpp"

#include <fmt/format.h>
#include <mqtt/async_client.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace ballast::drivers {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds glance{50};  ///< Between two looks at whether to stop.
constexpr milliseconds goodbye{1'000};

std::string uri(const std::string& host, std::uint16_t port, bool tls) {
    const bool bare_v6 = host.find(':') != std::string::npos && !host.starts_with('[');
    return fmt::format("{}://{}{}{}:{}", tls ? "ssl" : "tcp", bare_v6 ? "[" : "", host, bare_v6 ? "]" : "",
                       port);
}

/// The codes of a CONNACK: MQTT 3.1.1 table 3.1, MQTT 5 table 3-1.
std::optional<MqttRefusal> refusal(int code) {
    using Kind = MqttRefusal::Kind;
    switch (code) {
    case 1:
    case 0x84: return MqttRefusal{Kind::version, "the broker does not speak this version of MQTT"};
    case 2:
    case 0x85:
        return MqttRefusal{Kind::refused,
                           "refused: the broker does not take this client_id: check client_id"};
    case 4:
    case 0x86:
        return MqttRefusal{Kind::refused,
                           "refused: bad user name or password: check user_file and password_file"};
    case 5:
    case 0x87:
        return MqttRefusal{Kind::refused, "refused: not authorised: check user_file, password_file, "
                                          "tls_certificate, and the broker's access list"};
    case 3:
    case 0x88: return MqttRefusal{Kind::refused, "refused: the broker says it is unavailable"};
    case 0x89: return MqttRefusal{Kind::refused, "refused: the broker says it is busy"};
    case 0x8a: return MqttRefusal{Kind::refused, "refused: the broker banned this client: ask who runs it"};
    case 0x8c:
        return MqttRefusal{Kind::refused,
                           "refused: the broker asks for another way to authenticate than user and password"};
    case 0x95: return MqttRefusal{Kind::refused, "refused: packet too large for the broker"};
    case 0x97: return MqttRefusal{Kind::refused, "refused: quota exceeded at the broker"};
    case 0x9f: return MqttRefusal{Kind::refused, "refused: too many connections in too short a time"};
    default: break;
    }
    if (code >= 0x80) return MqttRefusal{Kind::refused, fmt::format("refused with reason 0x{:02x}", code)};
    return {};
}

/// Without an error handler: the library would call it in a copy of these options that is gone by then.
mqtt::ssl_options tls_options(const MqttHello& hello) {
    mqtt::ssl_options tls;
    if (!hello.tls_ca.empty()) tls.set_trust_store(hello.tls_ca);
    if (!hello.tls_certificate.empty()) tls.set_key_store(hello.tls_certificate);
    if (!hello.tls_key.empty()) tls.set_private_key(hello.tls_key);
    tls.set_enable_server_cert_auth(true);
    tls.set_verify(true);
    return tls;
}

int whole_seconds(Duration d) { return static_cast<int>(std::max<Duration::rep>(1, d.count() / 1'000)); }

mqtt::connect_options connect_options(const MqttHello& hello, int version) {
    auto builder = mqtt::connect_options_builder();
    builder.mqtt_version(version).keep_alive_interval(std::chrono::seconds{whole_seconds(hello.keep_alive)});
    builder.connect_timeout(std::chrono::seconds{whole_seconds(hello.connect_timeout)})
        .automatic_reconnect(false);
    mqtt::connect_options options = builder.finalize();
    if (version >= 5) {
        options.set_clean_start(false);
        mqtt::properties wants;
        wants.add(
            mqtt::property{mqtt::property::SESSION_EXPIRY_INTERVAL, whole_seconds(hello.session_expiry)});
        wants.add(mqtt::property{mqtt::property::MAXIMUM_PACKET_SIZE,
                                 static_cast<int>(std::min<std::size_t>(hello.most_bytes, 1U << 28))});
        options.set_properties(wants);
    } else {
        options.set_clean_session(hello.session_expiry == Duration{0});
    }
    if (!hello.user.empty()) options.set_user_name(hello.user);
    if (!hello.password.empty()) options.set_password(hello.password);
    if (hello.will) options.set_will_message(
        mqtt::make_message(hello.will->topic, hello.will->payload, hello.will->qos, hello.will->retain));
    if (hello.tls) options.set_ssl(tls_options(hello));
    return options;
}

}  // namespace

struct MqttLink::Parts {
    Parts(const std::string& address, const std::string& client_id, int with_version, Heard with_heard)
        : heard{std::move(with_heard)},
          version{with_version},
          client{address, client_id, mqtt::create_options(with_version)} {
        // One by one and before the first connect: set_callback() holds the client's lock while it takes the library's.
        client.set_message_callback(
            [this](mqtt::const_message_ptr m) { heard.message(m->get_topic(), m->get_payload()); });
        client.set_connection_lost_handler([this](const std::string& cause) {
            loses(cause.empty() ? "the broker closed it, or went silent" : cause);
        });
        client.set_disconnected_handler(
            [this](const mqtt::properties&, mqtt::ReasonCode code) { told_to_go(static_cast<int>(code)); });
    }

    void loses(std::string_view why) {
        if (!lost.exchange(true)) heard.lost(why);
    }

    void told_to_go(int code) {
        if (code == 0x8e) return loses("another client came with the same client_id: give each its own");
        loses(fmt::format("the broker ended it with reason 0x{:02x}", code));
    }

    /// Waits for an answer to one of ours. False: it did not come. Throws what the answer was if it was a no.
    bool wait(mqtt::token& token, Duration longest, const std::stop_token& stop, bool until_lost) const {
        const auto deadline = steady_clock::now() + longest;
        while (!token.wait_for(glance))
            if (stop.stop_requested() || steady_clock::now() > deadline || (until_lost && lost)) return false;
        return true;
    }

    MqttRefusal failed(const mqtt::exception& e, bool tls) const {
        if (auto told = refusal(std::max(static_cast<int>(e.get_reason_code()), e.get_return_code())))
            return *told;
        // The library's own words; where they change, we merely try the other version once more than needed.
        const std::string message = e.get_message();
        const bool tcp =
            message.find("TCP/TLS") != std::string::npos || message.find("timeout") != std::string::npos;
        if (tcp && !tls)
            return {MqttRefusal::Kind::unreachable,
                    "no connection: is the broker running, and are host and port right?"};
        if (tcp)
            return {MqttRefusal::Kind::unreachable, "no TLS connection: is the broker running, with TLS on "
                                                    "this port? check host (its certificate must name "
                                                    "it), tls_ca, tls_certificate and tls_key"};
        return {MqttRefusal::Kind::unanswered, tls ? "connected, but the broker hung up before it answered: "
                                                     "check tls_certificate and tls_key, for which "
                                                     "it may ask, and version"
                                                   : "connected, but the broker hung up before it answered: "
                                                     "is this port a broker's, and one without TLS?"};
    }

    Heard heard;
    const int version;
    std::atomic<bool> lost{true};
    std::vector<mqtt::delivery_token_ptr> sent;
    mqtt::async_client client;  ///< Last, so that it is gone before what its callbacks use.
};

MqttLink::MqttLink(const std::string& host, std::uint16_t port, bool tls, const std::string& client_id,
                   int version, Heard heard)
    : parts_{std::make_unique<Parts>(uri(host, port, tls), client_id, version, std::move(heard))} {}

MqttLink::~MqttLink() = default;

std::optional<MqttRefusal> MqttLink::connect(const MqttHello& hello, std::stop_token stop) {
    Parts& p = *parts_;
    p.sent.clear();
    p.lost = false;
    try {
        const auto token = p.client.connect(connect_options(hello, p.version));
        if (p.wait(*token, hello.connect_timeout + Duration{5'000}, stop, false)) return {};
        p.lost = true;
        if (stop.stop_requested()) return MqttRefusal{MqttRefusal::Kind::stopped, "stopped"};
        return MqttRefusal{MqttRefusal::Kind::unanswered, "no answer: is the broker overloaded?"};
    } catch (const mqtt::exception& e) {
        p.lost = true;
        return p.failed(e, hello.tls);
    }
}

std::optional<std::string> MqttLink::subscribe(const std::string& filter, std::stop_token stop) {
    Parts& p = *parts_;
    try {
        const auto token = p.client.subscribe(filter, 1);
        if (p.wait(*token, Duration{10'000}, stop, true)) return {};
        return "no answer";
    } catch (const mqtt::exception& e) {
        const int code = std::max(static_cast<int>(e.get_reason_code()), e.get_return_code());
        if (code == 0x87 || code == 0x80) return "the broker does not allow it: check its access list";
        return code > 0 ? fmt::format("refused with reason 0x{:02x}", code) : e.get_error_str();
    }
}

bool MqttLink::publish(const MqttMessage& message) {
    Parts& p = *parts_;
    if (p.lost) return false;
    try {
        auto token =
            p.client.publish(mqtt::make_message(message.topic, message.payload, message.qos, message.retain));
        if (message.qos > 0) p.sent.push_back(std::move(token));
        return true;
    } catch (const mqtt::exception&) { return false; }
}

std::size_t MqttLink::in_flight() {
    const auto answered = [](const mqtt::delivery_token_ptr& token) {
        try {
            return token->try_wait();
        } catch (const mqtt::exception&) {
            return true;
        }  // A no is an answer too; the next state supersedes it.
    };
    std::erase_if(parts_->sent, answered);
    return parts_->sent.size();
}

bool MqttLink::lost() const { return parts_->lost; }

void MqttLink::disconnect() {
    Parts& p = *parts_;
    const auto deadline = steady_clock::now() + goodbye;
    while (!p.lost && in_flight() > 0 && steady_clock::now() < deadline)
        std::this_thread::sleep_for(milliseconds{5});
    try {
        p.client.disconnect(0)->wait_for(goodbye);
    } catch (const mqtt::exception&) {}  // It was not connected.
    p.lost = true;
}

}  // namespace ballast::drivers
