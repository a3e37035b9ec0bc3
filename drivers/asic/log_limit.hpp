#pragma once
#include "controller/clock.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace ballast::asic {

/// A kind of warning that ten thousand machines may have at once: five lines in ten seconds, and how many were left out.
class LogLimit {
public:
    template <class... Values>
    void warn(fmt::format_string<Values...> text, Values&&... values) {
        ++total_;
        const Steady now = steady_now();
        if (now >= renewed_ + Duration{10'000}) {
            if (const auto silent = total_ - 1 - said_; silent > 0 && left_ == 0) spdlog::warn("{} more like the next", silent);
            renewed_ = now;
            left_ = 5;
            said_ = total_ - 1;
        }
        if (left_ == 0) return;
        --left_;
        ++said_;
        spdlog::warn("{}", fmt::format(text, std::forward<Values>(values)...));
    }

    std::uint64_t total() const { return total_; }

private:
    Steady renewed_ = Steady{Duration{-10'000}};
    unsigned left_ = 0;
    std::uint64_t total_ = 0, said_ = 0;
};

}  // namespace ballast::asic
