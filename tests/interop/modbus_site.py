#!/usr/bin/env python3
"""A site's Modbus units played by pymodbus, moved from outside by writing to them (3.0.0 of Debian 12, 3.8 of Debian 13).

    modbus_site.py PORT

Unit 1 is the meter: holding 3059 float32 abcd, in kW. Unit 2 is the utility's RTU: coil 0 its contact, holding 10 and 11 a limit in
kW (uint32 abcd, none 0xFFFFFFFF). Unit 3 is a contactor: coil 0, and its feedback, discrete 0. Unit 9: while coil 0 is 1, every
request to unit 2 is answered by an exception.

`ModbusSite` is what a test has of it.
"""
import asyncio
import pathlib
import socket
import struct
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSparseDataBlock

try:
    from pymodbus.datastore import ModbusSlaveContext as UnitContext
except ImportError:
    from pymodbus.datastore import ModbusDeviceContext as UnitContext
from pymodbus.server import StartAsyncTcpServer

METER, RTU, CONTACTOR, MOOD = 1, 2, 3, 9
NONE = 0xFFFFFFFF


def bits(*values):
    """pymodbus counts from 1 inside."""
    return ModbusSequentialDataBlock(1, list(values))


class Moody(ModbusSparseDataBlock):
    mood = bits(False)

    def getValues(self, address, count=1):
        if self.mood.getValues(1, 1)[0]:
            raise RuntimeError("told to break")
        return super().getValues(address, count)


class Coil(ModbusSequentialDataBlock):
    """What is written to it, its feedback says."""

    def __init__(self, feedback):
        super().__init__(1, [True])
        self.feedback = feedback

    def setValues(self, address, values):
        super().setValues(address, values)
        self.feedback.setValues(address, values)


def context():
    nothing = ModbusSequentialDataBlock(1, [0])
    feedback = bits(True)
    limit = Moody({11: NONE >> 16, 12: NONE & 0xFFFF})
    units = {
        METER: UnitContext(hr=ModbusSequentialDataBlock(3060, [0, 0]), ir=nothing, co=nothing, di=nothing),
        RTU: UnitContext(hr=limit, ir=nothing, co=Moody({1: False}), di=nothing),
        CONTACTOR: UnitContext(hr=nothing, ir=nothing, co=Coil(feedback), di=feedback),
        MOOD: UnitContext(hr=nothing, ir=nothing, co=Moody.mood, di=nothing),
    }
    try:
        return ModbusServerContext(slaves=units, single=False)
    except TypeError:
        return ModbusServerContext(devices=units, single=False)


# ---- for a test

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from daemon import Process, eventually, free_ports  # noqa: E402


class ModbusSite(Process):
    def __init__(self, test, folder, name="modbus_site"):
        self.port, self.line = free_ports(1)[0], None
        super().__init__(test, folder, name, [sys.executable, __file__, self.port])
        self.start()
        eventually(self.connects, 20, f"{name} listens", every=0.1, process=self)

    def connects(self):
        try:
            self.line = socket.create_connection(("127.0.0.1", self.port), 5)
            return True
        except OSError:
            return False

    def stop(self, seconds=10):
        if self.line:
            self.line.close()
        return super().stop(seconds)

    def ask(self, unit, function, body):
        """One exchange, written out: the test must not need a Modbus library to move what it looks at."""
        self.line.sendall(struct.pack(">HHHBB", 1, 0, len(body) + 2, unit, function) + body)
        answer = self.line.recv(260)
        if len(answer) < 9 or answer[7] != function:
            raise AssertionError(f"unit {unit}, function {function}: {answer.hex()}")
        return answer[8:]

    def registers(self, unit, address, raw):
        self.ask(unit, 16, struct.pack(">HHB", address, len(raw) // 2, len(raw)) + raw)

    def coil(self, unit, on):
        self.ask(unit, 5, struct.pack(">HH", 0, 0xFF00 if on else 0))

    def shows(self, kw):
        self.registers(METER, 3059, struct.pack(">f", kw))

    def limits(self, kw):
        self.registers(RTU, 10, struct.pack(">I", NONE if kw is None else kw))

    def breaks(self, broken):
        self.coil(MOOD, broken)

    def contactor_closed(self):
        return self.ask(CONTACTOR, 2, struct.pack(">HH", 0, 1))[1] & 1 == 1

    # ---- the tables that name it in a site file

    def where(self, unit):
        return f'driver = "modbus"\ntransport = "tcp"\nhost = "127.0.0.1"\nport = {self.port}\nunit_id = {unit}\n'

    def meter(self, name="poi", period_ms=200, stale_after_s=2):
        return f"""
[[meter]]
name = "{name}"
{self.where(METER)}
period_ms = {period_ms}
stale_after_s = {stale_after_s}
timeout_ms = 500
power = {{ function = "holding", address = 3059, type = "float32", order = "abcd", scale_w = 1000 }}
"""

    def rtu(self, stale_after_s=2):
        return f"""
[[signal]]
name = "contact"
kind = "contact"
{self.where(RTU)}
contact = {{ function = "coil", address = 0, active = "closed", debounce_ms = 100 }}
period_ms = 100
timeout_ms = 500
on_stale = "hold"
stale_after_s = {stale_after_s}

[[signal]]
name = "rtu-limit"
kind = "limit"
{self.where(RTU)}
value = {{ function = "holding", address = 10, type = "uint32", order = "abcd", scale = 1, unit = "kW", none = {NONE} }}
period_ms = 200
timeout_ms = 500
on_stale = "hold"
stale_after_s = {stale_after_s}
plausible_min = 50
plausible_max = 50000
"""

    def contactor(self, carries="miners"):
        return f"""
[[group]]
name = "block"
tier = "interruptible"
{self.where(CONTACTOR).replace('"modbus"', '"contactor"')}
coil = 0
feedback = {{ function = "discrete", address = 0, closed = 1 }}
carries = ["{carries}"]
min_between_s = 0
close_stagger_s = 0
"""


if __name__ == "__main__":
    asyncio.run(StartAsyncTcpServer(context=context(), address=("127.0.0.1", int(sys.argv[1]))))
