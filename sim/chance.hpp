#pragma once
#include "model/units.hpp"

#include <cstdint>
#include <random>

namespace ballast::sim {

/// From the least to the most, both included.
struct Between {
    Duration least{0}, most{0};
};

/// One seed, one sequence, on every standard library: std::*_distribution differs between them.
class Chance {
public:
    explicit Chance(std::uint64_t seed) : random_{seed} {}

    std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : random_() % n; }
    bool percent(unsigned likely) { return below(100) < likely; }
    Duration in(Between between) {
        const auto width = (between.most - between.least).count();
        return between.least + Duration{width > 0 ? static_cast<Duration::rep>(below(static_cast<std::uint64_t>(width) + 1)) : 0};
    }

private:
    std::mt19937_64 random_;
};

}  // namespace ballast::sim
