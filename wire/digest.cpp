#include "wire/digest.hpp"

#include "wire/printable.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace ballast::wire::digest {
namespace {

using namespace std::string_view_literals;

/// A hash in lower-case hex. It may stand for the password, so it is wiped.
struct Hex {
    std::array<char, 64> text{};
    std::size_t size = 0;

    Hex() = default;
    Hex(const Hex&) = default;
    Hex& operator=(const Hex&) = delete;
    ~Hex() { OPENSSL_cleanse(text.data(), text.size()); }
    std::string_view view() const { return {text.data(), size}; }
};

/// Of the parts joined by colons; they are never put together in memory.
Result<Hex> hashed(Hash hash, std::initializer_list<std::string_view> parts) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
    unsigned size = 0;
    bool fine = context &&
                EVP_DigestInit_ex(context.get(), hash == Hash::md5 ? EVP_md5() : EVP_sha256(), nullptr) == 1;
    for (bool first = true; const std::string_view part : parts) {
        fine = fine && (std::exchange(first, false) || EVP_DigestUpdate(context.get(), ":", 1) == 1);
        fine = fine && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    }
    fine = fine && EVP_DigestFinal_ex(context.get(), raw.data(), &size) == 1 && 2 * size <= Hex{}.text.size();
    if (!fine)
        return fail(Errc::refused, fmt::format("digest: OpenSSL does not do {} here",
                                               hash == Hash::md5 ? "MD5" : "SHA-256"));
    Hex hex;
    for (unsigned i = 0; i < size; ++i) {
        hex.text[hex.size++] = "0123456789abcdef"[raw[i] >> 4];
        hex.text[hex.size++] = "0123456789abcdef"[raw[i] & 15];
    }
    OPENSSL_cleanse(raw.data(), raw.size());
    return hex;
}

/// The key that user, realm and password make: RFC 7616, section 3.4.2.
Result<Hex> key(const Challenge& challenge, const Attempt& attempt) {
    auto plain = hashed(challenge.hash, {attempt.user, challenge.realm, attempt.password});
    if (!plain || !challenge.session) return plain;
    return hashed(challenge.hash, {plain->view(), challenge.nonce, attempt.cnonce});
}

Result<Hex> response(const Challenge& challenge, const Attempt& attempt, std::string_view count) {
    auto secret = key(challenge, attempt);
    if (!secret) return secret;
    auto asked = hashed(challenge.hash, {attempt.method, attempt.uri});
    if (!asked) return asked;
    if (!challenge.counted) return hashed(challenge.hash, {secret->view(), challenge.nonce, asked->view()});
    return hashed(challenge.hash,
                  {secret->view(), challenge.nonce, count, attempt.cnonce, "auth"sv, asked->view()});
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

struct Parameter {
    std::string name, value;
};

struct Scheme {
    std::string name;
    std::vector<Parameter> parameters;

    /// Null if it is not there.
    const std::string* find(std::string_view wanted) const {
        const auto at =
            std::ranges::find_if(parameters, [&](const Parameter& one) { return same(one.name, wanted); });
        return at == parameters.end() ? nullptr : &at->value;
    }
};

/// Reads `Basic realm="x", Digest realm="y", nonce=..., ...`: a word with '=' behind it belongs to the scheme before it.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_{text} {}

    /// False if it cannot be read.
    bool run(std::vector<Scheme>& into) {
        for (skip(" \t,"); at_ < text_.size(); skip(" \t,")) {
            std::string name = word(" \t,=\"");
            if (name.empty()) return false;
            skip(" \t");
            if (at_ == text_.size() || text_[at_] != '=' || into.empty()) {
                into.push_back({std::move(name), {}});
                continue;
            }
            ++at_;
            skip(" \t");
            auto& parameter = into.back().parameters.emplace_back();
            parameter.name = std::move(name);
            if (at_ == text_.size() || text_[at_] != '"') parameter.value = word(" \t,\"");
            else if (!quoted_string(parameter.value)) return false;
        }
        return true;
    }

private:
    void skip(std::string_view those) { at_ = std::min(text_.find_first_not_of(those, at_), text_.size()); }

    std::string word(std::string_view ends) {
        const std::size_t from = at_;
        at_ = std::min(text_.find_first_of(ends, at_), text_.size());
        return std::string{text_.substr(from, at_ - from)};
    }

    bool quoted_string(std::string& into) {
        for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\' && ++at_ == text_.size()) return false;
            into += text_[at_];
        }
        return at_++ < text_.size();
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// A comma-separated list has it, in any case.
bool lists(std::string_view list, std::string_view wanted) {
    while (!list.empty()) {
        std::string_view one = list.substr(0, list.find(','));
        list.remove_prefix(std::min(one.size() + 1, list.size()));
        one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
        if (same(one.substr(0, one.find_first_of(" \t")), wanted)) return true;
    }
    return false;
}

/// Sets hash and session by the algorithm's name; false if we do not know it.
bool understood(Challenge& challenge) {
    std::string_view name = challenge.algorithm;
    constexpr auto suffix = "-sess"sv;
    challenge.session = name.size() > suffix.size() && same(name.substr(name.size() - suffix.size()), suffix);
    if (challenge.session) name.remove_suffix(suffix.size());
    challenge.hash = same(name, "SHA-256") ? Hash::sha256 : Hash::md5;
    return name.empty() || same(name, "MD5") || challenge.hash == Hash::sha256;
}

bool repeats_itself(const Scheme& scheme) {
    for (std::size_t i = 0; i < scheme.parameters.size(); ++i)
        if (scheme.find(scheme.parameters[i].name) != &scheme.parameters[i].value) return true;
    return false;
}

Result<Challenge> challenge_of(const Scheme& scheme) {
    if (scheme.parameters.size() > 32 || repeats_itself(scheme))
        return fail(Errc::malformed, "digest: the challenge says something twice, or too much");
    for (const auto& [name, value] : scheme.parameters)
        if (std::ranges::any_of(value, is_control))
            return fail(Errc::malformed, "digest: a control character in the challenge");
    const auto* realm = scheme.find("realm");
    const auto* nonce = scheme.find("nonce");
    if (!realm || !nonce || nonce->empty())
        return fail(Errc::malformed, "digest: a challenge without a realm or a nonce");
    Challenge challenge;
    challenge.realm = *realm;
    challenge.nonce = *nonce;
    const auto* opaque = scheme.find("opaque");
    challenge.has_opaque = opaque != nullptr;
    if (opaque) challenge.opaque = *opaque;
    if (const auto* stale = scheme.find("stale")) challenge.stale = same(*stale, "true");
    if (const auto* algorithm = scheme.find("algorithm")) challenge.algorithm = *algorithm;
    if (!understood(challenge))
        return fail(Errc::refused, fmt::format("digest: algorithm {} is not spoken here",
                                               printable(challenge.algorithm, 40)));
    const auto* qop = scheme.find("qop");
    challenge.counted = qop && lists(*qop, "auth");
    if (qop && !qop->empty() && !challenge.counted)
        return fail(Errc::refused,
                    fmt::format("digest: qop {} without auth is not spoken here", printable(*qop, 40)));
    if (challenge.session && !challenge.counted)
        return fail(Errc::malformed, "digest: a -sess algorithm without qop");
    return challenge;
}

}  // namespace

Result<Challenge> parse_challenge(std::span<const std::string> www_authenticate) {
    Error first{Errc::refused, "digest: the server asks for no Digest"};
    bool seen = false;
    const auto note = [&](Error error) {
        if (!std::exchange(seen, true)) first = std::move(error);
    };
    for (const std::string& value : www_authenticate) {
        std::vector<Scheme> schemes;
        if (value.size() > 8'192 || !Scanner{value}.run(schemes)) {
            note({Errc::malformed, "digest: WWW-Authenticate cannot be read"});
            continue;
        }
        for (const Scheme& scheme : schemes) {
            if (!same(scheme.name, "Digest")) continue;
            auto challenge = challenge_of(scheme);
            if (challenge) return challenge;
            note(std::move(challenge.error()));
        }
    }
    return tl::unexpected{std::move(first)};
}

Result<std::string> authorization(const Challenge& challenge, const Attempt& attempt) {
    const std::string_view sent[] = {attempt.method,  attempt.uri,     attempt.user,     attempt.cnonce,
                                     challenge.realm, challenge.nonce, challenge.opaque, challenge.algorithm};
    for (const std::string_view word : sent)
        if (std::ranges::any_of(word, is_control))
            return fail(Errc::malformed, "digest: a control character in what is to be sent");
    if (attempt.cnonce.empty() && (challenge.counted || challenge.session))
        return fail(Errc::malformed, "digest: no cnonce was given");
    const std::string count = fmt::format("{:08x}", attempt.count);
    const auto proof = response(challenge, attempt, count);
    if (!proof) return tl::unexpected{proof.error()};
    std::string out = fmt::format("Digest username={}, realm={}, uri={}", quoted(attempt.user),
                                  quoted(challenge.realm), quoted(attempt.uri));
    if (!challenge.algorithm.empty()) out += ", algorithm=" + challenge.algorithm;
    out += ", nonce=" + quoted(challenge.nonce);
    if (challenge.counted) out += fmt::format(", nc={}, cnonce={}, qop=auth", count, quoted(attempt.cnonce));
    out += fmt::format(", response=\"{}\"", proof->view());
    if (challenge.has_opaque) out += ", opaque=" + quoted(challenge.opaque);
    return out;
}

}  // namespace ballast::wire::digest
