#pragma once
#include "model/event.hpp"
#include "model/order.hpp"
#include "model/site.hpp"
#include "tests/support/dice.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace ballast::tests {

/// Loads that obey soon, late, never, or say so and do not; that wake by themselves and fall silent; meters with noise
/// and gaps; blackouts, after which most boot and some stay asleep. Gentle, it only is slow; `seldom`, it is asked as seldom as
/// nobody goes stale. Driven by orders and time; what it says becomes events.
class RoughPlant {
public:
    enum class Nature : std::uint8_t { prompt, slow, deaf, liar, refuser };

    RoughPlant(const Site& site, Dice& dice, bool gentle, bool seldom, Steady start) : site_{site}, dice_{dice}, gentle_{gentle}, start_{start} {
        for (const Site::Group& group : site_.groups) {
            polls_.push_back({start + Duration{dice_.between(0, 5'000)}, seldom ? Duration{dice_.between(20'000, 35'000)} : Duration{dice_.between(5'000, 20'000)}});
            for (Slot s = group.loads.first; s < group.loads.last; ++s) loads_.push_back(any_load(group, s));
        }
        for (std::size_t i = 0; i < site_.meters.size(); ++i)
            meters_.push_back({start + Duration{dice_.between(0, 3'000)}, seldom ? Duration{9'000} : Duration{dice_.between(2'000, 9'000)}});
    }

    /// From now on nobody is deaf, silent or moody, and every hall draws what it draws.
    void calm_down() {
        gentle_ = true;
        dark_until_ = start_;
        for (Machine& m : loads_) {
            if (m.nature != Nature::slow) m.nature = Nature::prompt;
            m.silent_until = start_;
        }
        for (Poll& meter : meters_) meter.silent_until = start_;
    }

    void obey(std::span<const Order> orders, Steady now) {
        for (const Order& order : orders)
            for (Slot s = order.loads.first; s < order.loads.last; ++s) take(order, s, now);
    }

    /// The order never reached anybody.
    void withhold(const Order& order, Steady now) { receipts_.push_back({now, {order.id, order.loads, Fate::withheld, now}}); }

    Steady next() const {
        Steady at = never;
        for (const Machine& m : loads_) at = std::min({at, m.changes_at, m.caps_at});
        for (const Poll& p : polls_) at = std::min(at, p.due);
        for (const Poll& p : meters_) at = std::min(at, p.due);
        for (const Due& r : receipts_) at = std::min(at, r.at);
        return at;
    }

    void advance(Steady now, std::vector<Event>& heard) {
        if (!gentle_ && !site_.supplies.empty() && dice_.below(400) == 0 && dark_until_ <= now) black_out(now);
        dark_ = dark_until_ > now;
        for (Slot s = 0; s < loads_.size(); ++s) change(s, now, heard);
        std::erase_if(receipts_, [&](const Due& due) {
            if (due.at > now) return false;
            heard.push_back(due.receipt);
            return true;
        });
        for (std::size_t g = 0; g < polls_.size(); ++g)
            if (polls_[g].due <= now) poll(g, now, heard);
        for (std::size_t m = 0; m < meters_.size(); ++m)
            if (meters_[m].due <= now) measure(m, now, heard);
    }

    bool running(Slot s) const { return loads_[s].running; }
    Power power(const Site::Group& group, Slot s) const {
        const Machine& m = loads_[s];
        if (dark_ || (group.contactor && !loads_[*group.contactor].running)) return {};
        return m.running ? std::min(m.draw, m.cap) : group.driver == "contactor" ? Power{} : group.standby;
    }
    Power site_power() const { return power_of(std::nullopt) + site_.overhead; }

private:
    struct Machine {
        Nature nature{};
        bool running = true, changes_to = true;
        Steady changes_at = never, silent_until = Steady::min();
        Duration off_after{0}, on_after{0};
        Power draw;
        Power cap = no_limit, caps_to = no_limit;   ///< Flexible loads: in force, and on its way.
        Steady caps_at = never;
        Receipt after_cap;                          ///< What it says once it is in force; of no order: nothing.
    };
    struct Poll {
        Steady due{};
        Duration period{};
        Steady silent_until = Steady::min();
    };
    struct Due {
        Steady at;
        Receipt receipt;
    };

    /// For half a minute to a few. What is told to run runs again afterwards, but for some; what sleeps sleeps on.
    void black_out(Steady now) {
        dark_until_ = now + Duration{dice_.between(5'000, 200'000)};
        for (Slot s = 0; s < loads_.size(); ++s) {
            const Site::Group& group = group_of(s);
            Machine& m = loads_[s];
            m.silent_until = dark_until_ + Duration{dice_.between(0, 60'000)};
            if (group.driver == "luxos" && m.running && dice_.percent(20)) m.running = false, m.changes_at = never;
        }
        if (dice_.percent(50)) return;
        for (Poll& meter : meters_) meter.silent_until = dark_until_;  // On the supply that it measures.
    }

    Machine any_load(const Site::Group& group, Slot s) {
        Machine m;
        const auto n = dice_.below(100);
        if (!gentle_) m.nature = n < 50 ? Nature::prompt : n < 80 ? Nature::slow : n < 90 ? Nature::deaf : n < 95 ? Nature::liar : Nature::refuser;
        else m.nature = n < 50 ? Nature::prompt : Nature::slow;
        const bool slow = m.nature == Nature::slow;
        const std::int64_t off_ms = group.off_within.count(), on_ms = group.on_within.count();
        m.off_after = Duration{slow ? dice_.between(off_ms / 3, gentle_ ? off_ms * 2 / 3 : off_ms * 3 / 2) : dice_.between(0, 900)};
        m.on_after = Duration{slow ? dice_.between(on_ms / 3, gentle_ ? on_ms * 2 / 3 : on_ms * 3 / 2) : dice_.between(0, 2'000)};
        const Power rated = site_.loads[s].rated;
        m.draw = Power{rated.count * (group.tier == Tier::firm ? dice_.between(0, 100) : dice_.between(90, 103)) / 100};
        if (group.tier == Tier::flexible)  // Decode draws far less than its nameplate; training nearly all of it.
            m.draw = Power{rated.count * (group.flexible.workload == Workload::inference ? dice_.between(15, 70) : dice_.between(85, 100)) / 100};
        if (group.driver == "contactor" && m.draw > rated) m.draw = rated;
        return m;
    }

    void take(const Order& order, Slot s, Steady now) {
        Machine& m = loads_[s];
        const auto& group = group_of(s);
        const bool dead = dark_ || (group.contactor && !loads_[*group.contactor].running);
        const auto answer = [&](Fate fate, Duration after) { receipts_.push_back({now + after, {order.id, {s, s + 1}, fate, now + after}}); };
        const bool by_outlet = order.rung == Rung::power_off && dice_.percent(80);  // Some PDUs are dead. Else it works whatever ails the machine.
        if (order.rung == Rung::power_off && !by_outlet) return answer(Fate::unreachable, Duration{3'000});
        if (!by_outlet && (dead || m.nature == Nature::deaf)) return answer(dice_.percent(50) ? Fate::timed_out : Fate::unreachable, Duration{3'000});
        if (!by_outlet && m.nature == Nature::refuser) return answer(Fate::refused, Duration{100});
        if (group.tier == Tier::flexible && order.rung != Rung::sleep) return take_flexible(order, s, now);
        answer(Fate::accepted, Duration{dice_.between(0, 500)});
        if (!by_outlet && m.nature == Nature::liar) return;
        if (m.changes_at != never && m.changes_to == raises(order.rung)) return;  // Already at it.
        m.changes_to = raises(order.rung);
        m.changes_at = now + (m.changes_to ? m.on_after : m.off_after);
    }

    void take_flexible(const Order& order, Slot s, Steady now) {
        Machine& m = loads_[s];
        const auto answer = [&](Duration after) { receipts_.push_back({now + after, {order.id, {s, s + 1}, Fate::accepted, now + after}}); };
        if (order.rung == Rung::checkpoint) return answer(Duration{dice_.between(0, group_of(s).flexible.checkpoint_within.count() * (gentle_ ? 9 : 13) / 10)});
        if (order.rung == Rung::cap) answer(Duration{dice_.between(0, 500)});
        if (m.nature == Nature::liar) return order.rung == Rung::cap ? void() : answer(Duration{100});
        const Power to = order.rung == Rung::cap ? order.cap : no_limit;
        const bool at_it = m.caps_at != never && m.caps_to == to;
        if (!at_it) m.caps_at = now + (order.rung == Rung::cap ? m.off_after : m.on_after);
        m.caps_to = to;
        m.after_cap = order.rung == Rung::cap ? Receipt{} : Receipt{order.id, {s, s + 1}, Fate::accepted, m.caps_at};
        if (order.rung != Rung::wake) return;
        m.changes_to = true;
        m.changes_at = m.caps_at;
    }

    void change_cap(Slot s, Steady now, std::vector<Event>& heard) {
        Machine& m = loads_[s];
        if (m.caps_at > now) return;
        m.caps_at = never;
        m.cap = m.caps_to;
        if (m.after_cap.order != OrderId{}) heard.push_back(std::exchange(m.after_cap, {}));
        if (dice_.percent(70)) read(s, now, heard);
    }

    void change(Slot s, Steady now, std::vector<Event>& heard) {
        change_cap(s, now, heard);
        Machine& m = loads_[s];
        if (m.changes_at > now) return;
        m.changes_at = never;
        const bool closes = m.changes_to && !m.running;
        m.running = m.changes_to;
        if (group_of(s).driver == "contactor") {
            read(s, now, heard);
            if (closes) power_up(s);
        } else if (dice_.percent(70)) {
            read(s, now, heard);  // Drivers look soon after an order; else the next poll tells.
        }
    }

    /// What a contactor gives back its supply boots, and mines.
    void power_up(Slot contactor) {
        for (const Site::Group& group : site_.groups)
            if (group.contactor == contactor)
                for (Slot s = group.loads.first; s < group.loads.last; ++s) loads_[s].running = true, loads_[s].changes_at = never;
    }

    const Site::Group& group_of(Slot s) const {
        return *std::ranges::find_if(site_.groups, [&](const Site::Group& g) { return g.loads.contains(s); });
    }

    void read(Slot s, Steady now, std::vector<Event>& heard) {
        const Site::Group& group = group_of(s);
        const bool dead = group.contactor && !loads_[*group.contactor].running;
        if (dead || loads_[s].silent_until > now) return;
        LoadReading reading{{s, s + 1}, Mode::running, Quality::measured, power(group, s), now};
        if (!loads_[s].running) reading.mode = group.driver == "contactor" ? Mode::off : Mode::asleep;
        if (!gentle_ && group.driver != "contactor" && dice_.percent(2)) reading.mode = dice_.one_of({Mode::unknown, Mode::fault});
        if (!gentle_ && dice_.percent(2)) reading.quality = dice_.one_of({Quality::bad, Quality::estimated});
        if (!gentle_ && dice_.percent(3)) reading.taken -= Duration{dice_.between(0, 20'000)};
        if (!gentle_ && reading.mode == Mode::running) reading.power.count += reading.power.count * dice_.between(-20, 20) / 1'000;
        heard.push_back(reading);
    }

    void poll(std::size_t g, Steady now, std::vector<Event>& heard) {
        const Site::Group& group = site_.groups[g];
        polls_[g].due = now + polls_[g].period;
        const bool firm = group.tier == Tier::firm;
        for (Slot s = group.loads.first; s < group.loads.last; ++s) {
            Machine& m = loads_[s];
            if (!gentle_ && dice_.percent(1)) m.silent_until = now + Duration{dice_.between(10'000, 300'000)};
            if (!gentle_ && !firm && dice_.below(400) == 0) m.running = !m.running;
            if (!gentle_ && firm && dice_.percent(10)) m.draw = Power{site_.loads[s].rated.count * dice_.between(0, 100) / 100};
        }
        const bool dead = group.contactor && !loads_[*group.contactor].running;
        const bool all_answer = std::all_of(loads_.begin() + group.loads.first, loads_.begin() + group.loads.last, [&](const Machine& m) { return m.silent_until <= now; });
        if (!firm && !dead && all_answer && dice_.percent(20)) heard.push_back(Answered{group.loads});
        else
            for (Slot s = group.loads.first; s < group.loads.last; ++s) read(s, now, heard);
    }

    bool through(FeederId feeder, const Site::Group& group) const {
        for (auto f = group.feeder; f; f = site_.feeders[index(*f)].under)
            if (*f == feeder) return true;
        return false;
    }

    Power power_of(std::optional<FeederId> feeder) const {
        Power sum;
        for (const Site::Group& group : site_.groups)
            if (!feeder || through(*feeder, group))
                for (Slot s = group.loads.first; s < group.loads.last; ++s) sum += power(group, s);
        return sum;
    }

    Power beside(Power loads, Power overhead, std::int64_t cooling_ppm) const { return dark_ ? Power{} : with_cooling(loads, cooling_ppm) + overhead; }

    void measure(std::size_t m, Steady now, std::vector<Event>& heard) {
        Poll& meter = meters_[m];
        meter.due = now + meter.period;
        if (!gentle_ && dice_.below(60) == 0) meter.silent_until = now + Duration{dice_.between(10'000, 200'000)};
        if (meter.silent_until > now) return;
        MeterReading reading{MeterId{static_cast<std::uint16_t>(m)}, {}, now, Quality::measured};
        if (site_.meter == reading.meter) reading.power = beside(power_of(std::nullopt), site_.overhead, site_.cooling_ppm);
        for (std::uint16_t f = 0; f < site_.feeders.size(); ++f)
            if (site_.feeders[f].meter == reading.meter) reading.power = beside(power_of(FeederId{f}), site_.feeders[f].overhead, site_.feeders[f].cooling_ppm);
        if (!gentle_) reading.power.count += reading.power.count * dice_.between(-10, 10) / 1'000;
        if (!gentle_ && dice_.percent(2)) reading.quality = Quality::bad;
        if (!gentle_ && dice_.percent(2)) reading.taken -= Duration{dice_.between(0, 5'000)};
        heard.push_back(reading);
    }

    const Site site_;
    Dice& dice_;
    bool gentle_;
    Steady start_, dark_until_ = start_;
    bool dark_ = false;
    std::vector<Machine> loads_;
    std::vector<Poll> polls_, meters_;
    std::vector<Due> receipts_;
};

}  // namespace ballast::tests
