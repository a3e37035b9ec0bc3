#include "sim/plant.hpp"

#include "model/check.hpp"

#include <algorithm>

namespace ballast::sim {

namespace {

/// A cold switch at the wall takes a miner's draw within a cycle or two.
constexpr Duration collapse{20};

Power between(Power from, Power to, Duration passed, Duration whole) {
    if (passed >= whole) return to;
    if (passed <= Duration{0}) return from;
    return Power{from.count + (to.count - from.count) * passed.count() / whole.count()};
}

}  // namespace

Power Plant::Course::at(Steady now) const {
    return between(from, to, now - since - delay, ramp);
}

Plant::Plant(PlantSettings settings, Steady start)
    : settings_{std::move(settings)}, start_{start}, now_{start}, contactors_(settings_.contactors.size()),
      meters_(settings_.meters.size()), fed_(settings_.feeders.size()) {
    Chance chance{settings_.seed};
    machines_.reserve(settings_.machines.size());
    for (std::size_t i = 0; i < settings_.machines.size(); ++i) {
        const MachineSettings& given = settings_.machines[i];
        Machine machine;
        machine.course = {given.rated, given.rated, start, Duration{0}, Duration{0}};
        machine.level = machine.says_level = given.rated;
        machine.off_after = chance.in(given.off_after);
        machine.full_after = chance.in(given.full_after);
        machine.boot = chance.in(given.boot);
        machine.wakes_after = chance.in({seconds{20}, seconds{120}});
        machine.answers_from = start;
        machine.fault = given.fault;
        if (given.contactor) contactors_.at(*given.contactor).carries.push_back(i);
        for (std::size_t f = 0; f < fed_.size(); ++f)
            if (fed_through(f, given.feeder)) fed_[f].push_back(i);
        machines_.push_back(machine);
    }
    for (const FrequencySettings& meter : settings_.frequencies) frequencies_.push_back({MeterFault::none, meter.nominal});
    for (const MeterSettings& meter : settings_.meters) {
        BALLAST_CHECK(meter.what != Measures::feeder || meter.which < settings_.feeders.size());
        BALLAST_CHECK(meter.what != Measures::hall || meter.which < settings_.halls.size());
        BALLAST_CHECK(meter.what != Measures::contactor || meter.which < settings_.contactors.size());
    }
}

/// Lets happen what was due, in its order. Two threads may disagree about a millisecond, so a step back is none.
Steady Plant::advance(Steady now) {
    while (!ahead_.empty() && ahead_.begin()->first <= now) {
        const auto [at, change] = *ahead_.begin();
        ahead_.erase(ahead_.begin());
        if (change.kind == Change::Kind::contactor_moves) {
            if (contactors_[change.which].moved == change.valid_for) supply(change.which, change.close, at);
            continue;
        }
        Machine& machine = machines_[change.which];
        if (machine.slept != change.valid_for || !machine.asleep) continue;
        machine.asleep = machine.says_asleep = false;
        if (machine.powered) rise(change.which, at, Duration{0}, machine.full_after);
    }
    return now_ = std::max(now_, now);
}

/// Only the boards that hash draw; the rest of standby's draw is always there.
Power Plant::target(std::size_t which) const {
    const Machine& machine = machines_[which];
    const Power standby = settings_.machines[which].standby;
    return Power{standby.count + (machine.level - standby).count * machine.boards / 3};
}

void Plant::rise(std::size_t which, Steady at, Duration boot, Duration full_after) {
    Machine& machine = machines_[which];
    machine.boards = machine.fault == MachineFault::few_boards ? 2 : 3;
    const Duration dark = full_after / 5;  // Boards are tested and chains enumerated at standby's draw.
    machine.course = {machine.course.at(at), target(which), at, boot + dark, full_after - dark};
}

/// It says OK and does nothing.
bool Plant::deaf(std::size_t which) const {
    const MachineFault fault = machines_[which].fault;
    return fault == MachineFault::no_effect || fault == MachineFault::lies;
}

bool Plant::answers(std::size_t machine, Steady now) {
    const Steady at = advance(now);
    return machines_.at(machine).powered && at >= machines_[machine].answers_from;
}

Plant::Report Plant::report(std::size_t which, Steady now) {
    const Steady at = advance(now);
    const Machine& machine = machines_.at(which);
    const MachineSettings& given = settings_.machines[which];
    Report report;
    report.asleep = machine.says_asleep;
    report.power = machine.powered ? machine.course.at(at) : Power{};
    if (machine.says_level < machine.level) report.power = std::min(report.power, machine.says_level);
    if (machine.says_asleep && !machine.asleep) report.power = given.standby;
    const bool resting = report.power <= given.standby && (machine.says_asleep || !machine.powered);
    report.supply_on = !resting;
    const Power above = std::max(Power{}, report.power - given.standby), whole = given.rated - given.standby;
    report.hash_per_mille = whole.count > 0 ? static_cast<unsigned>(1000 * above.count / whole.count) : 0;
    report.level = machine.says_level;
    report.boards = machine.boards;
    const bool back = machine.slept > 0 && !machine.says_asleep;
    report.pools = !(back && machine.fault == MachineFault::loses_pools);
    report.degrees = back && machine.fault == MachineFault::overheats ? 112 : 30 + static_cast<int>(std::min(report.hash_per_mille, 1'500u) / 20);
    if (!report.pools) report.hash_per_mille = 0;
    return report;
}

void Plant::sleep(std::size_t which, Steady now) {
    const Steady at = advance(now);
    Machine& machine = machines_.at(which);
    if (machine.fault == MachineFault::no_effect) return;
    machine.says_asleep = true;
    if (machine.fault == MachineFault::lies || machine.asleep) return;
    machine.asleep = true;
    ++machine.slept;
    if (!machine.powered) return;
    const Duration hold = machine.off_after / 2;
    machine.course = {machine.course.at(at), settings_.machines[which].standby, at, hold, machine.off_after - hold};
    if (machine.fault == MachineFault::self_wakes)
        ahead_.emplace(at + machine.off_after + machine.wakes_after, Change{Change::Kind::machine_wakes, which, machine.slept, false});
}

void Plant::wake(std::size_t which, Steady now, bool fast) {
    const Steady at = advance(now);
    Machine& machine = machines_.at(which);
    if (machine.fault == MachineFault::never_wakes) return;
    machine.says_asleep = false;
    if (!machine.asleep) return;
    machine.asleep = false;
    const Duration full_after = fast ? Duration{10'000} : machine.full_after;
    if (machine.powered) rise(which, at, Duration{0}, full_after);
}

void Plant::set_level(std::size_t which, Power level, Duration over, Steady now) {
    const Steady at = advance(now);
    Machine& machine = machines_.at(which);
    const MachineSettings& given = settings_.machines[which];
    if (machine.fault == MachineFault::no_effect) return;
    machine.says_level = std::clamp(level, given.standby, std::max(given.standby, given.rated + given.rated));
    if (machine.fault == MachineFault::lies) return;
    machine.level = machine.says_level;
    if (machine.asleep || !machine.powered) return;
    const Power draws = machine.course.at(at), to = target(which);
    const Duration left = machine.course.since + machine.course.delay + machine.course.ramp - at;
    machine.course = {draws, to, at, Duration{0}, to > draws ? std::max(over, left) : over};
}

void Plant::restart(std::size_t which, Steady now) {
    const Steady at = advance(now);
    Machine& machine = machines_.at(which);
    if (machine.asleep || !machine.powered || deaf(which)) return;
    const Power standby = settings_.machines[which].standby;
    machine.course = {standby, standby, at, Duration{0}, Duration{0}};
    rise(which, at, Duration{0}, machine.full_after);
}

void Plant::reboot(std::size_t which, Steady now) {
    const Steady at = advance(now);
    if (!machines_.at(which).powered || deaf(which)) return;
    machines_[which].powered = false;
    supply_machine(which, true, at);
}

void Plant::record(CoilOperation operation) {
    if (operations_.size() < 1'000'000) operations_.push_back(operation);
}

void Plant::operate(std::size_t which, bool close, Steady now) {
    const Steady at = advance(now);
    record({at, which, close, false});
    Contactor& contactor = contactors_.at(which);
    contactor.coil = close;
    const ContactorSettings& given = settings_.contactors[which];
    if (!close && given.fault == ContactorFault::welded) return;
    ahead_.emplace(at + given.travel, Change{Change::Kind::contactor_moves, which, ++contactor.moved, close});
}

void Plant::trip(std::size_t which, Steady now) {
    const Steady at = advance(now);
    record({at, which, false, true});
    ++contactors_.at(which).moved;  // Whatever the coil had begun is overtaken.
    supply(which, false, at);
}

bool Plant::closed(std::size_t which, Steady now) {
    advance(now);
    return contactors_.at(which).closed;
}

void Plant::supply(std::size_t which, bool closed, Steady at) {
    Contactor& contactor = contactors_[which];
    if (contactor.closed == closed) return;
    contactor.closed = closed;
    for (const std::size_t i : contactor.carries) supply_machine(i, closed && !dark_, at);
}

void Plant::supply_machine(std::size_t which, bool on, Steady at) {
    Machine& machine = machines_[which];
    const MachineSettings& given = settings_.machines[which];
    if (machine.powered == on) return;
    machine.powered = on;
    if (!on) {
        machine.course = {machine.course.at(at), Power{}, at, Duration{0}, collapse};
        return;
    }
    machine.answers_from = at + machine.boot;
    machine.course = {given.standby, given.standby, at, Duration{0}, Duration{0}};
    if (!given.sleep_persists && machine.fault != MachineFault::never_wakes) machine.asleep = machine.says_asleep = false;
    if (!machine.asleep) rise(which, at, machine.boot, machine.full_after);
}

void Plant::black_out(bool dark, Steady now) {
    const Steady at = advance(now);
    dark_ = dark;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        const auto contactor = settings_.machines[i].contactor;
        supply_machine(i, !dark && (!contactor || contactors_[*contactor].closed), at);
    }
}

void Plant::steer(std::size_t hall, Power power, Duration over, Steady now) {
    const Power from = hall_power(hall, now);
    const Duration after = std::max(now_, now) - start_;
    settings_.halls[hall].profile = {{after, from}, {after + over, power}};
}

}  // namespace ballast::sim
