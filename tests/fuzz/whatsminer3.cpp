#include "tests/fuzz/reply.hpp"
#include "wire/whatsminer3.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::fuzz;
namespace whatsminer3 = wire::whatsminer3;

namespace {

bool sane_celsius(const std::optional<Temperature>& celsius) { return !celsius || (celsius->count >= -60'000 && celsius->count <= 200'000); }

void check_reply(std::string_view frame) {
    const auto reply = whatsminer3::parse_reply(frame, used_parser());
    PROMISE(fails_well(reply));
    if (!reply) return;
    PROMISE(!(reply->taken() && reply->denied()) && (!reply->when || reply->when->time_since_epoch().count() >= 0));
    if (const auto device = whatsminer3::device(*reply)) {
        PROMISE(sane_mac(device->mac) && sane_power(device->supply_power) && sane_power(device->power_limit));
        PROMISE(device->error_codes.size() <= 64);
    }
    if (const auto summary = whatsminer3::summary(*reply)) {
        PROMISE(sane_power(summary->power) && sane_power(summary->mean_power) && sane_power(summary->power_limit));
        for (const auto& rate : {summary->gigahashes, summary->mean_gigahashes, summary->quarter_gigahashes, summary->rated_gigahashes}) PROMISE(sane_rate(rate));
        PROMISE(sane_celsius(summary->chips) && sane_celsius(summary->ambient));
    }
    for (const auto& count : {whatsminer3::boards(*reply), whatsminer3::pools(*reply)}) PROMISE(!count || count->alive <= count->listed);
}

/// What is whole when fed as it arrives is what `unframe` finds, whatever the pieces; and what was awaited was really missing.
void check_framing(std::string_view bytes) {
    whatsminer3::Framing by_piece;
    bool whole = false;
    std::size_t fed = 0;
    while (fed < bytes.size() && !whole) {
        const std::size_t awaited = by_piece.missing();
        PROMISE(awaited > 0);
        const std::string_view piece = bytes.substr(fed, awaited);
        const auto fine = by_piece.feed(piece);
        if (!fine) {
            PROMISE(fails_well(fine) && !whatsminer3::unframe(bytes));
            return;
        }
        whole = *fine;
        fed += piece.size();
    }
    const auto text = whatsminer3::unframe(bytes);
    PROMISE(fails_well(text) && text.has_value() == whole);
    if (!text) return;
    PROMISE(by_piece.missing() == 0 && text->size() <= whatsminer3::most_bytes && text->data() + text->size() == bytes.data() + fed);
    whatsminer3::Framing at_once;
    PROMISE(at_once.feed(bytes).value());
}

}  // namespace

FUZZ_TARGET(whatsminer3) {
    check_framing(bytes);
    check_reply(bytes);
    if (bytes.size() > whatsminer3::most_bytes) return;
    std::string frame;
    whatsminer3::write_frame(frame, bytes);  // A capture is the text alone.
    if (!bytes.empty()) PROMISE(whatsminer3::unframe(frame).value() == bytes);
    check_reply(frame);
}
