#include "tests/fuzz/reply.hpp"
#include "wire/axeos.hpp"
#include "wire/epic.hpp"
#include "wire/vnish.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::fuzz;

namespace {

/// A refusal's words are as they came; who knows the password looks for it in them, and makes the rest fit to show.
bool answers_well(const Result<void>& taken) {
    return taken || (taken.error().code == Errc::refused && !taken.error().detail.empty()) || fails_well(taken);
}

void check_axeos(std::string_view bytes) {
    const auto info = wire::axeos::parse_info(used_parser(), bytes);
    PROMISE(fails_well(info));
    if (!info) return;
    PROMISE(sane_mac(info->mac) && sane_power(info->power) && info->power != Power{0});
    PROMISE(sane_rate(info->gigahashes) && sane_rate(info->mean_gigahashes) && info->mean_gigahashes != 0.0);
    PROMISE(wire::is_printable(info->version));
}

void check_epic(std::string_view bytes) {
    auto& parser = used_parser();
    const auto summary = wire::epic::parse_summary(parser, bytes);
    PROMISE(fails_well(summary, true));
    if (summary) {
        PROMISE(sane_power(summary->power) && summary->power != Power{0} && wire::is_printable(summary->state));
        PROMISE(sane_rate(summary->mean_gigahashes) && summary->mean_gigahashes != 0.0);
        PROMISE(!summary->gigahashes || (*summary->gigahashes >= 0 && std::isfinite(*summary->gigahashes)));
        summary->idles();
    }
    const auto network = wire::epic::parse_network(parser, bytes);
    PROMISE(fails_well(network, true));
    if (network) PROMISE(sane_mac(*network));
    PROMISE(answers_well(wire::epic::parse_order_reply(parser, bytes)));
}

void check_vnish(std::string_view bytes) {
    auto& parser = used_parser();
    const auto token = wire::vnish::parse_token(parser, bytes);
    PROMISE(fails_well(token));
    if (token) PROMISE(!token->empty() && token->size() <= 256 && std::ranges::all_of(*token, [](char c) { return c >= ' ' && c <= '~'; }));
    const auto summary = wire::vnish::parse_summary(parser, bytes);
    PROMISE(fails_well(summary));
    if (summary) {
        PROMISE(sane_power(summary->power) && sane_rate(summary->gigahashes) && wire::is_printable(summary->state));
        summary->stopped();
    }
    const auto info = wire::vnish::parse_info(parser, bytes);
    PROMISE(fails_well(info));
    if (info) PROMISE(sane_mac(info->mac) && wire::is_printable(info->model) && wire::is_printable(info->serial) && wire::is_printable(info->firmware));
    const auto status = wire::vnish::parse_status(parser, bytes);
    PROMISE(fails_well(status) && (!status || wire::is_printable(*status)));
    PROMISE(answers_well(wire::vnish::parse_order_reply(parser, bytes)));
    PROMISE(wire::vnish::error_words(parser, bytes).size() <= wire::cgminer::most_bytes);
}

}  // namespace

FUZZ_TARGET(http_miners) {
    check_axeos(bytes);
    check_epic(bytes);
    check_vnish(bytes);
}
