#!/usr/bin/python3
"""What goes wrong around a site: what the operator sees of it, and that a shed ordered meanwhile still reaches every healthy machine.

Each case is a row of docs/operating.md, which quotes the lines looked for here.
"""
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Broker, Daemon, Journal, Listener, LuxosFleet, Scratch, Site, ballast, eventually, skip, utc  # noqa: E402
from modbus_site import RTU, ModbusSite  # noqa: E402

MINERS, WATTS, RESIDUAL_KW = 300, 3400, 100
WITHIN_S = 15  # "A few seconds", of which the fleet takes one to count; room for a busy machine.
MOST_GROWTH_KB = 64_000

GROUP = """
min_off_s = 0
min_on_s = 0
stagger_ms = 1
poll_s = 3
timeout_ms = 1000
off_within_s = 6
on_within_s = 6
"""

SIGNALS = """
[[signal]]
name = "market"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"

[[signal]]
name = "utility"
kind = "dispatch"
driver = "mqtt"
broker = "main"
on_stale = "hold"
plausible_min = 0
plausible_max = 100000

[[policy]]
name = "strike"
kind = "price_strike"
signal = "market"
groups = ["miners"]
strike_per_mwh = 80

[[policy]]
name = "obligations"
kind = "dispatch"
signals = ["utility", "contact", "rtu-limit"]
reference_window_s = 5
"""


class Garbage:
    """A machine that answers whatever it is asked with bytes that are no JSON; each time others."""

    def __init__(self, test, address):
        self.chance, self.asked = random.Random(7), 0
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(address)
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()
        test.addCleanup(self.listener.close)

    def serve(self):
        kinds = [b"\0" * 100, b"{" * 20_000, b'{"STATUS":[{"STATUS":"S","Code":1e999}]}\0', b"\xff\xfe" * 5_000, b"HTTP/1.1 404 Not Found\r\n\r\n", b'{"CONFIG":7}\0']
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            try:
                self.asked += 1
                s.settimeout(1)
                s.recv(4096)
                s.sendall(self.chance.choice(kinds + [self.chance.randbytes(3000)]))
            except OSError:
                pass
            s.close()


class Faults(unittest.TestCase):
    def stand_up(self, garbage=False, edit=lambda text: text, env=None, persistent=False):
        self.scratch = Scratch(self)
        self.broker = Broker(self, self.scratch.path, persistent)
        self.fleet = LuxosFleet(self, self.scratch.path, MINERS)
        machines = self.fleet.machines + ([("127.20.9.1", self.fleet.port + 2)] if garbage else [])
        self.garbage = Garbage(self, machines[-1]) if garbage else None
        self.meter = ModbusSite(self, self.scratch.path, "meter")
        self.meter.shows(RESIDUAL_KW + MINERS * WATTS / 1e3)
        self.rtu = ModbusSite(self, self.scratch.path, "rtu")
        self.site = Site(self.scratch.path, self.broker, machines, watts=WATTS, group=GROUP,
                         site=f'meter = "poi"\noverhead_kw = {RESIDUAL_KW}\nreassert_every_s = 5\ntries = 2\n',
                         more=self.meter.meter() + self.rtu.rtu() + SIGNALS)
        self.site.write(edit(self.site.text))
        self.journal = Journal(self.site.journal_file)
        self.daemon = Daemon(self, self.site, env=env)
        self.listener = Listener(self, self.broker, self.daemon.state_topic)
        self.site.price(20)
        self.daemon.start()
        self.awake_and_known()

    def state(self):
        return self.listener.latest(self.daemon.state_topic) or {}

    def awake_and_known(self):
        eventually(lambda: self.state().get("interruptible_w", 0) >= MINERS * WATTS * 0.95, 40, "all machines have told what they draw", process=self.daemon)

    # ---- a shed, and its end

    def sheds(self, what, order=None):
        begun = time.monotonic()
        (order or (lambda: self.site.dispatch("d-1", full=True)))()
        eventually(lambda: self.fleet.counted_asleep() == MINERS, WITHIN_S, f"{what}: all healthy machines sleep", process=self.daemon)
        print(f"{what}: {MINERS} asleep, told within {time.monotonic() - begun:.1f} s", flush=True)

    def comes_back(self, order=None, seconds=20):
        (order or (lambda: self.site.release("d-1")))()
        eventually(lambda: self.fleet.counted_asleep() == 0, seconds, "all run again", process=self.daemon)

    def sees(self, pattern, seconds=15):
        """A line of the daemon's log."""
        line = eventually(lambda: re.search(f".*{pattern}.*", self.daemon.log()), seconds, f"the log says {pattern!r}", process=self.daemon).group(0)
        print(f"    {line}", flush=True)
        return line

    def ends_well(self, audit=True):
        self.assertEqual(self.daemon.stop(), 0, self.daemon.tail())
        self.assertEqual(self.journal.sound(), "ok")
        if audit:
            told = ballast("audit", self.site.journal_file)
            self.assertEqual(told.returncode, 0, told.stdout + told.stderr)

    # ---- the cases

    def test_broker_down_for_20_seconds(self):
        self.stand_up()
        down_at = time.monotonic()
        self.broker.stop()
        self.sees(r"mqtt main \(127\.0\.0\.1:\d+\): connection lost: .*; trying again for as long as it takes")
        self.sheds("broker down, by the RTU's contact", lambda: self.rtu.coil(RTU, True))
        self.comes_back(lambda: self.rtu.coil(RTU, False))
        self.sees(r"no connection: is the broker running, and are host and port right\?")
        time.sleep(max(0.0, 20 - (time.monotonic() - down_at)))
        self.broker.start()
        self.site.price(500)  # Retained, and said before the daemon is back: it must ask.
        up_at = time.monotonic()
        eventually(lambda: self.daemon.log().count("connected, MQTT 5") == 2, 40, "the daemon is connected again", process=self.daemon)
        print(f"    connected {time.monotonic() - up_at:.1f} s after the broker was up", flush=True)
        eventually(lambda: self.fleet.counted_asleep() == MINERS, WITHIN_S, "the retained price is honoured", process=self.daemon)
        self.ends_well()

    def test_a_silent_meter(self):
        self.stand_up()
        self.meter.send(signal.SIGSTOP)
        self.sees(r"meter poi is silent; nothing is raised under a limit until it speaks")
        self.sees(r"\[warning\] .*meter poi")
        eventually(lambda: "site_w" in self.state() and self.state()["site_w"] is None, 10, "the state shows no number for the site")
        self.assertTrue(self.journal.notes("meter_stale"))
        self.sheds("meter silent")
        self.meter.send(signal.SIGCONT)
        eventually(lambda: self.daemon.log().count("meter poi is heard") == 2, 15, "the meter is heard again", process=self.daemon)
        self.meter.shows(RESIDUAL_KW + MINERS * 0.025)
        self.comes_back()
        self.ends_well()

    def test_an_rtu_that_answers_exceptions(self):
        self.stand_up()
        self.rtu.breaks(True)
        self.sees(r"\[warning\] .*exception")
        self.sees(r"contact is silent")
        self.sees(r"rtu-limit is silent")
        self.sheds("RTU answers exceptions")
        self.rtu.breaks(False)
        self.sees(r"contact is heard again")
        self.comes_back()
        self.sheds("RTU well again, by its contact", lambda: self.rtu.coil(RTU, True))
        self.ends_well()

    def test_a_message_of_10_mb(self):
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                self.stand_up(edit=lambda text: text.replace("[mqtt.main]\n", f'[mqtt.main]\nversion = "{version}"\n'))
                before = self.daemon.resident_kb()
                self.broker.publish(self.site.topic("utility"), b"x" * 10_000_000)
                self.broker.publish(self.site.topic("utility"), b"x" * 100_000)
                self.sheds(f"10 MB under MQTT {version}")
                refused = eventually(lambda: self.journal.query("SELECT fate, detail FROM signal WHERE source = 'utility' AND kind = 'rejected'"), 10, "its refusal is journaled")
                self.assertEqual({row[0] for row in refused}, {"oversized"})
                self.assertEqual(len(refused), 1 if version == "5" else 2, "under MQTT 5 the broker keeps 10 MB to itself")
                self.sees(r"refused: utility on ballast/testsite/signal/utility: ")
                self.assertLess(self.daemon.resident_kb() - before, MOST_GROWTH_KB)
                self.ends_well()
                self.doCleanups()

    def test_ten_thousand_messages_at_once(self):
        self.stand_up()
        before = self.daemon.resident_kb()
        now = time.time()
        price = lambda i: json.dumps({"kind": "price", "issued": utc(now), "start": utc(now, 7200 + i * 300), "end": utc(now, 7500 + i * 300), "price": 20, "unit": "USD/MWh"})  # noqa: E731
        burst = threading.Thread(target=self.broker.publish_lines, args=(self.site.topic("market"), [price(i // 2) if i % 2 else f'{{"kind": {i}' for i in range(10_000)]))
        burst.start()
        self.sheds("in a burst of 10,000 messages")
        burst.join()
        eventually(lambda: self.journal.query("SELECT detail FROM signal WHERE fate = 'flooded'"), 20, "the flood is journaled as a count", process=self.daemon)
        self.sees(r"refused: market on ballast/testsite/signal/market: not JSON")
        told = self.journal.one("SELECT count(*) FROM signal WHERE fate = 'malformed'")
        print(f"    {told} refusals journaled one by one, and {self.journal.one('SELECT count(*) FROM signal WHERE fate = ?', 'flooded')} counts; log of {len(self.daemon.log().splitlines())} lines", flush=True)
        self.assertLess(told, 500)
        self.assertLess(self.daemon.resident_kb() - before, MOST_GROWTH_KB)
        self.comes_back()
        self.ends_well()

    def test_a_gateway_gone_mad_with_new_ids(self):
        self.stand_up()
        before, now, asked = self.daemon.resident_kb(), time.time(), 3_000
        call = lambda i: json.dumps({"kind": "dispatch", "id": f"mad-{i}", "issued": utc(now), "end": utc(now, 7200 - i), "limit": 20_000 - i, "unit": "kW"})  # noqa: E731
        self.broker.publish_lines(self.site.topic("utility"), [call(i) for i in range(asked)])
        self.sheds(f"after {asked} calls without a release")
        self.sees(r"utility has 128 calls standing, as many as are kept: event \d+ stands for mad-\d+ TOO")
        lines = len(self.daemon.log().splitlines())
        print(f"    log of {lines} lines", flush=True)
        self.assertLess(lines, 200)
        self.assertLess(self.daemon.resident_kb() - before, MOST_GROWTH_KB)
        self.ends_well()

    def test_a_machine_that_answers_garbage(self):
        self.stand_up(garbage=True)
        eventually(lambda: self.garbage.asked > 2, 15, "it is asked")
        self.sees(rf"luxos m-{MINERS:05} \(127\.20\.9\.1:\d+\): garbage in place of an answer")
        self.sheds("one machine answers garbage")
        event = self.journal.one("SELECT max(event) FROM ordered")

        def misses():
            told = ballast("receipt", self.site.journal_file, event, "--json")
            return {miss["load"] for miss in json.loads(told.stdout)["misses"] if miss["given_up"]}
        eventually(lambda: misses() == {f"m-{MINERS:05}"}, 40, "the receipt names it", every=1)
        self.sees(r"1 load\(s\) were not seen to obey in time, 1 given up for now; `ballast receipt` names them")
        self.comes_back()
        self.ends_well()

    # ---- a full disk

    def stand_up_on_a_small_disk(self, keep_mb, blocked=False):
        """A disk of 16 MB for the journal; beside it an eighth of `keep_mb` is set aside, unless something else has its name."""
        self.small = pathlib.Path(Scratch(self).path) / "small"
        self.small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "ballast-test", str(self.small)], capture_output=True).returncode != 0:
            skip("a small disk cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.small)], capture_output=True)
        if blocked:
            (self.small / "testsite.db.spill").mkdir()
        self.stand_up(edit=lambda text: text.replace('path = "testsite.db"', f'path = "{self.small}/testsite.db"\nkeep_mb = {keep_mb}'))
        self.journal = Journal(self.small / "testsite.db")
        self.site.journal_file = self.journal.path

    def fills_up(self):
        with open(self.small / "filler", "ab", buffering=0) as out:
            try:
                while True:
                    out.write(b"x" * 4096)
            except OSError:
                pass

    def has_room(self):
        (self.small / "filler").unlink()

    def receipt(self, event):
        return ballast("receipt", self.site.journal_file, event)

    def audited(self):
        told = ballast("audit", self.site.journal_file, "--json")
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)
        return json.loads(told.stdout)

    def test_a_full_disk(self):
        self.stand_up_on_a_small_disk(keep_mb=32)
        self.fills_up()
        self.sheds("disk full")
        self.sees(r"the journal does not keep up: nothing is raised until it does")
        self.sees(r"journal .*testsite\.db: .*(disk|space).*; meanwhile \d+ record\(s\) wait in .*testsite\.db\.spill")
        self.assertIn("Event d-1", self.receipt("d-1").stdout, "the event is proven while the disk is full")
        self.site.release("d-1")
        time.sleep(4)
        self.assertEqual(self.fleet.counted_asleep(), MINERS, "raised without a journal")
        self.has_room()
        self.sees(r"the journal keeps up again")
        eventually(lambda: self.fleet.counted_asleep() == 0, 20, "all run again when there is room", process=self.daemon)
        self.assertEqual(self.journal.query("SELECT id FROM epoch WHERE missed_steps > 0 OR cause = 'gap'"), [], "something is missing")
        self.assertTrue(self.journal.query("SELECT step FROM note WHERE kind = 'event_opened' AND text = 'd-1'"))
        told = self.receipt("d-1").stdout
        self.assertRegex(told, rf"loads ordered {MINERS} .*seen to obey {MINERS}")
        self.assertEqual(self.audited()["missed_steps"], 0)
        self.ends_well()

    def test_kill_9_on_a_full_disk(self):
        for room in (True, False):
            with self.subTest(room=room):
                self.stand_up_on_a_small_disk(keep_mb=4000)  # There are no 64 MB: 8 are set aside.
                self.assertEqual((self.small / "testsite.db.spill").stat().st_size, 8 << 20)
                self.fills_up()
                self.sheds("disk full, before kill -9")
                self.sees(r"the journal does not keep up: nothing is raised until it does")
                time.sleep(3)  # They have told that they sleep.
                self.daemon.kill()
                if room:
                    self.has_room()
                self.daemon.start()
                self.sees(r"journal: went through \d+ step\(s\) since \w+ again \(its last \d+ waited for room on the journal's disk\)")
                eventually(lambda: self.daemon.log().count("connected, MQTT 5") >= 1, 20, "the daemon is connected", process=self.daemon)
                self.site.release("d-1")
                if not room:
                    time.sleep(6)
                    self.assertEqual(self.fleet.counted_asleep(), MINERS, "raised without a journal")
                    self.has_room()
                eventually(lambda: self.fleet.counted_asleep() == 0, 40, "what we put to sleep runs again", process=self.daemon)
                self.assertEqual(self.journal.notes("latched"), [], "ours are taken for somebody else's")
                self.assertRegex(self.receipt("d-1").stdout, rf"loads ordered {MINERS} .*seen to obey {MINERS}")
                self.assertEqual(self.audited()["missed_steps"], 0)
                self.ends_well()
                self.doCleanups()

    def test_a_full_disk_with_nothing_set_aside(self):
        self.stand_up_on_a_small_disk(keep_mb=32, blocked=True)
        self.sees(r"testsite\.db\.spill: cannot set 4 MB aside: Is a directory; should its disk be full")
        self.fills_up()
        self.sheds("disk full, nothing set aside")
        self.sees(r"the journal does not keep up: nothing is raised until it does")
        self.sees(r"journal .*testsite\.db: (database or disk is full|disk I/O error); .*; recording resumes by itself|journal .*: database or disk is full; .*")
        self.site.dispatch("d-2", full=True)
        self.site.release("d-1")
        time.sleep(4)
        self.assertEqual(self.fleet.counted_asleep(), MINERS, "raised without a journal")
        self.has_room()
        self.sees(r"the journal keeps up again")
        told = self.receipt("d-2")
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertRegex(told.stdout, r"NOT RECORDED from .* to .*: the journal could not write, and \d+ step\(s\) of that time are missing")
        self.comes_back(lambda: self.site.release("d-2"))
        self.assertTrue(self.journal.one("SELECT missed_steps FROM epoch WHERE cause = 'gap' ORDER BY id LIMIT 1"))
        self.assertGreater(self.audited()["missed_steps"], 0)
        self.ends_well()

    def test_a_wall_clock_set_forth_and_back_by_an_hour(self):
        library = next((p for p in pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
        if library is None:
            skip("libfaketime.so.1 is not there (package faketime)")
        clock = Scratch(self).path / "clock"
        clock.write_text("+0")
        self.stand_up(env={"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        self.site.price(500, lasts_s=1800)
        eventually(lambda: self.fleet.counted_asleep() == MINERS, WITHIN_S, "all sleep by a price of half an hour", process=self.daemon)
        for by in ("+3600", "-3600"):
            orders = self.journal.counts()["ordered"]
            clock.write_text(by)
            self.sees(rf"the wall clock is off by {'-' if by[0] == '-' else ''}.*; not followed unless it lasts")
            time.sleep(3)
            self.assertEqual(self.fleet.counted_asleep(), MINERS, "a jump of the wall clock ended the price")
            self.assertEqual(self.journal.counts()["ordered"], orders, "a jump of the wall clock gave orders")
            clock.write_text("+0")
            time.sleep(1)
        self.assertGreaterEqual(len(self.journal.notes("clock_jump")), 2)
        self.site.price(20)
        eventually(lambda: self.fleet.counted_asleep() == 0, 20, "all run again", process=self.daemon)
        clock.write_text("+3600")
        time.sleep(2)
        self.sheds("wall clock an hour ahead")
        clock.write_text("-3600")
        time.sleep(2)
        self.comes_back()
        self.sheds("wall clock an hour behind", lambda: self.site.dispatch("d-2", full=True))
        self.ends_well()


if __name__ == "__main__":
    unittest.main(verbosity=2)
