#pragma once
#include "model/result.hpp"
#include "model/units.hpp"

#include <date/date.h>
#include <date/tz.h>

#include <optional>
#include <string>
#include <string_view>

namespace ballast::sim {

/// A clock on the wall: no zone, no offset.
using Wall = date::local_time<Duration>;
using WallDay = date::local_days;

/// What UTC a wall clock's reading means: once, twice (autumn; `second` is standard time), or never (spring).
/// Of a reading that never was, `first` is by the offset before the change (02:15 is 03:15 daylight time), `second` by the
/// one after it (02:15 is 01:15 standard time).
struct Meaning {
    enum class Kind : std::uint8_t { once, twice, never } kind = Kind::once;
    Instant first{}, second{};
};

/// A time zone of the machine's database, asked for many neighbouring times.
class Zone {
public:
    /// Fails for a name the database does not know.
    static Result<Zone> named(const std::string& name);

    Meaning meaning(Wall wall) const;
    Wall wall(Instant utc) const;
    const std::string& name() const { return zone_->name(); }

private:
    explicit Zone(const date::time_zone* zone) : zone_{zone} {}
    const date::time_zone* zone_;
    mutable Wall sure_from_{}, sure_to_{};  ///< Between these one offset holds, with a day to spare.
    mutable Duration offset_{0};
};

/// "2024-03-10" or "03/10/2024"; a calendar day that exists.
std::optional<WallDay> parse_day(std::string_view text);

/// "2024-03-10 02:00:00", "2024-03-10T02:00", fractions of a second cut to the millisecond; nothing after it.
std::optional<Wall> parse_wall(std::string_view text);

/// The same with "Z", "+00:00", "-0600" or "-06" at its end; without one there is no answer.
std::optional<Instant> parse_instant(std::string_view text);

/// "2024-03-10T08:00:00Z"
std::string in_utc(Instant instant);

/// "2024-03-10"
std::string date_of(Wall wall);

}  // namespace ballast::sim
