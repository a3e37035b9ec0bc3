#include "controller/hosting.hpp"

#include "controller/books.hpp"
#include "model/check.hpp"

#include <algorithm>
#include <tuple>

namespace ballast {
namespace {

/// A customer's machines, worst first.
struct Queue {
    std::vector<Slot> machines;
    std::int64_t share_ppm = 1'000'000;
    bool spent = false;          ///< All that was promised.
    Duration rested{0};          ///< Each, in the mean, when the epoch began.
};

Queue queue_of(const Core& core, const Customer& customer) {
    const Hosting& terms = core.group(customer.groups.front()).hosting;
    Queue queue{{}, terms.share_ppm, false, core.sums(customer.groups.front()).gave};
    queue.spent = terms.rest_per_month > Duration{0} && queue.rested >= terms.rest_per_month;
    for (const GroupId g : customer.groups)
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) queue.machines.push_back(s);
    std::ranges::stable_sort(queue.machines, {}, [&](Slot s) { return core.merit[s]; });
    return queue;
}

/// A customer's k-th machine of n goes when each customer has given k / n of its own, times what its share is: the burden so far.
/// An hour of rest this month weighs as much as all of its machines.
struct Place {
    bool spent;
    Int128 burden;
    Slot slot;
    bool operator<(const Place& other) const { return std::tie(spent, burden, slot) < std::tie(other.spent, other.burden, other.slot); }
};

std::vector<Place> line_up(const Core& core) {
    constexpr Int128 whole = 1'000'000'000;
    constexpr std::int64_t hour = 3'600'000;
    std::vector<Place> line;
    for (const Customer& customer : core.customers) {
        const Queue queue = queue_of(core, customer);
        for (std::size_t k = 0; k < queue.machines.size(); ++k) {
            const Int128 given = whole * static_cast<std::int64_t>(k + 1) / customer.machines + whole * queue.rested.count() / hour;
            line.push_back({queue.spent, given * 1'000'000 / queue.share_ppm, queue.machines[k]});
        }
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

std::vector<Customer> customers_of(const Site& site) {
    std::vector<Customer> customers;
    for (std::size_t i = 0; i < site.groups.size(); ++i) {
        const Site::Group& group = site.groups[i];
        if (group.hosting.customer.empty() || group.loads.empty()) continue;
        auto known = std::ranges::find(customers, group.hosting.customer, &Customer::name);
        if (known == customers.end()) known = customers.insert(known, Customer{group.hosting.customer, {}, 0});
        known->groups.push_back(GroupId{static_cast<std::uint16_t>(i)});
        known->machines += group.loads.size();
    }
    return customers;
}

void index_customers(Core& core) { core.customers = customers_of(core.site); }

Duration rested_each(const State& state, const Customer& customer) {
    std::int64_t sum = 0;
    for (const GroupId g : customer.groups) sum += state.groups[index(g)].rested.machine_ms();
    return Duration{sum / customer.machines};
}

/// Among other groups customers' machines stand where they stood: only who of them it is changes.
void share_out(Core& core) {
    if (core.customers.empty()) return;
    // Where merits are equal, as in a fleet of one model, their order still has to be told.
    constexpr std::int64_t apart = 1 << 20, worst = -10'000'000'000;
    BALLAST_CHECK(core.merit.size() < apart);
    for (std::int64_t& merit : core.merit) merit = std::max(merit, worst) * apart;
    const std::vector<Place> line = line_up(core);
    std::vector<std::int64_t> merits;
    for (const Place& place : line) merits.push_back(core.merit[place.slot]);
    std::ranges::sort(merits);
    for (std::size_t i = 0; i < line.size(); ++i) core.merit[line[i].slot] = merits[i] + static_cast<std::int64_t>(i);
}

void count_rests(Core& core, Now before) {
    for (const Customer& customer : core.customers) {
        for (const GroupId g : customer.groups) core.sums(g).rested.pass(before.utc, core.now.utc, core.now.steady - before.steady, core.sums(g).resting);
        const GroupId first = customer.groups.front();
        const Duration promised = core.group(first).hosting.rest_per_month;
        Rested& rested = core.sums(first).rested;
        if (promised == Duration{0} || rested.told() || rested_each(core.state, customer) < promised) continue;
        rested.tell();
        core.note(NoteKind::rest_spent, index(first));
    }
}

void judge_rests(Core& core) {
    for (const Customer& customer : core.customers) {
        std::int64_t resting_now = 0, rested = 0;
        for (const GroupId g : customer.groups) {
            core.sums(g).resting = limited(core, g) ? resting(core, g) : 0;
            resting_now += core.sums(g).resting, rested += core.sums(g).rested.machine_ms();
        }
        const Hosting& terms = core.group(customer.groups.front()).hosting;
        const std::int64_t left = terms.rest_per_month.count() * customer.machines - rested;
        const bool will_be_told = terms.rest_per_month > Duration{0} && resting_now > 0 && !core.sums(customer.groups.front()).rested.told();
        if (will_be_told) core.wake_at(later(core.now.steady, Duration{std::max<std::int64_t>(1, (left + resting_now - 1) / resting_now)}));
    }
}

}  // namespace ballast
