#include "app/floor_texts.hpp"

#include "wire/plain_json.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace ballast {

std::size_t listed(const FloorState& floor, const FloorWish& wish) {
    if (wish.group.empty()) return wish.machines ? floor.loads.size() : 0;
    const auto group = std::ranges::find(floor.site->groups, wish.group, &Site::Group::name);
    return group == floor.site->groups.end() ? 0 : group->loads.last - group->loads.first;
}

std::shared_ptr<const std::string> FloorTexts::of(const std::shared_ptr<const FloorState>& floor, const FloorWish& wish) {
    if (std::exchange(floor_, floor) != floor) told_.clear();
    const FloorWish same{wish.machines && wish.group.empty(), wish.group};  // A group that is named is listed anyway.
    const auto known = std::ranges::find(told_, same, &Told::wish);
    if (known != told_.end()) return known->text;
    return told_.emplace_back(same, std::make_shared<const std::string>(wire::plain_json(floor_json(*floor, same, true)))).text;
}

}  // namespace ballast
