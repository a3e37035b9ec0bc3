#include "sim/whatsminer2_crypto.hpp"

#include "model/check.hpp"

#include <crypt.h>
#include <openssl/evp.h>

#include <memory>

namespace ballast::sim {

namespace {

struct ContextFree {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

constexpr std::size_t block = 16;

/// Whole blocks in, as many out.
std::string through_aes(const WhatsminerKey& key, std::string_view in, bool seal) {
    const std::unique_ptr<EVP_CIPHER_CTX, ContextFree> context{EVP_CIPHER_CTX_new()};
    std::string out(in.size() + block, '\0');
    int size = 0;
    const bool done = context && EVP_CipherInit_ex(context.get(), EVP_aes_256_ecb(), nullptr, key.data(), nullptr, seal ? 1 : 0) == 1 &&
                      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
                      EVP_CipherUpdate(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                                       reinterpret_cast<const unsigned char*>(in.data()), static_cast<int>(in.size())) == 1;
    BALLAST_CHECK(done);
    out.resize(static_cast<std::size_t>(size));
    return out;
}

std::string base64_of(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

std::optional<std::string> bytes_of(std::string_view base64) {
    if (base64.empty() || base64.size() % 4 != 0) return std::nullopt;
    std::string out(base64.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(base64.data()), static_cast<int>(base64.size()));
    if (size < 0) return std::nullopt;
    const std::size_t padded = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;  // Which OpenSSL decodes as zeros.
    out.resize(static_cast<std::size_t>(size) - padded);
    return out;
}

}  // namespace

std::string md5crypt(const std::string& secret, const std::string& salt) {
    const auto data = std::make_unique<crypt_data>();
    const char* crypted = ::crypt_r(secret.c_str(), ("$1$" + salt + "$").c_str(), data.get());
    const std::string text = crypted ? crypted : "";
    return text.starts_with("$1$") ? text.substr(text.rfind('$') + 1) : std::string{};
}

WhatsminerKey whatsminer_key(std::string_view crypted_password) {
    WhatsminerKey key{};
    BALLAST_CHECK(EVP_Digest(crypted_password.data(), crypted_password.size(), key.data(), nullptr, EVP_sha256(), nullptr) == 1);
    return key;
}

std::string whatsminer_sealed(const WhatsminerKey& key, std::string_view plain) {
    std::string padded{plain};
    padded.resize((plain.size() + block - 1) / block * block, '\0');
    return base64_of(through_aes(key, padded, true));
}

std::optional<std::string> whatsminer_opened(const WhatsminerKey& key, std::string_view base64) {
    const auto bytes = bytes_of(base64);
    if (!bytes || bytes->size() % block != 0) return std::nullopt;
    std::string plain = through_aes(key, *bytes, false);
    plain.resize(plain.find_last_not_of('\0') + 1);
    return plain;
}

}  // namespace ballast::sim
