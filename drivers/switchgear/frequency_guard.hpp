#pragma once
#include "controller/ports.hpp"
#include "drivers/modbus/bus.hpp"
#include "drivers/modbus/fault_log.hpp"
#include "drivers/modbus/register.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ballast::drivers {

struct FrequencyRegister {
    std::string name;                    ///< Of the policy, for errors.
    ModbusUnit unit;
    ModbusRegister value;
    double scale_mhz = 1'000;            ///< Value x scale_mhz is mHz, rounded to nearest.
    Frequency plausible_low, plausible_high;  ///< Outside: as if nothing was heard.
};

/// What the registers of an answer say. Errors: not a number, not plausible.
Result<Frequency> frequency_of(const FrequencyRegister& settings, const ModbusReply& reply);

/// The coil that opens a contactor.
struct TripCoil {
    ModbusUnit unit;
    std::uint16_t coil = 0;              ///< 0-based.
    bool opens_when_on = false;
};

struct FrequencyGuardSettings {
    GuardId guard{};
    SourceId source{};
    FrequencyRegister meter;
    Duration period{50};
    unsigned samples = 2;                ///< Readings below a stage, one after the other, that trip it.
    std::vector<Frequency> stages;       ///< Tripped below it; the highest first.
    Frequency restore_above;             ///< Crossing it is told at once.
    std::map<Slot, TripCoil> coils;
    bool send = true;                    ///< False: trips, but writes no coil.
};

/// Asks a meter for the grid's frequency on a thread and a connection of its own, and opens contactors by the table it was
/// armed with: from a reading to the coils there is a lookup, and the wait for the exchange under way on their bus.
/// Unarmed it opens nothing. A poll that fails or a value that cannot be is no reading: it trips nothing, and breaks off
/// a run of readings below a stage. Puts a Tripped a trip, a FrequencyReading a second, and a Rejected when a value
/// cannot be. A stage trips once a table.
class FrequencyGuard final : public Driver, public Tripper {
public:
    FrequencyGuard(FrequencyGuardSettings settings, ModbusBuses& buses);
    ~FrequencyGuard() override;

    asio::awaitable<void> run(Mailbox& mailbox) override;
    void submit(const Order&) override {}
    void arm(const TripTable& table) override;

private:
    using Clock = std::chrono::steady_clock;
    struct Coil {
        Slot contactor;
        std::shared_ptr<ModbusBus> bus;
        ModbusRequest open;
        std::string what;                ///< "127.0.0.1:502 unit 1 coil 3", for errors.
    };
    /// All that a trip needs, made when it is armed.
    struct Armed {
        OrderId table{};
        std::vector<std::vector<Coil>> stages;
    };

    void watch(Mailbox& mailbox);
    void end();
    void hear(const Result<ModbusReply>& reply, Mailbox& mailbox);
    void judge(Frequency frequency, Steady taken, Mailbox& mailbox);
    void trip(std::size_t stages, Frequency frequency, Steady taken, Mailbox& mailbox);
    void open(const Coil& coil) const;
    void tell(Frequency frequency, Steady taken, Mailbox& mailbox);

    FrequencyGuardSettings settings_;
    std::map<Slot, Coil> coils_;
    ModbusLine line_;                    ///< This and what follows is the watching thread's.
    FaultLog log_;
    std::vector<unsigned> below_;        ///< By stage: readings one after the other, at most `samples`.
    std::size_t fired_ = 0;              ///< Stages of the table in force that have tripped.
    OrderId fired_table_{};
    std::optional<Frequency> lowest_;    ///< Since the last word of it.
    Steady told_ = Steady::min();
    bool told_low_ = false, refusing_ = false;

    std::mutex mutex_;                   ///< Of what is below.
    std::condition_variable ended_;
    bool ending_ = false;
    std::shared_ptr<const Armed> armed_;
    std::thread thread_;
};

}  // namespace ballast::drivers
