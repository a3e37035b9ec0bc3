// A machine whose address moved is followed by its MAC, and ordered only where it proves it.
#include "drivers/asic/asics.hpp"

#include "tests/catch.hpp"
#include "tests/drivers/luxos_miner.hpp"
#include "tests/support/process.hpp"
#include "tests/support/run_drivers.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

using namespace ballast;
using namespace std::chrono_literals;
using test::Miner;
using Manner = test::Answer::Manner;

namespace {

constexpr std::uint64_t sought = 0x62f75eb71046;
const char* const other_mac = "62:f7:5e:00:00:01";
const boost::asio::ip::address_v4 home = boost::asio::ip::make_address_v4("127.33.0.1"), elsewhere = boost::asio::ip::make_address_v4("127.33.0.2"), third = boost::asio::ip::make_address_v4("127.33.0.3");

/// An inventory of one machine, at home; what is known of the neighbours, and who lives where, is the test's.
class Street {
public:
    Street() {
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_st>(told_)));
        spdlog::set_level(spdlog::level::warn);
    }
    ~Street() {
        bench.stop();
        spdlog::set_default_logger(before_);
    }

    Miner& lives_at(const boost::asio::ip::address_v4& address, const char* mac) {
        Miner& miner = miners_.emplace_back(bench.io(), address.to_string().c_str(), port);
        miner.mac = mac;
        return miner;
    }

    void start(const char* mac = "62:f7:5e:b7:10:46") {
        AsicSettings settings;
        settings.deadline = 500ms;
        settings.neighbours_every = every;
        settings.neighbours = [this] { return ++reads, neighbours; };
        settings.machines.push_back({.slot = 4, .name = "a-1", .host = home.to_string(), .port = port, .mac = mac, .rated = Power{3'500}, .poll = 100ms});
        driver_ = make_asics(bench.io().get_executor(), std::move(settings));
        bench.run(*driver_);
    }

    Fate fate_of(Rung rung) {
        Order order;
        order.id = OrderId{++last_};
        order.loads = {4, 5};
        order.rung = rung;
        driver_->submit(order);
        std::optional<Fate> fate;
        REQUIRE(bench.until([&] {
            for (const Receipt& r : bench.all<Receipt>())
                if (r.order == order.id) fate = r.fate;
            return fate.has_value();
        }));
        return *fate;
    }
    bool seen(Mode mode) {
        return bench.until([&] {
            const auto all = bench.all<LoadReading>();
            return !all.empty() && all.back().mode == mode;
        }, 5s);
    }
    std::size_t times_told(std::string_view words) const {
        const std::string text = told_.str();
        std::size_t count = 0;
        for (std::size_t at = text.find(words); at != text.npos; at = text.find(words, at + 1)) ++count;
        return count;
    }

    support::DriverBench bench;
    const std::uint16_t port = support::free_port();
    std::vector<Neighbour> neighbours;
    Duration every{0};
    int reads = 0;

private:
    std::list<Miner> miners_;
    std::unique_ptr<Driver> driver_;
    std::ostringstream told_;
    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
    std::uint64_t last_ = 0;
};

}  // namespace

TEST_CASE("a machine that moved is found by its MAC, ordered there, and told once with the remedy") {
    Street street;
    Miner* stranger = nullptr;
    SECTION("somebody else has its address") { stranger = &street.lives_at(home, other_mac); }
    SECTION("nobody has its address") {}
    Miner& machine = street.lives_at(elsewhere, "62:f7:5e:b7:10:46");
    street.neighbours = {{0x62f75e000001, home}, {sought, elsewhere}};
    street.start();
    REQUIRE(street.seen(Mode::running));
    CHECK(street.fate_of(Rung::sleep) == Fate::accepted);
    CHECK(machine.asleep);
    CHECK(street.seen(Mode::asleep));
    CHECK(street.fate_of(Rung::wake) == Fate::accepted);
    if (stranger) CHECK(stranger->orders().empty());
    CHECK(street.times_told("has moved to 127.33.0.2, by its mac 62f75eb71046, and is followed there; put that address into the inventory") == 1);
}

TEST_CASE("whoever has the address that the neighbours' table names is not ordered unless it proves the MAC") {
    Street street;
    Miner& impostor = street.lives_at(elsewhere, other_mac);
    SECTION("it tells another") {}
    SECTION("it tells none") { impostor.mac = ""; }
    street.neighbours = {{sought, elsewhere}};
    street.start();
    REQUIRE(street.bench.until([&] { return impostor.count("config") >= 2; }));
    for (int i = 0; i < 4; ++i) CHECK(street.fate_of(Rung::sleep) != Fate::accepted);
    CHECK(impostor.orders().empty());
    CHECK_FALSE(impostor.asleep);
    CHECK(street.times_told("has moved") == 0);
}

TEST_CASE("an old entry of the table leads nowhere, the next one to the machine, and home again when it is back") {
    Street street;
    Miner& impostor = street.lives_at(elsewhere, other_mac);
    Miner& machine = street.lives_at(third, "62:f7:5e:b7:10:46");
    street.neighbours = {{sought, home}, {sought, elsewhere}, {sought, third}};
    street.start();
    REQUIRE(street.seen(Mode::running));
    CHECK(street.fate_of(Rung::sleep) == Fate::accepted);
    CHECK(machine.asleep);
    machine.leave();
    Miner& back = street.lives_at(home, "62:f7:5e:b7:10:46");
    REQUIRE(street.bench.until([&] { return back.count("config") > 0; }));
    REQUIRE(street.bench.until([&] { return street.fate_of(Rung::sleep) == Fate::accepted; }));
    CHECK(back.asleep);
    CHECK(impostor.orders().empty());
}

TEST_CASE("without a MAC nobody is looked for, and the table is read no more often than is allowed") {
    Street street;
    street.neighbours = {{sought, elsewhere}};
    Miner& other = street.lives_at(elsewhere, "62:f7:5e:b7:10:46");
    SECTION("no MAC in the inventory") {
        street.start("");
        street.bench.pass(500ms);
        CHECK(street.reads == 0);
        CHECK(other.asked.empty());
    }
    SECTION("a MAC, and an hour between two readings") {
        street.neighbours.clear();
        street.every = Duration{3'600'000};
        street.start();
        street.bench.pass(500ms);
        CHECK(street.reads == 1);
    }
}

TEST_CASE("the neighbours' table is read as Linux writes it, and nonsense is left out") {
    const std::string text = "IP address       HW type     Flags       HW address            Mask     Device\n"
                             "10.0.0.7         0x1         0x2         d4:01:02:03:04:05     *        eth0\n"
                             "10.0.0.8         0x1         0x0         00:00:00:00:00:00     *        eth0\n"
                             "10.0.0.9         0x1         0x0         d4:01:02:03:04:06     *        eth0\n"
                             "10.0.0.10        0x1         0x6         d4:01:02:03:04:07     *        eth0\n"
                             "10.0.0           0x1         0x2         d4:01:02:03:04:08     *        eth0\n"
                             "10.0.0.11        0x1         two         d4:01:02:03:04:09     *        eth0\n\n10.0.0.12";
    const auto at = [](const char* address) { return boost::asio::ip::make_address_v4(address); };
    CHECK(parse_neighbours(text) == std::vector<Neighbour>{{0xd40102030405, at("10.0.0.7")}, {0xd40102030407, at("10.0.0.10")}});
    CHECK(parse_neighbours("").empty());
    (void)read_neighbours();
}
