#include "sim/antminer_machine.hpp"

#include "sim/http_request.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <utility>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr std::size_t pool_slots = 3;

/// What a machine has that nobody configured, and what a config that leaves a thing out falls back to.
json::object factory_config() {
    return {{"api-listen", true}, {"api-network", true}, {"api-groups", "A:stats:pools:devs:summary:version"}, {"api-allow", "A:0/0,W:*"}, {"bitmain-fan-ctrl", false},
            {"bitmain-fan-pwm", "100"}, {"bitmain-use-vil", true}, {"bitmain-freq", "675"}, {"bitmain-voltage", "1360"}, {"bitmain-ccdelay", "0"}, {"bitmain-pwth", "0"}, {"bitmain-freq-level", "100"}};
}

std::string text(const json::object& object, std::string_view name) {
    const json::value* found = object.if_contains(name);
    return found && found->is_string() ? std::string{found->get_string()} : std::string{};
}

/// None if `pools` is no list of objects; without any, no pools.
std::optional<std::vector<AntminerSettings::Pool>> pools_in(const json::object& config) {
    std::vector<AntminerSettings::Pool> out;
    const json::value* given = config.if_contains("pools");
    if (given && !given->is_array()) return std::nullopt;
    if (given)
        for (const json::value& pool : given->get_array()) {
            if (!pool.is_object()) return std::nullopt;
            if (out.size() < pool_slots) out.push_back({text(pool.get_object(), "url"), text(pool.get_object(), "user"), text(pool.get_object(), "pass")});
        }
    out.resize(pool_slots);
    return out;
}

constexpr std::string_view illegal_request = R"({"stats":"error","code":"M001","msg":"Illegal request!"})";

}  // namespace

MachineSettings antminer_physics(std::string name, Power rated) {
    MachineSettings machine{.name = std::move(name), .rated = rated, .standby = Power{45}};
    machine.off_after = {seconds{5}, seconds{30}};
    machine.full_after = {seconds{300}, seconds{720}};
    return machine;
}

AntminerMachine::AntminerMachine(AntminerSettings settings, std::uint64_t seed)
    : settings_{std::move(settings)}, chance_{seed}, guard_{"antMiner Configuration", settings_.user, settings_.password, settings_.nonce_life, seed}, rest_{factory_config()} {
    if (settings_.joules_per_hash <= 0) settings_.joules_per_hash = 29'500;
    const auto n = static_cast<unsigned>(settings_.machine);
    if (settings_.mac.empty()) settings_.mac = fmt::format("28:E2:97:{:02X}:{:02X}:{:02X}", n >> 16 & 255, n >> 8 & 255, n & 255);
    if (settings_.serial.empty()) settings_.serial = fmt::format("HKYDSIM{:010d}", n);
    if (settings_.model.empty()) settings_.model = "Antminer S19j Pro";
    settings_.pools.resize(pool_slots);
}

AsicDevice::Heard AntminerMachine::hear(std::string_view bytes) const {
    return hear_http(bytes);
}

std::string AntminerMachine::framed(std::string nonsense) const {
    Said said;
    said.body = std::move(nonsense);
    return http(said, true);
}

std::string AntminerMachine::http(const Said& said, bool closes) const {
    return http_answer({.status = said.status, .body = said.body, .type = said.status == 200 ? "application/json" : "text/html", .more = said.more, .closes = closes, .chunked = settings_.chunked});
}

AsicDevice::Reply AntminerMachine::answer(const Asked& asked, Plant& plant) {
    if (started_ == Steady{}) started_ = asked.now;
    const auto given = asked.broken ? std::nullopt : http_request(asked.request);
    if (!given) {
        Said bad;
        bad.status = 400;
        return {.bytes = http(bad, true)};
    }
    if (!plant.report(settings_.machine, asked.now).pools) settings_.pools.assign(pool_slots, {});
    const Request request{*given, plant, asked.now, asked.wall};
    Said said = respond(request);
    const bool closes = settings_.closes || !given->keep_alive;
    return {.bytes = http(said, closes), .takes = said.takes, .closes = closes, .silent = said.silent, .privileged = std::move(said.privileged), .accepted = said.accepted};
}

AntminerMachine::Said AntminerMachine::respond(const Request& request) {
    Said said;
    if (settings_.dark_in_restart && request.now < restarts_until_) {
        said.silent = true;
        return said;
    }
    DigestGuard::Verdict verdict = guard_.judge(request.http.field("Authorization"), request.http.method, request.http.target, request.now);
    if (verdict == DigestGuard::Verdict::good && fault(request) == MachineFault::bad_tokens) verdict = DigestGuard::Verdict::stale;
    if (verdict == DigestGuard::Verdict::good) return route(request);
    said.status = 401;
    said.body = "<html><head><title>401 Unauthorized</title></head><body><h1>401 Unauthorized</h1></body></html>";
    said.more = fmt::format("WWW-Authenticate: {}\r\n", guard_.challenge(verdict == DigestGuard::Verdict::stale, request.now));
    return said;
}

AntminerMachine::Said AntminerMachine::route(const Request& request) {
    constexpr std::string_view folder = "/cgi-bin/";
    const std::string_view path = request.http.path();
    const std::string_view page = path.starts_with(folder) ? path.substr(folder.size()) : std::string_view{};
    const bool write = page == "set_miner_conf.cgi" || page == "reboot.cgi";
    Said said;
    if (write && fault(request) == MachineFault::refused) {
        said.status = 403;
        said.privileged = page == "reboot.cgi" ? "reboot" : "config";
        return said;
    }
    if (page == "set_miner_conf.cgi") return set_config(request);
    if (page == "reboot.cgi") return reboot(request);
    if (const auto told = telemetry(page, request)) said.body = json::serialize(*told);
    else said.status = 404;
    return said;
}

AntminerMachine::Said AntminerMachine::reboot(const Request& request) {
    request.plant.reboot(settings_.machine, request.now);
    Said said;
    said.privileged = "reboot";
    said.accepted = true;
    return said;
}

/// None: it says nothing of the mode, or in the form of another firmware.
std::optional<AntminerMachine::Mode> AntminerMachine::mode_in(const json::object& config, bool& illegal) const {
    const json::value* given = config.if_contains("miner-mode");
    if (!given) return std::nullopt;
    int mode = -1;
    if (given->is_string()) {
        const auto& word = given->get_string();
        if (word.size() == 1 && word[0] >= '0' && word[0] <= '3') mode = word[0] - '0';
    } else if (given->is_int64() && given->get_int64() >= 0 && given->get_int64() <= 3) {
        mode = static_cast<int>(given->get_int64());
    }
    illegal = mode < 0;
    const bool in_form = given->is_string() == (settings_.mode_form == AntminerSettings::ModeForm::text);
    return mode < 0 || !in_form ? std::nullopt : std::optional{Mode{mode}};
}

AntminerMachine::Said AntminerMachine::set_config(const Request& request) {
    Said said;
    said.body = illegal_request;
    boost::system::error_code broken;
    const json::value parsed = json::parse(request.http.body, broken);
    const bool readable = request.http.method == "POST" && !broken && parsed.is_object() && (!settings_.needs_text_plain || request.http.field("Content-Type").starts_with("text/plain"));
    if (!readable) return said;
    bool illegal = false;
    const auto mode = mode_in(parsed.get_object(), illegal);
    auto pools = pools_in(parsed.get_object());
    if (illegal || !pools) return said;
    settings_.pools = *std::move(pools);
    rest_ = factory_config();
    for (const auto& field : parsed.get_object())
        if (rest_.contains(field.key())) rest_[field.key()] = field.value();
    said.privileged = follow(mode.value_or(mode_), request);
    said.accepted = true;
    said.body = R"({"stats":"success","code":"M000","msg":"OK!"})";
    said.takes = chance_.in(settings_.write_reply);
    return said;
}

/// Whatever the config says, the miner program begins anew. Returns what was heard.
std::string AntminerMachine::follow(Mode mode, const Request& request) {
    const Mode before = std::exchange(mode_, mode);
    if (fault(request) != MachineFault::no_effect) restarts_until_ = request.now + chance_.in(settings_.restart);
    if (mode == Mode::sleep) {
        request.plant.sleep(settings_.machine, request.now);
        return before == mode ? "config" : "sleep";
    }
    const std::int64_t per_mille = mode == Mode::low ? settings_.low_per_mille : mode == Mode::high ? settings_.high_per_mille : 1'000;
    request.plant.set_level(settings_.machine, Power{rated(request).count * per_mille / 1'000}, Duration{0}, request.now);
    const bool slept = request.plant.report(settings_.machine, request.now).asleep;
    if (slept) request.plant.wake(settings_.machine, request.now);
    else request.plant.restart(settings_.machine, request.now);
    return before == Mode::sleep ? "wakeup" : before == mode ? "config" : "level";
}

}  // namespace ballast::sim
