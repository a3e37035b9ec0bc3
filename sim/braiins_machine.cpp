#include "sim/braiins_machine.hpp"

#include "sim/json_request.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr std::size_t most_request = 8'192, most_tokens = 64;
constexpr std::string_view root = "/api/v1/";

/// What changes something, and with which method.
struct Change {
    std::string_view path, method;
};
constexpr Change changes[] = {{"actions/pause", "PUT"}, {"actions/resume", "PUT"}, {"actions/restart", "PUT"}, {"actions/reboot", "PUT"}, {"performance/power-target", "PUT"}};

json::object object_in(std::string_view body) {
    boost::system::error_code broken;
    const json::value parsed = json::parse(body, broken);
    return !broken && parsed.is_object() ? parsed.get_object() : json::object{};
}

std::string_view text(const json::object& object, std::string_view name) {
    const json::value* found = object.if_contains(name);
    return found && found->is_string() ? std::string_view{found->get_string()} : std::string_view{};
}

/// Under `/api/v1/`, without the slash at its end; empty if it is elsewhere.
std::string_view page_of(std::string_view path) {
    if (!path.starts_with(root)) return {};
    path.remove_prefix(root.size());
    if (path.ends_with('/')) path.remove_suffix(1);
    return path;
}

}  // namespace

MachineSettings braiins_physics(std::string name, Power rated) {
    MachineSettings machine{.name = std::move(name), .rated = rated, .standby = Power{30}};
    machine.off_after = {seconds{2}, seconds{8}};
    machine.full_after = {seconds{120}, seconds{300}};
    return machine;
}

BraiinsMachine::BraiinsMachine(BraiinsSettings settings, std::uint64_t seed) : settings_{std::move(settings)}, chance_{seed} {
    if (settings_.joules_per_hash <= 0) settings_.joules_per_hash = 21'500;
    const auto n = static_cast<unsigned>(settings_.machine);
    if (settings_.mac.empty()) settings_.mac = fmt::format("28:e2:98:{:02x}:{:02x}:{:02x}", n >> 16 & 255, n >> 8 & 255, n & 255);
    if (settings_.uid.empty()) settings_.uid = fmt::format("sim{:013}", n);
    if (settings_.model.empty()) settings_.model = "Antminer S19 XP";
}

AsicDevice::Heard BraiinsMachine::hear(std::string_view bytes) const {
    if (settings_.api == BraiinsSettings::Api::rest) return hear_http(bytes);
    if (bytes.size() > most_request) return {Form::broken, 0};
    return hear_json(bytes);
}

std::string BraiinsMachine::framed(std::string nonsense) const {
    if (settings_.api == BraiinsSettings::Api::rest) return http_answer({.body = std::move(nonsense)});
    return nonsense + '\0';
}

AsicDevice::Reply BraiinsMachine::answer(const Asked& asked, Plant& plant) {
    const Request request{plant, asked.now, asked.wall};
    started_ = started_ == Steady{} ? asked.now : std::max(started_, plant.booted(settings_.machine));
    return settings_.api == BraiinsSettings::Api::rest ? rest(asked, request) : cgminer(asked, request);
}

BraiinsMachine::Said BraiinsMachine::refusal(unsigned status, std::string_view reason, std::string privileged) {
    return {.status = status, .body = std::string{reason}, .json = false, .privileged = std::move(privileged)};
}

AsicDevice::Reply BraiinsMachine::rest(const Asked& asked, const Request& request) {
    const auto http = asked.broken ? std::nullopt : http_request(asked.request);
    Said said = http ? route(*http, request) : refusal(400, "Bad Request");
    const bool closes = !http || !http->keep_alive;
    std::string bytes = http_answer({.status = said.status, .body = std::move(said.body), .type = said.json ? "application/json" : "text/plain", .closes = closes});
    return {.bytes = std::move(bytes), .closes = closes, .privileged = std::move(said.privileged), .accepted = said.accepted};
}

BraiinsMachine::Said BraiinsMachine::route(const HttpRequest& http, const Request& request) {
    const std::string_view page = page_of(http.path());
    if (page == "auth/login") return http.method == "POST" ? login(http, request) : refusal(405, "Method Not Allowed");
    if (page != "version" && !knows(http.field("Authorization"), request)) return refusal(401, "Unauthorized");
    const auto change_it = std::ranges::find(changes, page, &Change::path);
    if (change_it != std::end(changes) && http.method == change_it->method) return change(page, http, request);
    auto told = telemetry(page, request);
    if (!told) return change_it == std::end(changes) ? refusal(404, "Not Found") : refusal(405, "Method Not Allowed");
    if (http.method != "GET") return refusal(405, "Method Not Allowed");
    return {.body = json::serialize(*told)};
}

BraiinsMachine::Said BraiinsMachine::login(const HttpRequest& http, const Request& request) {
    const json::object who = object_in(http.body);
    if (!who.contains("username") || !who.contains("password")) return refusal(400, "Bad Request", "token");
    if (fault(request) == MachineFault::no_tokens) return refusal(500, "Internal Server Error", "token");
    if (text(who, "username") != settings_.user || text(who, "password") != settings_.password) return refusal(401, "Unauthorized", "token");
    constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    std::string token;
    for (int i = 0; i < 16; ++i) token += letters[chance_.below(letters.size())];
    if (tokens_.size() >= most_tokens) tokens_.erase(tokens_.begin());
    tokens_.push_back({token, request.now + settings_.token_life});
    const json::object said{{"timeout_s", settings_.token_life.count() / 1'000}, {"token", token}};
    return {.body = json::serialize(said), .privileged = "token", .accepted = true};
}

/// A token that is named lives anew. A boot forgets them all.
bool BraiinsMachine::knows(std::string_view token, const Request& request) {
    const Steady booted = request.plant.booted(settings_.machine);
    std::erase_if(tokens_, [&](const Token& one) { return one.until <= request.now || one.until - settings_.token_life < booted; });
    const auto found = std::ranges::find(tokens_, token, &Token::text);
    if (found == tokens_.end() || fault(request) == MachineFault::bad_tokens) return false;
    found->until = request.now + settings_.token_life;
    return true;
}

BraiinsMachine::Said BraiinsMachine::change(std::string_view what, const HttpRequest& http, const Request& request) {
    const std::size_t machine = settings_.machine;
    if (fault(request) == MachineFault::refused) return refusal(403, "Forbidden", std::string{what});
    if (what == "performance/power-target") return power_target(http, request);
    const bool slept = report(request).asleep;
    const auto done = [](std::string_view body, std::string privileged) { return Said{.body = std::string{body}, .privileged = std::move(privileged), .accepted = true}; };
    if (what == "actions/pause") {
        request.plant.sleep(machine, request.now);
        return done(slept ? "true" : "false", "sleep");
    }
    if (what == "actions/resume") {
        request.plant.wake(machine, request.now);
        return done(slept ? "false" : "true", "wakeup");
    }
    if (what == "actions/restart") {
        request.plant.restart(machine, request.now);
        return done("true", "restart");
    }
    request.plant.reboot(machine, request.now);
    Said gone = done("", "reboot");
    gone.status = 204;
    return gone;
}

BraiinsMachine::Said BraiinsMachine::power_target(const HttpRequest& http, const Request& request) {
    const json::object asked = object_in(http.body);
    const json::value* watts = asked.if_contains("watt");
    if (!watts || !watts->is_int64()) return refusal(400, "Bad Request", "performance/power-target");
    const Power target{watts->get_int64()};
    if (target < settings_.least_target || target > settings_.most_target)
        return refusal(400, fmt::format("Power target {} W is out of range, allowed range is {}-{} W", target.count, settings_.least_target.count, settings_.most_target.count), "performance/power-target");
    request.plant.set_level(settings_.machine, target, seconds{10}, request.now);
    return {.body = json::serialize(json::object{{"watt", target.count}}), .privileged = "level", .accepted = true};
}

}  // namespace ballast::sim
