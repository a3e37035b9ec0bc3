#include "sim/vnish_machine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr std::string_view root = "/api/v1", bearer = "Bearer ";
constexpr std::size_t most_tokens = 64;  ///< The oldest makes room.

struct Operation {
    std::string_view path, privileged;
};
constexpr Operation operations[] = {{"/mining/stop", "sleep"},      {"/mining/pause", "sleep"},    {"/mining/start", "wakeup"},  {"/mining/resume", "wakeup"},
                                    {"/mining/restart", "restart"}, {"/system/reboot", "reboot"}, {"/mining/throttle", "level"}};

const Operation* operation(std::string_view path) {
    const auto* found = std::ranges::find(operations, path, &Operation::path);
    return found == std::end(operations) ? nullptr : found;
}

HttpSaid failed(unsigned status, std::string_view why) {
    return said(status, json::serialize(json::object{{"err", why}}));
}

}  // namespace

MachineSettings vnish_physics(std::string name, Power rated) {
    MachineSettings machine{.name = std::move(name), .rated = rated, .standby = Power{45}};
    machine.off_after = {seconds{2}, seconds{10}};
    machine.full_after = {seconds{180}, seconds{420}};
    machine.sleep_persists = false;
    return machine;
}

VnishMachine::VnishMachine(VnishSettings settings, std::uint64_t seed) : settings_{std::move(settings)}, chance_{seed} {
    if (settings_.joules_per_hash <= 0) settings_.joules_per_hash = 29'500;
    const auto n = static_cast<unsigned>(settings_.machine);
    if (settings_.mac.empty()) settings_.mac = fmt::format("FE:07:26:{:02X}:{:02X}:{:02X}", n >> 16 & 255, n >> 8 & 255, n & 255);
    if (settings_.serial.empty()) settings_.serial = fmt::format("SMTTSIM{:010d}", n);
    if (settings_.model.empty()) settings_.model = "Antminer S19j Pro";
}

AsicDevice::Reply VnishMachine::answer(const Asked& asked, Plant& plant) {
    const auto given = asked.broken ? std::nullopt : http_request(asked.request);
    if (!given) return http_reply(said(400), false);
    const std::string_view path = given->path();
    if (!path.starts_with(root)) return http_reply(said(404), given->keep_alive);
    return http_reply(respond({*given, path.substr(root.size()), plant, asked.now}), given->keep_alive);
}

void VnishMachine::forget(const Request& request) {
    if (std::exchange(booted_, request.plant.booted(settings_.machine)) != request.plant.booted(settings_.machine)) tokens_.clear();
    std::erase_if(tokens_, [&request](const Token& token) { return token.until <= request.now; });
    while (!unlocks_.empty() && request.now - unlocks_.front() >= seconds{60}) unlocks_.pop_front();
}

/// Null: by no token; a key may still let it in.
const VnishMachine::Token* VnishMachine::authorized(const Request& request) const {
    if (fault(request) == MachineFault::bad_tokens) return nullptr;
    std::string_view given = request.http.field("Authorization");
    const bool bare = !given.starts_with(bearer);
    if (bare && (!settings_.takes_bare || request.path.starts_with("/system/"))) return nullptr;
    if (!bare) given.remove_prefix(bearer.size());
    const auto found = std::ranges::find(tokens_, given, &Token::word);
    return found == tokens_.end() ? nullptr : &*found;
}

bool VnishMachine::lets_in(const Request& request) const {
    const bool by_key = !settings_.api_key.empty() && request.http.field("x-api-key") == settings_.api_key && fault(request) != MachineFault::bad_tokens;
    return by_key || authorized(request);
}

HttpSaid VnishMachine::respond(const Request& request) {
    forget(request);
    const std::string_view path = request.path;
    const bool reads = path == "/info" || path == "/status" || path == "/summary" || path == "/auth-check";
    const bool writes = operation(path) && (settings_.throttles || path != "/mining/throttle");
    if (!reads && !writes && path != "/unlock") return said(404);
    if (request.http.method != (reads ? "GET" : "POST")) return said(405);
    return reads ? read(request) : writes ? write(request) : unlock(request);
}

HttpSaid VnishMachine::unlock(const Request& request) {
    HttpSaid told;
    const auto asked = object_in(request.http.body);
    if (unlocks_.size() >= settings_.unlocks_a_minute || fault(request) == MachineFault::no_tokens) {
        told = said(429, json::serialize(json::object{{"unlock_timeout", 60}}));
    } else {
        unlocks_.push_back(request.now);
        if (!asked) told = failed(400, "Invalid request");
        else if (text_in(*asked, "pw") != settings_.password) told = said(403, "{}");
        else {
            constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
            std::string word;
            for (int i = 0; i < 32; ++i) word += letters[chance_.below(letters.size())];
            if (tokens_.size() >= most_tokens) tokens_.erase(tokens_.begin());
            told = said(200, json::serialize(json::object{{"token", word}}));
            tokens_.push_back({std::move(word), request.now + settings_.token_life});
            told.accepted = true;
        }
    }
    told.privileged = "token";
    return told;
}

HttpSaid VnishMachine::read(const Request& request) {
    const Token* token = authorized(request);
    if (request.path == "/info") return said(200, json::serialize(info(request)));
    if (request.path == "/status") return said(200, json::serialize(status(request)));
    const bool open = request.path == "/summary" && settings_.summary_is_open;
    if (!open && !lets_in(request)) return said(401);
    if (request.path == "/summary") return said(200, json::serialize(summary(request)));
    return said(200, token ? json::serialize(json::object{{"unlock_timeout", (token->until - request.now).count() / 1'000}}) : "{}");
}

HttpSaid VnishMachine::write(const Request& request) {
    const Operation& what = *operation(request.path);
    HttpSaid told;
    if (!lets_in(request) || fault(request) == MachineFault::refused) {
        told = said(lets_in(request) ? 403 : 401);
        told.privileged = request.path.substr(1);
        return told;
    }
    if (what.privileged == "level") return throttle(request);
    if (what.privileged == "sleep") request.plant.sleep(settings_.machine, request.now);
    if (what.privileged == "wakeup") request.plant.wake(settings_.machine, request.now);
    if (what.privileged == "restart") request.plant.restart(settings_.machine, request.now);
    if (what.privileged == "reboot") {
        request.plant.reboot(settings_.machine, request.now);
        told.body = R"({"after":3})";
    }
    told.privileged = what.privileged;
    told.accepted = true;
    return told;
}

HttpSaid VnishMachine::throttle(const Request& request) {
    const auto asked = object_in(request.http.body);
    const json::value* percent = asked ? asked->if_contains("percent") : nullptr;
    if (!percent || !percent->is_int64() || percent->get_int64() < 20 || percent->get_int64() > 100) return failed(400, "Invalid percent");
    if (fault(request) != MachineFault::no_effect) throttled_ = static_cast<unsigned>(percent->get_int64());
    request.plant.set_level(settings_.machine, Power{rated(request).count * percent->get_int64() / 100}, seconds{10}, request.now);
    HttpSaid told = said(200, R"({"restart_required":false,"reboot_required":false})");
    told.privileged = "level";
    told.accepted = true;
    return told;
}

}  // namespace ballast::sim
