#include "drivers/modbus/request.hpp"

#include <fmt/format.h>
#include <modbus/modbus.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace ballast::drivers {
namespace {

struct Fault {
    int number;
    Errc code;
    std::string_view text;
};

constexpr std::array faults{
    Fault{EMBXILFUN, Errc::refused, "exception 1, illegal function: the unit has no such table; try holding instead of input, coil instead of discrete, or the other way round"},
    Fault{EMBXILADD, Errc::refused, "exception 2, illegal data address: nothing is there; addresses here are 0-based, one less than most manuals print"},
    Fault{EMBXILVAL, Errc::refused, "exception 3, illegal data value: the unit does not give that many words from there; check the register's type"},
    Fault{EMBXSFAIL, Errc::refused, "exception 4, device failure: look at the unit itself"},
    Fault{EMBXACK, Errc::refused, "exception 5, acknowledge: the unit is still at work on it; ask less often"},
    Fault{EMBXSBUSY, Errc::refused, "exception 6, busy, three times running: poll it less often, or find who else does"},
    Fault{EMBXNACK, Errc::refused, "exception 7, negative acknowledge: the unit cannot do that"},
    Fault{EMBXMEMPAR, Errc::refused, "exception 8, memory parity error: look at the unit itself"},
    Fault{EMBXGPATH, Errc::unreachable, "exception 10, gateway path unavailable: the gateway has no line for this unit; check unit_id and the gateway's routes"},
    Fault{EMBXGTAR, Errc::timeout, "exception 11, the unit behind the gateway does not answer: check its power, its wiring and unit_id"},
    Fault{EMBBADSLAVE, Errc::malformed, "another unit answered: check unit_id, and that no two units share one"},
    Fault{EMBBADCRC, Errc::malformed, "wrong checksum: check baud, parity, termination and earthing of the line"},
    Fault{EMBBADDATA, Errc::malformed, "an answer to something else, or none of Modbus: check that the port speaks it"},
    Fault{EMBBADEXC, Errc::malformed, "an exception that Modbus does not know: look at the unit itself"},
    Fault{EMBUNKEXC, Errc::malformed, "an exception that Modbus does not know: look at the unit itself"},
    Fault{EMBMDATA, Errc::malformed, "more data than was asked for: check that the port speaks Modbus"},
    Fault{ECONNREFUSED, Errc::unreachable, "connection refused: nothing listens there; check host and port"},
    Fault{EINVAL, Errc::refused, "unit_id must be 1..247, or 0 or 255 over TCP"},
};

std::string_view name(ModbusTable table) {
    constexpr std::array<std::string_view, 4> names{"coil", "discrete", "holding", "input"};
    return names[static_cast<std::size_t>(table)];
}

}  // namespace

std::string to_string(const ModbusEndpoint& endpoint) {
    if (const auto* tcp = std::get_if<TcpEndpoint>(&endpoint)) return fmt::format("{}:{}", tcp->host, tcp->port);
    return std::get<SerialEndpoint>(endpoint).device;
}

std::string place(const ModbusEndpoint& endpoint, const ModbusRequest& request) {
    return fmt::format("modbus {} unit {} {} {}", to_string(endpoint), request.unit, name(request.table), request.address);
}

Error explain(const ModbusEndpoint& endpoint, const ModbusRequest& request, int number) {
    const std::string where = place(endpoint, request);
    if (number == ETIMEDOUT)
        return {Errc::timeout, fmt::format("{}: no answer within {} ms: check its power and unit_id, and the address (some units "
                                           "are silent about what they do not know)",
                                           where, request.timeout.count())};
    for (const Fault& fault : faults)
        if (fault.number == number) return {fault.code, fmt::format("{}: {}", where, fault.text)};
    return {Errc::unreachable, fmt::format("{}: {}; check the cable, and that nobody else holds the connection", where,
                                           modbus_strerror(number))};
}

}  // namespace ballast::drivers
