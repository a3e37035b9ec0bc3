// Our side against Mosquitto and its clients, which nobody here wrote.
#include "drivers/signals/mqtt.hpp"

#include "tests/catch.hpp"
#include "tests/support/process.hpp"
#include "wire/rfc3339.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <poll.h>

#include <deque>
#include <future>
#include <sstream>

using namespace ballast;
using namespace ballast::drivers;
using namespace std::chrono_literals;
using support::await;
namespace fs = std::filesystem;

namespace {

wire::SignalRules rules(std::uint16_t source, SignalKind kind) {
    wire::SignalRules r;
    r.source = SourceId{source};
    r.kind = kind;
    r.currency = "USD";
    return r;
}

std::string price(std::string_view id) {
    return fmt::format(
        R"({{"kind":"price","id":"{}","issued":"2026-07-01T12:00:00Z","start":"2026-07-01T12:00:00Z","end":"2026-07-01T12:05:00Z","price":45.12,"unit":"USD/MWh"}})",
        id);
}

constexpr const char* ercot_topic = "ballast/pecos/signal/ercot";

MqttSettings settings(std::uint16_t port) {
    MqttSettings s;
    s.broker = "main";
    s.port = port;
    s.client_id = "ballast-pecos";
    s.site = "pecos";
    s.least_pause = 100ms;
    s.most_pause = 400ms;
    s.signals = {{"ercot", ercot_topic, rules(0, SignalKind::price), {}},
                 {"utility", "ballast/pecos/signal/utility", rules(1, SignalKind::dispatch), {}}};
    return s;
}

/// Mosquitto on a free port of loopback, in a folder of its own. Without more queue than its default it drops the
/// thousandth message of a burst by itself.
class Broker {
public:
    explicit Broker(const std::string& more = "allow_anonymous true\n", bool persistent = true)
        : port{support::free_port()}, folder{SCRATCH_DIR} {
        std::ofstream conf{folder.path() / "mosquitto.conf"};
        conf << "listener " << port << " 127.0.0.1\nmax_queued_messages 20000\n";
        if (persistent)
            conf << "persistence true\nautosave_on_changes true\nautosave_interval 1\npersistence_location "
                 << folder.path().string() << "/\n";
        if (::geteuid() == 0) conf << "user root\n";
        conf << more;
        conf.close();
        start();
    }

    void start() {
        process = std::make_unique<support::Process>(
            std::vector<std::string>{"mosquitto", "-c", (folder.path() / "mosquitto.conf").string()}, log());
        REQUIRE(await([this] { return support::listens(port); }));
    }

    /// As the power goes.
    void kill() { process.reset(); }

    /// So that it saves what it knows.
    void stop() {
        process->signal(SIGTERM);
        process->wait();
    }

    std::string path(const char* file) const { return (folder.path() / file).string(); }
    fs::path log() const { return folder.path() / "log"; }

    /// By Mosquitto's own client; its exit status.
    int pub(const std::string& topic, const std::string& payload, std::vector<std::string> more = {}) const {
        std::vector<std::string> command{
            "mosquitto_pub", "-h", "127.0.0.1", "-p", std::to_string(port), "-q", "1", "-t",
            topic,           "-m", payload};
        command.insert(command.end(), more.begin(), more.end());
        return support::run(std::move(command), log());
    }

    /// The first message on a topic, or empty if none comes within `seconds`.
    std::string sub(const std::string& topic, int seconds = 5) const {
        const fs::path out = folder.path() / "sub";
        fs::remove(out);
        support::run({"mosquitto_sub", "-h", "127.0.0.1", "-p", std::to_string(port), "-q", "1", "-t", topic,
                      "-C", "1", "-W", std::to_string(seconds)},
                     out);
        const std::string text = support::file_text(out);
        return text.substr(0, text.find('\n'));
    }

    const std::uint16_t port;
    support::ScratchFolder folder;
    std::unique_ptr<support::Process> process;
};

/// The driver on a loop of its own, and what it put into the mailbox, by kind.
class Running {
public:
    explicit Running(MqttSettings s)
        : mailbox{0, 0, {}}, broker{std::move(s)}, guard{asio::make_work_guard(context)} {
        auto done = [this](std::exception_ptr e) { ended.set_value(e); };
        asio::co_spawn(context, broker.run(mailbox),
                       asio::bind_cancellation_slot(cancel.slot(), std::move(done)));
        thread = std::jthread{[this] { context.run(); }};
    }

    ~Running() { stop(); }

    void stop() {
        if (!thread.joinable()) return;
        asio::post(context, [this] { cancel.emit(asio::cancellation_type::terminal); });
        const auto failed = ended.get_future().get();
        CHECK(!failed);
        guard.reset();
        thread.join();
    }

    bool connects(std::uint64_t times = 1) {
        return await([&] { return broker.status().connected && broker.status().connections >= times; });
    }

    void drain() {
        std::vector<Event> events;
        mailbox.drain(events);
        for (Event& event : events) {
            if (auto* signal = std::get_if<Signal>(&event)) signals.push_back(std::move(*signal));
            else if (auto* refused = std::get_if<Rejected>(&event)) rejected.push_back(std::move(*refused));
            else if (auto* loss = std::get_if<Lost>(&event)) lost += loss->signals;
            else if (std::holds_alternative<Heartbeat>(event)) ++heartbeats;
        }
    }

    /// A signal of that id has come.
    bool hears(const std::string& id) {
        return await([&] {
            drain();
            return std::ranges::find(signals, id, &Signal::id) != signals.end();
        });
    }

    bool subscribed(const Broker& at) {
        // Its answer to a message of ours is the proof.
        return await([&] {
            at.pub(ercot_topic, price("probe"));
            return await(
                [&] {
                    drain();
                    return !signals.empty();
                },
                300ms);
        });
    }

    Mailbox mailbox;
    MqttBroker broker;
    asio::io_context context;
    asio::executor_work_guard<asio::io_context::executor_type> guard;
    asio::cancellation_signal cancel;
    std::promise<std::exception_ptr> ended;
    std::vector<Signal> signals;
    std::vector<Rejected> rejected;
    std::uint64_t lost = 0, heartbeats = 0;
    std::jthread thread;
};

/// Catches the log, and gives it back at the end.
class Logged {
public:
    Logged() : before_{spdlog::default_logger()} {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("", sink));
    }
    ~Logged() { spdlog::set_default_logger(before_); }
    std::string text() {
        spdlog::default_logger()->flush();
        return text_.str();
    }

private:
    std::ostringstream text_;
    std::shared_ptr<spdlog::logger> before_;
};

void write(const std::string& path, const std::string& text) { std::ofstream{path} << text; }

}  // namespace

TEST_CASE("Mosquitto: a price, a dispatch and a bad payload go through, and state comes out retained") {
    Broker broker;
    Running ours{settings(broker.port)};
    REQUIRE(ours.connects());
    CHECK(ours.broker.status().version == 5);
    REQUIRE(ours.subscribed(broker));
    CHECK(broker.pub(ercot_topic, price("p-1")) == 0);
    CHECK(
        broker.pub(
            "ballast/pecos/signal/utility",
            R"({"kind":"dispatch","id":"d-1","issued":"2026-07-01T12:00:00Z","limit":12000,"unit":"kW"})") ==
        0);
    CHECK(broker.pub(ercot_topic, "garbage") == 0);
    CHECK(ours.hears("p-1"));
    CHECK(ours.hears("d-1"));
    CHECK(await([&] {
        ours.drain();
        return !ours.rejected.empty();
    }));
    CHECK(ours.rejected.at(0).detail ==
          "ercot on ballast/pecos/signal/ercot: not JSON: syntax error at byte 0");
    CHECK(ours.heartbeats >= 1);

    ours.broker.publish("ballast/pecos/state", R"({"site_w":1})", 1, true);
    ours.broker.publish("ballast/pecos/state", R"({"site_w":2})", 1, true);
    CHECK(await([&] { return broker.sub("ballast/pecos/state") == R"({"site_w":2})"; }));
    CHECK(broker.sub("ballast/pecos/status").starts_with(R"({"online":true,"since":")"));
    ours.stop();
    CHECK(broker.sub("ballast/pecos/status").starts_with(R"({"online":false,"reason":"stopped")"));
}

TEST_CASE("Mosquitto: what is retained is heard at the start, and asked for again after each reconnect") {
    Broker broker;
    CHECK(broker.pub(ercot_topic, price("retained"), {"-r"}) == 0);
    Running ours{settings(broker.port)};
    REQUIRE(ours.hears("retained"));
    ours.signals.clear();
    broker.stop();
    broker.start();
    REQUIRE(ours.connects(2));
    CHECK(ours.hears("retained"));
    CHECK(broker.pub(ercot_topic, price("afterwards")) == 0);
    CHECK(ours.hears("afterwards"));
}

TEST_CASE(
    "Mosquitto: killed and started again without memory, it is found again, subscribed and told our state") {
    Broker broker{"allow_anonymous true\n", false};
    Running ours{settings(broker.port)};
    REQUIRE(ours.subscribed(broker));
    ours.broker.publish("ballast/pecos/state", "old", 1, true);
    CHECK(broker.sub("ballast/pecos/state") == "old");
    broker.kill();
    CHECK(await([&] { return !ours.broker.status().connected; }));
    CHECK(ours.broker.status().trouble.starts_with("connection lost: "));
    for (int i = 0; i < 5'000; ++i) ours.broker.publish("ballast/pecos/state", std::to_string(i), 1, true);
    broker.start();
    REQUIRE(ours.connects(2));
    CHECK(await([&] { return broker.sub("ballast/pecos/state") == "4999"; }));
    CHECK(broker.pub(ercot_topic, price("later")) == 0);
    CHECK(ours.hears("later"));
}

TEST_CASE("Mosquitto: what is sent while we are away comes when we are back") {
    Broker broker;
    {
        Running ours{settings(broker.port)};
        REQUIRE(ours.subscribed(broker));
    }
    CHECK(broker.pub(ercot_topic, price("missed-1")) == 0);
    CHECK(broker.pub(ercot_topic, price("missed-2")) == 0);
    Running again{settings(broker.port)};
    CHECK(again.hears("missed-1"));
    CHECK(again.hears("missed-2"));
}

TEST_CASE("Mosquitto: a password is read from its file at each connect, and a wrong one is named") {
    Logged logged;
    support::ScratchFolder folder{SCRATCH_DIR};
    const std::string passwords = (folder.path() / "passwords").string(),
                      user = (folder.path() / "user").string(), secret = (folder.path() / "secret").string();
    REQUIRE(support::run({"mosquitto_passwd", "-b", "-c", passwords, "site", "s3cret"}) == 0);
    fs::permissions(passwords, fs::perms::all);
    Broker broker{"allow_anonymous false\npassword_file " + passwords + "\n"};
    write(user, "site\n");
    write(secret, "wrong\n");
    MqttSettings s = settings(broker.port);
    s.user.file = user;
    s.password.file = secret;
    Running ours{s};
    CHECK(await([&] { return ours.broker.status().trouble.starts_with("refused: "); }));
    CAPTURE(ours.broker.status().trouble);
    CHECK(ours.broker.status().trouble.find("check user_file") != std::string::npos);
    write(secret, "  s3cret \n");
    CHECK(ours.connects());
    CHECK(ours.broker.status().trouble.empty());
    s.password.file += "-is-not-there";
    {
        Running blind{s};
        CHECK(await([&] {
            return blind.broker.status().trouble ==
                   "password_file = \"" + s.password.file + "\" cannot be read";
        }));
    }
    const std::string log = logged.text();
    CHECK(log.find(fmt::format("mqtt main (127.0.0.1:{}): refused: ", broker.port)) != std::string::npos);
    CHECK(log.find("s3cret") == std::string::npos);
    CHECK(log.find("wrong") == std::string::npos);
}

TEST_CASE("Mosquitto: TLS with a client's certificate, and a remedy where it fails") {
    support::ScratchFolder folder{SCRATCH_DIR};
    const auto in = [&](const char* file) { return (folder.path() / file).string(); };
    const auto openssl = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "openssl");
        REQUIRE(support::run(std::move(words), in("openssl.log")) == 0);
    };
    write(in("san"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test CA", "-keyout",
             in("ca.key"), "-out", in("ca.pem")});
    openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Another CA",
             "-keyout", in("other.key"), "-out", in("other.pem")});
    for (const std::string name : {"server", "client"}) {
        openssl({"req", "-newkey", "rsa:2048", "-nodes", "-subj",
                 name == "server" ? "/CN=localhost" : "/CN=ballast-pecos", "-keyout",
                 in((name + ".key").c_str()), "-out", in((name + ".csr").c_str())});
        openssl({"x509", "-req", "-in", in((name + ".csr").c_str()), "-CA", in("ca.pem"), "-CAkey",
                 in("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", in("san"), "-out",
                 in((name + ".pem").c_str())});
    }
    for (const auto& file : fs::directory_iterator{folder.path()}) fs::permissions(file, fs::perms::all);
    Broker broker{fmt::format("cafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate "
                              "true\nuse_identity_as_username true\nallow_anonymous true\n",
                              in("ca.pem"), in("server.pem"), in("server.key"))};
    const auto with = [&](const char* ca, const char* certificate) {
        MqttSettings s = settings(broker.port);
        s.tls = true;
        s.host = "localhost";
        if (ca) s.tls_ca = in(ca);
        if (certificate) {
            s.tls_certificate = in(certificate);
            s.tls_key = in("client.key");
        }
        return s;
    };
    {
        Running ours{with("ca.pem", "client.pem")};
        REQUIRE(ours.connects());
        const std::vector<std::string> tls{"--cafile", in("ca.pem"),     "--cert", in("client.pem"),
                                           "--key",    in("client.key"), "-h",     "localhost",
                                           "-r"};
        CHECK(broker.pub(ercot_topic, price("over-tls"), tls) == 0);
        CHECK(ours.hears("over-tls"));
    }
    {
        Running ours{with("other.pem", "client.pem")};  // We do not trust the broker.
        CHECK(await([&] { return !ours.broker.status().trouble.empty(); }));
        CHECK(ours.broker.status().trouble.starts_with("no TLS connection: "));
    }
    {
        Running ours{with("ca.pem", nullptr)};  // The broker does not trust us.
        CHECK(await([&] { return !ours.broker.status().trouble.empty(); }));
        // It hangs up during the handshake or after it, as the dice fall; either way we say what it may lack.
        CHECK(ours.broker.status().trouble.find("check") != std::string::npos);
        CHECK(ours.broker.status().trouble.find("tls_certificate") != std::string::npos);
        CHECK(ours.broker.status().connections == 0);
    }
    {
        Running ours{with("nowhere.pem", nullptr)};
        CHECK(await([&] {
            return ours.broker.status().trouble == "tls_ca = \"" + in("nowhere.pem") + "\" cannot be read";
        }));
    }
    {
        MqttSettings plain = settings(broker.port);  // TLS on the port, none with us.
        Running ours{plain};
        CHECK(await([&] { return !ours.broker.status().trouble.empty(); }));
        CHECK(ours.broker.status().trouble.ends_with("is this port a broker's, and one without TLS?"));
    }
}

TEST_CASE("Mosquitto: nobody there is said once, with the remedy, and tried for ever") {
    Logged logged;
    const std::uint16_t port = support::free_port();
    Running ours{settings(port)};
    CHECK(await([&] {
        return ours.broker.status().trouble ==
               "no connection: is the broker running, and are host and port right?";
    }));
    CHECK(!await([&] { return ours.broker.status().connected; }, 1'500ms));
    const std::string log = logged.text();
    const auto first = log.find("no connection");
    CHECK(first != std::string::npos);
    CHECK(log.find("no connection", first + 1) == std::string::npos);
}

TEST_CASE("Mosquitto: ten million bytes disturb nobody, under either version") {
    Broker broker;
    support::ScratchFolder folder{SCRATCH_DIR};
    const std::string file = (folder.path() / "big").string();
    write(file, std::string(10'000'000, '['));
    for (const MqttVersion version : {MqttVersion::v5, MqttVersion::v3_1_1}) {
        MqttSettings s = settings(broker.port);
        s.version = version;
        s.client_id += version == MqttVersion::v5 ? "-5" : "-4";
        Running ours{s};
        REQUIRE(ours.subscribed(broker));
        CHECK(ours.broker.status().version == (version == MqttVersion::v5 ? 5 : 4));
        CHECK(support::run({"mosquitto_pub", "-p", std::to_string(broker.port), "-q", "1", "-t", ercot_topic,
                            "-f", file},
                           broker.log()) == 0);
        CHECK(broker.pub(ercot_topic, price("next")) == 0);
        CHECK(ours.hears("next"));
        if (version == MqttVersion::v5) {
            CHECK(ours.rejected.empty());  // The broker did not even send it.
        } else {
            REQUIRE(ours.rejected.size() == 1);
            CHECK(ours.rejected[0].detail ==
                  "ercot on ballast/pecos/signal/ercot: 10000000 bytes, at most 16384 are taken");
        }
        CHECK(ours.broker.status().connections == 1);
    }
}

TEST_CASE("Mosquitto: of ten thousand messages at once each is heard or counted as lost") {
    Broker broker{"allow_anonymous true\n", false};
    Running ours{settings(broker.port)};
    REQUIRE(ours.subscribed(broker));
    ours.drain();
    const auto before = ours.broker.status().messages;
    support::ScratchFolder folder{SCRATCH_DIR};
    const std::string lines = (folder.path() / "lines").string();
    {
        std::ofstream out{lines};
        for (int i = 0; i < 10'000; ++i) out << price(fmt::format("n-{}", i)) << '\n';
    }
    CHECK(
        support::run({"sh", "-c",
                      fmt::format("mosquitto_pub -p {} -q 1 -t {} -l < {}", broker.port, ercot_topic, lines)},
                     broker.log()) == 0);
    // Nobody drains meanwhile: the box may refuse what it cannot hold, and says how many.
    CHECK(await([&] { return ours.broker.status().messages >= before + 10'000; }, 60s));
    ours.drain();
    CHECK(ours.signals.size() + ours.lost == ours.broker.status().messages);
    CHECK(ours.hears("n-9999"));
    CHECK(ours.broker.status().connections == 1);
}

namespace {

/// Stands before a broker and lets only MQTT 3.1.1 through: a CONNECT of version 5 gets `answer` and is hung up on.
class OldFront {
public:
    OldFront(std::uint16_t to, std::string answer) : to_{to}, answer_{std::move(answer)} {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = support::detail::address(INADDR_LOOPBACK, 0);
        socklen_t size = sizeof address;
        REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        REQUIRE(::listen(fd_, 8) == 0);
        port = ntohs(address.sin_port);
        thread_ = std::jthread{[this](std::stop_token stop) { accept(stop); }};
    }
    ~OldFront() {
        thread_.request_stop();
        thread_.join();
        ::close(fd_);
    }

    std::uint16_t port = 0;
    std::atomic<int> refused{0};

private:
    static bool readable(int fd) {
        pollfd p{fd, POLLIN, 0};
        return ::poll(&p, 1, 20) > 0;
    }

    void accept(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (!readable(fd_)) continue;
            const int client = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
            serve(client, stop);
            ::close(client);
        }
    }

    void serve(int client, const std::stop_token& stop) {
        char bytes[4096];
        while (!readable(client))
            if (stop.stop_requested()) return;
        const ssize_t got = ::recv(client, bytes, sizeof bytes, 0);
        if (got < 9) return;
        if (bytes[got > 130 ? 9 : 8] ==
            5) {  // After the fixed header of 2 or 3 bytes, 00 04 "MQTT" and the level.
            ++refused;
            (void)!::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
            return;
        }
        const int broker = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = support::detail::address(INADDR_LOOPBACK, to_);
        if (::connect(broker, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
            (void)!::send(broker, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL);
            while (!stop.stop_requested() && pass(client, broker) && pass(broker, client)) {}
        }
        ::close(broker);
    }

    /// False: the line is closed.
    static bool pass(int from, int into) {
        char bytes[4096];
        pollfd p{from, POLLIN, 0};
        if (::poll(&p, 1, 5) <= 0) return true;
        const ssize_t got = ::recv(from, bytes, sizeof bytes, 0);
        return got > 0 && ::send(into, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
    }

    const std::uint16_t to_;
    const std::string answer_;
    int fd_ = -1;
    std::jthread thread_;
};

}  // namespace

TEST_CASE("Mosquitto: behind a broker that knows only MQTT 3.1.1 we speak that, however it says no") {
    Broker broker;
    const std::string in_3_1_1{"\x20\x02\x00\x01", 4}, in_5{"\x20\x03\x00\x84\x00", 5}, hangs_up;
    for (const std::string& answer : {in_3_1_1, in_5, hangs_up}) {
        OldFront front{broker.port, answer};
        MqttSettings s = settings(front.port);
        s.client_id += std::to_string(answer.size());
        Running ours{s};
        REQUIRE(ours.connects());
        CHECK(ours.broker.status().version == 4);
        CHECK(front.refused >= 1);
        CHECK(broker.pub(ercot_topic, price("old"), {"-r"}) == 0);
        CHECK(ours.hears("old"));
        ours.stop();
        MqttSettings only = settings(front.port);
        only.version = MqttVersion::v5;
        only.client_id = "only-5";
        Running strict{only};
        CHECK(await([&] { return !strict.broker.status().trouble.empty(); }));
        CHECK(!await([&] { return strict.broker.status().connected; }, 700ms));
    }
}

TEST_CASE("Mosquitto: when our line is cut, the broker says so to everybody") {
    Broker broker;
    auto front = std::make_unique<OldFront>(broker.port, "");
    MqttSettings s = settings(front->port);
    s.version = MqttVersion::v3_1_1;
    Running ours{s};
    REQUIRE(ours.connects());
    REQUIRE(await([&] { return broker.sub("ballast/pecos/status").starts_with(R"({"online":true)"); }));
    front.reset();
    CHECK(await([&] {
        return broker.sub("ballast/pecos/status") ==
               R"({"online":false,"reason":"connection lost","client_id":"ballast-pecos"})";
    }));
}
