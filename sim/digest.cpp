#include "sim/digest.hpp"

#include "model/check.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace ballast::sim {

namespace {

std::string md5(std::string_view text) {
    unsigned char hash[16];
    BALLAST_CHECK(EVP_Digest(text.data(), text.size(), hash, nullptr, EVP_md5(), nullptr) == 1);
    std::string out;
    for (const unsigned char byte : hash) out += fmt::format("{:02x}", byte);
    return out;
}

using Fields = std::map<std::string, std::string, std::less<>>;

/// `Digest name=token, name="quoted", ..`; empty for any other scheme, and as far as it is well formed.
Fields fields_of(std::string_view header) {
    Fields out;
    constexpr std::string_view scheme = "digest ";
    const bool digest = header.size() > scheme.size() && std::equal(scheme.begin(), scheme.end(), header.begin(), [](char a, char b) { return a == (b | 0x20); });
    if (!digest) return out;
    for (std::size_t at = scheme.size(); at < header.size();) {
        at = header.find_first_not_of(" ,\t", at);
        const std::size_t is = at == header.npos ? header.npos : header.find('=', at);
        if (is == header.npos) break;
        std::string value;
        std::size_t end = is + 1;
        if (end < header.size() && header[end] == '"') {
            for (++end; end < header.size() && header[end] != '"'; ++end) {
                if (header[end] == '\\' && end + 1 < header.size()) ++end;
                value += header[end];
            }
            ++end;
        } else {
            end = std::min(header.find_first_of(", \t", end), header.size());
            value = header.substr(is + 1, end - is - 1);
        }
        out.emplace(header.substr(at, is - at), value);
        at = end;
    }
    return out;
}

std::string field(const Fields& fields, std::string_view name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string{} : found->second;
}

}  // namespace

DigestGuard::DigestGuard(std::string realm, std::string user, std::string password, Duration nonce_life, std::uint64_t seed)
    : realm_{std::move(realm)}, user_{std::move(user)}, password_{std::move(password)}, secret_{md5(fmt::format("secret {}", seed))}, nonce_life_{nonce_life} {}

std::string DigestGuard::nonce(std::int64_t issued_ms) const {
    return fmt::format("{:x}:{}", issued_ms, md5(fmt::format("{:x}:{}", issued_ms, secret_)));
}

std::string DigestGuard::challenge(bool stale, Steady now) const {
    return fmt::format(R"(Digest realm="{}", charset="UTF-8", algorithm=MD5, nonce="{}", qop="auth"{})", realm_, nonce(now.time_since_epoch().count()), stale ? ", stale=true" : "");
}

bool DigestGuard::lives(std::string_view given, Steady now) const {
    std::int64_t issued_ms = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), issued_ms, 16);
    return error == std::errc{} && given == nonce(issued_ms) && now.time_since_epoch().count() - issued_ms < nonce_life_.count();
}

DigestGuard::Verdict DigestGuard::judge(std::string_view authorization, std::string_view method, std::string_view target, Steady now) const {
    const Fields given = fields_of(authorization);
    if (field(given, "username") != user_ || field(given, "realm") != realm_ || field(given, "uri") != target) return Verdict::stranger;
    const std::string algorithm = field(given, "algorithm"), qop = field(given, "qop");
    if ((!algorithm.empty() && algorithm != "MD5") || (!qop.empty() && qop != "auth")) return Verdict::stranger;
    const std::string whose = md5(fmt::format("{}:{}:{}", user_, realm_, password_)), what = md5(fmt::format("{}:{}", method, target));
    const std::string by = qop.empty() ? field(given, "nonce") : fmt::format("{}:{}:{}:{}", field(given, "nonce"), field(given, "nc"), field(given, "cnonce"), qop);
    if (field(given, "response") != md5(fmt::format("{}:{}:{}", whose, by, what))) return Verdict::stranger;
    return lives(field(given, "nonce"), now) ? Verdict::good : Verdict::stale;
}

}  // namespace ballast::sim
