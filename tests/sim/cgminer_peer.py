#!/usr/bin/python3
"""A client of cgminer's API of Python's standard library alone: one request, then whatever comes until the device closes.

  cgminer_peer.py HOST PORT REQUEST

Prints {"nul": the reply ended in NUL, "json": the reply or null, "text": the reply without its NUL}.
"""
import json
import socket
import sys


def main():
    host, port, request = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with socket.create_connection((host, port), timeout=10) as peer:
        peer.sendall(request.encode())
        got = b""
        while part := peer.recv(4096):
            got += part
    text = got.rstrip(b"\0").decode()
    try:
        reply = json.loads(text)
    except ValueError:
        reply = None
    print(json.dumps({"nul": got.endswith(b"\0"), "json": reply, "text": text}))


main()
