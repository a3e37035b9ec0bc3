#include "wire/cipher.hpp"

#include "model/check.hpp"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace ballast::wire {
namespace {

constexpr std::size_t block = 16;
constexpr std::size_t most_sealed_bytes = 65'536;
constexpr std::string_view base64_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// One direction of AES-256-ECB over whole blocks, in place.
void aes256(const Sha256& key, std::string& blocks, bool seal) {
    BALLAST_CHECK(blocks.size() % block == 0 && blocks.size() <= 2 * most_sealed_bytes);
    const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
    BALLAST_CHECK(context != nullptr);
    BALLAST_CHECK(EVP_CipherInit_ex(context.get(), EVP_aes_256_ecb(), nullptr, key.data(), nullptr, seal ? 1 : 0) == 1);
    BALLAST_CHECK(EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1);
    auto* at = reinterpret_cast<unsigned char*>(blocks.data());
    int written = 0;
    BALLAST_CHECK(EVP_CipherUpdate(context.get(), at, &written, at, static_cast<int>(blocks.size())) == 1);
    BALLAST_CHECK(static_cast<std::size_t>(written) == blocks.size());
}

}  // namespace

Sha256 sha256(std::string_view text) {
    Sha256 digest{};
    BALLAST_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
    return digest;
}

std::string base64(std::string_view bytes) {
    BALLAST_CHECK(bytes.size() <= 2 * most_sealed_bytes);
    std::string out((bytes.size() + 2) / 3 * 4, '\0');  // OpenSSL writes a NUL where std::string already keeps one.
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), octets(bytes), static_cast<int>(bytes.size()));
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    int letters = 0, padding = 0;
    for (const char c : text) {
        if (c == '\r' || c == '\n') continue;
        const auto value = base64_letters.find(c);
        if (c == '=') ++padding;
        else if (padding > 0 || value == base64_letters.npos) return {};
        bits = bits << 6 | (c == '=' ? 0U : static_cast<std::uint32_t>(value));
        if (++letters % 4 != 0) continue;
        for (const int shift : {16, 8, 0}) out += static_cast<char>(bits >> shift & 0xffU);
        bits = 0;
    }
    if (letters % 4 != 0 || padding > 2) return {};
    out.resize(out.size() - static_cast<std::size_t>(padding));
    return out;
}

std::string aes256_seal(const Sha256& key, std::string_view text) {
    std::string blocks((text.size() + block - 1) / block * block, '\0');
    std::ranges::copy(text, blocks.begin());
    aes256(key, blocks, true);
    return blocks;
}

std::optional<std::string> aes256_open(const Sha256& key, std::string_view sealed) {
    if (sealed.empty() || sealed.size() % block != 0 || sealed.size() > most_sealed_bytes) return {};
    std::string text{sealed};
    aes256(key, text, false);
    text.resize(text.find_last_not_of('\0') + 1);  // All of it zero: npos + 1 is 0.
    return text;
}

bool is_md5crypt_salt(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');  // '/' lies between '.' and '0'.
    };
    return !text.empty() && text.size() <= 8 && std::ranges::all_of(text, allowed);
}

std::optional<std::string> md5crypt(std::string_view password, std::string_view salt) {
    if (!is_md5crypt_salt(salt) || password.size() > 256 || password.find('\0') != password.npos) return {};
    constexpr std::size_t hash_length = 22;
    const std::string setting = "$1$" + std::string{salt} + '$';
    std::string secret{password};
    const auto work = std::make_unique<crypt_data>();
    const char* crypted = crypt_r(secret.c_str(), setting.c_str(), work.get());
    std::optional<std::string> hash;
    if (crypted && std::string_view{crypted}.starts_with(setting)) hash.emplace(crypted + setting.size());
    OPENSSL_cleanse(work.get(), sizeof(crypt_data));
    wipe(secret);
    if (hash && hash->size() != hash_length) return {};
    return hash;
}

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

void wipe(void* secret, std::size_t bytes) { OPENSSL_cleanse(secret, bytes); }

}  // namespace ballast::wire
