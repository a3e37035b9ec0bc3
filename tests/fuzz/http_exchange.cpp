#include "tests/fuzz/reply.hpp"
#include "wire/digest.hpp"
#include "wire/http_exchange.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::fuzz;
namespace http = wire::http;

namespace {

bool same(const http::Answer& a, const http::Answer& b) { return a.status == b.status && a.body == b.body && a.www_authenticate == b.www_authenticate; }

void check_answer(const http::Answer& answer) {
    PROMISE(answer.status == 101 || (answer.status >= 200 && answer.status <= 599));
    PROMISE(answer.body.size() <= http::most_bytes);
    if (!answer.www_authenticate.empty()) wire::digest::parse_challenge(answer.www_authenticate);
}

/// Once whole, always whole and the same answer, whatever follows; and never whole before.
void check_prefixes(std::string_view bytes) {
    std::optional<http::Answer> first;
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 16);
    for (std::size_t size = 0; size <= bytes.size(); size += step) {
        const std::string_view begun = bytes.substr(0, size);
        const auto whole = http::whole(begun);
        PROMISE(fails_well(whole));
        if (!whole) {
            PROMISE(!first && !http::parse(begun, false) && !http::whole(bytes));  // A fault stays one.
            return;
        }
        PROMISE(!first || *whole);
        if (!*whole) continue;
        const auto answer = http::parse(begun, false);
        if (!answer) PROMISE(fails_well(answer));
        else if (first) PROMISE(same(*first, *answer));
        else first = *answer;
        if (!answer) return;
    }
}

}  // namespace

FUZZ_TARGET(http_exchange) {
    for (const bool ended : {false, true}) {
        const auto answer = http::parse(bytes, ended);
        PROMISE(fails_well(answer));
        if (answer) check_answer(*answer);
    }
    if (bytes.size() <= http::most_bytes) check_prefixes(bytes);

    // What can be asked at all is one request of one line each.
    const http::Header header{bytes.substr(0, bytes.size() / 4), bytes.substr(bytes.size() / 4, bytes.size() / 4)};
    const auto request = http::write_request({.method = "POST", .target = bytes.substr(bytes.size() / 2), .host = "miner", .headers = {&header, 1}, .body = bytes});
    PROMISE(fails_well(request));
    if (request) PROMISE(request->ends_with(bytes) && std::ranges::count(std::string_view{*request}.substr(0, request->size() - bytes.size()), '\n') == 6);
}
