#pragma once
#include "drivers/modbus/request.hpp"

#include <modbus/modbus.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace ballast::drivers {

/// The blocking half of a bus: connection, back-off, exchanges; used by the bus's own thread only.
/// An endpoint that cannot be reached is tried again at most every two seconds, for ever. A unit that does not answer is left
/// alone for a while (twice as long each time, at most twenty timeouts), so that it costs its neighbours little.
class ModbusLine {
public:
    /// Throws if the endpoint makes no sense, or too many files are open already.
    explicit ModbusLine(ModbusEndpoint endpoint);
    ~ModbusLine();
    ModbusLine(const ModbusLine&) = delete;
    ModbusLine& operator=(const ModbusLine&) = delete;

    /// Blocks for at most two timeouts (connect and answer) and a retry where the unit was busy.
    /// Errors: `unreachable` no connection, or the gateway has no path; `timeout` no answer; `refused` an exception;
    /// `malformed` an answer that is none.
    Result<ModbusReply> exchange(const ModbusRequest& request);

private:
    using Clock = std::chrono::steady_clock;
    struct Close {
        void operator()(modbus_t* context) const { modbus_free(context); }
    };
    /// How long somebody who failed is left alone, and why.
    struct Pause {
        Clock::time_point until{};
        unsigned failures = 0;
        Error why;
        bool over() const { return Clock::now() >= until; }
    };

    Result<void> connect(const ModbusRequest& request);
    Result<int> open(Duration timeout);
    void adopt(int fd);
    void disconnect();
    Duration gap_before(const ModbusRequest& request) const;
    int transfer(const ModbusRequest& request, std::vector<std::uint16_t>& words);
    int transfer_patiently(const ModbusRequest& request, std::vector<std::uint16_t>& words);
    void learn(const ModbusRequest& request, int number);

    ModbusEndpoint endpoint_;
    std::unique_ptr<modbus_t, Close> context_;
    Duration gap_;
    int nothing_ = -1;  ///< /dev/null, to fill `slot_` while there is no connection.
    int slot_ = -1;     ///< The one descriptor number ever given to libmodbus, which select()s and so needs it below 1024.
    bool connected_ = false;
    Clock::time_point last_{};
    Pause line_;
    std::map<std::uint8_t, Pause> units_;
};

}  // namespace ballast::drivers
