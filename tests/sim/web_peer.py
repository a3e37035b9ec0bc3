#!/usr/bin/python3
"""An HTTP client of Python's standard library alone, on one connection for as long as the device keeps it.

  web_peer.py HOST PORT REQUESTS

REQUESTS is a JSON list of [METHOD, PATH, BODY, HEADERS]; of the last two either may be missing or null. A BODY that is no
text is sent as JSON. "$TOKEN" in a header is the "token" of the last reply that had one; a request ["WAIT", SECONDS] waits.
Prints the replies as a list of {"status", "type", "body", "connection"}, "connection" counting from 1.
"""
import http.client
import json
import sys
import time


def main():
    host, port, requests = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    peer = http.client.HTTPConnection(host, port, timeout=10)
    replies, token, connections = [], "", 0
    for method, path, *more in requests:
        if method == "WAIT":
            time.sleep(path)
            continue
        body, given = (more + [None, None])[:2]
        headers = {name: value.replace("$TOKEN", token) for name, value in (given or {}).items()}
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connections += peer.sock is None
        peer.request(method, path, body=body, headers=headers)
        reply = peer.getresponse()
        text = reply.read().decode(errors="replace")
        replies.append({"status": reply.status, "type": reply.getheader("Content-Type", ""), "body": text, "connection": connections})
        try:
            token = json.loads(text).get("token", token)
        except (ValueError, AttributeError):
            pass
    print(json.dumps(replies))


main()
