#include "tests/fuzz/reply.hpp"
#include "wire/braiins.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::fuzz;
namespace braiins = wire::braiins;

namespace {

void check_details(std::string_view bytes) {
    const auto details = braiins::parse_details(used_parser(), bytes);
    PROMISE(fails_well(details));
    if (!details) return;
    PROMISE(static_cast<int>(details->status) <= 5 && sane_mac(details->mac) && sane_rate(details->sticker_gigahashes));
    for (const std::string& text : {details->model, details->firmware, details->hostname, details->uid}) PROMISE(shown_well(text, 1'024));
    PROMISE(!details->uptime || details->uptime->count() >= 0);
}

void check_stats(std::string_view bytes) {
    const auto stats = braiins::parse_stats(used_parser(), bytes);
    PROMISE(fails_well(stats));
    if (!stats) return;
    PROMISE(sane_rate(stats->gigahashes) && sane_rate(stats->mean_gigahashes) && sane_rate(stats->nominal_gigahashes) && sane_power(stats->approximate_power));
    PROMISE(stats->gigahashes || stats->mean_gigahashes || stats->nominal_gigahashes || stats->approximate_power);
}

void check_range(std::string_view words) {
    const auto range = braiins::allowed_range(words);
    PROMISE(!range || (range->least < range->most && range->least >= Power{1} && range->most <= Power{100'000}));
}

}  // namespace

FUZZ_TARGET(braiins) {
    auto& parser = used_parser();
    check_details(bytes);
    check_stats(bytes);
    check_range(bytes);
    braiins::is_action_reply(bytes);
    const std::string words = braiins::error_text(parser, bytes);
    PROMISE(shown_well(words, 120));
    check_range(words);
    const auto login = braiins::parse_login(parser, bytes);
    PROMISE(fails_well(login));
    if (login) {
        PROMISE(!login->token.empty() && login->token.size() <= 1'024);
        PROMISE(std::ranges::all_of(login->token, [](char c) { return c > ' ' && c <= '~'; }));
        PROMISE(!login->lives || login->lives->count() >= 0);
    }
    const auto boards = braiins::parse_hashboards(parser, bytes);
    PROMISE(fails_well(boards) && (!boards || boards->count.alive <= boards->count.listed));
    const auto target = braiins::parse_power_target(parser, bytes);
    PROMISE(fails_well(target) && (!target || sane_power(*target)));
    const auto pools = braiins::parse_pools(parser, bytes);
    PROMISE(fails_well(pools));
    if (pools)
        for (const braiins::Pool& pool : *pools) PROMISE(shown_well(pool.url, 2'048));
}
