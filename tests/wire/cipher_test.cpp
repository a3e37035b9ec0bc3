#include "wire/cipher.hpp"

#include "tests/catch.hpp"

using namespace ballast::wire;
using namespace std::string_literals;

TEST_CASE("base64 is RFC 4648's, both ways, and nothing else is taken for it") {
    const auto both = [](const std::string& plain, const std::string& coded) {
        CHECK(base64(plain) == coded);
        CHECK(from_base64(coded) == plain);
    };
    both("", "");
    both("f", "Zg==");
    both("fo", "Zm8=");
    both("foo", "Zm9v");
    both("foobar", "Zm9vYmFy");
    both("\0\xff\xfe"s, "AP/+");
    CHECK(from_base64("Zm9v\r\nYmFy\n") == "foobar");
    for (const char* bad : {"Z", "Zg", "Zg=", "Zg===", "====", "=Zg=", "Zg==Zg==", "Zm9v YmFy", "Zm9-"}) CHECK_FALSE(from_base64(bad));
    CHECK_FALSE(from_base64("Zm9\0"s));
}

TEST_CASE("SHA-256 is FIPS 180's") {
    const Sha256 digest = sha256("abc");
    CHECK(digest[0] == 0xba);
    CHECK(digest[31] == 0xad);
}

TEST_CASE("AES-256-ECB is NIST SP 800-38A's, and zeros fill the last block") {
    const auto from_hex = [](std::string_view hex) {
        std::string bytes;
        for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
        return bytes;
    };
    Sha256 key{};
    const std::string key_bytes = from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<unsigned char>(key_bytes[i]);
    const std::string plain = from_hex("6bc1bee22e409f96e93d7e117393172a"), sealed = from_hex("f3eed1bdb5d2a03c064b5a7e3db181f8");
    CHECK(aes256_seal(key, plain) == sealed);
    CHECK(aes256_open(key, sealed) == plain);
    for (const std::size_t length : {1u, 15u, 16u, 17u, 31u, 32u}) {
        const std::string text(length, 'x');
        CHECK(aes256_seal(key, text).size() == (length + 15) / 16 * 16);
        CHECK(aes256_open(key, aes256_seal(key, text)) == text);
    }
    CHECK(aes256_seal(key, "").empty());
    CHECK(aes256_open(key, aes256_seal(key, std::string(16, '\0'))) == "");
    CHECK_FALSE(aes256_open(key, ""));
    CHECK_FALSE(aes256_open(key, std::string(17, 'x')));
    CHECK_FALSE(aes256_open(key, std::string(65'552, 'x')));
}

TEST_CASE("md5crypt is crypt(3)'s, and takes no salt that would mean something else") {
    CHECK(md5crypt("admin", "BQ5hoXV9") == "RxmaDUO33TS7O26yeMHZ81");
    CHECK(md5crypt("", "BQ5hoXV9")->size() == 22);
    for (const char* salt : {"", "123456789", "a$b", "a:b", "a b", "*0"}) CHECK_FALSE(md5crypt("admin", salt));
    CHECK_FALSE(md5crypt("ad\0min"s, "BQ5hoXV9"));
    CHECK_FALSE(md5crypt(std::string(257, 'x'), "BQ5hoXV9"));
}

TEST_CASE("a wiped secret is empty") {
    std::string secret = "hello";
    wipe(secret);
    CHECK(secret.empty());
}
