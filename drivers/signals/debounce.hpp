#pragma once
#include "model/units.hpp"

#include <optional>

namespace ballast::drivers {

/// A level counts once every look at it agreed for long enough.
class Debounce {
public:
    explicit Debounce(Duration settle) : settle_{settle} {}

    /// What was seen at `at`. The level, when it has just become the stable one (also the first ever).
    std::optional<bool> saw(bool level, Steady at) {
        if (candidate_ != level) {
            candidate_ = level;
            since_ = at;
        }
        if (stable_ == level || at - since_ < settle_) return std::nullopt;
        stable_ = level;
        return level;
    }

    /// Nobody could look: agreement begins anew. What was stable stays so.
    void lost_sight() { candidate_.reset(); }

private:
    Duration settle_;
    std::optional<bool> candidate_, stable_;
    Steady since_{};
};

}  // namespace ballast::drivers
