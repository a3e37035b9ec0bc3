#include "sim/modbus_unit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace ballast::sim {

namespace {

using Exception = ModbusRequest::Exception;

constexpr std::string_view table_names[] = {"coil", "discrete", "input", "holding"};

std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

bool single_bit(Table table) {
    return table == Table::coil || table == Table::discrete;
}

/// An integer that does not fit stays at its end, as real meters' do.
wire::RegisterValue end_of(wire::RegisterType type, bool high) {
    using wire::RegisterType;
    const std::size_t bits = 16 * wire::word_count(type);
    const bool is_signed = type == RegisterType::int16 || type == RegisterType::int32 || type == RegisterType::int64;
    if (!is_signed) return high ? ~std::uint64_t{0} >> (64 - bits) : std::uint64_t{0};
    const auto highest = static_cast<std::int64_t>(~std::uint64_t{0} >> (65 - bits));
    return high ? highest : -highest - 1;
}

std::vector<std::uint16_t> pack(double number, const ModbusPoint& point) {
    auto words = wire::encode(number, point.type, point.order);
    if (!words) words = wire::encode(end_of(point.type, number > 0), point.type, point.order);
    const auto span = words->span();
    return {span.begin(), span.end()};
}

double unpack(std::span<const std::uint16_t> words, const ModbusPoint& point) {
    return wire::as_double(*wire::decode(words, point.type, point.order, wire::Sentinel::kept));
}

}  // namespace

ModbusRequest read_modbus_request(std::span<const std::uint8_t> adu) {
    ModbusRequest request;
    request.unit = adu[6];
    const std::span<const std::uint8_t> pdu = adu.subspan(7);
    const unsigned function = pdu[0];
    const auto wrong = [&request](Exception why) { request.exception = why; return request; };
    switch (function) {
        case 1: case 5: case 15: request.table = Table::coil; break;
        case 2: request.table = Table::discrete; break;
        case 3: case 6: case 16: request.table = Table::holding; break;
        case 4: request.table = Table::input; break;
        default: return wrong(Exception::function);
    }
    if (pdu.size() < 5) return wrong(Exception::value);
    request.address = word_at(pdu, 1);
    const std::uint16_t second = word_at(pdu, 3);
    request.writes = function >= 5;
    request.quantity = function == 5 || function == 6 ? std::uint16_t{1} : second;
    if (function == 5 && second != 0 && second != 0xFF00) return wrong(Exception::value);
    if (function == 15 || function == 16) {
        const std::size_t bytes = function == 15 ? (second + 7u) / 8u : 2u * second;
        if (second == 0 || second > (function == 15 ? 1968 : 123) || pdu.size() != 6 + bytes || pdu[5] != bytes) return wrong(Exception::value);
    } else if (pdu.size() != 5) {
        return wrong(Exception::value);
    }
    if (!request.writes && (second == 0 || second > (single_bit(request.table) ? 2000 : 125))) return wrong(Exception::value);
    if (request.address + request.quantity > 0x10000) return wrong(Exception::address);
    return request;
}

std::size_t PointMap::width(const ModbusPoint& point) {
    return single_bit(point.table) ? 1 : wire::word_count(point.type);
}

void PointMap::add(ModbusPoint point, const std::string& where) {
    const std::size_t wide = width(point);
    if (point.address + wide > 0x10000 || !touched(point.table, point.address, wide).empty())
        throw std::runtime_error{fmt::format("{}: two values share {} address {}", where, table_names[static_cast<std::size_t>(point.table)], point.address)};
    const Key key{point.table, point.address};
    points_.emplace(key, std::move(point));
}

std::vector<const ModbusPoint*> PointMap::touched(Table table, std::uint16_t address, std::size_t quantity) const {
    std::vector<const ModbusPoint*> out;
    const auto from = static_cast<std::uint16_t>(address < 3 ? 0 : address - 3);  // A wide one may begin before.
    for (auto at = points_.lower_bound({table, from}); at != points_.end() && at->first.first == table; ++at) {
        const ModbusPoint& point = at->second;
        if (point.address >= address + quantity) break;
        if (point.address + width(point) > address) out.push_back(&point);
    }
    return out;
}

bool PointMap::covers(Table table, std::uint16_t address, std::uint16_t quantity) const {
    std::size_t next = address;
    for (const ModbusPoint* point : touched(table, address, quantity)) {
        if (point->address > next) return false;
        next = point->address + width(*point);
    }
    return next >= std::size_t{address} + quantity;
}

bool PointMap::writable(Table table, std::uint16_t address, std::uint16_t quantity) const {
    return std::ranges::all_of(touched(table, address, quantity), [](const ModbusPoint* point) { return bool{point->write}; });
}

MeterFault PointMap::fault(Table table, std::uint16_t address, std::uint16_t quantity) const {
    for (const ModbusPoint* point : touched(table, address, quantity))
        if (point->fault)
            if (const MeterFault fault = point->fault(); fault == MeterFault::silent || fault == MeterFault::exceptions) return fault;
    return MeterFault::none;
}

std::vector<std::uint16_t> PointMap::words(const ModbusPoint& point) {
    const double value = point.read ? point.read() : 0;
    if (single_bit(point.table)) return {static_cast<std::uint16_t>(value != 0)};
    return pack(value / point.scale, point);
}

std::vector<std::uint16_t> PointMap::read(Table table, std::uint16_t address, std::uint16_t quantity) const {
    std::vector<std::uint16_t> out(quantity);
    for (const ModbusPoint* point : touched(table, address, quantity)) {
        const std::vector<std::uint16_t> mine = words(*point);
        for (std::size_t i = 0; i < mine.size(); ++i) {
            const std::size_t at = point->address + i;
            if (at >= address && at < std::size_t{address} + quantity) out[at - address] = mine[i];
        }
    }
    return out;
}

void PointMap::write(Table table, std::uint16_t address, std::span<const std::uint16_t> given) const {
    for (const ModbusPoint* point : touched(table, address, given.size())) {
        std::vector<std::uint16_t> mine = words(*point);
        for (std::size_t i = 0; i < mine.size(); ++i) {
            const std::size_t at = point->address + i;
            if (at >= address && at < address + given.size()) mine[i] = given[at - address];
        }
        point->write(single_bit(table) ? (mine[0] != 0 ? 1.0 : 0.0) : unpack(mine, *point) * point->scale);
    }
}

}  // namespace ballast::sim
