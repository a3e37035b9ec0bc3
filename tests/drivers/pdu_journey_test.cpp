#include "controller/clock.hpp"
#include "drivers/switchgear/outlets.hpp"
#include "drivers/switchgear/pdu.hpp"
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"
#include "tests/support/pdu_peer.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

using namespace ballast;
using namespace ballast::drivers;
using namespace std::chrono_literals;
using support::PduPeer;

namespace {

constexpr Slot machines = 3;

/// Machines on outlets 1.. of a PDU. All acknowledge whatever they are told, and the first goes on as it was.
class Fleet final : public Driver {
public:
    Fleet(const PduPeer& pdu, Mailbox& mailbox) : pdu_{pdu}, mailbox_{mailbox} {}
    asio::awaitable<void> run(Mailbox&) override { co_return; }
    void submit(const Order& order) override {
        for (Slot s = order.loads.first; s < order.loads.last; ++s) {
            if (s != 0) asleep_[s] = !raises(order.rung);
            mailbox_.put(Receipt{order.id, {s, s + 1}, Fate::accepted, steady_now()});
            woken_ += raises(order.rung);
        }
    }
    /// What those say of themselves that have their supply, and what the meter shows of all.
    void tell() {
        Power sum;
        for (Slot s = 0; s < machines; ++s) {
            if (!pdu_.on(static_cast<int>(s) + 1)) continue;
            const Power draws{asleep_[s] ? 25 : 1'000};
            sum += draws;
            mailbox_.put(LoadReading{{s, s + 1}, asleep_[s] ? Mode::asleep : Mode::running, Quality::measured, draws, steady_now()});
        }
        mailbox_.put(MeterReading{MeterId{0}, sum, steady_now(), Quality::measured});
    }
    int woken() const { return woken_; }

private:
    const PduPeer& pdu_;
    Mailbox& mailbox_;
    std::array<bool, machines> asleep_{};
    int woken_ = 0;
};

PduSettings settings_of(const PduPeer& peer, std::uint16_t boots_at) {
    PduSettings settings;
    settings.name = "pdu-a";
    settings.agent = {.host = "127.0.0.1", .port = peer.port(), .version = SnmpVersion::v1, .community = "s3cret-pdu", .timeout = 1s};
    settings.control = settings.state = {1, 3, 6, 1, 4, 1, 318, 1, 1, 4, 4, 2, 1, 3};
    settings.stagger = 100ms;
    settings.poll = 500ms;
    for (Slot s = 0; s < machines; ++s) settings.outlets.push_back({s, s + 1, "m-" + std::to_string(s), Power{1'000}, Power{25}, "127.0.0.1", boots_at});
    return settings;
}

Site site() {
    Site site = tests::miners(machines);
    site.groups[0].can_power_off = true;
    site.groups[0].standby = Power{25};
    site.groups[0].off_within = 1s;
    return site;
}

}  // namespace

TEST_CASE("a machine that acknowledges its sleep and goes on drawing is powered off at its outlet within an emergency", "[pdu]") {
    PduPeer peer{SCRATCH_DIR, machines};
    REQUIRE(peer.up());
    asio::io_context io;
    Mailbox mailbox{machines, 1, [] {}};
    Fleet fleet{peer, mailbox};
    const std::uint16_t boots_at = support::free_port();
    const boost::asio::ip::tcp::acceptor booted{io, {boost::asio::ip::make_address_v4("127.0.0.1"), boots_at}};
    Pdu pdu{settings_of(peer, boots_at), fleet};
    Outlets outlets{{{0, &pdu}, {1, &pdu}, {2, &pdu}}, fleet};
    asio::cancellation_signal stop;
    bool ended = false;
    asio::co_spawn(io, pdu.run(mailbox), asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr error) {
                       ended = true;
                       if (error) std::rethrow_exception(error);
                   }));

    const auto now = [] { return Now{wall_now(), steady_now()}; };
    Engine engine{site(), tests::usual_policies(), {}, now()};
    std::vector<Order> ordered;
    std::vector<Event> heard;
    const auto live_until = [&](auto holds, Duration within) {
        for (const Steady end = steady_now() + within; steady_now() < end && !holds();) {
            fleet.tell();
            io.restart();
            io.run_for(std::chrono::milliseconds{50});
            mailbox.drain(heard);
            for (const Order& order : engine.step(now(), heard).orders) {
                ordered.push_back(order);
                outlets.submit(order);
            }
        }
        return holds();
    };
    const auto say = [&](SignalKind kind) {
        Signal signal{.source = tests::utility, .kind = kind, .id = "e-1"};
        signal.issued = signal.start = wall_now();
        signal.ask = Ask::full;
        mailbox.put(signal);
    };
    const auto rests = [&](Slot s) { return engine.state().loads[s].seen && !engine.state().loads[s].on; };

    live_until([] { return false; }, 1s);
    CHECK(ordered.empty());
    say(SignalKind::emergency);
    const Steady began = steady_now();
    REQUIRE(live_until([&] { return rests(0) && rests(1) && rests(2); }, 20s));
    CHECK(steady_now() - began >= 1s);  // Its first order had its time.
    CHECK_FALSE(peer.on(1));
    CHECK(peer.on(2));
    CHECK(peer.on(3));
    CHECK(engine.state().loads[0].mode == Mode::off);
    CHECK(std::ranges::count(ordered, Rung::power_off, &Order::rung) == 1);
    REQUIRE(live_until([&] { return engine.state().meters[0].power == Power{50}; }, 5s));

    say(SignalKind::release);
    REQUIRE(live_until([&] { return peer.on(1) && fleet.woken() == 3 && !rests(0) && !rests(1) && !rests(2); }, 60s));
    CHECK(live_until([&] { return std::ranges::all_of(engine.state().loads, [](const LoadState& l) { return l.seen && l.mode == Mode::running; }); }, 20s));
    CHECK(peer.sets().size() == 2);

    stop.emit(asio::cancellation_type::terminal);
    for (int i = 0; i < 200 && !ended; ++i) {
        io.restart();
        io.run_for(std::chrono::milliseconds{50});
    }
    CHECK(ended);
}
