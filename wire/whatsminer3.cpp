#include "wire/whatsminer3.hpp"

#include "model/check.hpp"
#include "wire/cipher.hpp"
#include "wire/loose_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::wire::whatsminer3 {
namespace {

constexpr std::size_t header_bytes = 4;

std::size_t length_in(std::string_view header) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < header_bytes; ++i)
        length |= std::size_t{static_cast<unsigned char>(header[i])} << 8 * i;
    return length;
}

tl::unexpected<Error> too_long(std::size_t length) {
    return fail(Errc::oversized, fmt::format("frame of {} bytes, more than {}", length, most_bytes));
}

std::string quoted(std::string_view text) { return json::serialize(json::string{text}); }

std::string_view name(Service service) {
    switch (service) {
    case Service::start: return "start";
    case Service::stop: return "stop";
    case Service::restart: return "restart";
    case Service::enable: return "enable";
    case Service::disable: return "disable";
    }
    return "stop";
}

std::optional<int> code_in(const json::object& body) {
    const auto code = loose::whole(body, "code");
    if (!code || *code < -1'000'000 || *code > 1'000'000) return {};
    return static_cast<int>(*code);
}

/// Of 1970 to 2100; a machine that has lost its clock counts from its boot.
std::optional<std::chrono::sys_seconds> when_in(const json::object& body) {
    const auto seconds = loose::whole(body, "when");
    if (!seconds || *seconds < 0 || *seconds > 4'102'444'800) return {};
    return std::chrono::sys_seconds{std::chrono::seconds{*seconds}};
}

}  // namespace

void write_frame(std::string& into, std::string_view text) {
    BALLAST_CHECK(text.size() <= most_bytes);
    into.clear();
    for (std::size_t i = 0; i < header_bytes; ++i) into += static_cast<char>(text.size() >> 8 * i & 0xffU);
    into += text;
}

Result<bool> Framing::feed(std::string_view chunk) {
    while (!chunk.empty() && !whole_) {
        const std::size_t taken = std::min(missing(), chunk.size());
        if (begun_ < header_bytes) {
            for (std::size_t i = 0; i < taken; ++i) header_[begun_ + i] = static_cast<unsigned char>(chunk[i]);
            begun_ += taken;
            length_ = begun_ < header_bytes ? 0 : length_in({reinterpret_cast<const char*>(header_.data()), header_bytes});
            if (begun_ == header_bytes && length_ == 0) begun_ = 0;  // A heartbeat.
        } else {
            seen_ += taken;
        }
        if (length_ > most_bytes) {
            begun_ = 0;  // Whoever goes on feeding begins anew.
            return too_long(length_);
        }
        whole_ = begun_ == header_bytes && seen_ == length_;
        chunk.remove_prefix(taken);
    }
    return whole_;
}

std::size_t Framing::missing() const {
    if (whole_) return 0;
    return begun_ < header_bytes ? header_bytes - begun_ : length_ - seen_;
}

Result<std::string_view> unframe(std::string_view bytes) {
    while (bytes.size() >= header_bytes) {
        const std::size_t length = length_in(bytes);
        bytes.remove_prefix(header_bytes);
        if (length == 0) continue;
        if (length > most_bytes) return too_long(length);
        if (bytes.size() < length) return fail(Errc::malformed, fmt::format("frame of {} bytes, cut off after {}", length, bytes.size()));
        return bytes.substr(0, length);
    }
    return fail(Errc::malformed, "no frame");
}

std::string token(std::string_view command, const Credentials& credentials) {
    std::string secret;
    secret.reserve(command.size() + credentials.password.size() + credentials.salt.size() + 24);
    secret += command;
    secret += credentials.password;
    secret += credentials.salt;
    secret += std::to_string(credentials.at.time_since_epoch().count());
    const Sha256 digest = sha256(secret);
    wipe(secret);
    return base64({reinterpret_cast<const char*>(digest.data()), digest.size()}).substr(0, 8);
}

void write_query(std::string& into, std::string_view command, std::string_view parameter) {
    std::string text = R"({"cmd":)" + quoted(command);
    if (!parameter.empty()) text += R"(,"param":)" + quoted(parameter);
    write_frame(into, text += '}');
}

void write_order(std::string& into, const Credentials& credentials, std::string_view command, std::string_view parameter) {
    write_frame(into, fmt::format(R"({{"cmd":{},"param":{},"ts":{},"account":{},"token":"{}"}})", quoted(command), parameter,
                                  credentials.at.time_since_epoch().count(), quoted(credentials.account), token(command, credentials)));
}

void write_service(std::string& into, const Credentials& credentials, Service service) {
    write_order(into, credentials, "set.miner.service", quoted(name(service)));
}

void write_power_limit(std::string& into, const Credentials& credentials, Power limit) {
    write_order(into, credentials, "set.miner.power_limit", std::to_string(limit.count));
}

void write_power_percent(std::string& into, const Credentials& credentials, int percent, Pace pace) {
    // The documentation says a number; the firmware reads a string, and takes a number for nothing.
    write_order(into, credentials, "set.miner.power_percent",
                fmt::format(R"({{"percent":"{}","mode":"{}"}})", percent, pace == Pace::fast ? "fast" : "normal"));
}

void write_power_mode(std::string& into, const Credentials& credentials, PowerMode mode) {
    write_order(into, credentials, "set.miner.power_mode", quoted(whatsminer::name(mode)));
}

bool Reply::denied() const {
    if (taken()) return false;
    if (code == -4) return true;
    for (const std::string_view words : {"no permission", "permission denied", "access denied", "access write", "token"})
        if (loose::mentions(message, words)) return true;
    return false;
}

Result<Reply> parse_reply(std::string_view frame, cgminer::Parser& parser) {
    const auto text = unframe(frame);
    if (!text) return tl::unexpected<Error>{text.error()};
    const auto parsed = parser.parse(*text);
    if (!parsed) return fail(parsed.error().code, "frame without a JSON object");  // Its text might echo a token.
    Reply reply;
    reply.body = parsed->body;
    if (const json::value* said = parsed->body->if_contains("msg")) reply.content = said->if_object();
    reply.message = loose::text(*parsed->body, "msg");
    reply.command = loose::text(*parsed->body, "desc");
    reply.code = code_in(*parsed->body);
    reply.when = when_in(*parsed->body);
    return reply;
}

}  // namespace ballast::wire::whatsminer3
