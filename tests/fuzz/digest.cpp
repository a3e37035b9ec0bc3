#include "tests/fuzz/reply.hpp"
#include "wire/digest.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::fuzz;
namespace digest = wire::digest;

namespace {

/// A header a line, as an answer has them.
std::vector<std::string> lines(std::string_view bytes) {
    std::vector<std::string> all;
    while (!bytes.empty()) {
        const auto end = std::min(bytes.find('\n'), bytes.size());
        all.emplace_back(bytes.substr(0, end));
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
    }
    return all;
}

}  // namespace

FUZZ_TARGET(digest) {
    const std::vector<std::string> headers = lines(bytes);
    const auto challenge = digest::parse_challenge(headers);
    PROMISE(fails_well(challenge, true));
    if (!challenge) return;
    const digest::Attempt attempt{.method = "GET", .uri = "/cgi-bin/summary.cgi", .user = "root", .password = "hunter2", .cnonce = "0123456789abcdef"};
    const bool is_ours = bytes.find(attempt.password) == bytes.npos;  // Else it would be the server that says it.
    const auto header = digest::authorization(*challenge, attempt);
    PROMISE(fails_well(header, true));
    if (!header) {
        PROMISE(!is_ours || header.error().detail.find(attempt.password) == std::string::npos);
        return;
    }
    PROMISE(header->starts_with("Digest ") && (!is_ours || header->find(attempt.password) == std::string::npos));
    PROMISE(std::ranges::none_of(*header, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }));
    PROMISE(digest::authorization(*challenge, attempt).value() == *header);
}
