#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// The few primitives that miners' logins are made of, by OpenSSL and libcrypt. None fails on what a stranger sends but
/// by returning nothing; OpenSSL itself failing (no memory, a broken installation) aborts.
namespace ballast::wire {

using Sha256 = std::array<unsigned char, 32>;
Sha256 sha256(std::string_view text);

/// RFC 4648, section 4, with padding and without line breaks.
std::string base64(std::string_view bytes);

/// Skips CR and LF. Nothing if anything else is wrong: a foreign character, a length that is not a multiple of four,
/// padding that is missing or not at the end.
std::optional<std::string> from_base64(std::string_view text);

/// AES-256 in ECB mode; the last block is filled up with zeros, none is added. Length: `text`'s, rounded up to 16.
std::string aes256_seal(const Sha256& key, std::string_view text);

/// The other way, without the zeros at the end. Nothing if `sealed` is empty, longer than 64 KiB or no multiple of 16 bytes.
/// A wrong key is not noticed here: it gives garbage.
std::optional<std::string> aes256_open(const Sha256& key, std::string_view sealed);

/// 1 to 8 of [./0-9A-Za-z].
bool is_md5crypt_salt(std::string_view text);

/// The 22 characters that crypt(3) writes behind "$1$salt$". Nothing if `salt` is none, or if `password` holds a NUL or is
/// longer than 256 bytes. Slow by design: a thousand rounds.
std::optional<std::string> md5crypt(std::string_view password, std::string_view salt);

/// Overwrites a secret, so that it is in no core dump; a string is left empty.
void wipe(std::string& secret);
void wipe(void* secret, std::size_t bytes);

}  // namespace ballast::wire
