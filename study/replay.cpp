#include "study/replay.hpp"

#include "controller/encoding.hpp"
#include "model/check.hpp"
#include "study/plant.hpp"
#include "study/settlement.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace ballast::study {

namespace {

/// More steps than this at one instant, and nobody is getting anywhere.
constexpr unsigned most_at_once = 10'000;

/// The feed as its source would have spoken: each price when it was known, oldest first.
class Prices {
public:
    Prices(const sim::Feed& feed, SourceId source) : intervals_{feed.intervals}, source_{source}, order_(feed.intervals.size()) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        const auto known = [&](std::size_t i) { return intervals_[i].known_at; };
        if (!std::ranges::is_sorted(order_, {}, known)) std::ranges::stable_sort(order_, {}, known);
    }

    Instant next() const { return next_ < order_.size() ? intervals_[order_[next_]].known_at : open_end; }

    void tell(Instant now, std::vector<Event>& into) {
        for (; next_ < order_.size() && next() <= now; ++next_) {
            const sim::PricePoint& point = intervals_[order_[next_]];
            Signal signal;
            signal.source = source_;
            signal.kind = SignalKind::price;
            signal.issued = point.known_at;
            signal.start = point.start;
            signal.end = point.end;
            signal.price = point.price;
            into.push_back(std::move(signal));
        }
    }

private:
    std::span<const sim::PricePoint> intervals_;
    SourceId source_;
    std::vector<std::size_t> order_;
    std::size_t next_ = 0;
};

/// Everything that is billed by what the site draws.
struct Books {
    Settlement bill;
    std::optional<Earnings> earnings;
    std::optional<DemandBill> demand;
    UnderuseBill underuse;

    Books(const Site& site, const Economy& economy, std::span<const sim::PricePoint> settle, Instant from) : bill{settle, from}, underuse{economy.minimums, from} {
        if (!economy.worth.empty()) earnings.emplace(site, economy.worth, settle, from);
        if (economy.demand) demand.emplace(*economy.demand, from);
    }

    void drawn(Power power, Instant until) {
        bill.drawn(power, until);
        if (earnings) earnings->until(until);
        if (demand) demand->drawn(power, until);
        underuse.drawn(power, until);
    }

    Earned earned(const Economy& economy, std::span<const sim::PricePoint> settle, Instant from, Instant to) const {
        if (!earnings) return {};
        Earned earned = earnings->earned();
        if (demand) earned.demand = demand->total();
        earned.underuse = underuse.total();
        settle_hedge(economy.hedge, settle, from, to, earned);
        return earned;
    }
};

struct Run {
    Engine engine;
    ObedientPlant plant;
    Prices prices;
    Books books;
    const ReplayWatch& watch;
    Instant from, to;
    ReplayResult result;
    std::vector<Event> events;

    Now at(Instant utc) const { return {utc, Steady{utc - from}}; }

    /// Steps until nobody has anything more to say at this instant; when to come again.
    Instant settle_down(Instant utc) {
        const Now now = at(utc);
        for (unsigned steps = 0;; ++steps) {
            BALLAST_CHECK(steps < most_at_once);
            const Decision& decision = engine.step(now, events);
            ++result.steps;
            if (watch.stepped) watch.stepped(now, events, decision);
            events.clear();
            if (decision.says_something()) {
                ++result.decisions;
                result.digest = digest(result.digest, now, decision);
            }
            const Instant wake = decision.wake == never ? open_end : utc + (decision.wake - now.steady);
            if (!decision.orders.empty()) {
                books.drawn(plant.power(), utc);
                plant.obey(decision.orders, now.steady, events);
            } else if (wake > utc) {
                return wake;
            }
        }
    }

    void all() {
        plant.introduce(Steady{}, events);
        for (Instant utc = from; utc < to;) {
            prices.tell(utc, events);
            if (watch.instant) watch.instant(engine, at(utc));
            const Instant wake = settle_down(utc);
            utc = std::min(wake, prices.next());
            if (watch.progress && result.steps % 1'024 == 0) watch.progress(static_cast<double>(std::min(utc, to).time_since_epoch().count() - from.time_since_epoch().count()) / static_cast<double>((to - from).count()));
        }
        books.drawn(plant.power(), to);
    }
};

}  // namespace

Site as_replayed(Site site, SourceId prices) {
    // No telemetry was lost in the past that is replayed: a load or meter that says nothing has nothing new to say.
    for (Site::Group& group : site.groups) group.stale_after = Duration::max();
    for (Site::Meter& meter : site.meters) meter.stale_after = Duration::max();
    // Nobody else speaks in a price history, and their silence must not shed. The price source keeps its own rule: the engine
    // counts its silence from when the next price was due by the interval's length, so hourly prices may be an hour apart,
    // and a gap in the history is the silence that it would have been.
    for (std::size_t i = 0; i < site.sources.size(); ++i)
        if (i != index(prices)) site.sources[i].on_stale = OnStale::hold, site.sources[i].stale_after = Duration{0};
    return site;
}

ReplayResult replay(const Site& site, std::vector<Policy> policies, SourceId prices, const sim::Feed& feed, const sim::Feed& settle,
                    const ReplayWatch& watch, const Economy& economy) {
    BALLAST_CHECK(!feed.intervals.empty() && !settle.intervals.empty());
    const Instant from = feed.intervals.front().start, to = feed.intervals.back().end;
    const Site replayed = as_replayed(site, prices);
    const auto began = std::chrono::steady_clock::now();
    Run run{Engine{replayed, std::move(policies), {}, Now{from, Steady{}}}, ObedientPlant{replayed}, Prices{feed, prices},
            Books{replayed, economy, settle.intervals, from}, watch, from, to, {}, {}};
    if (run.books.earnings) run.plant.tell(&*run.books.earnings);
    run.all();
    ReplayResult& result = run.result;
    result.loop_seconds = result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();

    Settlement fixed{settle.intervals, from};
    Books everything{replayed, economy, settle.intervals, from};
    everything.drawn(run.plant.baseline(), to);
    fixed.drawn(run.plant.fixed(), to);
    result.site = site.name;
    result.feed = feed.file;
    result.settled_by = settle.file;
    result.price_known = text_of(feed.known_rule);
    result.currency = settle.currency;
    result.from = from;
    result.to = to;
    result.intervals = feed.intervals.size();
    result.gaps = feed.report.gaps;
    result.energy = run.books.bill.energy();
    result.cost = run.books.bill.cost();
    result.baseline_energy = everything.bill.energy();
    result.baseline_cost = everything.bill.cost();
    result.fixed_energy = fixed.energy();
    result.unpriced = everything.bill.unpriced();
    result.earned = run.books.earned(economy, settle.intervals, from, to);
    result.baseline_earned = everything.earned(economy, settle.intervals, from, to);
    result.transitions = run.plant.transitions();
    return std::move(run.result);
}

}  // namespace ballast::study
