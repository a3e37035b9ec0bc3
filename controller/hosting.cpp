#include "controller/hosting.hpp"

#include "controller/books.hpp"
#include "model/check.hpp"

#include <algorithm>
#include <tuple>

namespace ballast {
namespace {

/// A customer's machines, worst first.
struct Customer {
    std::string name;
    std::vector<Slot> machines;
    std::int64_t share_ppm = 1'000'000;
    bool spent = false;          ///< All that was promised.
    Duration rested{0};          ///< Each, in the mean, this month.
};

std::vector<Customer> customers_of(const Core& core) {
    std::vector<Customer> customers;
    for (const GroupId g : core.hosted) {
        const Site::Group& group = core.group(g);
        auto known = std::ranges::find(customers, group.hosting.customer, &Customer::name);
        if (known == customers.end()) {
            known = customers.insert(known, Customer{group.hosting.customer, {}, group.hosting.share_ppm});
            known->rested = core.sums(g).gave;
            known->spent = group.hosting.rest_per_month > Duration{0} && known->rested >= group.hosting.rest_per_month;
        }
        for (Slot s = group.loads.first; s < group.loads.last; ++s) known->machines.push_back(s);
    }
    for (Customer& customer : customers) std::ranges::stable_sort(customer.machines, {}, [&](Slot s) { return core.merit[s]; });
    return customers;
}

/// A customer's k-th machine of n goes when each customer has given k / n of its own, times what its share is: the burden so far.
/// An hour of rest this month weighs as much as all of its machines.
struct Place {
    bool spent;
    Int128 burden;
    Slot slot;
    bool operator<(const Place& other) const { return std::tie(spent, burden, slot) < std::tie(other.spent, other.burden, other.slot); }
};

std::vector<Place> line_up(const std::vector<Customer>& customers) {
    constexpr Int128 whole = 1'000'000'000;
    constexpr std::int64_t hour = 3'600'000;
    std::vector<Place> line;
    for (const Customer& c : customers)
        for (std::size_t k = 0; k < c.machines.size(); ++k) {
            const Int128 given = whole * static_cast<std::int64_t>(k + 1) / static_cast<std::int64_t>(c.machines.size()) + whole * c.rested.count() / hour;
            line.push_back({c.spent, given * 1'000'000 / c.share_ppm, c.machines[k]});
        }
    std::ranges::sort(line, [](const Place& a, const Place& b) { return a < b; });
    return line;
}

bool limited(const Core& core, GroupId g) {
    return std::ranges::any_of(core.limits.bounds, [&](const Bound& bound) {
        return core.constraining[index(bound.why.policy)] && std::ranges::binary_search(core.members[core.scope_index(bound.scope)], g);
    });
}

/// Wanted off, though price and people would let them run.
Slot resting(const Core& core, GroupId g) {
    const Slot paying = paying_from(core, g);
    Slot sum = 0, first = core.group(g).loads.first;
    for (const Run& run : core.sums(g).runs) {
        if (!run.on && run.bars == 0 && run.last > paying) sum += run.last - std::max(first, paying);
        first = run.last;
    }
    return sum;
}

}  // namespace

Duration rested_each(const State& state, const Site& site, const std::string& customer) {
    std::int64_t sum = 0, machines = 0;
    for (std::size_t i = 0; i < site.groups.size(); ++i) {
        if (site.groups[i].hosting.customer != customer) continue;
        sum += state.groups[i].rested.machine_ms();
        machines += site.groups[i].loads.size();
    }
    return Duration{machines > 0 ? sum / machines : 0};
}

/// Among other groups customers' machines stand where they stood: only who of them it is changes.
void share_out(Core& core) {
    if (core.hosted.empty()) return;
    // Where merits are equal, as in a fleet of one model, their order still has to be told.
    constexpr std::int64_t apart = 1 << 20, worst = -10'000'000'000;
    BALLAST_CHECK(core.merit.size() < apart);
    for (std::int64_t& merit : core.merit) merit = std::max(merit, worst) * apart;
    std::vector<std::int64_t> merits;
    for (const GroupId g : core.hosted)
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) merits.push_back(core.merit[s]);
    std::ranges::sort(merits);
    const std::vector<Place> line = line_up(customers_of(core));
    for (std::size_t i = 0; i < line.size(); ++i) core.merit[line[i].slot] = merits[i] + static_cast<std::int64_t>(i);
}

void count_rests(Core& core, Now before) {
    if (core.hosted.empty()) return;
    const Duration passed = core.now.steady - before.steady;
    for (const GroupId g : core.hosted) {
        const Hosting& terms = core.group(g).hosting;
        const bool promised = terms.rest_per_month > Duration{0};
        const Duration was = promised ? rested_each(core.state, core.site, terms.customer) : Duration{0};
        core.sums(g).rested.pass(before.utc, core.now.utc, passed, core.sums(g).resting);
        if (promised && was < terms.rest_per_month && rested_each(core.state, core.site, terms.customer) >= terms.rest_per_month) core.note(NoteKind::rest_spent, index(g));
    }
}

void judge_rests(Core& core) {
    for (const GroupId g : core.hosted) core.sums(g).resting = limited(core, g) ? resting(core, g) : 0;
}

}  // namespace ballast
