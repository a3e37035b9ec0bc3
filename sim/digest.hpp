#pragma once
#include "model/units.hpp"

#include <string>
#include <string_view>

namespace ballast::sim {

/// A server's side of HTTP Digest (RFC 7616, MD5, qop "auth"), as lighttpd does it: nonces carry their time and are not
/// kept, an old one is answered with stale=true, and counts (nc) are not checked.
class DigestGuard {
public:
    DigestGuard(std::string realm, std::string user, std::string password, Duration nonce_life, std::uint64_t seed);

    enum class Verdict : std::uint8_t {
        good,
        stranger,                            ///< No credentials, or wrong ones.
        stale,                               ///< The right password, by a nonce that has expired or is not ours.
    };
    /// `authorization`: the header's value, empty if there is none. `target`: as in the request line.
    Verdict judge(std::string_view authorization, std::string_view method, std::string_view target, Steady now) const;

    /// The value of WWW-Authenticate, with a nonce of now.
    std::string challenge(bool stale, Steady now) const;

private:
    std::string nonce(std::int64_t issued_ms) const;
    bool lives(std::string_view nonce, Steady now) const;

    std::string realm_, user_, password_, secret_;
    Duration nonce_life_;
};

}  // namespace ballast::sim
