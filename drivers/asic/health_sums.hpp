#pragma once
#include "model/units.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ballast::asic {

/// Who came back short, hot or without a pool, and whom that befell while it ran: told in sums, a line a group, so that a site
/// whose pools are gone is not ten thousand lines.
class HealthSums {
public:
    static constexpr std::size_t most_named = 5;
    static constexpr Duration longest{60'000};  ///< From the first verdict to the line, whoever is still awaited.
    static constexpr Duration gathers{10'000};  ///< Likewise of those that ran.

    /// The group's number.
    std::size_t group(std::string_view name);

    void awaited(std::size_t group) { ++groups_[group].awaited; }
    void given_up(std::size_t group) { --groups_[group].awaited; }  ///< It rests again, or is somebody else.
    void judged(std::size_t group, std::string_view machine, const std::string& ails, Steady now);  ///< `ails` empty: it is whole.
    void fell_ill(std::size_t group, std::string_view machine, const std::string& ails, Steady now);

    /// What is to be told now. Costs nothing while nothing is.
    std::vector<std::string> due(Steady now);

private:
    struct Named {
        std::size_t count = 0;
        std::string names;
        Steady since{};
        void add(std::string_view machine, const std::string& ails);
        std::string text() const;
    };
    struct Group {
        std::string name;
        std::size_t awaited = 0, back = 0;
        Steady since{};  ///< Of the first that is back.
        Named unwell, ill;
    };
    std::vector<Group> groups_;
    bool any_ = false;
};

}  // namespace ballast::asic
