#!/usr/bin/python3
"""A client of WhatsMiner API v3 that shares no code with ours: Python's struct, hashlib and base64.

  whatsminer3_peer.py HOST PORT PASSWORD REQUEST.. [--skew SECONDS] [--account NAME] [--token TOKEN] [--salt SALT]

Sends each REQUEST (a JSON object of cmd and param) over one connection, a heartbeat before each; those that set something
with a token by the machine's salt and the machine's clock (--skew: so much later). Prints
{"replies": [object, ..], "beats": heartbeats heard}; a reply is null if the connection ended instead.
"""
import argparse
import base64
import hashlib
import json
import socket
import struct
import time


class Peer:
    def __init__(self, where):
        self.socket = socket.create_connection(where, timeout=10)
        self.beats = 0

    def exactly(self, count):
        got = b""
        while len(got) < count:
            part = self.socket.recv(count - len(got))
            if not part:
                raise EOFError
            got += part
        return got

    def exchange(self, message):
        text = json.dumps(message).encode()
        self.socket.sendall(struct.pack("<I", 0) + struct.pack("<I", len(text)) + text)
        try:
            while True:
                (length,) = struct.unpack("<I", self.exactly(4))
                if length:
                    return json.loads(self.exactly(length))
                self.beats += 1
        except (EOFError, ConnectionResetError):
            return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("password")
    parser.add_argument("requests", type=json.loads, nargs="+")
    parser.add_argument("--skew", type=int, default=0)
    parser.add_argument("--account", default="super")
    parser.add_argument("--token")
    parser.add_argument("--salt")
    given = parser.parse_args()
    peer = Peer((given.host, given.port))
    about = peer.exchange({"cmd": "get.device.info", "param": "salt"}) or {}
    ahead = about.get("when", 0) - int(time.time())
    salt = given.salt or (about["msg"]["salt"] if about.get("code") == 0 else "")
    replies = []
    for request in given.requests:
        if request["cmd"].startswith("set."):
            at = int(time.time()) + ahead + given.skew
            secret = f"{request['cmd']}{given.password}{salt}{at}".encode()
            token = base64.b64encode(hashlib.sha256(secret).digest()).decode()[:8]
            request = {**request, "ts": at, "account": given.account, "token": given.token or token}
        replies.append(peer.exchange(request))
    print(json.dumps({"replies": replies, "beats": peer.beats}))


main()
