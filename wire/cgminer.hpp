#pragma once
#include "model/result.hpp"
#include "model/units.hpp"

#include <boost/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The cgminer lineage's TCP API (port 4028) as devices really speak it: one JSON request a connection, one reply that
/// ends in NUL, a newline, with its last bracket, or with the connection, and that is not always JSON.
/// Source of the format: cgminer API-README; LuxOS additions: docs.luxor.tech/firmware/api.
namespace ballast::wire::cgminer {

namespace json = boost::json;

/// Nothing longer is read or parsed, neither way.
inline constexpr std::size_t most_bytes = 65'536;

/// Replaces `into` by `{"command":"..."[,"parameter":"..."]}`. Allocates nothing once `into` has grown.
void write_request(std::string& into, std::string_view command, std::string_view parameter = {});

/// What a device is asked. `parameter` is empty if there was none; numbers arrive as their text.
struct Request {
    std::string command, parameter;
};

/// Also takes the text form, `command|parameter`. Fails with malformed or oversized.
Result<Request> parse_request(std::string_view bytes);

/// Says when a reply is whole, fed as it arrives; each byte is looked at once.
class Framing {
public:
    /// True: whole, by a NUL, by the last bracket's closing, or, of a reply that is not JSON, by its newline.
    bool feed(std::string_view chunk);

private:
    int depth_ = 0;
    bool text_ = false, begun_ = false, quoted_ = false, escaped_ = false, closed_ = false;
};

/// The first STATUS of a reply. Views live as long as the reply.
struct Status {
    char kind = '?';  ///< S success, I information, W warning, E error, F fatal; ? if it does not say.
    int code = 0;     ///< 0 if it does not say.
    std::string_view message;

    bool failed() const { return kind == 'E' || kind == 'F'; }
};

/// A reply's content. Lives until its parser's next parse.
struct Reply {
    const json::object* body = nullptr;
    Status status;
    bool repaired = false;  ///< It was not JSON, and could be made so.
};

/// Strict first; only what fails that is repaired, by structure, and parsed again. What was cut off is left out, never guessed.
/// Reuses its memory: one parser per thread serves any number of devices.
class Parser {
public:
    Parser();
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    /// Fails with malformed (no object in it, nested too deep) or oversized. The detail quotes at most 60 bytes, printable.
    Result<Reply> parse(std::string_view bytes);

private:
    bool strict(std::string_view text);

    std::array<unsigned char, 16'384> memory_;
    std::array<unsigned char, 2'048> scratch_;
    std::optional<json::monotonic_resource> resource_;  ///< A new one for each reply: its blocks double, and go on where they were when it is released.
    json::parser parser_;
    json::value value_;
    std::string repaired_;
};

/// `bytes` made into one JSON object text; false if there is none to be made. Known faults: `}{`, `[,{`, `,}`, raw newlines,
/// `""temp0`, inf and nan (become null), a leading `,"id":1}`, a truncated tail, lists shaped like objects, invalid UTF-8,
/// and cgminer's text form `STATUS=S,Code=11,...|`. A key given twice counts as given last.
bool repair(std::string_view bytes, std::string& into);

/// LuxOS's proof of logon: 1 to 32 letters, digits, - or _; anything else is refused, since it goes into requests.
class SessionId {
public:
    static std::optional<SessionId> from(std::string_view text);
    std::string_view view() const { return {text_.data(), size_}; }
    bool empty() const { return size_ == 0; }
    bool operator==(const SessionId&) const = default;

private:
    std::array<char, 32> text_{};
    std::uint8_t size_ = 0;
};

/// `SESSION[0].SessionID` of logon and session; nothing if no session is open.
std::optional<SessionId> session_id(const Reply& reply);

/// `POWER[0]`: watts at the wall, 0 to 100 kW; with `measured` false the firmware estimates.
struct PowerReport {
    Power power;
    bool measured = false;
};
std::optional<PowerReport> power(const Reply& reply);

/// `CONFIG[0]`. What it does not say stays empty.
struct ConfigReport {
    std::optional<bool> asleep;           ///< `CurtailMode` is Sleep, in any case.
    std::optional<bool> power_supply_on;
    std::optional<std::uint64_t> mac;
    std::string_view serial, model;
    std::optional<double> rated_gigahashes;  ///< "NameplateTHS", as GH/s; > 0.
    std::string_view profile;             ///< The active one; empty where it could not be named in a request.
    std::optional<bool> tunes_itself;     ///< "IsAtmEnabled": it changes profiles by temperature.
};
std::optional<ConfigReport> config(const Reply& reply);

/// Whose program answers.
enum class Lineage : std::uint8_t { luxos, braiins, whatsminer, other };

/// The reply to `version`, and who signs it. Nothing if it is no reply of this API at all, or only looks like one. WhatsMiners refuse the command, and are told by
/// how they do: their STATUS is a letter and not a list. Views live as long as the reply.
struct VersionReport {
    Lineage lineage = Lineage::other;
    std::string_view model;              ///< "Type", or an Avalon's "PROD".
    std::string_view firmware;           ///< The program's own version.
    std::optional<std::uint64_t> mac;    ///< An Avalon's; the others do not tell it here.
};
std::optional<VersionReport> version(const Reply& reply);

/// One of LuxOS's `PROFILES`: a level it may be set to by name, and what it says that one draws.
struct Profile {
    std::string_view name;
    Power power;
};
/// At most 256, as they come; what has no watts, or a name that cannot stand in a parameter, is left out. Views live as long as the reply.
std::vector<Profile> profiles(const Reply& reply);

/// `SUMMARY[0]` "GHS 5s" (or "MHS 5s") in GH/s, >= 0.
std::optional<double> gigahashes(const Reply& reply);

/// The mean of a quarter of an hour, "GHS 15m" (or "MHS 15m"), else what `gigahashes` says; GH/s, > 0 and at most 10^9.
std::optional<double> mean_gigahashes(const Reply& reply);

/// A curtail command was taken: `CURTAIL` or code 335, and no error.
bool curtail_taken(const Reply& reply);

/// Logon refused because somebody else has the one session.
bool session_taken(const Reply& reply);

/// A privileged command refused because its session is none.
bool session_invalid(const Reply& reply);

/// Six bytes in hex, with colons, dashes, dots or nothing between; any case. Zero and broadcast are none.
std::optional<std::uint64_t> mac_address(std::string_view text);

}  // namespace ballast::wire::cgminer
