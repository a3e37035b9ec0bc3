#include "tests/fuzz/reply.hpp"
#include "wire/braiins.hpp"
#include "wire/cgminer_rates.hpp"

using namespace ballast;
using namespace ballast::fuzz;
namespace cgminer = wire::cgminer;
namespace json = boost::json;

namespace {

void check_fields(const cgminer::Reply& reply) {
    PROMISE(reply.status.code >= 0);
    if (const auto session = cgminer::session_id(reply)) PROMISE(!session->empty() && cgminer::SessionId::from(session->view()) == session);
    if (const auto power = cgminer::power(reply)) PROMISE(sane_power(power->power));
    if (const auto config = cgminer::config(reply)) PROMISE(sane_mac(config->mac) && config->rated_gigahashes.value_or(1) > 0);
    if (const auto version = cgminer::version(reply)) PROMISE(sane_mac(version->mac));
    const auto profiles = cgminer::profiles(reply);
    PROMISE(profiles.size() <= 256);
    for (const auto& profile : profiles) PROMISE(!profile.name.empty() && sane_power(profile.power));
    PROMISE(sane_rate(cgminer::gigahashes(reply)));
    const auto mean = cgminer::mean_gigahashes(reply);
    PROMISE(!mean || (*mean > 0 && *mean <= 1e9));
    PROMISE(sane_rate(cgminer::recent_gigahashes(reply)));
    const auto sum = cgminer::devices_gigahashes(reply);
    PROMISE(!sum || (*sum >= 0 && std::isfinite(*sum) && !(reply.repaired && *sum == 0)));
    PROMISE(sane_mac(cgminer::summary_mac(reply)));
    cgminer::curtail_taken(reply);
    cgminer::session_taken(reply);
    cgminer::session_invalid(reply);
    wire::braiins::paused_or_resumed(reply);
    PROMISE(sane_power(wire::braiins::tuner_power(reply)));
}

void check_request(std::string_view bytes) {
    const auto request = cgminer::parse_request(bytes);
    if (!request) {
        PROMISE(fails_well(request));
        return;
    }
    std::string written;
    cgminer::write_request(written, request->command, request->parameter);
    const auto again = cgminer::parse_request(written);
    PROMISE(!again || wire::is_printable(again->command) || !wire::is_printable(request->command));
}

/// Whole by one feed is whole by many, and at the same byte.
void check_framing(std::string_view bytes) {
    cgminer::Framing at_once, by_byte;
    bool whole = false, ended = false;
    const bool whole_at_once = at_once.feed(bytes);
    for (std::size_t i = 0; i < bytes.size() && !ended; ++i) {
        whole = by_byte.feed(bytes.substr(i, 1));
        ended = bytes[i] == '\0';
    }
    PROMISE(whole == whole_at_once);
}

}  // namespace

FUZZ_TARGET(cgminer) {
    check_framing(bytes);
    check_request(bytes);
    const auto reply = used_parser().parse(bytes);
    cgminer::Parser fresh;
    const auto same = fresh.parse(bytes);
    PROMISE(reply.has_value() == same.has_value());
    if (!reply) {
        PROMISE(fails_well(reply) && reply.error().detail.size() <= 120 && reply.error().detail == same.error().detail);
        return;
    }
    PROMISE(json::serialize(*reply->body) == json::serialize(*same->body) && reply->repaired == same->repaired);
    check_fields(*reply);
}
