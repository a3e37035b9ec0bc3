#!/usr/bin/python3
"""The floor as `ballast fleet`, urllib and curl see it: simulated miners, three of five of which come back with two boards.

    test_floor.py                 see daemon.py
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import PROJECT, Broker, Daemon, Scratch, Simulated, Site, ballast, binary, eventually, free_ports  # noqa: E402

MINERS, WATTS = 5, 3400

GROUP = """
min_off_s = 0
min_on_s = 0
stagger_ms = 1
poll_s = 1
off_within_s = 20
on_within_s = 30
"""

UTILITY = """
[[signal]]
name = "utility"
kind = "dispatch"
driver = "mqtt"
broker = "main"
on_stale = "hold"

[[policy]]
name = "obligations"
kind = "dispatch"
signals = ["utility"]
"""


def says(host, port, command):
    """What a miner itself answers, without Ballast."""
    with socket.create_connection((host, port), 5) as line:
        line.sendall(json.dumps({"command": command}).encode())
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
    return json.loads(answer.rstrip(b"\0"))


def misfits(value, schema, root, where="fleet"):
    """What of the schema's types, members and enumerations it does not keep."""
    schema = root["$defs"][schema["$ref"].split("/")[-1]] if "$ref" in schema else schema
    if "anyOf" in schema:
        return [] if any(not misfits(value, one, root, where) for one in schema["anyOf"]) else [f"{where}: {value!r} is none of those allowed"]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
    types = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
    if types and not any(isinstance(value, kinds[kind]) for kind in types):
        return [f"{where}: {value!r} is no {types}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is none of {schema['enum']}"]
    if isinstance(value, list):
        return [fault for at, one in enumerate(value) for fault in misfits(one, schema.get("items", {}), root, f"{where}/{at}")]
    if not isinstance(value, dict):
        return []
    missing = [f"{where}: no {name}" for name in schema.get("required", []) if name not in value]
    if schema.get("additionalProperties") is False:
        missing += [f"{where}: {name} is not in the schema" for name in value if name not in schema["properties"]]
    return missing + [fault for name, one in value.items() for fault in misfits(one, schema.get("properties", {}).get(name, {}), root, f"{where}/{name}")]


class Floor(unittest.TestCase):
    def setUp(self):
        self.folder = Scratch(self).path
        self.broker = Broker(self, self.folder)
        self.port, self.http = free_ports(2)
        self.machines = [(f"127.31.{os.getpid() % 250 + 1}.{i + 1}", self.port) for i in range(MINERS)]
        self.site = Site(self.folder, self.broker, self.machines, watts=WATTS, group=GROUP, more=f'[http]\nlisten = "127.0.0.1:{self.http}"\n' + UTILITY)
        self.daemon = Daemon(self, self.site)

    def stand_up(self, *options):
        self.simulated = Simulated(self, self.site, "--full-after", "3", *options)
        self.daemon.start()

    def get(self, target="/fleet"):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{target}", timeout=5) as answer:
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            return json.load(answer)

    def miners(self, target="/fleet"):
        return next(group for group in self.get(target)["groups"] if group["name"] == "miners")

    def comes_to(self, holds, seconds, what):
        def look():
            try:
                group = self.miners("/fleet?group=miners")
            except OSError:
                return None
            return group if holds(group) else None
        return eventually(look, seconds, what, every=0.3, process=self.daemon)

    def test_who_comes_back_short_is_named(self):
        self.stand_up("--faults", "few-boards=60")
        group = self.comes_to(lambda g: g["counts"]["run"] == MINERS and all(m["health"] for m in g["machines"]), 40, "all run and were looked at")
        self.assertEqual({(m["health"]["boards"], m["health"]["boards_of"]) for m in group["machines"]}, {(3, 3)})
        self.assertEqual(group["counts"]["unwell"], 0)
        self.assertEqual((group["power"]["source"], group["power"]["quality"]), ("machine", "measured"))

        self.site.dispatch("d-1", full=True)
        group = self.comes_to(lambda g: g["counts"]["rest"] == MINERS and g["counts"]["unseen"] == 0, 40, "all rest")
        self.assertEqual((group["last_order"]["rung"], group["last_order"]["policy"], group["last_order"]["obeyed"]), ("sleep", "obligations", MINERS))
        self.assertEqual({m["order"]["wanted"] for m in group["machines"]}, {"rest"})
        self.site.release("d-1")
        group = self.comes_to(lambda g: g["counts"]["unwell"] == 3, 120, "three are found short")
        short = sorted(name for name, (host, port) in zip(self.site.ids, self.machines) if len(says(host, port, "devs")["DEVS"]) == 2)
        self.assertEqual(len(short), 3, "by their own word")
        self.assertEqual(sorted(one["name"] for one in group["unwell"]), short)
        self.assertEqual({one["ails"] for one in group["unwell"]}, {"2 of 3 boards"})
        self.daemon.says("3 of 5 of miners came back short, hot or without a pool: ", 90)
        line = next(line for line in self.daemon.log().splitlines() if "came back short" in line)
        for name in short:
            self.assertIn(f"{name} (2 of 3 boards)", line)

        shown = ballast("fleet", self.site.file)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("5 running; 3 short, hot or without a pool", shown.stdout)
        self.assertIn(f"unwell {short[0]} (2 of 3 boards)", shown.stdout)
        self.assertNotIn("as of", shown.stdout)
        listed = ballast("fleet", self.site.file, "--group", "miners")
        self.assertEqual([line.split()[0] for line in listed.stdout.splitlines() if line.startswith("    m-")], self.site.ids)

        self.daemon.stop()
        left = ballast("fleet", self.site.file)
        self.assertEqual(left.returncode, 0, left.stderr)
        self.assertIn("testsite, as of 20", left.stdout)
        self.assertIn("5 running", left.stdout)

    def test_what_is_told_keeps_to_its_schema(self):
        self.stand_up("--faults", "hung=20")
        self.comes_to(lambda g: g["counts"]["run"] == MINERS - 1 and g["last_error"], 40, "four run, one has an error")
        schema = json.loads((PROJECT / "docs/schema/fleet.json").read_text())
        for floor in (self.get(), self.get("/fleet?machines=1"), json.loads(ballast("fleet", self.site.file, "--machines", "--json").stdout)):
            self.assertEqual(misfits(floor, schema, schema), [])
        group = self.miners("/fleet?machines=1")
        hung = [machine for machine in group["machines"] if machine["error"]]
        self.assertEqual(len(hung), 1)
        self.assertEqual(hung[0]["error"]["what"], "no answer in time")
        self.assertEqual((hung[0]["source"], hung[0]["quality"], hung[0]["watts"]), ("nameplate", "estimated", WATTS))
        self.assertEqual((group["power"]["source"], group["power"]["quality"]), ("nameplate", "estimated"))
        self.assertNotIn("machines", self.miners())

    def test_bad_questions_are_answered_with_words(self):
        self.stand_up()
        self.comes_to(lambda g: True, 30, "it answers")
        for target, status in (("/fleet?group=mimers", 404), ("/fleet?machines=yes", 400), ("/fleet?colour=red", 400), ("/fleet?group=%ff%00", 404), ("/fleets", 404)):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.get(target)
            self.assertEqual(refused.exception.code, status, target)
            self.assertIn("error", json.load(refused.exception))
        wrong = ballast("fleet", self.site.file, "--group", "mimers")
        self.assertEqual((wrong.returncode, wrong.stderr), (2, 'ballast: there is no group "mimers"; did you mean "miners"?\n'))
        if shutil.which("curl"):
            told = subprocess.run(["curl", "-sS", f"http://127.0.0.1:{self.http}/fleet?group=miners"], capture_output=True, text=True, timeout=10)
            self.assertEqual(len(json.loads(told.stdout)["groups"][0]["machines"]), MINERS)

    def test_watching_appends_until_it_is_told_to_end(self):
        self.stand_up()
        self.comes_to(lambda g: g["counts"]["run"] == MINERS, 30, "all run")
        with subprocess.Popen([binary(), "fleet", self.site.file, "--watch", "0.3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
            time.sleep(2)
            watching.send_signal(signal.SIGINT)
            shown, errors = watching.communicate(timeout=10)
        self.assertEqual((watching.returncode, errors), (0, ""))
        self.assertGreaterEqual(shown.count("testsite, now,"), 3)
        self.assertNotIn("\x1b", shown)

    def test_whoever_answers_has_the_last_word(self):
        """Only where nobody listens does the journal tell."""
        self.stand_up()
        self.comes_to(lambda g: g["counts"]["run"] == MINERS, 30, "all run")
        self.daemon.stop()
        for status, body, told in (("503 Busy", '{"error":"busy; say it again later"}', "answers 503: busy; say it again later"), ("504 Late", '{"error":"late\\u001b[2J"}', "answers 504: late?[2J"),
                                   ("404 None", "<html>\nno", "answers 404: <html>?no"), ("200 OK", "[]", "answers, but not as Ballast does"),
                                   ("200 OK", None, "answers with more than 128 MB; --group asks for less")):
            with self.subTest(told), socket.create_server(("127.0.0.1", self.http)) as listens:
                long = f"{len(body)}" if body is not None else f"{200 << 20}"
                with subprocess.Popen([binary(), "fleet", self.site.file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asking:
                    line, _ = listens.accept()
                    with line:
                        line.recv(65536)
                        line.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {long}\r\n\r\n{body or ''}".encode())
                        out, errors = asking.communicate(timeout=20)
                self.assertEqual((asking.returncode, out, errors), (1, "", f"ballast: 127.0.0.1:{self.http} {told}\n"))
        self.assertEqual(ballast("fleet", self.site.file).returncode, 0)

    def test_without_daemon_and_journal_the_remedy_is_told(self):
        nothing = ballast("fleet", self.site.file)
        self.assertEqual(nothing.returncode, 1)
        self.assertIn(f"127.0.0.1:{self.http}: Connection refused; and ", nothing.stderr)
        self.assertEqual(ballast("fleet", self.folder / "none.toml").returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
