#pragma once
#include "tests/fuzz/target.hpp"
#include "wire/cgminer.hpp"

#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

/// What the codecs of miners promise alike.
namespace ballast::fuzz {

/// The one parser of a thread: what an input leaves in it must not show in the next.
inline wire::cgminer::Parser& used_parser() {
    static wire::cgminer::Parser parser;
    return parser;
}

inline bool sane_power(const std::optional<Power>& power) { return !power || (power->count >= 0 && power->count <= 100'000); }
inline bool sane_rate(const std::optional<double>& gigahashes) { return !gigahashes || (*gigahashes >= 0 && *gigahashes <= 1e9); }
inline bool sane_mac(const std::optional<std::uint64_t>& mac) { return !mac || (*mac > 0 && *mac < 0xffff'ffff'ffff); }

/// A parse of a body: a value, or an error of the kinds that the codecs name.
template <class T>
bool fails_well(const Result<T>& parsed, bool may_refuse = false) {
    if (parsed) return true;
    const Errc code = parsed.error().code;
    return shown_well(parsed.error()) && (code == Errc::malformed || code == Errc::oversized || (may_refuse && code == Errc::refused));
}

}  // namespace ballast::fuzz
