#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <random>

namespace ballast::tests {

/// Chance from one seed, the same on every library: no std distribution.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : random_{seed * 0x9e3779b97f4a7c15 + 1} {}

    std::uint64_t raw() { return random_(); }
    std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random_() % n); }
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
    }
    bool percent(unsigned chance) { return below(100) < chance; }
    template <class T>
    T one_of(std::initializer_list<T> choices) { return *(choices.begin() + below(choices.size())); }

private:
    std::mt19937_64 random_;
};

/// How many seeds a property tries: what BALLAST_SEEDS says, else few under sanitizers and many without.
inline std::uint64_t seeds(std::uint64_t sanitized, std::uint64_t optimised) {
    if (const char* said = std::getenv("BALLAST_SEEDS")) return std::strtoull(said, nullptr, 10);
#ifdef NDEBUG
    static_cast<void>(sanitized);
    return optimised;
#else
    static_cast<void>(optimised);
    return sanitized;
#endif
}

/// The first of them: BALLAST_FIRST_SEED, to go back to one that failed.
inline std::uint64_t first_seed() {
    const char* said = std::getenv("BALLAST_FIRST_SEED");
    return said ? std::strtoull(said, nullptr, 10) : 1;
}

}  // namespace ballast::tests
