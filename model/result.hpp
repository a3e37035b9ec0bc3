#pragma once
#include <string>
#include <tl/expected.hpp>

namespace ballast {

enum class Errc { malformed, oversized, implausible, stale, timeout, refused, unreachable };

/// What went wrong outside the process, with enough context to act on at 3 a.m.
struct Error {
    Errc code{};
    std::string detail;  ///< Who and what: "meter poi, register 3059: expected 2 words, got 1".
};

/// The one place to swap in std::expected when the compiler has it.
template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string detail) {
    return tl::unexpected<Error>{Error{code, std::move(detail)}};
}

}  // namespace ballast
