#include "controller/encoding.hpp"
#include "tests/catch.hpp"
#include "tests/controller/any_records.hpp"

using namespace ballast;
using namespace ballast::literals;
using testing::AnyRecords;

namespace {

std::string encoded(Now now, const auto& what) {
    std::string bytes;
    encode(bytes, now, what);
    return bytes;
}

const Now noon{Instant{Duration{1'780'000'000'000}}, Steady{Duration{86'400'000}}};

/// Whatever is understood is understood in one way only.
void check_one_meaning(const std::string& bytes, Now now) {
    if (const auto events = decode_events(bytes, now)) REQUIRE(encoded(now, std::span<const Event>{*events}) == bytes);
    if (const auto decision = decode_decision(bytes, now)) REQUIRE(encoded(now, decision->view()) == bytes);
}

}  // namespace

TEST_CASE("events and decisions of every shape come back from their bytes") {
    const auto seed = GENERATE(range(1u, 60u));
    CAPTURE(seed);
    AnyRecords any{seed};
    for (int i = 0; i < 50; ++i) {
        const Now now = i % 2 ? noon : any.now();
        const std::vector<Event> events = any.events();
        const auto again = decode_events(encoded(now, std::span<const Event>{events}), now);
        REQUIRE(again.has_value());
        REQUIRE(*again == events);

        const DecisionRecord decision = any.decision();
        const auto same = decode_decision(encoded(now, decision.view()), now);
        REQUIRE(same.has_value());
        REQUIRE(*same == decision);
    }
}

TEST_CASE("bytes cut short, flipped or made up give an error or one meaning, never a crash") {
    const auto seed = GENERATE(range(1u, 40u));
    CAPTURE(seed);
    AnyRecords any{seed};
    const std::vector<Event> events = any.events();
    const std::string heard = encoded(noon, std::span<const Event>{events});
    const std::string decided = encoded(noon, any.decision().view());
    for (const std::string& whole : {heard, decided}) {
        for (std::size_t n = 0; n < whole.size(); ++n) {
            CHECK(!(whole == heard ? decode_events(whole.substr(0, n), noon).has_value()
                                   : decode_decision(whole.substr(0, n), noon).has_value()));
        }
        for (int i = 0; i < 300; ++i) {
            std::string bent = whole;
            for (auto n = any.below(3) + 1; n > 0; --n) bent[any.below(bent.size())] = static_cast<char>(any.below(256));
            check_one_meaning(bent, noon);
        }
    }
    for (int i = 0; i < 300; ++i) {
        std::string made_up(any.below(200), '\0');
        for (char& c : made_up) c = static_cast<char>(any.below(256));
        if (!made_up.empty() && i % 2) made_up[0] = static_cast<char>(encoding_version);
        check_one_meaning(made_up, noon);
    }
}

TEST_CASE("a count that promises more than there is neither reserves it nor is believed") {
    std::string bytes{static_cast<char>(encoding_version)};
    Writer{bytes}.number(1ull << 40);
    const auto events = decode_events(bytes, noon);
    REQUIRE(!events);
    CHECK(events.error().code == Errc::malformed);
    bytes[0] = 99;
    CHECK(decode_decision(bytes, noon).error().detail == "decision: encoding 99, this program reads 3");
}

TEST_CASE("a poll that brings nothing new is a few bytes, a reading about eight") {
    const std::vector<Event> quiet{Answered{{0, 10'000}}};
    CHECK(encoded(noon, std::span<const Event>{quiet}).size() <= 8);
    std::vector<Event> readings;
    for (Slot s = 0; s < 10'000; ++s)
        readings.push_back(LoadReading{{s, s + 1}, Mode::running, Quality::measured, 3'450_W, noon.steady - Duration{s % 900}});
    CHECK(encoded(noon, std::span<const Event>{readings}).size() <= 10'000 * 9);
}

TEST_CASE("the digest tells decisions apart as their bytes do, and chains") {
    AnyRecords any{7};
    std::vector<std::pair<std::string, std::uint64_t>> seen;
    for (int i = 0; i < 200; ++i) {
        const DecisionRecord d = any.decision();
        const std::string bytes = encoded(noon, d.view());
        const std::uint64_t hash = digest(1, noon, d.view());
        CHECK(hash == digest(1, noon, DecisionRecord{d}.view()));
        CHECK(hash != digest(2, noon, d.view()));
        for (const auto& [other, its] : seen) CHECK((other == bytes) == (its == hash));
        seen.emplace_back(bytes, hash);
    }
    const std::vector<Event> heard = any.events();
    CHECK(digest(3, noon, std::span<const Event>{heard}) == digest(3, noon, std::span<const Event>{heard}));
}
