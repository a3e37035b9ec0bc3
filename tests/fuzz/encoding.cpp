#include "controller/encoding.hpp"
#include "tests/controller/any_records.hpp"
#include "tests/fuzz/target.hpp"

using namespace ballast;
using namespace ballast::fuzz;

namespace {

const Now noon{Instant{Duration{1'780'000'000'000}}, Steady{Duration{86'400'000}}};

std::string encoded(const auto& what) {
    std::string bytes;
    encode(bytes, noon, what);
    return bytes;
}

/// Whatever is understood is understood in one way only, and all else is an error that says where.
void check_one_meaning(const std::string& bytes) {
    const auto events = decode_events(bytes, noon);
    if (events) PROMISE(encoded(std::span<const Event>{*events}) == bytes);
    else PROMISE(events.error().code == Errc::malformed && shown_well(events.error(), 200));
    const auto decision = decode_decision(bytes, noon);
    if (decision) PROMISE(encoded(decision->view()) == bytes);
    else PROMISE(decision.error().code == Errc::malformed && shown_well(decision.error(), 200));
}

/// Records of every shape, of a seed, with bytes of the input put over some of theirs: a place (16 bits) and a byte each.
std::string bent_records(std::string_view bytes, bool decision) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    testing::AnyRecords any{at(0)};
    std::string bent = decision ? encoded(any.decision().view()) : encoded(std::span<const Event>{any.events()});
    for (std::size_t i = 1; i + 2 < bytes.size(); i += 3) bent[(at(i) * 256U + at(i + 1)) % bent.size()] = bytes[i + 2];
    return bent;
}

}  // namespace

FUZZ_TARGET(encoding) {
    check_one_meaning(std::string{bytes});
    check_one_meaning(static_cast<char>(encoding_version) + std::string{bytes});
    if (bytes.empty() || bytes.size() > 64) return;
    check_one_meaning(bent_records(bytes, false));
    check_one_meaning(bent_records(bytes, true));
}
