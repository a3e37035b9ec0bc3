#pragma once
#include "drivers/modbus/poll.hpp"
#include "drivers/signals/debounce.hpp"

#include <optional>

namespace ballast::drivers {

/// A contact that asks for a full curtailment while it is active.
struct ContactSignal {
    std::string name;                 ///< Also the id of its dispatch and release, across restarts.
    SourceId source{};
    ModbusUnit unit;
    ModbusBit contact;
    SignalKind says = SignalKind::dispatch;  ///< While it is active: a dispatch, or local.
    bool active_when_closed = true;   ///< `active = "closed"`; false: a circuit that curtails when it breaks.
    Duration debounce{200};           ///< All polls must agree for this long.
    Duration period{100};
};

/// Puts dispatch (everything, open end) and release as the contact changes, the first stable state either way, and a
/// Heartbeat a good poll.
class ModbusContact final : public ModbusPoll {
public:
    ModbusContact(ContactSignal settings, ModbusBuses& buses);

private:
    Result<void> heard(const ModbusReply& reply, Mailbox& mailbox) override;
    void missed() override { debounce_.lost_sight(); }

    ContactSignal settings_;
    Debounce debounce_;
    Instant issued_ = Instant::min();
};

/// A register and what may be believed of it. An implausible or missing number is told once an occurrence, as Rejected,
/// and changes nothing: what was heard before stands.
struct SignalRegister {
    std::string name;
    SourceId source{};
    ModbusUnit unit;
    ModbusRegister value;
    Duration period{500};
    double scale = 1;                       ///< Value x scale is in `unit_name`.
    std::string unit_name = "W";            ///< For people.
    double unit_size = 1;                   ///< W, or 10^-9 currency per kWh, that make one of it; the product is rounded to nearest.
    double plausible_min = -1e300, plausible_max = 1e300;  ///< In `unit_name`, both included.
};

/// Sorts a register's answers into news, nothing new, and refused.
class WatchedRegister {
public:
    explicit WatchedRegister(const SignalRegister& settings, std::optional<double> none = {})
        : settings_{&settings}, none_{none} {}

    struct Value {
        bool none = false;                  ///< The register holds the mark for "no limit".
        std::int64_t scaled = 0;
        bool operator==(const Value&) const = default;
    };
    /// Puts a Heartbeat for a good value, a Rejected when bad ones begin.
    Result<Value> heard(const ModbusReply& reply, Mailbox& mailbox);

private:
    Result<Value> value_of(const ModbusReply& reply) const;

    const SignalRegister* settings_;
    std::optional<double> none_;
    bool refusing_ = false;
};

struct LimitSignal {
    SignalRegister watch;                   ///< Its name is also the id of dispatch and release, across restarts.
    std::optional<double> none;             ///< This value in the register means that no limit is in force. NaN is itself.
    Power dead_band;                        ///< A change up to this is none.
};

/// A register with the limit in force: puts an absolute dispatch when it changes, a release when there is none.
class ModbusLimit final : public ModbusPoll {
public:
    ModbusLimit(LimitSignal settings, ModbusBuses& buses);

private:
    Result<void> heard(const ModbusReply& reply, Mailbox& mailbox) override;

    LimitSignal settings_;
    WatchedRegister register_;
    std::optional<WatchedRegister::Value> last_;
    Instant issued_ = Instant::min();
};

struct PriceSignal {
    SignalRegister watch;
    Duration interval{300'000};             ///< Prices hold for whole intervals of this length, counted from 00:00 UTC.
};

/// A register with the price of the present interval: puts it once an interval, and when it changes within one.
class ModbusPrice final : public ModbusPoll {
public:
    ModbusPrice(PriceSignal settings, ModbusBuses& buses);

private:
    Result<void> heard(const ModbusReply& reply, Mailbox& mailbox) override;

    PriceSignal settings_;
    WatchedRegister register_;
    std::optional<WatchedRegister::Value> last_;
    Instant start_ = Instant::min(), issued_ = Instant::min();
};

/// A register with a temperature or a heat demand: puts it when it changes.
class ModbusLevel final : public ModbusPoll {
public:
    ModbusLevel(SignalKind kind, SignalRegister watch, ModbusBuses& buses);

private:
    Result<void> heard(const ModbusReply& reply, Mailbox& mailbox) override;

    SignalKind kind_;
    SignalRegister watch_;
    WatchedRegister register_;
    std::optional<WatchedRegister::Value> last_;
    Instant issued_ = Instant::min();
};

}  // namespace ballast::drivers
