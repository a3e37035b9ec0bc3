#pragma once
#include "controller/flex_move.hpp"
#include "model/order.hpp"
#include "model/state.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ballast {

/// A State to go on from, by load name and in ages, so that it survives a restart and a changed config. Opaque bytes;
/// empty: begin afresh, every load presumed running.
struct Snapshot {
    std::string bytes;
};

/// The whole controller as a deterministic state machine: no clock, no I/O, no randomness, no threads.
class Engine {
public:
    /// Raised when equal events may decide otherwise.
    static constexpr unsigned revision = 3;

    Engine(Site site, std::vector<Policy> policies, const Snapshot& start, Now now);
    ~Engine();
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;

    /// Takes in what happened since the last step, then decides. `now` never runs backwards in steady time.
    /// Valid until the next step; allocates nothing once warm.
    const Decision& step(Now now, std::span<const Event> heard);

    Snapshot snapshot(Now now) const;
    /// The same for an epoch that begins now: what was learned of machines, and given by customers, counts in it.
    Snapshot snapshot_for_epoch(Now now) const;
    /// Goes on from its own snapshot, just as a re-execution of the journal's next epoch will.
    void renew(const Snapshot& own, Now now);
    /// What lowers and was not seen to be obeyed, as it was ordered: to be sent again by whoever takes over.
    std::vector<Order> outstanding() const;
    /// Likewise what raises, of orders no newer than `upto`, where nothing speaks against it after the last step.
    std::vector<Order> outstanding_raises(OrderId upto) const;
    OrderId last_order() const;
    /// What the guards may open, as last decided: to be armed by whoever takes over.
    std::vector<TripTable> tables() const;
    /// What could be raised after the last step, within all that is in force: price, limits, bars and supply.
    Power available_up() const;
    /// A flexible load's next step down, or why there is none; as of the last step.
    FlexMove next_move(Slot flexible, bool emergency) const;
    /// What flexible loads could still give within their ranges, by what they draw, once their work is saved.
    Power available_flexible() const;
    const State& state() const;
    const Site& site() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace ballast
