#pragma once
#include "app/floor.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ballast {

/// How many machines that lists one by one.
std::size_t listed(const FloorState& floor, const FloorWish& wish);

/// What was told of the last floor, so that many who look at it within the same second cost one text of each kind. From one thread.
class FloorTexts {
public:
    std::shared_ptr<const std::string> of(const std::shared_ptr<const FloorState>& floor, const FloorWish& wish);
    bool empty() const { return told_.empty(); }

private:
    struct Told {
        FloorWish wish;
        std::shared_ptr<const std::string> text;
    };

    std::shared_ptr<const FloorState> floor_;
    std::vector<Told> told_;
};

}  // namespace ballast
