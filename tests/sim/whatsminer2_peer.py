#!/usr/bin/python3
"""A client of WhatsMiner API v2 that shares no code with ours: md5crypt and AES are the openssl program's.

  whatsminer2_peer.py HOST PORT PASSWORD COMMAND [--sign SIGN] [--wait SECONDS]

Fetches a token (not with --sign: that is sent as it is), seals COMMAND (a JSON object) with it, and prints the reply,
opened if it was sealed, as {"sealed": bool, "reply": object}; "reply" is null if the connection closed without one.
"""
import argparse
import base64
import hashlib
import json
import socket
import subprocess
import time


def openssl(*words, stdin=b""):
    return subprocess.run(["openssl", *words], input=stdin, stdout=subprocess.PIPE, check=True).stdout


def md5crypt(secret, salt):
    return openssl("passwd", "-1", "-salt", salt, secret).decode().strip().split("$")[3]


def exchange(where, message):
    with socket.create_connection(where, timeout=10) as peer:
        peer.sendall(json.dumps(message).encode())
        got = b""
        while True:
            part = peer.recv(4096)
            got += part
            try:
                return json.loads(got.rstrip(b"\0\n"))
            except ValueError:
                if not part:
                    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("password")
    parser.add_argument("command", type=json.loads)
    parser.add_argument("--sign")
    parser.add_argument("--wait", type=float, default=0)
    given = parser.parse_args()
    where = (given.host, given.port)
    token = exchange(where, {"cmd": "get_token"})
    if token["Code"] != 134:
        print(json.dumps({"sealed": False, "reply": token}))
        return
    said = token["Msg"]
    crypted = md5crypt(given.password, said["salt"])
    aes = hashlib.sha256(crypted.encode()).hexdigest()
    sign = given.sign or md5crypt(crypted + said["time"], said["newsalt"])
    time.sleep(given.wait)
    plain = json.dumps({**given.command, "token": sign}).encode()
    plain += b"\0" * (-len(plain) % 16)
    data = openssl("enc", "-aes-256-ecb", "-K", aes, "-nopad", stdin=plain)
    reply = exchange(where, {"enc": 1, "data": base64.b64encode(data).decode()})
    sealed = reply is not None and "enc" in reply
    if sealed:
        reply = json.loads(openssl("enc", "-d", "-aes-256-ecb", "-K", aes, "-nopad", stdin=base64.b64decode(reply["enc"])).rstrip(b"\0"))
    print(json.dumps({"sealed": sealed, "reply": reply}))


main()
