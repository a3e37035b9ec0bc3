#include "drivers/signals/mqtt.hpp"

#include "controller/clock.hpp"
#include "model/check.hpp"
#include "wire/json_tree.hpp"
#include "wire/printable.hpp"
#include "wire/rfc3339.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace ballast::drivers {

namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t most_in_flight = 16;  ///< Published and unanswered.
constexpr auto complain_every = 60s;
constexpr auto subscribe_again_after = 30s;       ///< What the broker did not allow.
constexpr auto good_connection = 10s;             ///< One that held this long begins the back-off anew.
constexpr std::size_t least_packet = 256 * 1024;  ///< Up to this we would rather be told than spared.

Result<std::string> raw_secret(std::string_view key, const MqttSecret& secret) {
    if (secret.file.empty()) {
        const char* value = std::getenv(secret.environment.c_str());
        if (!value)
            return fail(Errc::unreachable,
                        fmt::format("{}: the environment has no {}", key, secret.environment));
        return std::string{value};
    }
    std::ifstream in{secret.file, std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    if (!in.is_open() || in.bad())
        return fail(Errc::unreachable, fmt::format("{} = \"{}\" cannot be read", key, secret.file));
    return text;
}

/// Nothing where nothing is given; without the white space around it.
Result<std::string> read_secret(std::string_view key, const MqttSecret& secret) {
    if (!secret.given()) return std::string{};
    auto text = raw_secret(key, secret);
    if (!text) return text;
    constexpr std::string_view blank = " \t\r\n";
    const std::size_t first = text->find_first_not_of(blank);
    if (first == std::string::npos) return fail(Errc::malformed, fmt::format("{} is empty", key));
    return text->substr(first, text->find_last_not_of(blank) - first + 1);
}

std::string all_faults(const MqttSettings& settings) {
    std::string all;
    const auto add = [&all](const std::string& name, const std::string& what) {
        all += fmt::format("{}signal {}: {}", all.empty() ? "" : "\n", name, what);
    };
    for (const MqttSignal& signal : settings.signals) {
        if (const std::string fault = filter_fault(signal.topic); !fault.empty())
            add(signal.name, fmt::format("topic \"{}\" {}", wire::printable(signal.topic, 80), fault));
        if (!signal.mapping) continue;
        for (const std::string& fault : faults(*signal.mapping)) add(signal.name, fault);
    }
    return all;
}

MqttSettings completed(MqttSettings settings) {
    if (settings.client_id.empty()) settings.client_id = "ballast-" + settings.site;
    settings.tls = settings.tls || !settings.tls_ca.empty() || !settings.tls_certificate.empty();
    return settings;
}

std::string_view version_name(int version) { return version == 5 ? "5" : "3.1.1"; }

}  // namespace

MqttBroker::MqttBroker(MqttSettings settings)
    : settings_{completed(std::move(settings))}, intake_{settings_.signals} {
    if (const std::string all = all_faults(settings_); !all.empty()) throw std::invalid_argument{all};
    version_ = settings_.version == MqttVersion::v3_1_1 ? 4 : 5;
}

MqttBroker::~MqttBroker() {
    if (!worker_.joinable()) return;
    worker_.request_stop();
    worker_.join();
}

asio::awaitable<void> MqttBroker::run(Mailbox& mailbox) {
    BALLAST_CHECK(!worker_.joinable());
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    worker_ = std::jthread{[this, &mailbox](std::stop_token stop) { work(std::move(stop), mailbox); }};
    asio::steady_timer timer{co_await asio::this_coro::executor};
    boost::system::error_code cancelled;
    timer.expires_at(steady_clock::time_point::max());
    while (!cancelled) co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    worker_.request_stop();
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    while (!done_) {  // It says good-bye; the loop goes on meanwhile.
        timer.expires_after(5ms);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    worker_.join();
}

void MqttBroker::submit(const Order&) { BALLAST_CHECK(!"an order was sent to a broker, which has no loads"); }

void MqttBroker::publish(std::string topic, std::string payload, int qos, bool retain) {
    if (settings_.listens_only) return;
    MqttMessage message{std::move(topic), std::move(payload), std::clamp(qos, 0, 1), retain};
    {
        const std::lock_guard lock{mutex_};
        const bool only_for_now = message.qos == 0 && !message.retain;  // A heartbeat; late, it would lie.
        if (only_for_now && !status_.connected) return;
        outbox_.put(std::move(message));
    }
    changed_.notify_all();
}

MqttBroker::Status MqttBroker::status() const {
    const std::lock_guard lock{mutex_};
    Status status = status_;
    status.messages = messages_;
    status.strangers = strangers_;
    status.dropped = outbox_.dropped();
    return status;
}

void MqttBroker::work(std::stop_token stop, Mailbox& mailbox) {
    while (!stop.stop_requested()) {
        if (connect(stop, mailbox)) serve(stop, mailbox);
        if (!stop.stop_requested()) pause(stop);
    }
    say_good_bye();
    link_.reset();  // After this nobody puts anything into the mailbox.
    done_ = true;
}

std::string MqttBroker::status_topic() const { return fmt::format("ballast/{}/status", settings_.site); }

std::string MqttBroker::where() const {
    return fmt::format("mqtt {} ({}:{})", settings_.broker, settings_.host, settings_.port);
}

Result<MqttHello> MqttBroker::hello() const {
    MqttHello hello;
    hello.keep_alive = settings_.keep_alive;
    hello.connect_timeout = settings_.connect_timeout;
    hello.session_expiry = settings_.session_expiry;
    hello.tls = settings_.tls;
    hello.tls_ca = settings_.tls_ca;
    hello.tls_certificate = settings_.tls_certificate;
    hello.tls_key = settings_.tls_key;
    hello.most_bytes = least_packet;
    for (const MqttSignal& signal : settings_.signals)
        hello.most_bytes = std::max(hello.most_bytes, 4 * signal.rules.most_bytes);
    if (!settings_.listens_only)
        hello.will = MqttMessage{status_topic(),
                                 fmt::format(R"({{"online":false,"reason":"connection lost","client_id":{}}})",
                                             wire::json_quoted(settings_.client_id)),
                                 1, true};
    const std::pair<const char*, const std::string&> files[] = {
        {"tls_ca", settings_.tls_ca},
        {"tls_certificate", settings_.tls_certificate},
        {"tls_key", settings_.tls_key}};
    for (const auto& [key, path] : files)
        if (!path.empty() && !std::ifstream{path})
            return fail(Errc::unreachable, fmt::format("{} = \"{}\" cannot be read", key, path));
    auto user = read_secret("user_file", settings_.user);
    if (!user) return tl::unexpected{user.error()};
    auto password = read_secret("password_file", settings_.password);
    if (!password) return tl::unexpected{password.error()};
    hello.user = std::move(*user);
    hello.password = std::move(*password);
    return hello;
}

MqttLink& MqttBroker::link(Mailbox& mailbox) {
    if (link_) return *link_;
    MqttLink::Heard heard;
    heard.message = [this, &mailbox](std::string_view topic, std::string_view payload) {
        hears(topic, payload, mailbox);
    };
    heard.lost = [this](std::string_view why) {
        {
            const std::lock_guard lock{mutex_};
            why_lost_ = wire::printable(why, 120);
        }
        changed_.notify_all();
    };
    link_ = std::make_unique<MqttLink>(settings_.host, settings_.port, settings_.tls, settings_.client_id,
                                       version_, std::move(heard));
    return *link_;
}

void MqttBroker::hears(std::string_view topic, std::string_view payload, Mailbox& mailbox) {
    ++messages_;
    const Instant received = wall_now();
    const Steady now = steady_now();
    bool ours = intake_.take(topic, payload, received, now, mailbox);
    for (const MqttListener& listener : settings_.listeners) {
        if (!topic_matches(listener.filter, topic)) continue;
        ours = true;
        listener.hear(topic, payload, received, now, mailbox);
    }
    if (!ours) ++strangers_;
}

bool MqttBroker::connect(std::stop_token stop, Mailbox& mailbox) {
    std::optional<MqttRefusal> refusal;
    try {
        const auto asked = hello();
        refusal = asked ? link(mailbox).connect(*asked, stop)
                        : MqttRefusal{MqttRefusal::Kind::ours, asked.error().detail};
    } catch (const std::exception& e) {  // The library would not make a client.
        refusal = MqttRefusal{MqttRefusal::Kind::ours, fmt::format("cannot make a client: {}", e.what())};
    }
    if (refusal) {
        ++failures_;
        if (refusal->kind != MqttRefusal::Kind::stopped) complain(*refusal);
        return false;
    }
    connected_at_ = steady_clock::now();
    const std::lock_guard lock{mutex_};
    status_.connected = true;
    status_.version = version_;
    ++status_.connections;
    status_.trouble.clear();
    outbox_.send_retained_again();
    spdlog::info("{}: connected, MQTT {}", where(), version_name(version_));
    return true;
}

void MqttBroker::complain(MqttRefusal refusal) {
    using Kind = MqttRefusal::Kind;
    if (refusal.kind == Kind::version)
        refusal.why += settings_.version == MqttVersion::automatic ? ": trying the other"
                                                                   : ": check version, or say auto";
    bool news = false;
    {
        const std::lock_guard lock{mutex_};
        news = status_.trouble != refusal.why;
        status_.trouble = refusal.why;
    }
    const auto now = steady_clock::now();
    if (news || now - complained_at_ >= complain_every) {
        spdlog::warn("{}: {} (try {}, goes on)", where(), refusal.why, failures_);
        complained_at_ = now;
    }
    if (refusal.kind == Kind::version || refusal.kind == Kind::unanswered) other_version();
}

/// Also when there was no answer: old brokers hang up on a version that they do not know.
void MqttBroker::other_version() {
    link_.reset();
    if (settings_.version == MqttVersion::automatic) version_ = version_ == 5 ? 4 : 5;
}

void MqttBroker::serve(std::stop_token stop, Mailbox& mailbox) {
    publish(status_topic(),
            fmt::format(R"({{"online":true,"since":"{}","client_id":{}}})", wire::rfc3339(wall_now()),
                        wire::json_quoted(settings_.client_id)),
            1, true);
    unsubscribed_.clear();
    for (const MqttSignal& signal : settings_.signals)
        if (std::ranges::find(unsubscribed_, signal.topic) == unsubscribed_.end())
            unsubscribed_.push_back(signal.topic);
    for (const MqttListener& listener : settings_.listeners) unsubscribed_.push_back(listener.filter);
    subscribe(stop);
    while (!stop.stop_requested() && !link_->lost()) {
        send(stop);
        intake_.flush(steady_now(), mailbox);
        if (!unsubscribed_.empty() && steady_clock::now() - subscribed_at_ >= subscribe_again_after)
            subscribe(stop);
        std::unique_lock lock{mutex_};
        const bool full = !outbox_.empty();  // The window is full, or the library would not take it.
        changed_.wait_for(lock, stop, full ? 20ms : 1'000ms,
                          [&] { return link_->lost() || (!full && !outbox_.empty()); });
    }
    if (stop.stop_requested()) return;
    failures_ = steady_clock::now() - connected_at_ >= good_connection ? 0 : failures_ + 1;
    const std::lock_guard lock{mutex_};
    status_.connected = false;
    status_.trouble = "connection lost: " + why_lost_;
    spdlog::warn("{}: {}; trying again for as long as it takes", where(), status_.trouble);
    complained_at_ = steady_clock::now();
}

void MqttBroker::subscribe(std::stop_token stop) {
    subscribed_at_ = steady_clock::now();
    std::erase_if(unsubscribed_, [&](const std::string& topic) {
        if (stop.stop_requested() || link_->lost()) return false;
        const auto refused = link_->subscribe(topic, stop);
        if (refused && !stop.stop_requested() && !link_->lost())
            spdlog::error("{}: cannot subscribe to {}: {}", where(), topic, *refused);
        return !refused;
    });
}

void MqttBroker::send(std::stop_token stop) {
    while (!stop.stop_requested() && !link_->lost() && link_->in_flight() < most_in_flight) {
        std::optional<MqttMessage> message;
        {
            const std::lock_guard lock{mutex_};
            message = outbox_.next();
        }
        if (!message) return;
        const bool sent = link_->publish(*message);
        const std::lock_guard lock{mutex_};
        if (!sent) return outbox_.put_back(std::move(*message));
        ++status_.published;
    }
}

void MqttBroker::pause(std::stop_token stop) {
    Duration longest = settings_.least_pause;
    for (unsigned i = 1; i < failures_ && longest < settings_.most_pause; ++i) longest *= 2;
    longest = std::min(longest, settings_.most_pause);
    const Duration rest =
        longest / 2 +
        Duration{static_cast<Duration::rep>(jitter_() % static_cast<std::uint64_t>(longest.count() / 2 + 1))};
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, stop, rest, [] { return false; });
}

void MqttBroker::say_good_bye() {
    if (link_ && !link_->lost()) {
        if (!settings_.listens_only) link_->publish({status_topic(),
                        fmt::format(R"({{"online":false,"reason":"stopped","at":"{}","client_id":{}}})",
                                    wire::rfc3339(wall_now()), wire::json_quoted(settings_.client_id)),
                        1, true});
        link_->disconnect();
    }
    const std::lock_guard lock{mutex_};
    status_.connected = false;
}

}  // namespace ballast::drivers
