#include "sim/whatsminer2_machine.hpp"

#include "sim/json_request.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr std::size_t most_request = 8'192, most_tokens = 16;

std::string error(int code, std::string_view message, Instant wall) {
    return json::serialize(whatsminer_line('E', code, json::value(message), wall));
}

/// The firmware reads a JSON string and nothing else.
std::optional<std::string> text(const json::object& object, std::string_view name) {
    const json::value* found = object.if_contains(name);
    return found && found->is_string() ? std::optional{std::string{found->get_string()}} : std::nullopt;
}

std::optional<unsigned> number(std::string_view text, unsigned most) {
    unsigned value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = failed == std::errc{} && end == text.data() + text.size() && value <= most;
    return good ? std::optional{value} : std::nullopt;
}

std::string command_of(const json::object& asked) {
    return text(asked, "cmd").value_or(text(asked, "command").value_or(""));
}

bool is_write(std::string_view command) {
    constexpr std::string_view writes[] = {"power_off", "power_on", "adjust_power_limit", "set_power_pct", "set_power_pct_v2", "set_low_power", "set_normal_power", "set_high_power"};
    return std::ranges::find(writes, command) != std::end(writes);
}

}  // namespace

json::object whatsminer_line(char status, int code, json::value message, Instant wall) {
    const auto when = std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch()).count();
    return {{"Code", code}, {"Description", ""}, {"Msg", std::move(message)}, {"STATUS", std::string(1, status)}, {"When", when}};
}

MachineSettings whatsminer_physics(std::string name, Power rated) {
    MachineSettings machine{.name = std::move(name), .rated = rated, .standby = Power{13}};
    machine.full_after = {seconds{360}, seconds{600}};
    return machine;
}

Whatsminer2Machine::Whatsminer2Machine(Whatsminer2Settings settings, std::uint64_t seed) : settings_{std::move(settings)}, chance_{seed} {
    if (settings_.joules_per_hash <= 0) settings_.joules_per_hash = 26'000;
    const auto n = static_cast<unsigned>(settings_.machine);
    if (settings_.mac.empty()) settings_.mac = fmt::format("D4:01:02:{:02X}:{:02X}:{:02X}", n >> 16 & 255, n >> 8 & 255, n & 255);
    if (settings_.model.empty()) settings_.model = "M50S";
}

AsicDevice::Heard Whatsminer2Machine::hear(std::string_view bytes) const {
    if (bytes.size() > most_request) return {Form::broken, 0};
    return hear_json(bytes);
}

std::string Whatsminer2Machine::framed(std::string nonsense) const {
    return nonsense + settings_.ends_with;
}

AsicDevice::Reply Whatsminer2Machine::plain(std::string json) const {
    return {.bytes = framed(std::move(json)), .closes = settings_.closes};
}

AsicDevice::Reply Whatsminer2Machine::answer(const Asked& asked, Plant& plant) {
    if (started_ == Steady{}) started_ = asked.now;
    if (asked.broken) return {.bytes = framed(error(23, "invalid json message", asked.wall))};
    const Request request{plant, asked.now, asked.wall};
    const json::value parsed = json::parse(asked.request);
    const json::object& object = parsed.get_object();
    if (object.contains("enc")) return sealed_write(object, request);
    const std::string command = command_of(object);
    if (command == "get_token") return token(request);
    if (is_write(command)) return plain(error(45, "can't access write cmd", asked.wall));
    const auto told = telemetry(command, request);
    return plain(told ? json::serialize(*told) : error(14, "invalid cmd", asked.wall));
}

const WhatsminerKey& Whatsminer2Machine::key() {
    if (crypted_.empty()) {
        crypted_ = md5crypt(settings_.password, settings_.salt);
        key_ = whatsminer_key(crypted_);
    }
    return key_;
}

AsicDevice::Reply Whatsminer2Machine::token(const Request& request) {
    std::erase_if(tokens_, [&request](const Token& token) { return token.until <= request.now; });
    Reply reply;
    if (tokens_.size() >= most_tokens || fault(request) == MachineFault::no_tokens) {
        reply = plain(error(136, "token over max times", request.wall));
    } else {
        constexpr std::string_view letters = "./0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        std::string newsalt;
        for (int i = 0; i < 8; ++i) newsalt += letters[chance_.below(letters.size())];
        const auto unix = std::chrono::floor<std::chrono::seconds>(request.wall.time_since_epoch()).count();
        const std::string time = fmt::format("{:04}", unix % 10'000);
        key();
        tokens_.push_back({md5crypt(crypted_ + time, newsalt), request.now + settings_.token_life});
        const json::object message{{"newsalt", newsalt}, {"salt", settings_.salt}, {"time", time}};
        reply = plain(json::serialize(whatsminer_line('S', 134, message, request.wall)));
        reply.accepted = true;
    }
    reply.privileged = "token";
    return reply;
}

bool Whatsminer2Machine::knows(std::string_view sign, const Request& request) {
    std::erase_if(tokens_, [&request](const Token& token) { return token.until <= request.now; });
    return fault(request) != MachineFault::bad_tokens && std::ranges::find(tokens_, sign, &Token::sign) != tokens_.end();
}

AsicDevice::Reply Whatsminer2Machine::sealed_write(const json::object& packet, const Request& request) {
    const auto data = text(packet, "data");
    const auto opened = data ? whatsminer_opened(key(), *data) : std::nullopt;
    if (!opened) return plain(error(137, "base64 decode error", request.wall));
    boost::system::error_code broken;
    const json::value parsed = json::parse(*opened, broken);
    if (broken || !parsed.is_object()) return plain(error(23, "invalid json message", request.wall));
    return write(parsed.get_object(), request);
}

AsicDevice::Reply Whatsminer2Machine::write(const json::object& asked, const Request& request) {
    const std::string command = command_of(asked);
    if (!settings_.api_open || fault(request) == MachineFault::refused) {
        Reply denied = plain(error(45, "can't access write cmd", request.wall));
        denied.privileged = command;
        return denied;
    }
    if (!knows(text(asked, "token").value_or(""), request)) {
        Reply refused = plain(error(135, "check token error", request.wall));
        refused.privileged = command;
        return refused;
    }
    if (!is_write(command)) {
        const auto told = telemetry(command, request);  // Reads may be sealed too.
        return plain(told ? json::serialize(json::object{{"enc", whatsminer_sealed(key(), json::serialize(*told))}}) : error(14, "invalid cmd", request.wall));
    }
    Done done = order(command, asked, request);
    if (!done.good) return plain(error(132, "command error", request.wall));
    const std::string said = json::serialize(whatsminer_line('S', 131, "API command OK", request.wall));
    Reply reply = plain(json::serialize(json::object{{"enc", whatsminer_sealed(key(), said)}}));
    reply.privileged = std::move(done.privileged);
    reply.accepted = true;
    if (command == "power_off" && text(asked, "respbefore") == "false" && chance_.percent(settings_.cuts_percent)) reply.bytes.clear(), reply.closes = true;
    return reply;
}

Whatsminer2Machine::Done Whatsminer2Machine::order(const std::string& command, const json::object& asked, const Request& request) {
    const std::size_t machine = settings_.machine;
    if (command == "power_off") {
        const auto first = text(asked, "respbefore");
        if (first != "true" && first != "false") return {};
        request.plant.sleep(machine, request.now);
        off_since_ = request.wall;
        return {true, "sleep"};
    }
    if (command == "power_on") {
        request.plant.wake(machine, request.now);
        return {true, "wakeup"};
    }
    if (command == "adjust_power_limit") return limit(text(asked, "power_limit").value_or(""), request);
    if (command == "set_power_pct") return percent(text(asked, "percent").value_or(""), 100, Duration{800}, request);
    if (command == "set_power_pct_v2") return percent(text(asked, "percent").value_or(""), 200, seconds{180}, request);
    return power_mode(command == "set_low_power" ? Mode::low : command == "set_high_power" ? Mode::high : Mode::normal, request);
}

/// A new limit restarts the miner; 99999 is the word for none.
Whatsminer2Machine::Done Whatsminer2Machine::limit(std::string_view watts, const Request& request) {
    const auto given = number(watts, 99'999);
    if (!given) return {};
    limit_ = given == 99'999 ? std::nullopt : std::optional{Power{*given}};
    begin_anew(request);
    return {true, "level"};
}

/// Holds until the miner begins anew.
Whatsminer2Machine::Done Whatsminer2Machine::percent(std::string_view text, unsigned most, Duration over, const Request& request) {
    const auto given = number(text, most);
    if (!given) return {};
    const Power whole = limit_.value_or(rated(request));
    request.plant.set_level(settings_.machine, Power{whole.count * *given / 100}, over, request.now);
    return {true, "level"};
}

Whatsminer2Machine::Done Whatsminer2Machine::power_mode(Mode mode, const Request& request) {
    mode_ = mode;
    begin_anew(request);
    return {true, "level"};
}

void Whatsminer2Machine::begin_anew(const Request& request) {
    const std::int64_t per_mille = mode_ == Mode::low ? settings_.low_per_mille : mode_ == Mode::high ? settings_.high_per_mille : 1'000;
    const Power by_mode{rated(request).count * per_mille / 1'000};
    request.plant.set_level(settings_.machine, std::min(by_mode, limit_.value_or(by_mode)), Duration{0}, request.now);
    request.plant.restart(settings_.machine, request.now);
}

}  // namespace ballast::sim
