// What agents of GPU nodes say, and what is believed of it.
#include "drivers/gpu/nodes.hpp"

#include "tests/catch.hpp"
#include "wire/rfc3339.hpp"

#include <fmt/format.h>

using namespace ballast;
using namespace ballast::drivers;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + std::chrono::hours{12}};
constexpr Steady now{std::chrono::hours{100}};

struct Bench {
    GpuNodes nodes{"pecos", {{Slot{3}, "dgx-1", 10'200_W}, {Slot{4}, "dgx-2", 10'200_W}}};
    Mailbox mailbox{8, 1, {}};
    std::vector<Event> events;

    void hear(const std::string& payload, Duration after = 0s, const std::string& load = "dgx-1") {
        nodes.hear("ballast/pecos/gpu/" + load + "/status", payload, noon + after, now + after, mailbox);
        mailbox.drain(events);
    }
    std::uint64_t ignored(GpuIgnored why) const { return nodes.counts().ignored[static_cast<std::size_t>(why)]; }
    template <class Kind>
    std::vector<Kind> heard() const {
        std::vector<Kind> all;
        for (const Event& event : events)
            if (const auto* one = std::get_if<Kind>(&event)) all.push_back(*one);
        return all;
    }
};

std::string status(Duration at, std::int64_t watts, const std::string& more = "", const std::string& mode = "running") {
    return fmt::format(R"({{"time":"{}","mode":"{}","watts":{}{}}})", wire::rfc3339(noon + at), mode, watts, more);
}

Order order(std::uint64_t id, Rung rung, Power cap = {}) {
    Order o{OrderId{id}, GroupId{0}, {3, 5}, rung};
    o.why.reason = Reason::dispatched;
    o.why.event = EventId{7};
    o.cap = cap;
    return o;
}

std::string ack(std::uint64_t id, const char* result) { return fmt::format(R"(,"acks":[{{"order":{},"result":"{}"}}])", id, result); }

}  // namespace

TEST_CASE("a node's status becomes a reading of its time, and what says nothing new an answer") {
    Bench bench;
    bench.hear(status(-2s, 9'800));
    REQUIRE(bench.heard<LoadReading>().size() == 1);
    const LoadReading reading = bench.heard<LoadReading>()[0];
    CHECK(reading.loads == Range{3, 4});
    CHECK(reading.power == 9'800_W);
    CHECK(reading.taken == now - 2s);
    bench.hear(status(1s, 9'810), 1s);
    CHECK(bench.heard<LoadReading>().empty());
    CHECK(bench.heard<Answered>().size() == 1);
    bench.hear(status(2s, 6'000), 2s);
    CHECK(bench.heard<LoadReading>().size() == 1);
    bench.hear(R"({"time":"2026-11-22T12:00:03Z","mode":"running","watts":null})", 3s);
    CHECK(bench.heard<LoadReading>().at(0).quality == Quality::bad);
    bench.hear(status(4s, 400, "", "asleep"), 4s, "dgx-2");
    CHECK(bench.heard<LoadReading>().at(0).mode == Mode::asleep);
}

TEST_CASE("a hostile, late, doubled or stale status is ignored, and counted with its reason") {
    Bench bench;
    bench.hear(status(0s, 9'800));
    const auto is = [&](GpuIgnored why, const std::string& payload, Duration at = 1s, const std::string& load = "dgx-1") {
        const auto before = bench.ignored(why);
        bench.hear(payload, at, load);
        CHECK(bench.events.empty());
        CHECK(bench.ignored(why) == before + 1);
        CHECK(!bench.nodes.counts().last.empty());
    };
    is(GpuIgnored::repeated, status(0s, 100));            // Doubled, and with another number.
    is(GpuIgnored::repeated, status(-5s, 100));           // Overtaken.
    is(GpuIgnored::stale, status(-31s, 100), 1s, "dgx-2");  // Retained by a broker since before.
    is(GpuIgnored::from_future, status(60s, 100));
    is(GpuIgnored::implausible, status(1s, 99'999));
    is(GpuIgnored::implausible, status(1s, -1));
    is(GpuIgnored::stranger, status(1s, 100), 1s, "dgx-9");
    is(GpuIgnored::stranger, status(1s, 100), 1s, "dgx-1/more");
    is(GpuIgnored::oversized, std::string(5'000, ' '));
    for (const char* junk : {"", "null", "[]", "{}", "\xff\xfe", R"({"time":"yesterday","mode":"running"})", R"({"time":"2026-11-22T12:00:01Z","mode":"dreaming","watts":1})",
                             R"({"time":"2026-11-22T12:00:01Z","mode":"running","watts":"1"})", R"({"time":"2026-11-22T12:00:01Z","mode":"running","watts":NaN})",
                             R"({"time":"2026-11-22T12:00:01Z","mode":"running","watts":1,"acks":7})", R"({"time":"2026-11-22T12:00:01Z","mode":"running","watts":1,"acks":[{"result":"done"}]})"})
        is(GpuIgnored::malformed, junk);
    bench.hear(status(1s, 9'700 - 3'000), 1s);  // And the next good one counts as ever.
    CHECK(bench.heard<LoadReading>().size() == 1);
}

TEST_CASE("an order becomes a message for each load, and only its own acknowledgements are believed, once") {
    Bench bench;
    const auto messages = bench.nodes.order(order(20, Rung::cap, 6'000_W), noon);
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].topic == "ballast/pecos/gpu/dgx-1/order");
    CHECK(messages[0].payload == R"({"order":20,"action":"cap","watts":6000,"means":"power","issued":"2026-11-22T12:00:00Z","deadline":"2026-11-22T12:00:10Z","reason":"dispatched","event":7})");
    bench.hear(status(1s, 9'800, ack(21, "done")), 1s);
    CHECK(bench.heard<Receipt>().empty());
    CHECK(bench.ignored(GpuIgnored::strange_ack) == 1);
    bench.hear(status(2s, 9'800, ack(20, "accepted")), 2s);
    REQUIRE(bench.heard<Receipt>().size() == 1);
    CHECK(bench.heard<Receipt>()[0].fate == Fate::accepted);
    CHECK(bench.heard<Receipt>()[0].loads == Range{3, 4});
    bench.hear(status(3s, 6'000, ack(20, "done")), 3s);
    CHECK(bench.heard<Receipt>().empty());
    bench.hear(status(4s, 6'000, ack(20, "refused")), 4s);
    CHECK(bench.heard<Receipt>().at(0).fate == Fate::refused);
}

TEST_CASE("that a checkpoint or a resume was accepted is not yet that it is done") {
    Bench bench;
    bench.nodes.order(order(30, Rung::checkpoint), noon);
    bench.nodes.order(order(31, Rung::uncap), noon);
    bench.hear(status(1s, 9'800, R"(,"acks":[{"order":30,"result":"accepted"},{"order":31,"result":"accepted"}])"), 1s);
    CHECK(bench.heard<Receipt>().empty());
    bench.hear(status(2s, 9'800, R"(,"acks":[{"order":30,"result":"done"},{"order":31,"result":"done"}])"), 2s);
    CHECK(bench.heard<Receipt>().size() == 2);
    bench.nodes.order(order(32, Rung::sleep), noon);
    bench.hear(status(3s, 9'800, ack(30, "refused")), 3s);  // Its checkpoint is still the one that was asked for last.
    CHECK(bench.heard<Receipt>().at(0).fate == Fate::refused);
    bench.hear(status(4s, 9'800, ack(31, "refused")), 4s);  // The resume was replaced.
    CHECK(bench.heard<Receipt>().empty());
}

TEST_CASE("orders and statuses are read back as they were written") {
    wire::GpuOrder o{99, wire::GpuOrder::Action::cap, 700_W, true, noon, noon + 5s, "contract_limit", 4};
    const auto order_back = wire::parse_gpu_order(wire::gpu_order_json(o));
    REQUIRE(order_back);
    CHECK(order_back->order == 99);
    CHECK(order_back->watts == 700_W);
    CHECK(order_back->by_clock);
    CHECK(order_back->deadline == noon + 5s);
    wire::GpuStatus s{noon, Mode::running, 9'000_W, 9'500_W, {{99, wire::GpuStatus::Result::done}, {98, wire::GpuStatus::Result::refused}}};
    const auto back = wire::parse_gpu_status(wire::gpu_status_json(s));
    REQUIRE(back);
    CHECK(back->cap == 9'500_W);
    REQUIRE(back->acks.size() == 2);
    CHECK(back->acks[1].order == 98);
    CHECK(wire::load_of_gpu_topic("pecos", "ballast/pecos/gpu/a/status", "status") == "a");
    CHECK(wire::load_of_gpu_topic("pecos", "ballast/pecos/gpu//status", "status").empty());
}
