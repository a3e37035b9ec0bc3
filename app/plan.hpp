#pragma once
#include "app/plan_wish.hpp"
#include "model/order.hpp"

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace ballast {

/// Loads of one group that are left as they are for one reason.
struct LeftAlone {
    std::string code;         ///< One word for programs: "locked_out", "min_off", ... docs/operating.md lists them.
    std::string why;          ///< "locked out by a person, until `ballast clear`"
    std::vector<Slot> loads;
    Power power;              ///< What they draw by the engine's books.
};

/// Loads of one group that would get the same order.
struct PlannedMove {
    std::vector<Slot> loads;
    Power power;              ///< What they would give up, or take, once they have obeyed.
    Slot capped = 0;          ///< Of them, flexible ones that would run on under a cap.
    Slot silent = 0;          ///< Of them, not heard of for longer than their group allows. Only with a journal.
};

struct PlannedGroup {
    GroupId group{};
    Slot running = 0;         ///< Wanted on before.
    PlannedMove down, up;
    std::vector<LeftAlone> left_alone;
};

/// What one wish would come to.
struct Plan {
    SiteModel model;
    std::string currency;
    std::string wish;              ///< "utility asked site pecos to draw at most 12.000 MW"
    bool price = false;            ///< It is one about money.
    std::string journal;
    std::optional<Instant> as_of;  ///< The journal's last step; nothing: there is no journal, all run at their nameplate.
    Duration age{0};               ///< How long ago that was.
    std::string refused;           ///< Why the engine would not take the signal: then nothing below is filled in. Empty: it would.
    std::vector<std::string> remarks;
    std::vector<PlannedGroup> groups;
    std::vector<Binding> binding;  ///< With the wish, the tightest of each scope first.
    std::vector<std::string> sentences;  ///< One for each of `binding`.
    Power before, after;           ///< Of all interruptible loads, once all orders have worked.

    Power shortfall() const;       ///< The worst; > 0: what is asked cannot be met.
    PlannedMove down() const;
    PlannedMove up() const;
    /// Groups that would move that way, in the order of their first order: down the worst J/TH first, up the best.
    std::vector<const PlannedGroup*> in_order(bool down) const;
};

/// Asks the engine, from where the site's journal stands, what it would do. Sends and writes nothing.
/// Errors: what was wished cannot be meant. Throws std::runtime_error for a journal that cannot be read.
Result<Plan> make_plan(const Config& config, const PlanOptions& options);

std::string print(const Plan& plan, bool machines);
std::string to_json(const Plan& plan, bool machines);

/// `ballast plan SITE.toml`. 0 the wish can be met, 1 it cannot (a shortfall) or the journal cannot be read, 2 the site
/// file or the wish is wrong.
int plan(const PlanOptions& options, std::FILE* out = stdout, std::FILE* errors = stderr);

}  // namespace ballast
