#!/usr/bin/python3
"""An HTTP Digest client of Python's standard library alone, on one kept connection.

  digest_peer.py HOST PORT PATH USER PASSWORD [--wait SECONDS]

Asks without credentials, then with the nonce it got, then after SECONDS with the same nonce and the next count, then
with whatever nonce the last reply offered. Prints the replies as a list of {"status", "stale", "body"}.
"""
import argparse
import hashlib
import http.client
import json
import re
import time


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def main():
    parser = argparse.ArgumentParser()
    for name in ("host", "port", "path", "user", "password"):
        parser.add_argument(name)
    parser.add_argument("--wait", type=float, default=0)
    given = parser.parse_args()
    peer = http.client.HTTPConnection(given.host, int(given.port), timeout=10)
    out = []
    offered = {}

    def ask(count):
        headers = {}
        if offered:
            a1, a2 = md5(f"{given.user}:{offered['realm']}:{given.password}"), md5(f"GET:{given.path}")
            nc, cnonce = f"{count:08x}", "0a4f113b"
            response = md5(f"{a1}:{offered['nonce']}:{nc}:{cnonce}:auth:{a2}")
            headers["Authorization"] = (f'Digest username="{given.user}", realm="{offered["realm"]}", nonce="{offered["nonce"]}", uri="{given.path}", '
                                        f'algorithm=MD5, response="{response}", qop=auth, nc={nc}, cnonce="{cnonce}"')
        peer.request("GET", given.path, headers=headers)
        reply = peer.getresponse()
        body = reply.read().decode()
        challenge = reply.getheader("WWW-Authenticate", "")
        out.append({"status": reply.status, "stale": "stale=true" in challenge, "body": body})
        for name, value in re.findall(r'(\w+)="([^"]*)"', challenge):
            offered[name] = value

    ask(0)
    ask(1)
    time.sleep(given.wait)
    ask(2)
    ask(1)
    print(json.dumps(out))


main()
