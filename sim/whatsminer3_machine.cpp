#include "sim/whatsminer3_machine.hpp"

#include "model/check.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr std::size_t header = 4, most_frame = 65'536;
constexpr int failed = -1, no_command = -2, no_json = -3, denied = -4;

std::size_t length_in(std::string_view header_bytes) {
    std::size_t length = 0;
    for (std::size_t i = header; i-- > 0;) length = length << 8 | static_cast<unsigned char>(header_bytes[i]);
    return length;
}

std::string frame(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < header; ++i) out += static_cast<char>(text.size() >> 8 * i & 255);
    return out.append(text);
}

/// How many bytes of heartbeats `bytes` begins with.
std::size_t beats(std::string_view bytes) {
    std::size_t out = 0;
    while (bytes.size() >= out + header && length_in(bytes.substr(out)) == 0) out += header;
    return out;
}

std::string_view text(const json::value* value) {
    return value && value->is_string() ? std::string_view{value->get_string()} : std::string_view{};
}

std::int64_t unix_seconds(Instant wall) {
    return std::chrono::floor<seconds>(wall.time_since_epoch()).count();
}

bool is_order(std::string_view command) {
    constexpr std::string_view orders[] = {"set.miner.service", "set.miner.power_limit", "set.miner.power_mode", "set.miner.power_percent",
                                           "set.miner.fastboot", "set.miner.upfreq_speed", "set.system.reboot"};
    return std::ranges::find(orders, command) != std::end(orders);
}

}  // namespace

std::string whatsminer3_token(std::string_view command, std::string_view password, std::string_view salt, std::int64_t unix_seconds) {
    const std::string words = fmt::format("{}{}{}{}", command, password, salt, unix_seconds);
    std::array<unsigned char, 32> digest{};
    BALLAST_CHECK(EVP_Digest(words.data(), words.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
    std::array<unsigned char, 45> base64{};
    EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
    return {base64.begin(), base64.begin() + 8};
}

Whatsminer3Machine::Whatsminer3Machine(Whatsminer3Settings settings, std::uint64_t) : settings_{std::move(settings)} {
    if (settings_.joules_per_hash <= 0) settings_.joules_per_hash = 17'600;
    const auto n = static_cast<unsigned>(settings_.machine);
    if (settings_.mac.empty()) settings_.mac = fmt::format("CE:02:01:{:02X}:{:02X}:{:02X}", n >> 16 & 255, n >> 8 & 255, n & 255);
    if (settings_.serial.empty()) settings_.serial = fmt::format("BTMSIM{:025d}", n);
    if (settings_.model.empty()) settings_.model = "M60S_VK40";
}

AsicPlace Whatsminer3Machine::place() const {
    return {settings_.host, settings_.port, settings_.machine, settings_.reply, settings_.idle};
}

AsicDevice::Heard Whatsminer3Machine::hear(std::string_view bytes) const {
    const std::size_t before = beats(bytes);
    const std::string_view rest = bytes.substr(before);
    if (rest.size() < header) return before > 0 ? Heard{Form::whole, before} : Heard{};
    const std::size_t length = length_in(rest);
    if (length > most_frame) return {Form::broken, 0};
    return rest.size() - header < length ? Heard{} : Heard{Form::whole, before + header + length};
}

std::string Whatsminer3Machine::framed(std::string nonsense) const {
    return frame(nonsense);
}

AsicDevice::Reply Whatsminer3Machine::say(int code, json::value message, std::string_view command, Instant wall) const {
    const json::object said{{"code", code}, {"desc", command}, {"msg", std::move(message)}, {"when", unix_seconds(wall)}};
    return {.bytes = (settings_.beats ? frame("") : "") + frame(json::serialize(said)), .closes = false};
}

AsicDevice::Reply Whatsminer3Machine::answer(const Asked& asked, Plant& plant) {
    if (asked.broken) return {};
    const std::string_view text_asked = asked.request.substr(beats(asked.request));
    if (text_asked.empty()) return {.takes = Duration{0}, .closes = false};
    const Instant wall = asked.wall + settings_.clock_ahead;
    boost::system::error_code broken;
    const json::value parsed = json::parse(text_asked.substr(header), broken);
    if (broken || !parsed.is_object()) return say(no_json, "invalid json", "", wall);
    const json::object& whole = parsed.get_object();
    const json::value none;
    const json::value* parameter = whole.if_contains("param");
    const Request request{text(whole.if_contains("cmd")), parameter ? *parameter : none, whole, plant, asked.now, wall};
    look(request);
    if (is_order(request.command)) return order(request);
    if (request.command != "get.device.info" && request.command != "get.miner.status") return say(no_command, "invalid command", request.command, wall);
    auto told = request.command == "get.device.info" ? device_info(request) : miner_status(request);
    return told ? say(0, *std::move(told), request.command, wall) : say(failed, "invalid param", request.command, wall);
}

/// What happened to it since it was last asked.
void Whatsminer3Machine::look(const Request& request) {
    const Plant::Report is = report(request);
    const Steady booted = request.plant.booted(settings_.machine);
    if (booted > begun_) begun_ = booted, tuned_ = false;
    if (is.asleep) begun_ = request.now, tuned_ = false;
    else if (is.power.count * 100 >= is.level.count * is.boards * 97 / 3) tuned_ = true;
}

bool Whatsminer3Machine::permits(const Request& request) const {
    const json::value* at = request.whole.if_contains("ts");
    if (fault(request) == MachineFault::bad_tokens || !at || !at->is_int64()) return false;
    const std::int64_t stamped = at->get_int64(), own = unix_seconds(request.wall), slack = settings_.clock_tolerance.count();
    return stamped >= own - slack && stamped <= own + slack && text(request.whole.if_contains("account")) == "super" &&
           text(request.whole.if_contains("token")) == whatsminer3_token(request.command, settings_.password, settings_.salt, stamped);
}

AsicDevice::Reply Whatsminer3Machine::order(const Request& request) {
    Done done;
    Reply reply;
    if (!settings_.api_open || fault(request) == MachineFault::refused) {
        reply = say(denied, "no permission", request.command, request.wall);
    } else if (!permits(request)) {
        reply = say(denied, "token error", request.command, request.wall);
    } else {
        done = follow(request);
        reply = done.good ? say(0, "ok", request.command, request.wall) : say(failed, "invalid param", request.command, request.wall);
    }
    reply.accepted = done.good;
    reply.privileged = done.good ? std::move(done.privileged) : std::string{request.command};
    return reply;
}

Whatsminer3Machine::Done Whatsminer3Machine::follow(const Request& request) {
    if (request.command == "set.miner.service") return service(request);
    if (request.command == "set.miner.power_limit") return limit(request);
    if (request.command == "set.miner.power_mode") return power_mode(request);
    if (request.command == "set.miner.power_percent") return percent(request);
    if (request.command == "set.miner.fastboot") return fast_boot(request);
    if (request.command == "set.miner.upfreq_speed") {
        const json::value& speed = request.parameter;
        return {speed.is_int64() && speed.get_int64() >= 0 && speed.get_int64() <= 10, "config"};
    }
    request.plant.reboot(settings_.machine, request.now);
    return {true, "reboot"};
}

Whatsminer3Machine::Done Whatsminer3Machine::service(const Request& request) {
    const std::string_view what = text(&request.parameter);
    if (what == "stop") {
        request.plant.sleep(settings_.machine, request.now);
        return {true, "sleep"};
    }
    if (what == "start" || (what == "restart" && report(request).asleep)) {
        request.plant.wake(settings_.machine, request.now, fast_boot_);
        return {true, "wakeup"};
    }
    if (what == "restart") {
        begin_anew(request);
        return {true, "restart"};
    }
    return {what == "enable" || what == "disable", "config"};
}

/// In whole watts; more than the mode draws is no limit. A new one restarts the miner.
Whatsminer3Machine::Done Whatsminer3Machine::limit(const Request& request) {
    if (!request.parameter.is_int64()) return {};
    const std::int64_t watts = request.parameter.get_int64();
    if (watts < 0 || watts > 99'999) return {};
    limit_ = Power{watts};
    begin_anew(request);
    return {true, "level"};
}

Whatsminer3Machine::Done Whatsminer3Machine::power_mode(const Request& request) {
    const std::string_view mode = text(&request.parameter);
    if (mode != "low" && mode != "normal" && mode != "high") return {};
    mode_ = mode == "low" ? Mode::low : mode == "high" ? Mode::high : Mode::normal;
    begin_anew(request);
    return {true, "level"};
}

/// Of what it may draw, until the miner begins anew. The firmware reads a string, and in a number nothing.
Whatsminer3Machine::Done Whatsminer3Machine::percent(const Request& request) {
    if (!request.parameter.is_object() || !tuned_) return {};
    const json::object& asked = request.parameter.get_object();
    const std::string_view percent = text(asked.if_contains("percent")), mode = text(asked.if_contains("mode"));
    unsigned value = 0;
    const auto [end, wrong] = std::from_chars(percent.data(), percent.data() + percent.size(), value);
    if (wrong != std::errc{} || end != percent.data() + percent.size() || value > settings_.most_percent) return {};
    if (mode != "fast" && mode != "normal") return {};
    if (mode == "normal" && mode_ == Mode::high && settings_.most_percent <= 100) return {};
    const Power whole = std::min(rated(request), limit_.value_or(rated(request)));
    request.plant.set_level(settings_.machine, Power{whole.count * value / 100}, mode == "fast" ? Duration{800} : seconds{180}, request.now);
    return {true, "level"};
}

Whatsminer3Machine::Done Whatsminer3Machine::fast_boot(const Request& request) {
    const std::string_view what = text(&request.parameter);
    if (what != "enable" && what != "disable") return {};
    fast_boot_ = what == "enable";
    return {true, "config"};
}

void Whatsminer3Machine::begin_anew(const Request& request) {
    const std::int64_t per_mille = mode_ == Mode::low ? settings_.low_per_mille : mode_ == Mode::high ? settings_.high_per_mille : 1'000;
    const Power by_mode{rated(request).count * per_mille / 1'000};
    request.plant.set_level(settings_.machine, std::min(by_mode, limit_.value_or(by_mode)), Duration{0}, request.now);
    request.plant.restart(settings_.machine, request.now);
    begun_ = request.now;
    tuned_ = false;
}

}  // namespace ballast::sim
