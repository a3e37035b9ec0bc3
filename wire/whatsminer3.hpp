#pragma once
#include "model/result.hpp"
#include "model/units.hpp"
#include "wire/cgminer.hpp"
#include "wire/whatsminer.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// WhatsMiner API v3 (TCP 4433, firmware since 2024-11): frames of a length (32 bits, little endian) and a JSON text, both
/// ways, several a connection; a frame of length 0 is a heartbeat. A machine takes ten connections and closes them after
/// 300 idle seconds. Orders carry the time and a token made of it; nothing in them is encrypted.
/// Source of the format: a copy of apidoc.whatsminer.com, and shared/facts/asic.md where the two differ.
namespace ballast::wire::whatsminer3 {

namespace json = boost::json;
using whatsminer::Count;
using whatsminer::PowerMode;

/// The longest text, neither way is more sent or read.
inline constexpr std::size_t most_bytes = 65'536;

/// Replaces `into` by the frame of `text`, which is at most `most_bytes` long.
void write_frame(std::string& into, std::string_view text);

/// Says when a frame is whole, fed as it arrives; each byte is looked at once. Heartbeats before it are passed over.
class Framing {
public:
    /// True: whole. What is fed beyond it is not looked at. Fails with oversized as soon as the length is known to be.
    Result<bool> feed(std::string_view chunk);

    /// So many bytes may be awaited: the least that are missing. 0: it is whole.
    std::size_t missing() const;

private:
    std::array<unsigned char, 4> header_{};
    std::size_t begun_ = 0, length_ = 0, seen_ = 0;
    bool whole_ = false;
};

/// The text of the first frame in `bytes`, heartbeats passed over; it points into `bytes`. Fails with malformed if it was
/// cut off, with oversized.
Result<std::string_view> unframe(std::string_view bytes);

/// Who orders, and when: `at` is the machine's own time as near as it can be told (see Reply::when).
struct Credentials {
    std::string_view account = "super";
    std::string_view password, salt;
    std::chrono::sys_seconds at{};
};

/// The first eight characters of base64(SHA-256(command + password + salt + seconds)).
std::string token(std::string_view command, const Credentials& credentials);

/// Replaces `into` by the frame of a question. `get.device.info` may ask for one of miner, system, power, network, salt,
/// error-code; `get.miner.status` has to ask for summary, pools, edevs, or several with + between.
void write_query(std::string& into, std::string_view command, std::string_view parameter = {});

/// Replaces `into` by the frame of an order; `parameter` is JSON. The ones below are made with it.
void write_order(std::string& into, const Credentials& credentials, std::string_view command, std::string_view parameter);

enum class Service : std::uint8_t {
    start,
    stop,
    restart,
    enable,  ///< Mines after a boot.
    disable  ///< Does not.
};
void write_service(std::string& into, const Credentials& credentials, Service service);

/// Watts, 0 to 99'999. The machine restarts its mining, and keeps the limit.
void write_power_limit(std::string& into, const Credentials& credentials, Power limit);

enum class Pace : std::uint8_t {
    fast,   ///< Within about a second, at some loss.
    normal  ///< Over minutes; not in high power mode on air-cooled machines.
};
/// Of the power it had settled at, 0 to 100, and to 200 where it is cooled by a liquid; approximate, and forgotten at boot.
/// Only machines that have finished tuning obey.
void write_power_percent(std::string& into, const Credentials& credentials, int percent, Pace pace);

void write_power_mode(std::string& into, const Credentials& credentials, PowerMode mode);

/// A reply's content. Lives until its parser's next parse.
struct Reply {
    const json::object* body = nullptr;
    const json::object* content = nullptr;         ///< `msg`, if it is an object.
    std::string_view message;                      ///< `msg`, if it is words.
    std::string_view command;                      ///< `desc`: which it answers.
    std::optional<int> code;
    std::optional<std::chrono::sys_seconds> when;  ///< The machine's clock; its difference from ours is its skew.

    bool taken() const { return code == 0; }
    /// -4, or such words: the password is wrong, its clock is another, or its owner has not allowed the write API.
    bool denied() const;
};

/// Of a whole frame. Fails as `unframe` does, and with malformed if there is no JSON object in it. Details quote nothing.
Result<Reply> parse_reply(std::string_view frame, cgminer::Parser& parser);

/// `msg` of get.device.info. What it does not say stays empty. Views live as long as the reply.
struct DeviceReport {
    std::string_view salt;
    std::optional<std::uint64_t> mac;
    std::string_view serial, model;      ///< "miner-sn"; "type", as M60S_VK40.
    std::optional<bool> working;         ///< The mining service runs.
    std::optional<bool> fast_boot;
    std::optional<bool> writable;        ///< "apiswitch"; taken to mean that its owner has allowed orders.
    std::string_view api, firmware, supply_model, hostname;
    std::optional<Power> supply_power;   ///< "pin": what the power supply draws, where it has a meter.
    std::optional<Power> power_limit;    ///< "power-limit-set".
    std::vector<int> error_codes;        ///< As they come, at most 64.
};
std::optional<DeviceReport> device(const Reply& reply);

/// `msg.summary` of get.miner.status. What it does not say, or says beyond belief, stays empty.
struct SummaryReport {
    std::optional<Power> power, mean_power;         ///< Now; over five minutes. Whether metered it does not say.
    std::optional<Power> power_limit;
    std::optional<double> gigahashes;               ///< GH/s now; TH/s on the wire, as the next three.
    std::optional<double> mean_gigahashes;          ///< GH/s since it began.
    std::optional<double> quarter_gigahashes;       ///< GH/s of a quarter of an hour, "hash-15min".
    std::optional<double> rated_gigahashes;
    std::optional<Temperature> chips, ambient;      ///< The hottest chip; the air.
    std::optional<bool> tuned;                      ///< "up-freq-finish": it hashes as fast as it will.
    std::optional<std::chrono::seconds> elapsed;    ///< Since mining began.
    std::optional<std::chrono::seconds> boot_time;  ///< "bootup-time"; undocumented, and not the uptime.
};
std::optional<SummaryReport> summary(const Reply& reply);

/// `msg.edevs` and `msg.pools`; alive by their "status". Nothing if the reply is another.
std::optional<Count> boards(const Reply& reply);
std::optional<Count> pools(const Reply& reply);

}  // namespace ballast::wire::whatsminer3
