#pragma once
#include "model/result.hpp"
#include "model/units.hpp"

#include <cstdint>
#include <string>

namespace ballast::drivers {

/// Tells a person about something that fails over and over: at once, then ever more rarely (five seconds to ten minutes apart;
/// five again when the kind of failure changes), and when it works again. Not shared between threads.
class FaultLog {
public:
    /// `what`: "meter poi".
    explicit FaultLog(std::string what) : what_{std::move(what)} {}

    void failed(const Error& error, Steady now);
    void worked();

private:
    std::string what_;
    std::uint64_t failures_ = 0;
    Errc kind_{};
    bool told_ = false;
    Steady last_ = Steady::min();  ///< When a failure was last told.
    Duration pause_{0};
};

}  // namespace ballast::drivers
