"""Asks a Modbus server with pymodbus and prints what it said, one line a request.

modbus_peer.py PORT REQUEST...   each UNIT:FUNCTION:ADDRESS:COUNT[:TYPE:ORDER] or UNIT:FUNCTION:ADDRESS=VALUE,...
FUNCTION is 1 to 6, 15, 16. TYPE is a struct letter (h H i I q Q f d), ORDER abcd, badc, cdab or dcba.
"""
import logging
import struct
import sys
import types

# Debian 12's package imports the serial client even for TCP, but does not depend on what that needs.
sys.modules.setdefault("serial_asyncio", types.SimpleNamespace(create_serial_connection=None))
from pymodbus.client import ModbusTcpClient  # noqa: E402

logging.disable(logging.CRITICAL)  # Newer versions also log what they answer.


def outcome(reply, good):
    if hasattr(reply, "exception_code"):
        return f"exception {reply.exception_code}"
    return "no answer" if reply.isError() else good(reply)


def number(words, kind, order):
    if order in ("cdab", "dcba"):
        words = words[::-1]
    return struct.unpack(">" + kind, b"".join(struct.pack("<H" if order in ("badc", "dcba") else ">H", word) for word in words))[0]


def write(client, request):
    where, values = request.split("=")
    unit, function, address = map(int, where.split(":"))
    values = [int(value) for value in values.split(",")]
    if function == 5:
        return client.write_coil(address, bool(values[0]), slave=unit)
    if function == 6:
        return client.write_register(address, values[0], slave=unit)
    if function == 15:
        return client.write_coils(address, [bool(value) for value in values], slave=unit)
    return client.write_registers(address, values, slave=unit)


def said(client, request):
    if "=" in request:
        return outcome(write(client, request), lambda reply: "ok")
    parts = request.split(":")
    unit, function, address, count = map(int, parts[:4])
    calls = {1: client.read_coils, 2: client.read_discrete_inputs, 3: client.read_holding_registers, 4: client.read_input_registers}
    reply = calls[function](address, count=count, slave=unit)
    if function < 3:
        return outcome(reply, lambda reply: " ".join(str(int(bit)) for bit in reply.bits[:count]))
    if len(parts) == 4:
        return outcome(reply, lambda reply: " ".join(map(str, reply.registers)))
    return outcome(reply, lambda reply: f"{number(reply.registers, parts[4], parts[5]):.10g}")


def main():
    client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]), timeout=2, retries=0)
    if not client.connect():
        sys.exit("cannot connect")
    for request in sys.argv[2:]:
        try:
            print(said(client, request), flush=True)
        except Exception as error:  # Newer versions raise where older ones return.
            print("no answer" if "no response" in str(error).lower() else f"raised {error}", flush=True)
    client.close()


main()
