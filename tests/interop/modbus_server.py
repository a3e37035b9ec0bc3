#!/usr/bin/env python3
"""Modbus units played by pymodbus (3.0.0 of Debian 12, 3.8 of Debian 13).

    modbus_server.py PORT [rtu]     rtu: RTU frames over the socket, for a line made by socat

Units 1 to 4 are meters, each with another word order (abcd, badc, cdab, dcba), at 0-based addresses:
    holding 3059  float32   39500.25       input 100  int32   -1234567
    holding 200   int16     -1200          holding 210  uint16  60000
    holding 220   uint32    3000000000     holding 230  int64   -5000000000
    holding 240   uint64    5000000000     holding 250  float64 123.456
Unit 5 is a utility's RTU: coil 0 the curtail contact, holding 10 and 11 the limit in kW (uint32, abcd, none 0xFFFFFFFF), holding
20 the price in cents per MWh (int16); coils 0 to 9 may be written. Unit 6 breaks at every request. All other
units are missing.
"""
import asyncio
import struct
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSparseDataBlock

try:
    from pymodbus.datastore import ModbusSlaveContext as UnitContext
except ImportError:
    from pymodbus.datastore import ModbusDeviceContext as UnitContext
from pymodbus.server import StartAsyncTcpServer

ORDERS = ("abcd", "badc", "cdab", "dcba")


def words(kind, value, order):
    raw = struct.pack(">" + kind, value)
    out = [raw[i:i + 2] for i in range(0, len(raw), 2)]
    if order in ("cdab", "dcba"):
        out.reverse()
    if order in ("badc", "dcba"):
        out = [word[::-1] for word in out]
    return [int.from_bytes(word, "big") for word in out]


def block(values):
    """pymodbus counts from 1 inside."""
    return ModbusSparseDataBlock({address + 1: value for address, value in values.items()})


def place(values, address, some):
    values.update({address + i: word for i, word in enumerate(some)})


def meter(order):
    holding, inputs = {}, {}
    place(holding, 3059, words("f", 39500.25, order))
    place(holding, 200, words("h", -1200, order))
    place(holding, 210, words("H", 60000, order))
    place(holding, 220, words("I", 3_000_000_000, order))
    place(holding, 230, words("q", -5_000_000_000, order))
    place(holding, 240, words("Q", 5_000_000_000, order))
    place(holding, 250, words("d", 123.456, order))
    place(inputs, 100, words("i", -1_234_567, order))
    return UnitContext(hr=block(holding), ir=block(inputs), co=block({0: False}), di=block({0: False}))


def utility():
    bits = {address: False for address in range(10)}
    holding = {}
    place(holding, 10, words("I", 30_000, "abcd"))
    place(holding, 20, words("h", 4_500, "abcd"))
    return UnitContext(hr=block(holding), ir=block(holding), co=block(bits), di=block(bits))


class Broken(ModbusSparseDataBlock):
    def getValues(self, address, count=1):
        raise RuntimeError("broken on purpose")


def broken():
    block_of_one = Broken({1: 0, 2: 0})
    return UnitContext(hr=block_of_one, ir=block_of_one, co=block_of_one, di=block_of_one)


def context():
    units = {i + 1: meter(order) for i, order in enumerate(ORDERS)}
    units[5] = utility()
    units[6] = broken()
    try:
        return ModbusServerContext(slaves=units, single=False)
    except TypeError:
        return ModbusServerContext(devices=units, single=False)


def rtu_framer():
    try:
        from pymodbus.framer import FramerType
        return FramerType.RTU
    except ImportError:
        from pymodbus.transaction import ModbusRtuFramer
        return ModbusRtuFramer


async def main():
    options = {"framer": rtu_framer()} if "rtu" in sys.argv[2:] else {}
    await StartAsyncTcpServer(context=context(), address=("127.0.0.1", int(sys.argv[1])), **options)


asyncio.run(main())
