#include "wire/whatsminer2.hpp"

#include "wire/loose_json.hpp"
#include "wire/printable.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::wire::whatsminer2 {
namespace {

/// As a JSON string. MicroBT's firmware reads it with cJSON, which takes UTF-8 as it is.
void append_quoted(std::string& into, std::string_view text) {
    into += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') into += '\\';
        if (c >= 0 && c < ' ') into += fmt::format("\\u{:04x}", static_cast<int>(c));
        else into += c;
    }
    into += '"';
}

/// With a blank behind each colon and comma: the plaintext is compared byte by byte with the vectors.
void append_member(std::string& into, std::string_view name, std::string_view value) {
    into += into.empty() ? "{" : ", ";
    append_quoted(into, name);
    into += ": ";
    append_quoted(into, value);
}

std::string sealed(const Session& session, std::string_view text) { return base64(aes256_seal(session.key(), text)); }

/// The encrypted part of a reply (`"enc":"..."`) or of an order (`"enc":1,"data":"..."`); null if it is in plain.
const json::string* encrypted(const json::object& body) {
    const json::value* enc = body.if_contains("enc");
    if (!enc) return nullptr;
    if (const json::string* text = enc->if_string()) return text;
    const json::value* data = body.if_contains("data");
    return data ? data->if_string() : nullptr;
}

/// A key that does not fit gives garbage, of which repairing might make an object.
bool sensible(const Reply& reply) { return !reply.repaired || reply.status.kind != '?' || reply.status.code != 0; }

std::string digits(const json::object& in, std::string_view key) {
    const auto number = loose::text(in, key).empty() ? loose::whole(in, key) : std::nullopt;
    return number ? std::to_string(*number) : std::string{loose::text(in, key)};
}

bool is_time(std::string_view text) {
    return !text.empty() && text.size() <= 16 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void write_request(std::string& into, std::string_view command) {
    into.assign(R"({"cmd":)");
    append_quoted(into, command);
    into += '}';
}

Answer answer(const Status& status) {
    switch (status.code) {
    case 14: return Answer::unknown_command;
    case 23: return Answer::unreadable;
    case 45: return Answer::locked;
    case 135: return Answer::token_refused;
    case 136: return Answer::too_many_tokens;
    case 137: return Answer::unreadable;
    default: break;
    }
    const bool done = (status.kind == 'S' || status.kind == 'I' || status.kind == 'W') && status.code != 132;
    if (done) return Answer::taken;
    for (const std::string_view words : {"access write", "access denied", "permission denied", "no permission"})
        if (loose::mentions(status.message, words)) return Answer::locked;
    return Answer::refused;
}

Result<TokenReply> token_reply(const Reply& reply) {
    if (answer(reply.status) != Answer::taken)
        return fail(Errc::refused, fmt::format("no token: code {}, {}", reply.status.code, printable(reply.status.message, 60)));
    const json::object* said = loose::object(reply.body, "Msg");
    if (!said) return fail(Errc::malformed, "token reply without Msg");
    TokenReply token{digits(*said, "time"), digits(*said, "salt"), digits(*said, "newsalt")};
    if (!is_time(token.time)) return fail(Errc::malformed, "token reply without a time");
    if (!is_md5crypt_salt(token.salt) || !is_md5crypt_salt(token.newsalt)) return fail(Errc::malformed, "token reply without salts");
    return token;
}

Session::~Session() {
    wipe(sign_.data(), sign_.size());
    wipe(key_.data(), key_.size());
}

Result<Session> make_session(std::string_view password, const TokenReply& token) {
    if (!is_md5crypt_salt(token.salt) || !is_md5crypt_salt(token.newsalt)) return fail(Errc::malformed, "a token's salt is none");
    auto key = md5crypt(password, token.salt);
    if (!key) return fail(Errc::refused, "the password cannot be used: it is longer than 256 bytes, or holds a NUL");
    Session session;
    session.key_ = sha256(*key);
    std::string proof = *key + token.time;
    auto sign = md5crypt(proof, token.newsalt);
    wipe(proof);
    wipe(*key);
    if (!sign) return fail(Errc::malformed, "a token's time is none");
    std::ranges::copy(*sign, session.sign_.begin());
    wipe(*sign);
    return session;
}

std::string packet(const Session& session, std::string_view command, std::initializer_list<Parameter> parameters) {
    std::string plain;
    plain.reserve(256);  // Grows rarely, and so leaves no copies behind.
    append_member(plain, "cmd", command);
    for (const auto& [name, value] : parameters) append_member(plain, name, value);
    append_member(plain, "token", session.sign());
    plain += '}';
    std::string bytes = R"({"enc":1,"data":")" + sealed(session, plain) + "\"}";
    wipe(plain);
    return bytes;
}

std::string sealed_reply(const Session& session, std::string_view text) {
    return R"({"enc":")" + sealed(session, text) + "\"}";
}

Result<Reply> open(const Session& session, std::string_view bytes, Parser& parser) {
    auto reply = parser.parse(bytes);
    if (!reply || !reply->body->contains("enc")) return reply;
    const json::string* text = encrypted(*reply->body);
    if (!text) return fail(Errc::malformed, "encrypted reply without a text");
    const auto blocks = from_base64(std::string_view{*text});
    if (!blocks) return fail(Errc::malformed, "encrypted reply that is not base64");
    auto plain = aes256_open(session.key(), *blocks);
    if (!plain) return fail(Errc::malformed, fmt::format("encrypted reply of {} bytes, not of whole blocks", blocks->size()));
    reply = parser.parse(*plain);
    wipe(*plain);
    if (!reply || !sensible(*reply)) return fail(Errc::malformed, "reply that decrypts to no JSON object, as under a wrong password");
    return reply;
}

}  // namespace ballast::wire::whatsminer2
