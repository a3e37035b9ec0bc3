#!/usr/bin/env python3
"""A frequency meter and a block's contactor played by pymodbus (3.0.0 of Debian 12, 3.8 of Debian 13), on two ports, and a third by which
a test moves them, a line each way.

    frequency_site.py METER_PORT COIL_PORT CONTROL_PORT

The meter: unit 1, input 0, uint16, Hz x 100. The contactor: unit 1, coil 0, and its feedback, discrete 0.

    shows N            the register's value from now on                           ok
    dip N              likewise; when the coil has been written to open:          {"asked": .., "handed_out": .., "written": ..}
    closed             when the coil has been written to close, or is closed:     ok
    relay              opens it without the coil                                  ok
    writes             what was written to the coil so far                        [true, false, ..]

Times are this process's monotonic clock in seconds: `handed_out` when the meter first gave N, `written` when the coil's write was heard.

`FrequencySite` is what a test has of it.
"""
import asyncio
import json
import pathlib
import socket
import sys
import time

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext

try:
    from pymodbus.datastore import ModbusSlaveContext as UnitContext
except ImportError:
    from pymodbus.datastore import ModbusDeviceContext as UnitContext
from pymodbus.server import StartAsyncTcpServer


class Meter(ModbusSequentialDataBlock):
    """pymodbus counts from 1 inside."""

    def __init__(self):
        super().__init__(1, [6000])
        self.handed_out = None

    def getValues(self, address, count=1):
        if self.handed_out is None:
            self.handed_out = time.monotonic()
        return super().getValues(address, count)

    def shows(self, value):
        self.handed_out = None
        self.setValues(1, [value])


class Coil(ModbusSequentialDataBlock):
    """What is written to it, its feedback says."""

    def __init__(self, feedback):
        super().__init__(1, [True])
        self.feedback, self.writes, self.opened, self.moved = feedback, [], None, asyncio.Event()

    def setValues(self, address, values):
        closes = bool(values[0] if isinstance(values, (list, tuple)) else values)
        if not closes and self.opened is None:
            self.opened = time.monotonic()
        self.writes.append(closes)
        super().setValues(address, values)
        self.feedback.setValues(address, values)
        self.moved.set()

    async def until(self, holds):
        while not holds():
            self.moved.clear()
            await self.moved.wait()


def context(**tables):
    nothing = {name: ModbusSequentialDataBlock(1, [0]) for name in ("hr", "ir", "co", "di")}
    units = {1: UnitContext(**{**nothing, **tables})}
    try:
        return ModbusServerContext(slaves=units, single=False)
    except TypeError:
        return ModbusServerContext(devices=units, single=False)


class Played:
    def __init__(self):
        self.meter, self.feedback = Meter(), ModbusSequentialDataBlock(1, [True])
        self.coil = Coil(self.feedback)

    async def obey(self, word, *value):
        if word == "shows":
            self.meter.shows(int(value[0]))
        elif word == "dip":
            asked, self.coil.opened = time.monotonic(), None
            self.meter.shows(int(value[0]))
            await self.coil.until(lambda: self.coil.opened is not None)
            return {"asked": asked, "handed_out": self.meter.handed_out, "written": self.coil.opened}
        elif word == "closed":
            await self.coil.until(lambda: self.coil.getValues(1, 1)[0])
        elif word == "relay":
            self.feedback.setValues(1, [False])
        elif word == "writes":
            return self.coil.writes
        return "ok"

    async def listen(self, reader, writer):
        while line := await reader.readline():
            writer.write(json.dumps(await self.obey(*line.decode().split())).encode() + b"\n")
            await writer.drain()


async def main(meter_port, coil_port, control_port):
    played = Played()
    await asyncio.start_server(played.listen, "127.0.0.1", control_port)
    await asyncio.gather(StartAsyncTcpServer(context=context(ir=played.meter), address=("127.0.0.1", meter_port)),
                         StartAsyncTcpServer(context=context(co=played.coil, di=played.feedback), address=("127.0.0.1", coil_port)))


# ---- for a test

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from daemon import Process, eventually, free_ports  # noqa: E402

SITE = """[site]
name = "grid"
[journal]
path = "grid.db"

[[group]]
name = "block"
driver = "contactor"
tier = "interruptible"
host = "127.0.0.1"
port = {coil}
unit_id = 1
coil = 0
feedback = {{ function = "discrete", address = 0, closed = 1 }}
nameplate_kw = 500
min_between_s = 0
close_stagger_s = 0

[[policy]]
name = "uf"
kind = "under_frequency"
nominal_hz = 60
samples = {samples}
restore_above_hz = 59.9
restore_after_s = {restore_after_s}

[policy.meter]
driver = "modbus"
host = "127.0.0.1"
port = {meter}
unit_id = 1
period_ms = {period_ms}
frequency = {{ function = "input", address = 0, type = "uint16", scale_hz = 0.01 }}

[[policy.stage]]
below_hz = 59.5
contactors = ["block"]
"""


class FrequencySite(Process):
    """The peers, and the site file that names them."""

    def __init__(self, test, folder, samples=2, period_ms=50, restore_after_s=0.1):
        self.name, self.folder = "grid", pathlib.Path(folder)
        meter, coil, self.control = free_ports(3)
        super().__init__(test, folder, "frequency_site", [sys.executable, __file__, meter, coil, self.control])
        self.name = "grid"
        self.file, self.journal_file = self.folder / "grid.toml", self.folder / "grid.db"
        self.file.write_text(SITE.format(meter=meter, coil=coil, samples=samples, period_ms=period_ms, restore_after_s=restore_after_s))
        self.line = None
        self.start()
        eventually(lambda: all(self.connects(port) for port in (meter, coil, self.control)), 20, "the peers listen", every=0.1, process=self)
        self.socket = socket.create_connection(("127.0.0.1", self.control))
        self.line = self.socket.makefile("rw")

    def connects(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def stop(self, seconds=10):
        if self.line:
            self.line.close()
            self.socket.close()
        return super().stop(seconds)

    def say(self, words):
        self.line.write(words + "\n")
        self.line.flush()
        return json.loads(self.line.readline())


if __name__ == "__main__":
    asyncio.run(main(*(int(port) for port in sys.argv[1:4])))
