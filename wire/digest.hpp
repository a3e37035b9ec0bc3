#pragma once
#include "model/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// HTTP Digest authentication as a client does it: RFC 7616, with MD5 as in RFC 2617 and, where a server names no quality
/// of protection, RFC 2069's form. Hashes come from OpenSSL. Knows no device, no clock and no randomness.
namespace ballast::wire::digest {

enum class Hash : std::uint8_t { md5, sha256 };

/// What a server asks to be answered. Strings are as they were meant: without quotes and escapes.
struct Challenge {
    std::string realm, nonce, opaque;
    std::string algorithm;    ///< As spelled, since it is sent back so; empty if not named, which means MD5.
    Hash hash = Hash::md5;
    bool session = false;     ///< The algorithm's "-sess" form.
    bool counted = false;     ///< Offers qop "auth": nc and cnonce take part. Else RFC 2069's form.
    bool has_opaque = false;
    bool stale = false;       ///< Only the nonce was too old; user and password were right.
};

/// The first challenge in `www_authenticate`, the header's values, that can be answered; of the same value there may be
/// several, other schemes among them. Fails with refused if there is none (Basic only, auth-int only, an unknown hash),
/// with malformed if what there is cannot be read.
Result<Challenge> parse_challenge(std::span<const std::string> www_authenticate);

/// What is asked for, and by whom. The views need to live during the call only.
struct Attempt {
    std::string_view method, uri;      ///< As in the request line.
    std::string_view user, password;
    std::string_view cnonce;           ///< Random, at least 8 characters; with "-sess" one for a nonce's whole life.
    std::uint32_t count = 1;           ///< nc: how many requests, this one included, went out with the nonce. The caller counts.
};

/// The Authorization header's value. A nonce may serve again with a higher `count`, until a challenge says stale.
/// Fails with malformed if a word would break out of the header, with refused if OpenSSL will not hash. Neither the
/// password nor the user is in an error; what is derived from the password is wiped before the call returns.
Result<std::string> authorization(const Challenge& challenge, const Attempt& attempt);

}  // namespace ballast::wire::digest
