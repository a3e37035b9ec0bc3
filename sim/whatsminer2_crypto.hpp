#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace ballast::sim {

/// What WhatsMiner API v2 seals its writes with, from the facts (asic.md 1.3) and the vectors beside them; apart from
/// the codec of the drivers on purpose, so that each shows the other's mistakes.

/// md5crypt's last part, "RxmaDUO33TS7O26yeMHZ81", of `$1$salt$`. Empty if libcrypt refuses the salt.
std::string md5crypt(const std::string& secret, const std::string& salt);

using WhatsminerKey = std::array<unsigned char, 32>;
/// SHA-256 of the text that md5crypt made of the password.
WhatsminerKey whatsminer_key(std::string_view crypted_password);

/// AES-256-ECB, padded with zeros to 16 bytes, in base64 without line breaks.
std::string whatsminer_sealed(const WhatsminerKey& key, std::string_view plain);
/// Without the zeros at its end. None if it is no base64, or no whole number of blocks.
std::optional<std::string> whatsminer_opened(const WhatsminerKey& key, std::string_view base64);

}  // namespace ballast::sim
