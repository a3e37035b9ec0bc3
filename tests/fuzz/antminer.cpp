#include "tests/fuzz/reply.hpp"
#include "wire/antminer.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::fuzz;
namespace antminer = wire::antminer;
using wire::JsonNode;

namespace {

/// What with_mode may set: all else is as it was, in its order.
bool is_mode_key(std::string_view key) { return key == "miner-mode" || key == "bitmain-work-mode" || key == "freq-level"; }

void check_written(const antminer::MinerConf& conf, const std::string& body, antminer::WorkMode mode) {
    auto& parser = used_parser();
    PROMISE(body.find('\n') == std::string::npos);
    const auto again = antminer::parse_conf(parser, body);
    if (body.size() > wire::cgminer::most_bytes) return;  // Longer than what is read, by its own keys.
    PROMISE(again && again->fit() && again->mode == mode && again->pools == conf.pools);
    for (std::size_t i = 0; i < conf.whole.keys.size(); ++i) {
        PROMISE(again->whole.keys[i] == conf.whole.keys[i]);
        if (!is_mode_key(conf.whole.keys[i])) PROMISE(wire::json_text(again->whole.items[i]) == wire::json_text(conf.whole.items[i]));
    }
    for (std::size_t i = conf.whole.keys.size(); i < again->whole.keys.size(); ++i) PROMISE(is_mode_key(again->whole.keys[i]));
}

void check_conf(std::string_view bytes) {
    using enum antminer::WorkMode;
    const auto conf = antminer::parse_conf(used_parser(), bytes);
    PROMISE(fails_well(conf));
    if (!conf) return;
    PROMISE(shown_well(conf->unfit, 400));
    for (const auto mode : {normal, sleep, high, low})
        for (const auto type : {antminer::ModeType::as_read, antminer::ModeType::number, antminer::ModeType::string}) {
            const auto body = antminer::with_mode(*conf, mode, type);
            PROMISE(body.has_value() == conf->fit());
            if (body) check_written(*conf, *body, mode);
            else PROMISE(body.error().code == Errc::refused && shown_well(body.error(), 500));
        }
}

void check_summary(std::string_view bytes) {
    const auto summary = antminer::parse_summary(used_parser(), bytes);
    PROMISE(fails_well(summary, true));
    if (!summary) return;
    for (const auto& rate : {summary->rate_5s, summary->rate_30m, summary->rate_average}) {
        PROMISE(!rate || (*rate >= 0 && std::isfinite(*rate) && !summary->empty));
        if (rate) antminer::gigahashes(*rate, summary->unit);
    }
    for (const auto& check : summary->checks) PROMISE(wire::is_printable(check.message));
}

void check_stats(std::string_view bytes) {
    const auto stats = antminer::parse_stats(used_parser(), bytes);
    PROMISE(fails_well(stats, true));
    if (!stats) return;
    for (const auto& chain : stats->chains) {
        PROMISE(!chain.rate || (*chain.rate >= 0 && std::isfinite(*chain.rate)));
        PROMISE(!chain.asics || *chain.asics >= 0);
        for (const auto& celsius : {chain.board_celsius, chain.chip_celsius}) PROMISE(!celsius || (std::isfinite(*celsius) && *celsius != 0));
    }
    PROMISE(std::ranges::all_of(stats->fans, [](int fan) { return fan >= 0; }));
    PROMISE(!stats->empty || stats->chains.empty());
}

}  // namespace

FUZZ_TARGET(antminer) {
    check_conf(bytes);
    check_summary(bytes);
    check_stats(bytes);
    auto& parser = used_parser();
    PROMISE(fails_well(antminer::parse_set_reply(parser, bytes), true));
    if (const auto info = antminer::parse_system_info(parser, bytes)) PROMISE(sane_mac(info->mac) && (info->mac || !info->type.empty()));
    else PROMISE(fails_well(info, true));
    if (const auto pools = antminer::parse_pools(parser, bytes)) {
        const bool any = std::ranges::any_of(*pools, [](const antminer::Pool& pool) { return pool.alive && !pool.url.empty(); });
        PROMISE(antminer::any_alive(*pools) == any);
    } else {
        PROMISE(fails_well(pools, true));
    }
}
