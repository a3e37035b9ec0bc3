#!/usr/bin/python3
"""A client of Braiins OS's REST API that shares no code with ours: Python's http.client.

  braiins_peer.py HOST PORT USER PASSWORD STEP.. [--token TOKEN] [--wait SECONDS]

Logs in (not with --token: that is sent as it is) and takes each STEP, a JSON list of method, path under /api/v1/ and, if
there is one, body, over the same connection, SECONDS apart. Prints [{"status", "type", "body"}, ..]; the body is parsed
if it calls itself JSON. What the login answered comes first if it is not 200, and then alone.
"""
import argparse
import http.client
import json
import time


def exchange(peer, token, method, path, body=None):
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = token
    peer.request(method, "/api/v1/" + path, json.dumps(body) if body is not None else None, headers)
    answer = peer.getresponse()
    text = answer.read().decode()
    kind = answer.getheader("Content-Type", "")
    return {"status": answer.status, "type": kind, "body": json.loads(text) if kind == "application/json" and text else text}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("user")
    parser.add_argument("password")
    parser.add_argument("steps", type=json.loads, nargs="+")
    parser.add_argument("--token")
    parser.add_argument("--wait", type=float, default=0)
    given = parser.parse_args()
    peer = http.client.HTTPConnection(given.host, given.port, timeout=10)
    token = given.token
    if token is None:
        login = exchange(peer, None, "POST", "auth/login", {"username": given.user, "password": given.password})
        if login["status"] != 200:
            print(json.dumps([login]))
            return
        token = login["body"]["token"]
    told = []
    for step in given.steps:
        time.sleep(given.wait)
        told.append(exchange(peer, token, *step))
    print(json.dumps(told))


main()
