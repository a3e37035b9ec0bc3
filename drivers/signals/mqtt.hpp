#pragma once
#include "controller/ports.hpp"
#include "drivers/signals/mqtt_intake.hpp"
#include "drivers/signals/mqtt_link.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace ballast::drivers {

enum class MqttVersion : std::uint8_t { automatic, v3_1_1, v5 };

/// Where a user's name or password lies; a file weighs more. Read at each connect, white space around it cut off.
struct MqttSecret {
    std::string file, environment;
    bool given() const { return !file.empty() || !environment.empty(); }
};

/// Others who listen on the same connection. Called on the library's thread, which nobody may hold up.
struct MqttListener {
    std::string filter;
    std::function<void(std::string_view topic, std::string_view payload, Instant received, Steady now, Mailbox& mailbox)> hear;
};

/// `[mqtt.<broker>]` and the signals that name it.
struct MqttSettings {
    std::string broker;  ///< Its name in the site file, for messages.
    std::string host = "127.0.0.1";
    std::uint16_t port = 1883;
    MqttVersion version =
        MqttVersion::automatic;  ///< automatic: 5, and 3.1.1 where the broker knows no better.
    std::string
        client_id;  ///< Stable, so that the broker keeps what comes while we are away. Empty: ballast-<site>.
    std::string site;  ///< In our own topics.
    bool tls = false;
    std::string tls_ca, tls_certificate, tls_key;  ///< PEM files; see MqttHello.
    MqttSecret user, password;
    Duration keep_alive{10'000}, connect_timeout{10'000};
    Duration session_expiry{86'400'000};  ///< How long an MQTT 5 broker keeps what we missed.
    Duration least_pause{1'000},
        most_pause{5'000};  ///< Between two tries to connect, doubling, with jitter.
    bool listens_only = false;  ///< Publishes nothing, not even that it is there.
    std::vector<MqttSignal> signals;
    std::vector<MqttListener> listeners;
};

/// A broker: all signals that come from there, and what we publish there. One thread of its own talks to the library;
/// the library's thread parses and puts; the loop's thread never waits for either.
/// While it stands, `ballast/<site>/status` is retained with {"online":true,...}; a last will turns that to false.
class MqttBroker final : public Driver {
public:
    /// Throws std::invalid_argument with all that is wrong with topics and mappings; a wrong host or file is no reason.
    explicit MqttBroker(MqttSettings settings);
    ~MqttBroker() override;

    asio::awaitable<void> run(Mailbox& mailbox) override;

    /// A broker has no loads.
    void submit(const Order& order) override;

    /// From any thread; never waits. Kept while there is no connection, within bounds: of a retained topic the newest,
    /// of the others the last MqttOutbox::most_waiting; what is neither retained nor of QoS 1 is for now or never.
    void publish(std::string topic, std::string payload, int qos = 1, bool retain = false);

    struct Status {
        bool connected = false;
        int version = 0;                            ///< 4 (MQTT 3.1.1) or 5; 0: never connected.
        std::uint64_t connections = 0;              ///< Since the start.
        std::uint64_t messages = 0, strangers = 0;  ///< Heard; of those, on no topic of ours.
        std::uint64_t published = 0, dropped = 0;
        std::string trouble;  ///< Why it is not connected; empty: it is, or has not tried.
    };
    Status status() const;

private:
    void work(std::stop_token stop, Mailbox& mailbox);
    bool connect(std::stop_token stop, Mailbox& mailbox);
    Result<MqttHello> hello() const;
    MqttLink& link(Mailbox& mailbox);
    void hears(std::string_view topic, std::string_view payload, Mailbox& mailbox);
    void serve(std::stop_token stop, Mailbox& mailbox);
    void subscribe(std::stop_token stop);
    void send(std::stop_token stop);
    void pause(std::stop_token stop);
    void say_good_bye();
    void complain(MqttRefusal refusal);
    void other_version();
    std::string status_topic() const;
    std::string where() const;

    const MqttSettings settings_;
    MqttIntake intake_;

    // The worker's own.
    std::unique_ptr<MqttLink> link_;
    int version_ = 5;
    unsigned failures_ = 0;  ///< In a row.
    std::chrono::steady_clock::time_point connected_at_{}, complained_at_{}, subscribed_at_{};
    std::vector<std::string> unsubscribed_;
    std::mt19937_64 jitter_{std::random_device{}()};

    std::atomic<std::uint64_t> messages_{0}, strangers_{0};
    std::atomic<bool> done_{false};
    mutable std::mutex mutex_;  ///< Guards what follows; never held while the library is called.
    std::condition_variable_any changed_;
    MqttOutbox outbox_;
    Status status_;
    std::string why_lost_;

    std::jthread worker_;  ///< Last, so that it ends first.
};

}  // namespace ballast::drivers
