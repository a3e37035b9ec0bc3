#pragma once
#include <cstddef>

namespace ballast::wire {

/// Parts that a machine lists, and those of them that it calls alive.
struct Count {
    std::size_t listed = 0, alive = 0;
    bool operator==(const Count&) const = default;
};

}  // namespace ballast::wire
