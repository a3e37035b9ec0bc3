#include "tests/catch.hpp"

#include "sim/asic_devices.hpp"
#include "tests/sim/peer.hpp"

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

struct Fleet {
    PlantSettings plant;
    std::vector<LuxosSettings> machines;
};

/// Miners of 3500 W at 127.21.0.1, .2, ... that fall asleep and wake within a tenth of a second.
Fleet fleet(std::size_t count, std::uint16_t port) {
    Fleet out;
    for (std::size_t i = 0; i < count; ++i) {
        MachineSettings machine{.name = "m-" + std::to_string(i), .rated = 3500_W};
        machine.off_after = machine.full_after = {100ms, 100ms};
        out.plant.machines.push_back(machine);
        const std::string host = "127.21." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
        out.machines.push_back({.host = host, .port = port, .machine = i, .joules_per_hash = 17'500});
    }
    return out;
}

std::vector<AsicSettings> floor_of(const std::vector<LuxosSettings>& machines) {
    return {machines.begin(), machines.end()};
}

const AsicDevices::Timing at_once{.reply = {0ms, 0ms}, .slow_reply = 300ms, .idle = 60s};

json::object parsed(std::string reply) {
    REQUIRE_FALSE(reply.empty());
    REQUIRE(reply.back() == '\0');
    reply.pop_back();
    return json::parse(reply).as_object();
}

std::int64_t code(const std::string& reply) {
    return parsed(reply).at("STATUS").at(0).at("Code").as_int64();
}

std::string session_of(const std::string& reply) {
    return std::string{parsed(reply).at("SESSION").at(0).at("SessionID").as_string()};
}

std::set<std::string> names(const json::object& object) {
    std::set<std::string> out;
    for (const auto& field : object) out.emplace(field.key());
    return out;
}

}  // namespace

TEST_CASE("a LuxOS miner keeps the single-session rule") {
    const std::uint16_t port = free_port();
    Fleet given = fleet(2, port);
    LivePlant plant{given.plant};
    AsicDevices devices{floor_of(given.machines), plant, 1, at_once};
    const auto tell = [port](std::string_view request) { return ask("127.21.0.1", port, request); };

    CHECK(session_of(tell(R"({"command":"session"})")).empty());
    const std::string session = session_of(tell(R"({"command":"logon"})"));
    CHECK(session.size() == 8);
    CHECK(code(tell(R"({"command":"logon"})")) == 402);
    CHECK(session_of(tell(R"({"command":"session"})")) == session);
    CHECK(code(ask("127.21.0.2", port, R"({"command":"logon"})")) == 316);

    CHECK(code(tell(R"({"command":"curtail","parameter":"nobody12,sleep"})")) == 401);
    CHECK(code(tell(R"({"command":"curtail","parameter":"sleep"})")) == 401);
    CHECK(code(tell(R"({"command":"curtail"})")) == 401);
    const std::string slept = tell(R"({"command":"curtail","parameter":")" + session + R"(,sleep"})");
    CHECK(code(slept) == 335);
    CHECK(parsed(slept).at("CURTAIL").at(0).at("Action").as_string() == "sleep mode");
    CHECK(await([&] { return plant.with([](Plant& p, Steady now) { return p.machine_power(0, now); }) == 25_W; }));

    const json::object config = parsed(tell(R"({"command":"config"})")).at("CONFIG").at(0).as_object();
    CHECK(config.at("CurtailMode").as_string() == "Sleep");
    CHECK_FALSE(config.at("IsPowerSupplyOn").as_bool());
    CHECK(config.at("Model").as_string() == "Antminer S21");
    CHECK(config.at("MACAddr").as_string() == "62:f7:5e:00:00:00");
    CHECK(parsed(tell(R"({"command":"power"})")).at("POWER").at(0).at("Watts").as_int64() == 25);

    const std::string woken = tell(R"({"command":"curtail","parameter":")" + session + R"(,wakeup"})");
    CHECK(parsed(woken).at("CURTAIL").at(0).at("Action").as_string() == "wake up");
    CHECK(await([&] { return plant.with([](Plant& p, Steady now) { return p.machine_power(0, now); }) == 3500_W; }));
    CHECK(parsed(tell(R"({"command":"config"})")).at("CONFIG").at(0).at("CurtailMode").as_string() == "None");
    CHECK(code(tell(R"({"command":"logoff","parameter":"wrong"})")) == 401);
    CHECK(code(tell(R"({"command":"logoff","parameter":")" + session + R"("})")) == 317);
    CHECK(code(tell(R"({"command":"logon"})")) == 316);

    const auto heard = plant.commands();
    std::vector<std::string> obeyed;
    for (const CommandHeard& command : heard)
        if (command.machine == 0 && command.accepted) obeyed.push_back(command.command);
    CHECK(obeyed == std::vector<std::string>{"logon", "sleep", "wakeup", "logoff", "logon"});
}

TEST_CASE("what a LuxOS miner answers has the fields and codes of the captured replies") {
    const char* given = std::getenv("BALLAST_SHARED");
    const std::filesystem::path captures = std::filesystem::path{given ? given : PROJECT_DIR "/../shared"} / "captures/luxminer/v1";
    if (!std::filesystem::exists(captures)) {
        WARN("skipped: no captures in " << captures.string() << "; set BALLAST_SHARED");
        return;
    }
    const std::uint16_t port = free_port();
    Fleet one = fleet(1, port);
    LivePlant plant{one.plant};
    AsicDevices devices{floor_of(one.machines), plant, 1, at_once};
    for (const auto& [command, section] : {std::pair{"power", "POWER"}, {"config", "CONFIG"}, {"summary", "SUMMARY"}, {"version", "VERSION"}}) {
        CAPTURE(command);
        const json::object real = json::parse(file_text(captures / (std::string{command} + ".json"))).as_object();
        const json::object ours = parsed(ask("127.21.0.1", port, json::serialize(json::object{{"command", command}})));
        CHECK(names(ours) == names(real));
        CHECK(names(ours.at("STATUS").at(0).as_object()) == names(real.at("STATUS").at(0).as_object()));
        CHECK(ours.at("STATUS").at(0).at("Code") == real.at("STATUS").at(0).at("Code"));
        CHECK(ours.at("STATUS").at(0).at("Msg") == real.at("STATUS").at(0).at("Msg"));
        const json::object& fields = real.at(section).at(0).as_object();
        for (const auto& field : ours.at(section).at(0).as_object()) {
            CAPTURE(std::string{field.key()});
            REQUIRE(fields.contains(field.key()));
            CHECK((fields.at(field.key()).is_number() ? field.value().is_number() : fields.at(field.key()).kind() == field.value().kind()));
        }
    }
}

TEST_CASE("a LuxOS miner answers every bad request with an error, and closes") {
    const std::uint16_t port = free_port();
    Fleet one = fleet(1, port);
    LivePlant plant{one.plant};
    AsicDevices devices{floor_of(one.machines), plant, 1, at_once};
    const auto tell = [port](std::string_view request) { return ask("127.21.0.1", port, request); };

    CHECK(code(tell(R"({"command":"fly"})")) == 14);
    CHECK(code(tell("{}")) == 14);
    CHECK(code(tell(R"({"command":17,"parameter":[1]})")) == 14);
    CHECK(code(tell("summary|")) == 23);
    CHECK(code(tell("GET / HTTP/1.1\r\n\r\n")) == 23);
    CHECK(code(tell("{\"command\":}")) == 23);
    CHECK(code(tell("{\"command\":\"\xff\xfe\"}")) == 23);
    CHECK(code(tell("{\"command\":\"" + std::string(20'000, 'x'))) == 23);
    CHECK(code(tell(std::string(3'000, '{'))) == 23);

    RawPeer half{"127.21.0.1", port};
    half.send("{\"command\":\"po");
    half.finish_sending();
    CHECK(code(half.rest()) == 23);

    RawPeer slow{"127.21.0.1", port};
    for (const char letter : std::string_view{R"({"command":"version"})"}) slow.send({&letter, 1});
    CHECK(code(slow.rest()) == 22);
    CHECK(slow.closed());

    const json::object both = parsed(tell(R"({"command":"summary+power"})"));
    CHECK(both.at("power").at(0).at("POWER").at(0).at("Watts").as_int64() == 3500);
    CHECK(both.contains("summary"));
}

TEST_CASE("socat sees the bytes of a LuxOS reply as they are: JSON, NUL, end") {
    const std::uint16_t port = free_port();
    Fleet one = fleet(1, port);
    LivePlant plant{one.plant};
    AsicDevices devices{floor_of(one.machines), plant, 1};
    const ScratchFolder scratch{SCRATCH_DIR};
    const std::string shell = R"(printf '{"command":"power"}' | socat -t 10 - TCP:127.21.0.1:)" + std::to_string(port);
    REQUIRE(run({"sh", "-c", shell}, scratch.path() / "out") == 0);
    const std::string bytes = file_text(scratch.path() / "out");
    CHECK(bytes.starts_with(R"({"POWER":[{"PSU":true,"Watts":3500}],"STATUS":[{"Code":311,)"));
    CHECK(bytes.ends_with(std::string("}],\"id\":1}\0", 11)));
}

TEST_CASE("faulty miners hang, refuse, babble and dawdle, and the others are not delayed") {
    const std::uint16_t port = free_port();
    Fleet given = fleet(5, port);
    const MachineFault faults[] = {MachineFault::hung, MachineFault::refused, MachineFault::garbage, MachineFault::slow_reply, MachineFault::none};
    for (std::size_t i = 0; i < 5; ++i) given.plant.machines[i].fault = faults[i];
    LivePlant plant{given.plant};
    AsicDevices devices{floor_of(given.machines), plant, 7, at_once};
    const auto tell = [port](int i, std::string_view request) { return ask("127.21.0." + std::to_string(i), port, request); };

    RawPeer hung{"127.21.0.1", port};
    hung.send(R"({"command":"power"})");
    const std::string denied = tell(2, R"({"command":"logon"})");
    CHECK(code(denied) == 45);
    CHECK(code(tell(2, R"({"command":"power"})")) == 311);
    for (int i = 0; i < 20; ++i) {
        std::string reply = tell(3, R"({"command":"power"})");
        REQUIRE(reply.back() == '\0');
        reply.pop_back();
        boost::system::error_code error;
        (void)json::parse(reply, error);
        CHECK(error);
    }
    const auto before = std::chrono::steady_clock::now();
    CHECK(code(tell(4, R"({"command":"power"})")) == 311);
    CHECK(std::chrono::steady_clock::now() - before >= 300ms);
    CHECK(code(tell(5, R"({"command":"power"})")) == 311);
    CHECK(hung.read(1, 50ms).empty());
    CHECK_FALSE(hung.closed());
}

TEST_CASE("any make can reset, move, forget its numbers or its sessions") {
    const std::uint16_t port = free_port();
    Fleet given = fleet(5, port);
    const MachineFault faults[] = {MachineFault::resets, MachineFault::moved, MachineFault::empty_stats, MachineFault::bad_tokens, MachineFault::no_tokens};
    for (std::size_t i = 0; i < 5; ++i) given.plant.machines[i].fault = faults[i];
    LivePlant plant{given.plant};
    AsicDevices devices{floor_of(given.machines), plant, 7, at_once};
    const auto tell = [port](int i, std::string_view request) { return ask("127.21.0." + std::to_string(i), port, request); };

    CHECK(tell(1, R"({"command":"logon"})").empty());
    CHECK(plant.commands().at(0).accepted);
    CHECK(parsed(tell(2, R"({"command":"config"})")).at("CONFIG").at(0).at("MACAddr").as_string() == "02:f7:5e:00:00:01");
    CHECK(parsed(tell(3, R"({"command":"summary"})")).at("SUMMARY").at(0).as_object().empty());
    const std::string session = session_of(tell(4, R"({"command":"logon"})"));
    CHECK(code(tell(4, R"({"command":"curtail","parameter":")" + session + R"(,sleep"})")) == 401);
    CHECK(code(tell(5, R"({"command":"logon"})")) == 402);
}

TEST_CASE("a thousand miners share one listener, and only those in the list answer") {
    const std::uint16_t port = free_port();
    Fleet given = fleet(1'000, port);
    LivePlant plant{given.plant};
    AsicDevices devices{floor_of(given.machines), plant, 1, at_once};
    for (const std::size_t i : {std::size_t{0}, std::size_t{499}, std::size_t{999}}) {
        const std::string reply = ask(given.machines[i].host, port, R"({"command":"config"})");
        CHECK(parsed(reply).at("CONFIG").at(0).at("IPAddr").as_string() == given.machines[i].host);
    }
    RawPeer stranger{"127.22.0.1", port};
    stranger.send(R"({"command":"config"})");
    CHECK(stranger.rest().empty());
    CHECK(stranger.closed());
}

TEST_CASE("an idle connection ends, and so do the devices while peers hold on") {
    const std::uint16_t port = free_port();
    Fleet one = fleet(1, port);
    LivePlant plant{one.plant};
    AsicDevices::Timing timing = at_once;
    timing.idle = 200ms;
    auto devices = std::make_unique<AsicDevices>(floor_of(one.machines), plant, 1, timing);
    RawPeer idle{"127.21.0.1", port};
    CHECK(idle.rest().empty());
    CHECK(idle.closed());
    RawPeer held{"127.21.0.1", port};
    held.send("{");
    devices.reset();
    CHECK(held.rest().empty());
    CHECK(held.closed());
}

TEST_CASE("a machine that is not on loopback, or given twice, or taken, is refused by name") {
    const std::uint16_t port = free_port();
    Fleet given = fleet(2, port);
    LivePlant plant{given.plant};
    const auto why = [&plant](std::vector<LuxosSettings> machines) {
        try {
            AsicDevices devices{floor_of(machines), plant, 1};
        } catch (const std::runtime_error& error) {
            return std::string{error.what()};
        }
        return std::string{};
    };
    auto outside = given.machines;
    outside[1].host = "10.0.0.7";
    CHECK(why(outside).find("\"10.0.0.7\"") != std::string::npos);
    outside[1].host = "miner.example";
    CHECK(why(outside).find("miner.example") != std::string::npos);
    auto twice = given.machines;
    twice[1].host = twice[0].host;
    CHECK(why(twice).find("given to two machines") != std::string::npos);
    AsicDevices first{floor_of(given.machines), plant, 1};
    CHECK(why(given.machines).find("127.21.0.1:" + std::to_string(port)) != std::string::npos);
}
