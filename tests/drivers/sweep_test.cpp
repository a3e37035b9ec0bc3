// A sweep over loopback: every simulated make, asleep too, and whoever answers badly.
#include "drivers/asic/sweep.hpp"

#include "controller/clock.hpp"
#include "sim/asic_devices.hpp"
#include "tests/catch.hpp"
#include "tests/support/process.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <functional>
#include <list>
#include <thread>

using namespace ballast;
using namespace ballast::asic;
using namespace std::chrono_literals;

namespace {

/// To its end, which has to come; how long it took.
Duration finish(Sweep& sweep, const std::function<void()>& meanwhile = [] {}, Duration most = 60s) {
    const Steady begun = steady_now();
    while (!sweep.over()) {
        pollfd wait{sweep.descriptor(), POLLIN, 0};
        ::poll(&wait, 1, 5);
        sweep.advance(steady_now());
        meanwhile();
        REQUIRE(steady_now() - begun < most);
    }
    return steady_now() - begun;
}

std::vector<Block> blocks(std::initializer_list<const char*> texts) {
    std::vector<Block> out;
    for (const char* text : texts) out.push_back(*parse_network(text));
    return merged(std::move(out));
}

Doors free_doors() { return {support::free_port(), support::free_port(), support::free_port()}; }

/// Peers that take connections and behave badly, on the test's own thread.
class Street {
public:
    enum class Manner { hang, drip, endless, garbage, close, reset };

    explicit Street(std::uint16_t port) : port_{port} {}
    void add(const std::string& address, Manner manner) {
        acceptors_.emplace_back(context_, tcp::endpoint{boost::asio::ip::make_address(address), port_});
        accept(acceptors_.back(), manner);
    }
    void run() {
        context_.restart();
        for (int i = 0; i < 200 && context_.poll_one() > 0; ++i) {}  // Who pours is never done.
        std::erase_if(guests_, [](const auto& guest) { return guest->gone; });
        most_open = std::max(most_open, guests_.size());
    }
    std::size_t most_open = 0;

private:
    using tcp = boost::asio::ip::tcp;
    struct Guest {
        tcp::socket socket;
        std::array<char, 256> in{};
        std::string out{};
        bool gone = false;
    };

    void accept(tcp::acceptor& door, Manner manner) {
        door.async_accept([this, &door, manner](boost::system::error_code failed, tcp::socket socket) {
            if (failed) return;
            guests_.push_back(std::make_shared<Guest>(Guest{std::move(socket)}));
            listen(guests_.back(), manner);
            accept(door, manner);
        });
    }
    void listen(const std::shared_ptr<Guest>& guest, Manner manner) {
        guest->socket.async_read_some(boost::asio::buffer(guest->in), [this, guest, manner](boost::system::error_code failed, std::size_t) {
            if (failed) return void(guest->gone = true);
            answer(guest, manner);
            if (manner != Manner::close && manner != Manner::reset && manner != Manner::garbage) listen(guest, manner);
        });
    }
    void answer(const std::shared_ptr<Guest>& guest, Manner manner) {
        if (manner == Manner::drip || manner == Manner::endless) return pour(guest, manner == Manner::drip ? 1 : 65'536);
        if (manner == Manner::hang) return;
        boost::system::error_code ignored;
        if (manner == Manner::garbage) guest->socket.write_some(boost::asio::buffer("\x01\xff\xfe no miner\n", 15), ignored);
        if (manner == Manner::reset) guest->socket.set_option(boost::asio::socket_base::linger{true, 0}, ignored);
        guest->socket.close(ignored);
        guest->gone = true;
    }
    void pour(const std::shared_ptr<Guest>& guest, std::size_t size) {
        guest->out.assign(size, '{');
        guest->socket.async_write_some(boost::asio::buffer(guest->out), [this, guest, size](boost::system::error_code failed, std::size_t) {
            if (failed) return void(guest->gone = true);
            pour(guest, size);
        });
    }

    boost::asio::io_context context_;
    std::uint16_t port_;
    std::list<tcp::acceptor> acceptors_;
    std::vector<std::shared_ptr<Guest>> guests_;
};

/// Nine makes beside each other in 127.34.0.0/28, on ports that nobody else has.
struct Floor {
    explicit Floor(const Doors& doors) : plant{settings()} {
        std::vector<sim::AsicSettings> floor;
        const auto add = [&](auto device, std::uint16_t port) {
            device.machine = floor.size();
            device.host = "127.34.0." + std::to_string(floor.size() + 1);
            device.port = port;
            floor.push_back(device);
        };
        add(sim::LuxosSettings{}, doors.api);
        add(sim::Whatsminer2Settings{}, doors.api);
        add(sim::EpicSettings{}, doors.api);
        add(sim::CgminerSettings{}, doors.api);
        add(sim::Whatsminer3Settings{}, doors.whatsminer3);
        add(sim::AntminerSettings{}, doors.http);
        add(sim::BraiinsSettings{}, doors.http);
        add(sim::AxeosSettings{}, doors.http);
        add(sim::VnishSettings{}, doors.http);
        devices = std::make_unique<sim::AsicDevices>(floor, plant, 1, sim::AsicDevices::Timing{.reply = {1ms, 5ms}, .slow_reply = 2s, .idle = 60s});
    }
    static sim::PlantSettings settings() {
        sim::PlantSettings out;
        for (int i = 0; i < 9; ++i) out.machines.push_back({.name = std::to_string(i), .rated = Power{3'000}});
        for (auto& machine : out.machines) machine.off_after = {Duration{10}, Duration{10}};
        return out;
    }

    sim::LivePlant plant;
    std::unique_ptr<sim::AsicDevices> devices;
};

constexpr AsicProtocol order[] = {AsicProtocol::luxos,    AsicProtocol::whatsminer2, AsicProtocol::epic,  AsicProtocol::cgminer, AsicProtocol::whatsminer3,
                                  AsicProtocol::antminer, AsicProtocol::braiins,     AsicProtocol::axeos, AsicProtocol::vnish};

}  // namespace

TEST_CASE("a sweep finds every make where it lives, running or asleep, and orders nobody") {
    const Doors doors = free_doors();
    Floor floor{doors};
    bool asleep = false;
    SECTION("running") {}
    SECTION("asleep") { asleep = true; }
    if (asleep) {
        floor.plant.with([](sim::Plant& plant, Steady now) { for (std::size_t i = 0; i < 9; ++i) plant.sleep(i, now); return 0; });
        std::this_thread::sleep_for(100ms);
    }
    SweepSettings settings{.blocks = blocks({"127.34.0.0/28"}), .questions = {.doors = doors}, .rate = 2'000};
    Sweep sweep{std::move(settings)};
    CHECK(sweep.total() == 14);
    finish(sweep);
    const auto found = sweep.found();
    REQUIRE(found.size() == 9);
    for (std::size_t i = 0; i < 9; ++i) {
        CAPTURE(i, found[i].what.remark);
        CHECK(dotted(found[i].address) == "127.34.0." + std::to_string(i + 1));
        CHECK(found[i].what.make == order[i]);
        CHECK_FALSE((found[i].what.model.empty() && order[i] != AsicProtocol::braiins && order[i] != AsicProtocol::antminer));
        const bool silent = order[i] == AsicProtocol::cgminer || order[i] == AsicProtocol::antminer || order[i] == AsicProtocol::braiins;
        CHECK(found[i].what.mac.has_value() == !silent);
        if (!silent) CHECK(found[i].what.mode == (asleep ? Mode::asleep : Mode::running));
    }
    CHECK(floor.plant.with([](sim::Plant& plant, Steady now) { return plant.report(0, now).asleep; }) == asleep);
}

TEST_CASE("a sweep with logins learns the MACs of those who tell them to nobody else") {
    const Doors doors = free_doors();
    Floor floor{doors};
    SweepSettings settings{.blocks = blocks({"127.34.0.6", "127.34.0.7"}), .questions = {.doors = doors, .cnonce = "0a4f113b"}, .rate = 2'000};
    settings.questions.logins = {{AsicProtocol::antminer, {"root", "root"}}, {AsicProtocol::braiins, {"root", "root"}}};
    Sweep sweep{std::move(settings)};
    finish(sweep);
    const auto found = sweep.found();
    REQUIRE(found.size() == 2);
    CHECK(found[0].what.mac == 0x28e297000005);
    CHECK(found[0].what.model == "Antminer S19j Pro");
    CHECK(found[1].what.mac == 0x28e298000006);
}

TEST_CASE("a sweep begins no more connections in a second than it may") {
    SweepSettings settings{.blocks = blocks({"127.35.1.0/27"}), .questions = {.doors = free_doors()}, .rate = 200};
    Sweep sweep{std::move(settings)};
    const Duration took = finish(sweep);
    CHECK(sweep.connections() == 30 * 3);
    CHECK(took >= Duration{(90 - 21) * 5});
    CHECK(sweep.found().empty());
}

TEST_CASE("a sweep opens no more connections at once than it may, and is over though nobody ever answers") {
    Doors doors;
    doors.api = doors.whatsminer3 = doors.http = support::free_port();
    Street street{doors.api};
    for (int i = 1; i <= 14; ++i) street.add("127.35.0." + std::to_string(i), Street::Manner::hang);
    SweepSettings settings{.blocks = blocks({"127.35.0.0/28"}), .questions = {.doors = doors}, .rate = 1'000, .open = 5, .timeout = Duration{50}};
    Sweep sweep{std::move(settings)};
    finish(sweep, [&] { street.run(); });
    CHECK(sweep.done() == 14);
    CHECK(street.most_open <= 5);
    REQUIRE(sweep.found().size() == 14);
    for (const Found& one : sweep.found()) CHECK(one.what.remark == fmt::format("takes connections at port {} and says nothing that is understood", doors.api));
}

TEST_CASE("hostile answerers cost bounded time, and the sweep goes on to the others") {
    Doors doors;
    doors.api = support::free_port();
    doors.whatsminer3 = doors.http = support::free_port();
    Street street{doors.api}, web{doors.http};
    using enum Street::Manner;
    int last = 0;
    for (const auto manner : {hang, drip, endless, garbage, close})
        for (Street* where : {&street, &web}) where->add("127.36.0." + std::to_string(++last), manner);
    street.add("127.36.0.11", reset);
    std::vector<sim::AsicSettings> floor{sim::LuxosSettings{.host = "127.36.0.14", .port = doors.api}};
    sim::PlantSettings plant;
    plant.machines.push_back({.name = "a", .rated = Power{3'000}});
    sim::LivePlant live{plant};
    const sim::AsicDevices devices{floor, live, 1, sim::AsicDevices::Timing{.reply = {1ms, 5ms}, .slow_reply = 2s, .idle = 60s}};
    SweepSettings settings{.blocks = blocks({"127.36.0.0/28"}), .questions = {.doors = doors}, .rate = 1'000, .timeout = Duration{200}};
    Sweep sweep{std::move(settings)};
    const Duration took = finish(sweep, [&] {
        street.run();
        web.run();
    });
    CHECK(took < 10s);
    const auto found = sweep.found();
    REQUIRE(found.size() == 11);
    CHECK(found.back().what.make == AsicProtocol::luxos);
    for (std::size_t i = 0; i < 10; ++i) {
        CAPTURE(i);
        CHECK_FALSE(found[i].what.make);
        CHECK_FALSE(found[i].what.remark.empty());
    }
}

TEST_CASE("networks are read, and what is too wide is refused with the remedy") {
    CHECK(parse_network("10.0.0.0/24") == Block{0x0a000001, 0x0a0000fe});
    CHECK(parse_network("10.0.0.77/24") == Block{0x0a000001, 0x0a0000fe});
    CHECK(parse_network("10.0.0.7") == Block{0x0a000007, 0x0a000007});
    CHECK(parse_network("10.0.0.7/32") == Block{0x0a000007, 0x0a000007});
    CHECK(parse_network("10.0.0.6/31") == Block{0x0a000006, 0x0a000007});
    CHECK(parse_network("10.1.0.0/16") == Block{0x0a010001, 0x0a01fffe});
    CHECK(parse_network("10.0.0.0/15").error().detail == "10.0.0.0/15 has 131072 addresses; a sweep takes /16 at most: name the networks where miners live, several if need be");
    for (const char* text : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/24x", "10.0.0/24", "fd00::/120", "miner-1", "10.0.0.256"}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_network(text));
        CHECK(parse_network(text).error().code == Errc::malformed);
    }
    CHECK(merged({{20, 30}, {1, 5}, {4, 9}, {25, 26}}) == std::vector<Block>{{1, 9}, {20, 30}});
}
