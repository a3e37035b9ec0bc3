#include "tests/fuzz/reply.hpp"
#include "wire/whatsminer2.hpp"

using namespace ballast;
using namespace ballast::fuzz;
namespace whatsminer2 = wire::whatsminer2;

namespace {

/// That of shared/captures/whatsminer/crypto_vectors.json, so that its packets open. Made once, for it is slow.
const whatsminer2::Session& session() {
    static const auto made = whatsminer2::make_session("admin", {.time = "5626", .salt = "BQ5hoXV9", .newsalt = "jbzkfQls"});
    return *made;
}

bool sane_celsius(const std::optional<Temperature>& celsius) { return !celsius || (celsius->count >= -60'000 && celsius->count <= 200'000); }

void check_token(const whatsminer2::Reply& reply) {
    const auto token = whatsminer2::token_reply(reply);
    if (!token) {
        PROMISE(fails_well(token, true));
        return;
    }
    PROMISE(wire::is_md5crypt_salt(token->salt) && wire::is_md5crypt_salt(token->newsalt) && !token->time.empty() && token->time.size() <= 16);
}

void check_reports(const whatsminer2::Reply& reply) {
    whatsminer2::answer(reply.status);
    check_token(reply);
    if (const auto summary = whatsminer2::summary(reply)) {
        PROMISE(sane_power(summary->power) && sane_power(summary->power_limit) && sane_mac(summary->mac));
        PROMISE(sane_rate(summary->gigahashes) && sane_rate(summary->mean_gigahashes) && sane_rate(summary->rated_gigahashes));
        PROMISE(sane_celsius(summary->chips) && sane_celsius(summary->ambient));
    }
    if (const auto status = whatsminer2::status(reply)) PROMISE(sane_power(status->power_limit) && (!status->hash_percent || std::isfinite(*status->hash_percent)));
    if (const auto identity = whatsminer2::identity(reply)) PROMISE(sane_mac(identity->mac));
    PROMISE(whatsminer2::error_codes(reply).size() <= 64);
    for (const auto& count : {whatsminer2::boards(reply), whatsminer2::pools(reply)}) PROMISE(!count || count->alive <= count->listed);
}

}  // namespace

FUZZ_TARGET(whatsminer2) {
    auto& parser = used_parser();
    const auto reply = whatsminer2::open(session(), bytes, parser);
    PROMISE(fails_well(reply));
    if (reply) check_reports(*reply);

    // Under the seal, where bytes drawn at random never get.
    if (bytes.size() > 48 * 1'024 || bytes.find('\0') != bytes.npos) return;
    const auto sealed = whatsminer2::open(session(), whatsminer2::sealed_reply(session(), bytes), parser);
    PROMISE(fails_well(sealed));
    if (sealed) check_reports(*sealed);
}
