#include "drivers/sqlite/sha256.hpp"

#include "model/check.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

namespace ballast::sqlite {

std::string sha256(std::string_view text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    BALLAST_CHECK(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) == 1);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
    return hex;
}

}  // namespace ballast::sqlite
