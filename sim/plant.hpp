#pragma once
#include "sim/plant_settings.hpp"

#include <map>
#include <span>

namespace ballast::sim {

/// What was done to a contactor: a coil written, or a relay that opened it.
struct CoilOperation {
    Steady at{};
    std::size_t contactor = 0;
    bool close = false;
    bool by_relay = false;
};

/// The physics of a site: who draws how much, and how that follows commands, contactors and faults. Pure: time is an
/// argument and does not go back, everything else follows from the settings and their seed. Not thread-safe.
class Plant {
public:
    Plant(PlantSettings settings, Steady start);

    /// What a machine says of itself. A liar's differs from what it draws.
    struct Report {
        bool asleep = false;       ///< What it was last told and means to obey.
        bool supply_on = true;     ///< Its own power supply.
        Power power;               ///< W at the wall, as it believes.
        unsigned hash_per_mille = 0;  ///< Of its nominal hashrate.
        Power level;               ///< W; what it means to draw when it mines.
        unsigned boards = 3;       ///< That hash, of three.
        bool pools = true;         ///< It has somebody to hash for.
        int degrees = 30;          ///< Celsius, its hottest chip.
    };

    /// False if it heard nothing: no power, or still booting.
    bool answers(std::size_t machine, Steady now);
    MachineFault fault(std::size_t machine) const { return machines_.at(machine).fault; }
    Report report(std::size_t machine, Steady now);
    /// Either may be repeated; the reply is the same, as on the device.
    void sleep(std::size_t machine, Steady now);
    /// `fast` is the vendor's unsafe single step: full power in ten seconds.
    void wake(std::size_t machine, Steady now, bool fast = false);
    /// What it draws when it mines, from its standby to twice its rating: there in a straight line of `over`, or when the
    /// rise that it is in would end. One that sleeps keeps it for when it wakes.
    void set_level(std::size_t machine, Power level, Duration over, Steady now);
    /// Its miner program begins anew, with standby's draw and then as after a wake; it answers throughout.
    void restart(std::size_t machine, Steady now);
    /// As if its supply had come back just now: it boots, and mines if it did not sleep, or forgets its sleep.
    void reboot(std::size_t machine, Steady now);
    /// From when on it has answered since it last booted.
    Steady booted(std::size_t machine) const { return machines_.at(machine).answers_from; }
    /// Takes effect at the next command; a machine that is asleep stays so.
    void set_fault(std::size_t machine, MachineFault fault) { machines_.at(machine).fault = fault; }

    /// Writes the coil. The contacts follow after the travel time.
    void operate(std::size_t contactor, bool close, Steady now);
    /// A protection relay opens it; the coil still says closed.
    void trip(std::size_t contactor, Steady now);
    bool coil(std::size_t contactor) const { return contactors_.at(contactor).coil; }
    bool closed(std::size_t contactor, Steady now);
    /// All since the start, the first million.
    const std::vector<CoilOperation>& operations() const { return operations_; }
    void set_fault(std::size_t contactor, ContactorFault fault) { settings_.contactors.at(contactor).fault = fault; }

    /// The grid is gone, or back. Halls ride on their batteries; contactors stay as they are; the meters have batteries too. What had supply boots when it
    /// is back, and mines if it did not sleep.
    void black_out(bool dark, Steady now);

    /// From what it draws now to `power` in a straight line; the rest of its profile is forgotten.
    void steer(std::size_t hall, Power power, Duration over, Steady now);

    Power machine_power(std::size_t machine, Steady now);
    Power hall_power(std::size_t hall, Steady now);
    Power contactor_power(std::size_t contactor, Steady now);
    Power feeder_power(std::size_t feeder, Steady now);
    /// House load and cooling: what the site's meter sees beyond all loads.
    Power residual(Steady now);
    Power site_power(Steady now);

    /// What a meter shows. Silent and excepting ones are for the device to act out; here they measure on.
    Power power(std::size_t meter, Steady now);
    MeterFault meter_fault(std::size_t meter) const { return meters_.at(meter).fault; }
    void set_fault(std::size_t meter, MeterFault fault, Steady now);

    /// What a frequency meter shows; one that is silent or excepts is for the device to act out.
    Frequency frequency(std::size_t meter) const { return frequencies_.at(meter).shows; }
    MeterFault frequency_fault(std::size_t meter) const { return frequencies_.at(meter).fault; }
    void set_frequency(std::size_t meter, Frequency shows) { frequencies_.at(meter).shows = shows; }
    void set_frequency_fault(std::size_t meter, MeterFault fault) { frequencies_.at(meter).fault = fault; }

    const PlantSettings& settings() const { return settings_; }

private:
    /// Level `from` until `since + delay`, then a straight line of `ramp` to `to`.
    struct Course {
        Power from, to;
        Steady since{};
        Duration delay{0}, ramp{0};
        Power at(Steady now) const;
    };
    struct Machine {
        Course course;
        Power level, says_level;
        Duration off_after{0}, full_after{0}, boot{0}, wakes_after{0};
        Steady answers_from{};
        MachineFault fault{};
        bool asleep = false, powered = true, says_asleep = false;
        unsigned boards = 3;
        unsigned slept = 0;  ///< Sleeps so far: a later one voids an earlier one's self-wake.
    };
    struct Contactor {
        bool coil = true, closed = true;
        unsigned moved = 0;
        std::vector<std::size_t> carries;
    };
    struct Meter {
        MeterFault fault{};
        Power frozen;
    };
    struct FrequencyMeter {
        MeterFault fault{};
        Frequency shows;
    };
    struct Change {
        enum class Kind : std::uint8_t { machine_wakes, contactor_moves } kind{};
        std::size_t which = 0;
        unsigned valid_for = 0;
        bool close = false;
    };

    Steady advance(Steady now);
    void rise(std::size_t which, Steady at, Duration boot, Duration full_after);
    bool deaf(std::size_t which) const;
    Power target(std::size_t which) const;
    void record(CoilOperation operation);
    void supply(std::size_t contactor, bool closed, Steady at);
    void supply_machine(std::size_t machine, bool on, Steady at);
    bool fed_through(std::size_t feeder, std::optional<std::size_t> by) const;
    Power machines(std::span<const std::size_t> which, Steady now) const;
    Power drawn(Steady now);
    Power beyond(Power drawn) const;
    Power measured(const MeterSettings& meter, Steady now);

    PlantSettings settings_;
    Steady start_, now_;
    std::vector<Machine> machines_;
    std::vector<Contactor> contactors_;
    std::vector<Meter> meters_;
    std::vector<FrequencyMeter> frequencies_;
    std::vector<std::vector<std::size_t>> fed_;  ///< Machines of each feeder.
    std::multimap<Steady, Change> ahead_;
    std::vector<CoilOperation> operations_;
    bool dark_ = false;
};

}  // namespace ballast::sim
