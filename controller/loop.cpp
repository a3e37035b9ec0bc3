#include "controller/loop.hpp"

#include "controller/clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace ballast {

namespace {

constexpr Duration beat_every{1'000};
constexpr Duration gap_retry{1'000};

}  // namespace

Loop::Loop(asio::io_context& io, Engine engine, Mailbox& mailbox, Journal& journal, std::vector<Driver*> by_group, LoopSettings settings)
    : io_{io}, timer_{io}, engine_{std::move(engine)}, mailbox_{mailbox}, journal_{journal}, by_group_{std::move(by_group)},
      settings_{std::move(settings)}, journal_writes_{engine_.state().journal_writes} {}

void Loop::notify() {
    asio::post(io_, [this] {
        notified_ = true;
        timer_.cancel();
    });
}

void Loop::stop() {
    stopping_ = notified_ = true;
    timer_.cancel();
}

asio::awaitable<void> Loop::run() {
    co_await begin_epoch(settings_.cause);
    send(engine_.outstanding());
    const OrderId before_us = engine_.last_order();
    co_await step(listen());
    // Only now is it known what still speaks for them; and what the journal would not have had is not raised.
    if (last_ == Written::yes) send(engine_.outstanding_raises(before_us));
    while (!stopping_) {
        notified_ = false;
        const Now now = listen();
        if (!heard_.empty() || now.steady >= wake_) co_await step(now);
        co_await keep_epochs(now);
        if (now.steady >= next_beat_) {
            next_beat_ = now.steady + beat_every;
            if (beat) beat();
        }
        if (!notified_ && own_.empty()) co_await sleep(now);
    }
}

asio::awaitable<void> Loop::last_step() {
    settings_.send = false;
    const Now now = listen();
    if (!heard_.empty()) co_await step(now);
}

/// What drivers, the clocks and the loop itself have to tell the next step; and when that is.
Now Loop::listen() {
    const auto told = read_clocks();
    mailbox_.drain(heard_);
    trust_again(told.now);
    if (told.off_by) heard_.emplace_back(ClockJump{*told.off_by});
    std::move(own_.begin(), own_.end(), std::back_inserter(heard_));
    own_.clear();
    return told.now;
}

asio::awaitable<void> Loop::step(Now now) {
    const Decision& decision = engine_.step(now, heard_);
    wake_ = decision.wake;
    // One that was due is recorded though it may say nothing: it changed what comes due next.
    const StepRecord record{now, heard_, decision};
    const Written written = missed_ ? Written::missed : co_await journal_.append(record);
    judge(now, written);
    arm(decision.tables, written);
    submit(decision, written);
    if (watch) watch(Step{now, heard_, decision, engine_});
}

namespace {

/// What of a table's contactors another has too, by the first one's name.
TripTable narrowed(TripTable table, const TripTable& by) {
    for (std::size_t i = 0; i < table.stages.size(); ++i)
        std::erase_if(table.stages[i], [&](Slot slot) { return i >= by.stages.size() || !std::ranges::binary_search(by.stages[i], slot); });
    return table;
}

}  // namespace

/// A table goes into force once the journal has it. Until then the one before it stays, less what the new one takes from it:
/// to forbid needs no journal. Of a step that the journal missed none goes into force before the snapshot that mends the gap.
void Loop::arm(std::span<const TripTable> tables, Written written) {
    to_arm_.resize(settings_.trippers.size());
    in_force_.resize(settings_.trippers.size());
    for (const TripTable& table : tables)
        if (index(table.guard) < to_arm_.size()) to_arm_[index(table.guard)] = table;
    for (std::size_t g = 0; g < to_arm_.size(); ++g) {
        if (!to_arm_[g]) continue;
        if (written == Written::yes) put_in_force(g, *to_arm_[g]);
        else if (in_force_[g]) put_in_force(g, narrowed(*in_force_[g], *to_arm_[g]));
        if (written != Written::late) to_arm_[g].reset();
    }
}

void Loop::put_in_force(std::size_t guard, TripTable table) {
    if (!settings_.trippers[guard] || in_force_[guard] == table) return;
    settings_.trippers[guard]->arm(table);
    in_force_[guard] = std::move(table);
}

/// What the process before this one, or the config before, may not have got to the machines. It is in the journal.
void Loop::send(const std::vector<Order>& outstanding) {
    const Steady now = read_clocks().now.steady;
    for (const Order& order : outstanding) send(order, now);
}

/// What lowers is sent whatever the journal says; what raises only if the journal has it.
void Loop::submit(const Decision& decision, Written written) {
    for (const Order& order : decision.orders) {
        if (raises(order.rung) && written != Written::yes) own_.emplace_back(Receipt{order.id, order.loads, Fate::withheld, decision.at.steady});
        else send(order, decision.at.steady);
    }
}

void Loop::send(const Order& order, Steady now) {
    if (!settings_.send) return;
    if (Driver* driver = by_group_[index(order.group)]) driver->submit(order);
    else own_.emplace_back(Receipt{order.id, order.loads, Fate::refused, now});
}

void Loop::judge(Now now, Written written) {
    last_ = written;
    missed_ = missed_ || written == Written::missed;
    if (written == Written::yes && !missed_) return;
    calm_at_ = now.steady + settings_.calm;
    if (std::exchange(journal_writes_, false)) own_.emplace_back(JournalHealth{false});
}

/// A disk that is slow now and then must not start and stop the raises with every write.
void Loop::trust_again(Now now) {
    if (journal_writes_ || missed_ || last_ != Written::yes || now.steady < calm_at_) return;
    journal_writes_ = true;
    own_.emplace_back(JournalHealth{true});
}

asio::awaitable<void> Loop::begin_epoch(EpochCause cause) {
    const Now now = read_clocks().now;
    Snapshot snapshot = engine_.snapshot_for_epoch(now);
    engine_.renew(snapshot, now);
    wake_ = now.steady;
    EpochStart start{cause, now, Engine::revision, settings_.files, std::move(snapshot), &engine_.site()};
    next_epoch_ = now.steady + settings_.epoch_every;
    const Written written = co_await journal_.begin_epoch(std::move(start));
    missed_ = written == Written::missed;
    next_gap_ = now.steady + gap_retry;
    judge(now, written);
    arm(engine_.tables(), written);
}

asio::awaitable<void> Loop::keep_epochs(Now now) {
    if (missed_ && now.steady >= next_gap_) co_await begin_epoch(EpochCause::gap);
    else if (!missed_ && (now.steady >= next_epoch_ || journal_.wants_epoch())) co_await begin_epoch(EpochCause::hourly);
}

asio::awaitable<void> Loop::sleep(Now now) {
    const Steady until = std::min(std::max(wake_, now.steady + Duration{1}), next_beat_);
    timer_.expires_after(until - now.steady);
    [[maybe_unused]] const auto [ended] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace ballast
