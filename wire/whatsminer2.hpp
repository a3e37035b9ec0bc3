#pragma once
#include "wire/cgminer.hpp"
#include "wire/cipher.hpp"
#include "wire/whatsminer.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// WhatsMiner API v2 (TCP 4028): cgminer's one request and one reply a connection, framed by cgminer::Framing. Reports are
/// asked for in plain; orders are encrypted under a session made from the password and a token that the machine hands out,
/// lives 30 minutes and of which a machine keeps 16.
/// Source of the format: MicroBT's API document as read by pyasic and asic-rs; the vectors in tests/wire/whatsminer2_test.cpp.
namespace ballast::wire::whatsminer2 {

namespace json = boost::json;
using cgminer::Parser;
using cgminer::Reply;
using cgminer::Status;
using whatsminer::Count;
using whatsminer::PowerMode;

/// Replaces `into` by `{"cmd":"..."}`, a request that needs no session: get_token, summary, status, devs, pools,
/// get_version, get_psu, get_miner_info, get_error_code. The machine does not take several in one.
void write_request(std::string& into, std::string_view command);

/// What a machine makes of a request.
enum class Answer : std::uint8_t {
    taken,            ///< It does it, or this is the report.
    token_refused,    ///< 135: the token is unknown or over; a new session helps.
    too_many_tokens,  ///< 136: it hands out no more until one of the sixteen is over.
    locked,           ///< 45, or "can't access write cmd": its owner has to allow the write API, by WhatsMinerTool.
    unknown_command,  ///< 14.
    unreadable,       ///< 23 bad JSON, 137 bad base64: it decrypts with another key, or bytes were lost; a new session helps.
    refused           ///< 132 and all else, also a reply without a status.
};
Answer answer(const Status& status);

/// What get_token gives, checked: the salts are 1 to 8 of [./0-9A-Za-z], the time 1 to 16 of [0-9].
struct TokenReply {
    std::string time, salt, newsalt;
};

/// Fails with refused (the detail has the code and the machine's words) or malformed.
Result<TokenReply> token_reply(const Reply& reply);

/// The proof of knowing the password, and the key that goes with it. Wiped when destroyed; nothing prints it.
class Session {
public:
    Session(const Session&) = default;
    Session& operator=(const Session&) = default;
    ~Session();

    std::string_view sign() const { return {sign_.data(), sign_.size()}; }
    const Sha256& key() const { return key_; }

private:
    friend Result<Session> make_session(std::string_view password, const TokenReply& token);
    Session() = default;

    std::array<char, 22> sign_{};
    Sha256 key_{};
};

/// key = md5crypt(password, salt), sign = md5crypt(key + time, newsalt), AES key = SHA-256(key). Slow: two of md5crypt.
/// Fails with refused if the password is longer than 256 bytes or holds a NUL, with malformed if a salt is none.
Result<Session> make_session(std::string_view password, const TokenReply& token);

/// A parameter's name and value. Values are strings on the wire, also where they are numbers: {"power_limit", "3000"}.
using Parameter = std::pair<std::string_view, std::string_view>;

/// The bytes of an order, `{"enc":1,"data":"..."}`: command, parameters, token, sealed. They may be kept as long as the
/// token lives. Commands: power_off {respbefore: "true": replies before it acts}, power_on {}, adjust_power_limit
/// {power_limit} (the machine restarts), set_power_pct {percent} (within a second, until the next start), set_power_pct_v2
/// {percent} (minutes), set_low_power, set_normal_power, set_high_power {}.
std::string packet(const Session& session, std::string_view command, std::initializer_list<Parameter> parameters = {});

/// What a machine answers, `{"enc":"..."}`, for who plays one.
std::string sealed_reply(const Session& session, std::string_view text);

/// A reply, decrypted if it is encrypted (machines refuse in plain); also an order's packet, for who plays a machine.
/// Lives until the parser's next parse. Fails with oversized, or with malformed: no JSON, no base64, no whole blocks, or
/// nothing sensible after decryption, as under a wrong key. Details quote nothing of what was encrypted.
Result<Reply> open(const Session& session, std::string_view bytes, Parser& parser);

/// `SUMMARY[0]`. What it does not say, or says beyond belief, stays empty.
struct SummaryReport {
    std::optional<Power> power;                ///< What it says it draws, whether metered or not it does not say; empty if -1.
    std::optional<Power> power_limit;
    std::optional<PowerMode> power_mode;
    std::optional<double> gigahashes;          ///< GH/s now: "HS RT", which is in MH/s.
    std::optional<double> mean_gigahashes;     ///< GH/s since it began: "MHS av".
    std::optional<double> rated_gigahashes;    ///< GH/s: "Factory GHS".
    std::optional<Temperature> chips, ambient; ///< The hottest chip; the air.
    std::optional<bool> hash_stable;           ///< It has finished tuning.
    std::optional<std::uint64_t> mac;
    std::optional<std::chrono::seconds> elapsed, uptime;  ///< Since mining began; since the board started.
};
std::optional<SummaryReport> summary(const Reply& reply);

/// `Msg` of status. Views live as long as the reply.
struct StatusReport {
    std::optional<bool> off;            ///< "mineroff", on older firmware "btmineroff".
    std::string_view off_reason;
    std::optional<PowerMode> power_mode;
    std::optional<Power> power_limit;   ///< "power_limit_set"; empty if none was.
    std::optional<double> hash_percent; ///< As it says it.
    std::string_view firmware;
};
std::optional<StatusReport> status(const Reply& reply);

/// `Msg` of get_version, get_psu and get_miner_info; what was not asked for stays empty. Views live as long as the reply.
struct IdentityReport {
    std::string_view api, firmware, platform;     ///< get_version: "2.0.5", "20230803.11.REL", "H616".
    std::string_view supply_model, supply_serial; ///< get_psu.
    std::string_view hostname;                    ///< get_miner_info.
    std::optional<std::uint64_t> mac;
};
std::optional<IdentityReport> identity(const Reply& reply);

/// `DEVDETAILS[0].Model` of devdetails, as "M30S+_VE40"; empty if it tells none. Source: pyasic, which reads it so; there is no capture of it.
std::string_view model(const Reply& reply);

/// The codes of get_error_code, as they come, whichever of its four shapes the list has; at most 64.
std::vector<int> error_codes(const Reply& reply);

/// Hash boards of devs, pools of pools; alive by their "Status". Nothing if the reply is another.
std::optional<Count> boards(const Reply& reply);
std::optional<Count> pools(const Reply& reply);

}  // namespace ballast::wire::whatsminer2
