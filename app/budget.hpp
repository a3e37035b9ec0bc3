#pragma once
#include "app/site_of.hpp"

#include <string>
#include <vector>

namespace ballast {

/// What a site could draw if everything ran at its nameplate, against what its contract allows.
struct PowerBudget {
    struct Group {
        std::string name, driver;
        Tier tier{};
        std::size_t loads = 0;
        Power nameplate;
    };
    struct Limit {
        std::string policy, feeder;  ///< feeder "": the site.
        Power act_above;
        Power firm, sum;                                    ///< Nameplates and overhead behind it.
        std::string reckoned;                               ///< How a feeder's own limit became watts; "": it was given so.
        Power headroom() const { return act_above - sum; }  ///< Below 0: the ASICs will have to make room.
        Power firm_headroom() const {
            return act_above - firm;
        }  ///< Below 0: nothing Ballast may do is enough.
    };
    std::vector<Group> groups;  ///< Firm first.
    Power firm, flexible, interruptible;  ///< Nameplates by tier.
    Power overhead;             ///< The site's, or its feeders' together if that is more.
    Power sum;
    std::vector<Limit> limits;          ///< Of every site_cap, then of every feeder that has its own.
    /// What an under-frequency stage opens.
    struct Stage {
        std::string policy;
        Frequency below;
        Power nameplate;
    };
    std::vector<Stage> stages;
    std::vector<std::string> warnings;  ///< What is allowed and probably not meant.

    Power& of(Tier tier) { return tier == Tier::firm ? firm : tier == Tier::flexible ? flexible : interruptible; }
    Power loads() const { return firm + flexible + interruptible; }
};

PowerBudget budget_of(const Config& config, const SiteModel& model);

/// For people: a table, then the warnings. What `ballast check` ends with.
std::string power_budget(const Config& config, const SiteModel& model);

/// One JSON object, all power in W: site, groups, firm_w, flexible_w, interruptible_w, overhead_w, sum_w, limits, under_frequency, warnings.
std::string power_budget_json(const Config& config, const SiteModel& model);

}  // namespace ballast
