#!/usr/bin/python3
"""A meter and a utility's RTU played by pymodbus, its contact thrown by mbpoll: the limit is met, and the receipt proves it at the meter."""
import json
import os
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Broker, Daemon, Journal, Listener, LuxosFleet, Scratch, Site, ballast, eventually, needs  # noqa: E402
from modbus_site import RTU, ModbusSite  # noqa: E402

MINERS, WATTS, STANDBY_W, RESIDUAL_KW = 300, 3400, 25, 150
FULL_KW = RESIDUAL_KW + MINERS * WATTS / 1e3
ASLEEP_KW = RESIDUAL_KW + MINERS * STANDBY_W / 1e3
LIMIT_KW = 600

GROUP = """
min_off_s = 0
min_on_s = 0
stagger_ms = 1
poll_s = 5
"""

POLICIES = """
[[policy]]
name = "obligations"
kind = "dispatch"
signals = ["contact", "rtu-limit"]
reference_window_s = 10
prove_within_s = 10
"""


class Proof(unittest.TestCase):
    def setUp(self):
        needs("mbpoll")
        scratch = Scratch(self)
        self.broker = Broker(self, scratch.path)
        self.fleet = LuxosFleet(self, scratch.path, MINERS)
        self.units = ModbusSite(self, scratch.path)
        self.units.shows(FULL_KW)
        self.site = Site(scratch.path, self.broker, self.fleet.machines, watts=WATTS, group=GROUP,
                         site=f'meter = "poi"\noverhead_kw = {RESIDUAL_KW}\n', more=self.units.meter() + self.units.rtu() + POLICIES)
        self.daemon = Daemon(self, self.site).start()
        self.journal = Journal(self.site.journal_file)
        self.listener = Listener(self, self.broker, self.daemon.state_topic)
        self.asleep, self.over = 0, threading.Event()
        self.follows = threading.Thread(target=self.meter_follows, daemon=True)
        self.follows.start()
        self.addCleanup(self.follows.join, 5)
        self.addCleanup(self.over.set)
        eventually(lambda: (self.state() or {}).get("interruptible_w", 0) > MINERS * WATTS * 0.9, 60, "all have told what they draw", process=self.daemon)
        time.sleep(3)  # The window of the reference, and a second of margin for the meter's.

    def state(self):
        return self.listener.latest(self.daemon.state_topic)

    def meter_follows(self):
        """What the machines themselves say, at the meter some 100 ms later."""
        while not self.over.wait(0.1):
            replies = self.fleet.ask_all({"command": "config"}, at_once=50)
            if len(replies) == MINERS:
                self.asleep = sum(reply["CONFIG"][0]["CurtailMode"] == "Sleep" for reply in replies.values())
                self.units.shows(FULL_KW - self.asleep * (WATTS - STANDBY_W) / 1e3)

    def throw(self, on):
        """As an engineer at the RTU does it."""
        words = ["mbpoll", "-m", "tcp", "-0", "-1", "-q", "-p", str(self.units.port), "-a", str(RTU), "-t", "0", "-r", "0", "127.0.0.1", "1" if on else "0"]
        subprocess.run(words, check=True, capture_output=True, timeout=10)

    def receipt(self, event):
        told = ballast("receipt", self.site.journal_file, event, "--json")
        self.assertEqual(told.returncode, 0, told.stderr)
        return json.loads(told.stdout)

    def newest_event(self, source):
        return eventually(lambda: self.journal.one("SELECT max(event) FROM ordered WHERE source = ?", source), 10, f"an order by {source} is journaled", process=self.daemon)

    def test_contact_and_limit_are_proven_at_the_meter(self):
        self.throw(True)
        thrown = time.monotonic()
        eventually(lambda: self.asleep == MINERS, 20, "all sleep by the contact", process=self.daemon)
        print(f"contact thrown by mbpoll: {MINERS} asleep by their own word within {time.monotonic() - thrown:.1f} s", flush=True)
        event = self.newest_event("contact")
        time.sleep(max(0.0, 33 - (time.monotonic() - thrown)))
        receipt = self.receipt(event)
        self.shows_the_megawatts(receipt)
        self.throw(False)
        eventually(lambda: self.asleep == 0, 30, "all run again", process=self.daemon)
        eventually(lambda: self.receipt(event)["closed"], 10, "the receipt is closed")

        self.units.limits(LIMIT_KW)
        eventually(lambda: self.asleep > 0 and self.state()["site_w"] is not None and self.state()["site_w"] <= LIMIT_KW * 1000, 30, "the limit is met at the meter", process=self.daemon)
        # Machines just woken count for nothing until they are read, so that more may go at first than the limit needs.
        most = int((LIMIT_KW - ASLEEP_KW) * 1000 / (WATTS - STANDBY_W))
        running = eventually(lambda: self.state()["site_w"] <= LIMIT_KW * 1000 and most - 3 <= MINERS - self.asleep <= most and MINERS - self.asleep, 30, "no more go than the limit needs", process=self.daemon)
        print(f"limit {LIMIT_KW} kW: {running} machines run, the meter shows {self.state()['site_w'] / 1e3:.1f} kW", flush=True)
        self.assertLessEqual(self.receipt(self.newest_event("rtu-limit"))["limit_w"], LIMIT_KW * 1000)
        self.units.limits(None)
        eventually(lambda: self.asleep == 0, 30, "no limit any more: all run", process=self.daemon)
        self.over.set()
        self.follows.join(5)
        self.assertEqual(self.daemon.stop(), 0)
        audit = ballast("audit", self.site.journal_file)
        self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)

    def shows_the_megawatts(self, receipt):
        told = {moment["after_s"]: moment for moment in receipt["at_meter"]}
        self.assertEqual(sorted(told), [1, 5, 15, 30], receipt)
        for after, moment in sorted(told.items()):
            print(f"after {after:g} s: {moment['meter_w'] / 1e6:.3f} MW at the meter, {moment['shed_w'] / 1e6:.3f} MW shed", flush=True)
        self.assertAlmostEqual(receipt["reference_w"] / 1e3, FULL_KW, delta=FULL_KW * 0.01)
        for after in (15, 30):
            self.assertAlmostEqual(told[after]["meter_w"] / 1e3, ASLEEP_KW, delta=0.1)
            self.assertAlmostEqual(told[after]["shed_w"] / 1e3, FULL_KW - ASLEEP_KW, delta=FULL_KW * 0.01)
        self.assertEqual(receipt["misses"], [])
        self.assertEqual(receipt["loads_obeyed"], MINERS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
