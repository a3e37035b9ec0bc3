#pragma once
#include "model/economics.hpp"
#include "model/peaks.hpp"
#include "model/site.hpp"
#include "sim/feeds/feed.hpp"
#include "study/settlement.hpp"

#include <optional>
#include <span>
#include <vector>

namespace ballast::study {

/// What a load is worth while it runs. All 0: it earns nothing that we know of.
struct Worth {
    Price hash;                          ///< Earned by a kWh at the wall, after the pool's fee.
    Price adder;                         ///< Cost of a kWh beside its price.
    std::int64_t overhead_ppm = 1'000'000;  ///< A kWh at the wall is this many at the grid connection.
    Cycling cycling;
    bool operator==(const Worth&) const = default;
};

/// What the demand of a month costs.
struct DemandTariff {
    Duration window{900'000};
    Price per_kw_month;                  ///< 10^-9 currency.
    std::int64_t ratchet_ppm = 0;
    Power paid;
    WallClock clock = {};                ///< Its months.
};

/// Take-or-pay: what lies below the minimum is paid for though nobody drew it.
struct MinimumBought {
    Power at_least;
    Price underuse;                      ///< Of each kWh below it, 10^-9 currency.
    ContractHours hours;
    WallClock clock;
};

/// Bought ahead at a price that stands; what is not drawn of it is sold at the settlement price.
struct Hedge {
    Power power;
    std::optional<Price> price;
    const sim::Feed* day_ahead = nullptr;  ///< Where `price` is not given. Outlives the replay.
};

/// The money side of a replay. It decides nothing.
struct Economy {
    std::vector<Worth> worth;            ///< By slot; empty: nothing but the energy bill is known.
    std::optional<DemandTariff> demand;
    std::vector<MinimumBought> minimums;
    Hedge hedge;
};

/// What was earned and lost over a replay, beside the energy's bill, where there was a price.
struct Earned {
    bool known = false;                  ///< There was an economy to count by.
    Money hash;                          ///< Of running machines, were they at full hash from their wake on.
    Money overhead;                      ///< Energy that moves with them: overhead_factor - 1 of theirs, at the price.
    Money adder;
    Money ramp_loss, wear;               ///< Of starts; a stop without one yet costs nothing yet.
    Energy standby;
    Money standby_cost;                  ///< In the energy's bill already.
    Money demand;
    Money underuse;
    Energy hedged;
    Money hedge_gain;                    ///< Settlement price less what was paid, over all that was bought.
    /// With the energy's bill.
    Money net(Money energy_cost) const { return hash - energy_cost - overhead - adder - ramp_loss - wear - demand - underuse + hedge_gain; }
};

/// Follows which loads run.
class Earnings {
public:
    /// All loads run at `from`. `settle` outlives this.
    Earnings(const Site& site, std::span<const Worth> worth, std::span<const sim::PricePoint> settle, Instant from);

    void began(Slot first, Slot last);   ///< These ran not, and run now.
    void ceased(Slot first, Slot last);
    void until(Instant utc);             ///< Nothing began or ceased since the last call.
    Earned earned() const;

private:
    struct Sums {
        Int128 hash = 0, adder = 0;      ///< W x 10^-9 per kWh.
        Int128 overhead = 0;             ///< W x 10^-6.
        Int128 ramp = 0, wear = 0;       ///< Of a start; as Money.
        Int128 standby = 0;              ///< W.
    };
    Sums of(Slot first, Slot last) const;

    std::vector<Sums> before_;           ///< Of all slots before this one.
    Int128 hash_ = 0, adder_ = 0, overhead_ = 0, standby_ = 0;  ///< Of what runs now; standby of what does not.
    Settlement overhead_bill_, standby_bill_;
    Earned earned_;
};

/// The demand's bill, month by month on the wall, each as if it were whole.
class DemandBill {
public:
    DemandBill(const DemandTariff& tariff, Instant from) : tariff_{tariff}, peaks_{tariff.window}, at_{from} {}
    void drawn(Power power, Instant until);
    /// With the month that runs.
    Money total() const;

private:
    Money of_month(Instant at) const;
    DemandTariff tariff_;
    Peaks peaks_;
    Instant at_;
    Money billed_;
};

/// What was paid for and not drawn.
class UnderuseBill {
public:
    UnderuseBill(std::span<const MinimumBought> minimums, Instant from) : minimums_{minimums}, at_{from} {}
    void drawn(Power power, Instant until);
    Money total() const { return total_; }

private:
    std::span<const MinimumBought> minimums_;
    Instant at_;
    Money total_;
};

/// What a hedge brought where both prices are known, into `earned`.
void settle_hedge(const Hedge& hedge, std::span<const sim::PricePoint> settle, Instant from, Instant to, Earned& earned);

}  // namespace ballast::study
