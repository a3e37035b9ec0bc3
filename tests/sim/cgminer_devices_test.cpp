#include "tests/sim/one_device.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// One S9 of 1372 W: 14 TH/s.
struct Bench : OneDevice {
    explicit Bench(CgminerSettings given = {}, MachineFault fault = MachineFault::none) : OneDevice{"127.34.0.1", given, cgminer_physics("c-1", 1372_W), fault} {}
    json::value raw(const std::string& request) const {
        const json::value told = peer("cgminer_peer.py", request);
        CHECK(told.at("nul").as_bool());
        return told;
    }
    json::object told(const std::string& command) const { return raw(json::serialize(json::object{{"command", command}})).at("json").as_object(); }
    std::string text(const std::string& request) const { return std::string{raw(request).at("text").as_string()}; }
    std::int64_t code(const std::string& command) const { return told(command).at("STATUS").at(0).at("Code").as_int64(); }
};

}  // namespace

TEST_CASE("a cgminer tells what it hashes, in JSON and in text") {
    const Bench bench;
    CHECK(bench.told("summary").at("SUMMARY").at(0).at("MHS 5s").to_number<double>() == 14e6);
    CHECK(bench.told("devs").at("DEVS").as_array().size() == 3);
    CHECK(bench.told("pools").at("POOLS").at(0).at("Status").as_string() == "Alive");
    CHECK(bench.told("stats").at("STATS").as_array().size() == 2);
    CHECK(bench.told("version").at("VERSION").at(0).at("Type").as_string() == "Antminer S9");
    for (const auto& [command, code] : {std::pair{"summary", 11}, {"devs", 9}, {"pools", 7}, {"stats", 70}, {"version", 22}, {"fly", 14}, {"", 14}}) CHECK(bench.code(command) == code);
    for (const json::object& reply : {bench.told("summary"), bench.told("fly")}) CHECK(reply.at("id").as_int64() == 1);

    const std::string summary = bench.text("summary|");
    CHECK(summary.starts_with("STATUS=S,When="));
    CHECK(summary.find(",Code=11,Msg=Summary,Description=cgminer 4.11.1|SUMMARY,Elapsed=") != summary.npos);
    CHECK(bench.text("devs").find("|ASC=2,Name=BC5,ID=2,") != std::string::npos);
    CHECK(bench.text("restart|").find(",Code=45,Msg=Access denied to 'restart' command,") != std::string::npos);
}

TEST_CASE("a cgminer answers several commands at once, unless it is of those that do not") {
    const json::object both = Bench{}.told("summary+devs");
    CHECK(both.at("summary").at(0).at("SUMMARY").as_array().size() == 1);
    CHECK(both.at("devs").at(0).at("DEVS").as_array().size() == 3);
    CHECK(both.at("id").as_int64() == 1);
    CHECK(Bench{}.told("fly+restart").at("restart").at(0).at("STATUS").at(0).at("Code").as_int64() == 14);
    CgminerSettings given;
    given.combines = false;
    CHECK(Bench{given}.code("summary+devs") == 14);
}

TEST_CASE("a cgminer denies every privileged command to who is not in a W: group, and rests for nobody") {
    Bench bench;
    for (const char* command : {"privileged", "quit", "restart", "disablepool", "switchpool", "addpool", "ascset", "zero"}) {
        CAPTURE(command);
        CHECK(bench.code(command) == 45);
    }
    CHECK(bench.told("quit").at("STATUS").at(0).at("Msg").as_string() == "Access denied to 'quit' command");
    for (const char* command : {"pause", "curtail", "power_off"}) CHECK(bench.code(command) == 14);
    CHECK(bench.obeyed().empty());

    CgminerSettings given;
    given.privileged = true;
    Bench open{given};
    CHECK(open.code("privileged") == 46);
    CHECK(open.code("quit") == 14);
    CHECK(open.told("restart").at("STATUS").as_string() == "RESTART");
    CHECK(open.obeyed() == std::vector<std::string>{"restart"});
    CHECK(open.draws(1372_W));
    CHECK(Bench{given, MachineFault::refused}.code("restart") == 45);
}

TEST_CASE("what is no request a cgminer answers with 23, and one without a command with 24") {
    const Bench bench;
    const auto code = [&bench](const std::string& request) { return bench.raw(request).at("json").at("STATUS").at(0).at("Code").as_int64(); };
    CHECK(code("{\"command\":}") == 23);
    CHECK(code("{}") == 24);
    CHECK(code("{\"command\":17}") == 24);
    CHECK(code(std::string(9'000, '{')) == 23);
    RawPeer half{bench.host, bench.port};
    half.send("{\"command\":\"summ");
    half.finish_sending();
    CHECK(half.rest().find("\"Code\":23,") != std::string::npos);
    RawPeer slow{bench.host, bench.port};
    for (const char letter : std::string_view{"{\"command\":\"version\"}"}) slow.send({&letter, 1});
    CHECK(slow.rest().starts_with("{\"STATUS\":[{\"STATUS\":\"S\""));
    CHECK(slow.closed());
}

TEST_CASE("an untidy cgminer leaves out the comma between the objects of its statistics") {
    CgminerSettings given;
    given.untidy = true;
    const json::value told = Bench{given}.raw(R"({"command":"stats"})");
    CHECK(told.at("json").is_null());
    CHECK(told.at("text").as_string().find("}{\"STATS\":1,") != std::string::npos);
    CHECK(Bench{given}.told("summary").contains("SUMMARY"));
}

TEST_CASE("faulty cgminers: empty, garbage, and short of boards after a power cut") {
    const Bench empty{{}, MachineFault::empty_stats};
    CHECK(empty.told("summary").at("SUMMARY").as_array().empty());
    CHECK(empty.told("devs").at("DEVS").as_array().empty());
    CHECK(empty.told("stats").at("STATS").as_array().empty());
    CHECK(ask(empty.host, empty.port, R"({"command":"devs"})").back() == '\0');
    Bench garbage{{}, MachineFault::garbage};
    const std::string bytes = ask(garbage.host, garbage.port, R"({"command":"summary"})");
    boost::system::error_code error;
    (void)json::parse(bytes, error);
    CHECK(error);
    Bench few{{}, MachineFault::few_boards};
    few.plant.with([](Plant& p, Steady now) { p.reboot(0, now); });
    CHECK(few.draws(Power{45 + 1327 * 2 / 3}));
    CHECK(few.told("devs").at("DEVS").as_array().size() == 2);
}
