"""Modbus units and miners on loopback that answer badly, each in its own way."""
import json
import socket
import struct
import threading


class Peer:
    """Calls `serve(connection)` in a thread of its own for each connection, until the test is over."""

    def __init__(self, test, address=("127.0.0.1", 0)):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(address)
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        test.addCleanup(self.listener.close)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(20)
            threading.Thread(target=self.serve_one, args=(connection,), daemon=True).start()

    def serve_one(self, connection):
        try:
            self.serve(connection)
        except (OSError, ValueError):
            pass
        connection.close()


class BadUnit(Peer):
    """`answer(header, body)` is what is sent for a request; nothing: silence. Closes for `ConnectionError`."""

    def __init__(self, test, answer):
        self.answer, self.asked = answer, 0
        super().__init__(test)

    def serve(self, connection):
        while True:
            request = connection.recv(260)
            if not request:
                return
            self.asked += 1
            connection.sendall(self.answer(self, request))

    @staticmethod
    def says(request, body, unit=None, transaction=None):
        head = request[:2] if transaction is None else struct.pack(">H", transaction)
        return head + struct.pack(">HHB", 0, len(body) + 1, request[6] if unit is None else unit) + body


def exception(code):
    return lambda unit, request: BadUnit.says(request, bytes([request[7] | 0x80, code]))


def registers(raw):
    return lambda unit, request: BadUnit.says(request, bytes([request[7], len(raw)]) + raw)


class BadMiner(Peer):
    """A LuxOS miner of 3.4 kW, but for what `script` answers: bytes by command, or a function that does something to the connection."""

    def __init__(self, test, address, script):
        self.script, self.asked = script, []
        super().__init__(test, address)

    def serve(self, connection):
        command = json.loads(connection.recv(4096).rstrip(b"\0\n"))["command"]
        self.asked.append(command)
        answer = self.script.get(command, self.script.get("all"))
        if callable(answer):
            answer(connection)
        else:
            connection.sendall(self.well(command) if answer is None else answer)

    @staticmethod
    def well(command):
        parts = {"power": {"POWER": [{"PSU": True, "Watts": 3400}]}, "config": {"CONFIG": [{"CurtailMode": "None", "IsPowerSupplyOn": True, "MACAddr": "62:f7:5e:b7:10:46"}]},
                 "summary": {"SUMMARY": [{"GHS 5s": 59756.06}]}, "logon": {"SESSION": [{"SessionID": "yJN2nlj1"}]}, "session": {"SESSION": [{"SessionID": "yJN2nlj1"}]},
                 "curtail": {"CURTAIL": [{"Action": "sleep mode"}]}}
        return json.dumps({**parts.get(command, {}), "STATUS": [{"Code": 335 if command == "curtail" else 316, "Msg": "well", "STATUS": "S"}], "id": 1}).encode() + b"\0"


def refusal(code, message):
    return json.dumps({"STATUS": [{"Code": code, "Msg": message, "STATUS": "E"}], "id": 1}).encode() + b"\0"


def hang(connection):
    connection.recv(1)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
