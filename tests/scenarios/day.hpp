#pragma once
#include "model/event.hpp"

#include <string>
#include <vector>

namespace ballast::tests {

/// Something that happens on a scenario day: a message, a person's word, or what the plant does by itself.
struct Happening {
    Instant at{};
    std::string signal, message;  ///< Our own JSON on that signal.
    std::string lockout;          ///< A person locks these loads out.
    std::string maintenance;      ///< People work on these loads for the rest of the day.
    std::optional<Power> hall, house;  ///< What the firm hall draws, and what the feeder draws beyond its loads.
    std::optional<bool> dark;          ///< The grid goes, or comes back.
    std::string asleep;                ///< When it is back, this group's machines come up asleep.
};

/// tests/scenarios/days/*.toml on tests/scenarios/site.toml.
struct Day {
    std::string title, policy;
    std::string site, feeder;     ///< Keys for [site] and for the feeder, beside those of site.toml.
    Instant begins{};
    std::vector<Happening> at, with_too_little;  ///< The second list comes on top, for the same day gone wrong.
};

Day read_day(const std::string& path);

/// Thirty hours of the real engine with loads and meters that obey within five seconds, in sentences: what was noted, who
/// was ordered, what bound, and how each call was judged.
std::string live_through(const Day& day, bool too_little);

}  // namespace ballast::tests
