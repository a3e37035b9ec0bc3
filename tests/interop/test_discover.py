#!/usr/bin/python3
"""`ballast simulate` stands up miners of every make on loopback, and `ballast discover` finds them: asleep too, gently, and without an order.

    test_discover.py         see daemon.py for the rest
"""
import fcntl
import json
import os
import pathlib
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Fleet, Process, Scratch, ballast, binary, free_ports  # noqa: E402

# driver, its door, watts and J/TH of one of its makers' nameplates.
FLOOR = (("luxos", "api", 3500, 17.5), ("whatsminer2", "api", 3276, 26), ("epic", "api", 3010, 21.5), ("cgminer", "api", 1323, 98), ("whatsminer3", "v3", 3441, 18.5),
         ("antminer", "http", 3068, 29.5), ("braiins", "http", 3010, 21.5), ("axeos", "http", 15, 15), ("vnish", "http", 3068, 29.5))
NO_PASSWORD = {"luxos", "axeos", "cgminer"}
TELLS_NO_MAC = {"cgminer", "antminer", "braiins"}
NETWORK = "127.41.7.0/28"
PASSWORD = "quinoa-7-lantern"  # Like nothing that a machine or a table says.


def address(place):
    return f"127.41.7.{place + 1}"


class Site:
    """A site file with a group of each make, one machine in it; or of those whose inventories are given."""

    def __init__(self, folder, ports, floor=FLOOR, inventories=None, macs=None):
        self.folder, self.file = pathlib.Path(folder), pathlib.Path(folder) / ("later.toml" if inventories else "site.toml")
        text = '[site]\nname = "found"\n[journal]\npath = "found.db"\n'
        for place, (driver, door, watts, joules) in enumerate(floor):
            text += f'[[group]]\nname = "{driver}"\ndriver = "{driver}"\n'
            text += "" if driver == "cgminer" else 'tier = "interruptible"\n'
            text += "" if driver in NO_PASSWORD else 'password_file = "root"\n'
            if inventories:
                text += f'inventory = "{inventories[driver]}"\n'
                continue
            mac = f'mac = "{macs[driver]}"\n' if macs and driver in macs else ""
            text += f'[[group.machine]]\nid = "{driver}-1"\nhost = "{address(place)}"\nport = {ports[door]}\nwatts = {watts}\njoules_per_terahash = {joules}\n{mac}'
        self.file.write_text(text)
        (self.folder / "root").write_text(PASSWORD + "\n")


class Discovering(unittest.TestCase):
    def setUp(self):
        self.folder = Scratch(self).path
        self.ports = dict(zip(("api", "v3", "http"), free_ports(3)))

    def simulated(self, *options, floor=FLOOR, macs=None):
        self.site = Site(self.folder, self.ports, floor, macs=macs)
        process = Process(self, self.folder, "simulate", [binary(), "simulate", self.site.file, *options])
        process.start().says("ready", 30)
        return process

    def words(self, *more, network=NETWORK, rate=1000):
        return ["discover", network, "--api-port", self.ports["api"], "--v3-port", self.ports["v3"], "--http-port", self.ports["http"], "--rate", rate, *more]

    def found(self, *more, status=0):
        done = ballast(*self.words("--json", *more))
        self.tells_no_password(done.stdout, done.stderr)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def tells_no_password(self, *texts):
        for text in texts:
            self.assertNotIn(PASSWORD, text)

    def logins(self):
        """What the simulated ones take, from files."""
        return [word for make in ("antminer", "braiins") for word in ("--password-file", f"{make}={self.folder}/root")]


class EveryMake(Discovering):
    def test_finds_all_makes_and_orders_nobody(self):
        process = self.simulated()
        told = self.found()
        self.assertEqual([(m["address"], m["make"]) for m in told["machines"]], [(address(i), driver) for i, (driver, *_) in enumerate(FLOOR)])
        self.assertTrue(told["complete"])
        for machine in told["machines"]:
            self.assertEqual(machine["mac"] is None, machine["make"] in TELLS_NO_MAC, machine)
            self.assertEqual(machine["port"], self.ports[dict((f[0], f[1]) for f in FLOOR)[machine["make"]]])
        process.stop()
        self.assertIn("0 commands heard", process.log())

    def test_finds_those_that_sleep(self):
        self.simulated()
        Fleet([(address(0), self.ports["api"])]).curtail(0, "sleep")
        self.post(f"http://{address(7)}:{self.ports['http']}/api/system/pause", b"")
        self.post(f"http://{address(2)}:{self.ports['api']}/miner", json.dumps({"param": "Stop", "password": PASSWORD}).encode())
        told = {m["make"]: m["mode"] for m in self.found()["machines"]}
        self.assertEqual(len(told), len(FLOOR))
        self.assertEqual({make for make, mode in told.items() if mode == "asleep"}, {"luxos", "axeos", "epic"})
        self.assertEqual({make for make in told if told[make] == "running"}, {"whatsminer2", "whatsminer3", "vnish", "cgminer"})

    def post(self, url, body):
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            self.assertEqual(answer.status, 200)

    def test_writes_inventories_that_check_takes(self):
        self.simulated()
        inventory = self.folder / "miners.csv"
        # The simulated Braiins OS has no 4028, so its address is named by itself: else it is told no password.
        done = ballast(*self.words("127.41.7.7", "127.41.7.8/31", "--csv", inventory, *self.logins(), network="127.41.7.0/29"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.tells_no_password(done.stdout, done.stderr, *(file.read_text() for file in self.folder.glob("*.csv")))
        files = {driver: f"miners-{driver}.csv" for driver, *_ in FLOOR}
        for driver, name in files.items():
            self.assertIn(f"wrote {self.folder}/{name}: 1 of driver = \"{driver}\"", done.stdout)
        self.assertIn("axeos.csv: 1 of driver = \"axeos\", 1 without watts", done.stdout)
        watts = {driver: (self.folder / name).read_text().splitlines()[1].split(",")[4] for driver, name in files.items()}
        # A Bitaxe has no nameplate here; a VNish and an S9 do not tell which size they are of.
        self.assertEqual(watts, {"luxos": "3500", "whatsminer2": "3276", "epic": "3010", "cgminer": "1372", "whatsminer3": "3441", "antminer": "3068", "braiins": "3010", "axeos": "", "vnish": "3068"})
        known = [f for f in FLOOR if f[0] != "axeos"]
        later = Site(self.folder, self.ports, known, files)
        checked = ballast("check", later.file)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        left = Site(self.folder, self.ports, [f for f in FLOOR if f[0] == "axeos"], files)
        checked = ballast("check", left.file)
        self.assertEqual(checked.returncode, 2)
        self.assertIn("miners-axeos.csv:2:", checked.stderr)
        self.assertIn("no watts; allowed: whole watts at the wall", checked.stderr)

    def test_of_one_make_the_inventory_is_the_file_and_none_is_overwritten(self):
        self.simulated(floor=FLOOR[:1])
        inventory = self.folder / "miners.csv"
        self.assertEqual(ballast(*self.words("--csv", inventory)).returncode, 0)
        first = inventory.read_text()
        self.assertEqual(len(first.splitlines()), 2)
        inventory.write_text("mine")
        done = ballast(*self.words("--csv", inventory))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("is there already; --force overwrites it", done.stderr)
        self.assertEqual(inventory.read_text(), "mine")
        self.assertEqual(ballast(*self.words("--csv", inventory, "--force")).returncode, 0)
        self.assertEqual(inventory.read_text(), first)


class AgainstASiteFile(Discovering):
    def test_tells_what_differs(self):
        self.simulated()
        macs = {m["make"]: m["mac"] for m in self.found()["machines"] if m["mac"]}
        site = Site(self.folder, self.ports, macs=macs)
        self.assertEqual(self.found("--site", site.file)["differences"], [])
        text = site.file.read_text()
        text = text.replace(f'host = "{address(0)}"', f'host = "{address(11)}"').replace(f'host = "{address(3)}"', f'host = "{address(12)}"')
        site.file.write_text(text.replace(macs["epic"], "02:00:00:00:00:01"))
        told = self.found("--site", site.file, status=1)["differences"]
        self.assertEqual({(d["kind"], d["id"]) for d in told}, {("moved", "luxos-1"), ("other identity", "epic-1"), ("missing", "cgminer-1"), ("new", address(3))})

    def test_the_moved_fault_is_told(self):
        self.simulated("--faults", "moved=100", floor=FLOOR[:1], macs={"luxos": "62:f7:5e:00:00:01"})
        told = self.found("--site", self.site.file, status=1)["differences"]
        self.assertEqual([(d["kind"], d["id"]) for d in told], [("other identity", "luxos-1")])


class Manners(Discovering):
    def test_what_is_hung_or_speaks_garbage_is_told_and_costs_its_timeout(self):
        for fault in ("hung", "garbage", "resets"):
            with self.subTest(fault):
                process = self.simulated("--faults", f"{fault}=100")
                begun = time.monotonic()
                told = self.found("--timeout", "0.3")
                self.assertLess(time.monotonic() - begun, 15)
                self.assertEqual(told["machines"], [])
                self.assertTrue(told["complete"])
                process.stop()

    def test_an_interrupt_prints_what_there_is(self):
        self.simulated(floor=FLOOR[:1])
        words = [str(word) for word in self.words("--json", rate=2)]
        child = subprocess.Popen([str(binary()), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(3)
        child.send_signal(signal.SIGINT)
        out, errors = child.communicate(timeout=20)
        self.assertEqual(child.returncode, 1, errors)
        told = json.loads(out)
        self.assertFalse(told["complete"])
        self.assertEqual([m["make"] for m in told["machines"]], ["luxos"])
        self.assertLess(told["asked"], told["addresses"])

    def test_progress_says_how_long_it_will_take(self):
        self.simulated(floor=FLOOR[:1])
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        words = [str(word) for word in self.words(rate=15)]
        done = subprocess.run([str(binary()), *words], stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "TERM": "xterm"}, timeout=60)
        os.close(theirs)
        shown = os.read(ours, 100_000).decode()
        os.close(ours)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(shown, r"discover \[=+ +\] \d+ of 14, \d+ s left")

    def test_a_24_is_swept_in_seconds(self):
        begun = time.monotonic()
        told = json.loads(ballast(*self.words("--json", network="127.41.8.0/24")).stdout)
        self.assertEqual((told["addresses"], told["asked"], told["machines"]), (254, 254, []))
        self.assertLess(time.monotonic() - begun, 10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
