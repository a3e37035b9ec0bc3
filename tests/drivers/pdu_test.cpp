#include "drivers/switchgear/outlets.hpp"
#include "drivers/switchgear/pdu.hpp"
#include "tests/catch.hpp"
#include "tests/support/pdu_peer.hpp"
#include "tests/support/run_drivers.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

using namespace ballast;
using namespace ballast::drivers;
using support::DriverBench;
using support::PduPeer;
using namespace std::chrono_literals;

namespace {

/// What is left to the machines' own driver.
struct Machines final : Driver {
    std::vector<Order> orders;
    asio::awaitable<void> run(Mailbox&) override { co_return; }
    void submit(const Order& order) override { orders.push_back(order); }
    std::size_t count(Rung rung) const {
        return static_cast<std::size_t>(std::ranges::count(orders, rung, &Order::rung));
    }
};

const Oid apc{1, 3, 6, 1, 4, 1, 318, 1, 1, 4, 4, 2, 1, 3};
const Oid apc_watts{1, 3, 6, 1, 4, 1, 318, 1, 1, 26, 9, 4, 3, 1, 7};

/// Outlets 1..n feed loads 0..n-1, which listen at `port` once they have booted.
PduSettings settings_of(const PduPeer& peer, Slot n, std::uint16_t port) {
    PduSettings settings;
    settings.name = "pdu-a";
    settings.agent = {.host = "127.0.0.1", .port = peer.port(), .version = SnmpVersion::v2c, .community = "s3cret-pdu", .timeout = 300ms};
    settings.control = settings.state = apc;
    settings.stagger = 600ms;
    settings.poll = 100ms;
    settings.settles = 1s;
    for (Slot s = 0; s < n; ++s) settings.outlets.push_back({s, s + 1, "m-" + std::to_string(s), Power{3'500}, Power{25}, "127.0.0.1", port});
    return settings;
}

Order order(std::uint64_t id, Slot load, Rung rung) {
    Order one;
    one.id = OrderId{id};
    one.loads = {load, load + 1};
    one.rung = rung;
    return one;
}

struct Rig {
    std::uint16_t boots_at = support::free_port();
    PduPeer peer{SCRATCH_DIR, 3};
    DriverBench bench;
    Machines machines;
    std::optional<Pdu> pdu;

    explicit Rig(std::function<void(PduSettings&)> change = [](PduSettings&) {}) {
        PduSettings settings = settings_of(peer, 3, boots_at);
        change(settings);
        pdu.emplace(std::move(settings), machines);
        if (!peer.up()) FAIL("snmpd did not come up: " << peer.log());
    }
    /// And the PDU has been asked about all of its outlets.
    void start() {
        bench.run(*pdu);
        bench.pass(500ms);
    }
    std::optional<Fate> fate(std::uint64_t id) const {
        for (const Receipt& receipt : bench.all<Receipt>())
            if (receipt.order == OrderId{id}) return receipt.fate;
        return std::nullopt;
    }
    bool off_heard(Slot load) const {
        return std::ranges::any_of(bench.all<LoadReading>(), [&](const LoadReading& r) { return r.loads.first == load && r.mode == Mode::off && r.power == Power{} && r.quality == Quality::measured; });
    }
    ~Rig() { bench.stop(); }
};

}  // namespace

TEST_CASE("a pdu turns an outlet off and it reads back as measured nothing", "[pdu]") {
    const SnmpVersion version = GENERATE(SnmpVersion::v1, SnmpVersion::v2c);
    Rig rig{[&](PduSettings& s) { s.agent.version = version; }};
    rig.start();
    CHECK(rig.bench.count<LoadReading>() == 0);  // Of machines whose outlet is on it says nothing.
    rig.pdu->submit(order(1, 1, Rung::power_off));
    REQUIRE(rig.bench.until([&] { return rig.fate(1).has_value(); }));
    CHECK(rig.fate(1) == Fate::accepted);
    CHECK(rig.off_heard(1));
    CHECK_FALSE(rig.peer.on(2));
    CHECK(rig.peer.on(1));
    CHECK(rig.peer.on(3));
    rig.bench.forget();
    CHECK(rig.bench.until([&] { return rig.bench.count<Answered>() >= 2; }));  // What is off is known, and never stale.
    CHECK(rig.bench.all<Answered>()[0].loads == Range{1, 2});
    CHECK(rig.bench.count<LoadReading>() == 0);
    CHECK(rig.machines.orders.empty());
}

TEST_CASE("an outlet that takes a while to open is waited for", "[pdu]") {
    Rig rig;
    rig.peer.slow(1, 2);
    rig.start();
    rig.pdu->submit(order(1, 0, Rung::power_off));
    REQUIRE(rig.bench.until([&] { return rig.fate(1).has_value(); }));
    CHECK(rig.fate(1) == Fate::accepted);
    CHECK(rig.peer.sets().size() == 1);
}

TEST_CASE("an outlet that reads back otherwise is a refused order and no reading", "[pdu]") {
    Rig rig;
    rig.peer.stuck(1);
    rig.start();
    rig.pdu->submit(order(1, 0, Rung::power_off));
    REQUIRE(rig.bench.until([&] { return rig.fate(1).has_value(); }));
    CHECK(rig.fate(1) == Fate::refused);
    CHECK(rig.peer.sets().size() == 1);
    CHECK_FALSE(rig.off_heard(0));
}

TEST_CASE("an outlet that the pdu does not have is refused with its reason", "[pdu]") {
    Rig rig{[](PduSettings& s) { s.outlets[0].number = 17; }};
    rig.start();
    rig.pdu->submit(order(1, 0, Rung::power_off));
    REQUIRE(rig.bench.until([&] { return rig.fate(1).has_value(); }));
    CHECK(rig.fate(1) == Fate::refused);
    rig.pdu->submit(order(2, 1, Rung::power_off));
    REQUIRE(rig.bench.until([&] { return rig.fate(2).has_value(); }));
    CHECK(rig.fate(2) == Fate::accepted);
}

TEST_CASE("outlets come back one after the other and each machine is woken once it listens", "[pdu]") {
    Rig rig;
    for (int n = 1; n <= 3; ++n) rig.peer.turn(n, false);
    rig.start();
    CHECK(rig.off_heard(0));
    for (Slot s = 0; s < 3; ++s) rig.pdu->submit(order(10 + s, s, Rung::wake));
    REQUIRE(rig.bench.until([&] { return rig.peer.on(1) && rig.peer.on(2) && rig.peer.on(3); }));
    const auto sets = rig.peer.sets();
    REQUIRE(sets.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(sets[i].outlet == static_cast<int>(i) + 1);  // In the order they were told.
        CHECK(sets[i].value == 1);
        if (i > 0) CHECK(sets[i].at_ms - sets[i - 1].at_ms >= 599);
    }
    rig.bench.pass(1500ms);
    CHECK(rig.machines.orders.empty());  // They boot.
    boost::asio::ip::tcp::acceptor booted{rig.bench.io(), {boost::asio::ip::make_address_v4("127.0.0.1"), rig.boots_at}};
    REQUIRE(rig.bench.until([&] { return rig.machines.count(Rung::wake) == 3; }));
    rig.bench.pass(300ms);
    CHECK(rig.machines.orders.size() == 3);
    CHECK(rig.bench.count<Receipt>() == 0);  // The machines' own driver says what became of it.
}

TEST_CASE("a machine that never listens is woken all the same once it had its time", "[pdu]") {
    Rig rig{[](PduSettings& s) { s.boot = 1s; }};
    rig.peer.turn(1, false);
    rig.start();
    rig.pdu->submit(order(1, 0, Rung::wake));
    REQUIRE(rig.bench.until([&] { return rig.machines.count(Rung::wake) == 1; }));
    CHECK(rig.peer.on(1));
}

TEST_CASE("a wake that waits for its turn is called back by whatever lowers", "[pdu]") {
    Rig rig{[](PduSettings& s) { s.stagger = 1h; }};
    for (int n = 1; n <= 3; ++n) rig.peer.turn(n, false);
    rig.start();
    for (Slot s = 0; s < 3; ++s) rig.pdu->submit(order(10 + s, s, Rung::wake));
    REQUIRE(rig.bench.until([&] { return rig.peer.on(1); }));
    rig.bench.pass(300ms);
    rig.bench.forget();
    rig.pdu->submit(order(20, 1, Rung::sleep));
    rig.pdu->submit(order(21, 2, Rung::power_off));
    rig.pdu->submit(order(22, 0, Rung::sleep));  // It has its supply: its own driver puts it to sleep, and nothing wakes it.
    REQUIRE(rig.bench.until([&] { return rig.fate(20).has_value() && rig.fate(21).has_value(); }));
    CHECK(rig.fate(11) == Fate::withheld);
    CHECK(rig.fate(12) == Fate::withheld);
    CHECK(rig.fate(20) == Fate::accepted);
    CHECK(rig.fate(21) == Fate::accepted);
    CHECK(rig.off_heard(1));
    CHECK(rig.off_heard(2));
    boost::asio::ip::tcp::acceptor booted{rig.bench.io(), {boost::asio::ip::make_address_v4("127.0.0.1"), rig.boots_at}};
    rig.bench.pass(1500ms);
    REQUIRE(rig.machines.orders.size() == 1);
    CHECK(rig.machines.orders[0].id == OrderId{22});
    CHECK_FALSE(rig.peer.on(2));
}

TEST_CASE("orders to machines whose outlet is on are their own driver's", "[pdu]") {
    Rig rig;
    rig.start();
    Outlets outlets{{{0, &*rig.pdu}, {2, &*rig.pdu}}, rig.machines};  // Load 1 and 3 are on none.
    Order all = order(1, 0, Rung::sleep);
    all.loads = {0, 4};
    outlets.submit(all);
    REQUIRE(rig.machines.orders.size() == 4);
    CHECK(rig.machines.orders[1].loads == Range{1, 2});
    all = order(2, 0, Rung::wake);
    all.loads = {0, 2};
    outlets.submit(all);
    CHECK(rig.machines.count(Rung::wake) == 2);
    outlets.submit(order(3, 0, Rung::power_off));
    REQUIRE(rig.bench.until([&] { return rig.fate(3).has_value(); }));
    CHECK(rig.machines.count(Rung::power_off) == 0);
    CHECK(rig.peer.sets().size() == 1);
}

TEST_CASE("a community that the pdu does not know is nobody who answers, and stands in no log", "[pdu]") {
    std::ostringstream said;
    const auto usual = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(said)));
    {
        Rig rig{[](PduSettings& s) { s.agent.community = "wr0ng-word"; }};
        rig.start();
        rig.pdu->submit(order(1, 0, Rung::power_off));
        REQUIRE(rig.bench.until([&] { return rig.fate(1).has_value(); }));
        CHECK(rig.fate(1) == Fate::unreachable);
        CHECK(rig.peer.on(1));
    }
    spdlog::set_default_logger(usual);
    CHECK(said.str().find("pdu pdu-a") != std::string::npos);
    CHECK(said.str().find("does not know the community") != std::string::npos);
    CHECK(said.str().find("wr0ng-word") == std::string::npos);
}

TEST_CASE("a dead pdu delays nobody else and is used again when it answers", "[pdu]") {
    Rig dead{[](PduSettings& s) { s.agent.timeout = 1s; }};
    PduPeer well{SCRATCH_DIR, 1};
    REQUIRE(well.up());
    PduSettings settings = settings_of(well, 1, dead.boots_at);
    settings.outlets[0].load = 5;
    Pdu beside{settings, dead.machines};
    dead.bench.run(beside);  // Both on one thread.
    dead.start();
    dead.peer.stop_answering();
    dead.pdu->submit(order(1, 0, Rung::power_off));
    const auto before = std::chrono::steady_clock::now();
    beside.submit(order(2, 5, Rung::power_off));
    REQUIRE(dead.bench.until([&] { return dead.fate(2).has_value(); }));
    CHECK(dead.fate(2) == Fate::accepted);
    CHECK_FALSE(dead.fate(1));
    CHECK(std::chrono::steady_clock::now() - before < 2'500ms);  // The other has three tries of a second before it is given up.
    REQUIRE(dead.bench.until([&] { return dead.fate(1).has_value(); }));
    CHECK(dead.fate(1) == Fate::unreachable);
    CHECK(std::chrono::steady_clock::now() - before >= 900ms);  // One try at least: after a look that came to nothing there are no more.
    dead.pdu->submit(order(3, 1, Rung::wake));  // Nobody knows whether it is off: its own driver is asked.
    REQUIRE(dead.bench.until([&] { return dead.machines.count(Rung::wake) == 1; }));
    dead.peer.answer_again();
    dead.pdu->submit(order(4, 0, Rung::power_off));
    REQUIRE(dead.bench.until([&] { return dead.fate(4).has_value(); }));
    CHECK(dead.fate(4) == Fate::accepted);
    CHECK(dead.bench.stop());
}

TEST_CASE("an order outlives a pdu that is deaf for a moment", "[pdu]") {
    Rig rig{[](PduSettings& s) { s.agent.timeout = 1s; }};
    rig.start();
    rig.peer.stop_answering();
    rig.pdu->submit(order(1, 0, Rung::power_off));
    rig.bench.pass(1'300ms);  // Beyond its first try.
    CHECK_FALSE(rig.fate(1));
    rig.peer.answer_again();
    REQUIRE(rig.bench.until([&] { return rig.fate(1).has_value(); }));
    CHECK(rig.fate(1) == Fate::accepted);
    CHECK_FALSE(rig.peer.on(1));
}

TEST_CASE("an outlet that measures says what its machine draws", "[pdu]") {
    Rig rig{[](PduSettings& s) { s.watts = apc_watts, s.watts_scale = 10; }};
    rig.peer.gives(1, 341);
    rig.start();
    const auto last = [&] { return rig.bench.all<LoadReading>().back(); };
    REQUIRE(rig.bench.until([&] { return rig.bench.count<LoadReading>() == 1; }));
    CHECK(last().mode == Mode::running);
    CHECK(last().power == Power{3'410});
    rig.peer.gives(1, 4);
    rig.bench.pass(400ms);
    CHECK(rig.bench.count<LoadReading>() == 1);  // Nobody told it to sleep: it reboots, perhaps, or has lost its boards.
    rig.pdu->submit(order(1, 0, Rung::sleep));
    REQUIRE(rig.bench.until([&] { return rig.bench.count<LoadReading>() == 2; }));
    CHECK(last().mode == Mode::asleep);
    CHECK(last().power == Power{40});
    rig.peer.gives(1, 340);
    REQUIRE(rig.bench.until([&] { return rig.bench.count<LoadReading>() == 3; }));
    CHECK(last().mode == Mode::running);  // Whatever it acknowledged.
}

TEST_CASE("what is and is not an object identifier", "[pdu]") {
    CHECK(parse_oid("1.3.6.1.4.1.318") == Oid{1, 3, 6, 1, 4, 1, 318});
    CHECK(parse_oid(".1.3.6") == Oid{1, 3, 6});
    CHECK(print(Oid{1, 3, 6, 1}) == "1.3.6.1");
    for (const char* wrong : {"", ".", "1", "1.", "1..3", "3.1.2", "1.40", "1.3.x", "1.3.-1", "1.3.4294967296", "sPDUOutletCtl", "1.3. 6"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_oid(wrong));
    }
}
