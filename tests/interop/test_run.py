#!/usr/bin/python3
"""`ballast run` from its start to its end: dry runs, reloads, what SIGTERM leaves.

    test_run.py              see daemon.py
"""
import os
import signal
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Broker, Daemon, Journal, Listener, LuxosFleet, Scratch, Site, ballast, eventually, free_ports  # noqa: E402

MINERS = 4

GROUP = """
min_off_s = 600
min_on_s = 0
stagger_ms = 0
poll_s = 1
"""

SIGNALS = """
[[signal]]
name = "market"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"
"""

STRIKE = """
[[policy]]
name = "strike"
kind = "price_strike"
signal = "market"
groups = ["miners"]
strike_per_mwh = 80
"""


class Run(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch(self)
        self.broker = Broker(self, self.scratch.path)
        self.fleet = LuxosFleet(self, self.scratch.path, MINERS)

    def site_of(self, site="", more=SIGNALS + STRIKE, group=GROUP):
        self.site = Site(self.scratch.path, self.broker, self.fleet.machines, site=site, group=group, more=more)
        self.journal = Journal(self.site.journal_file)
        self.dry_journal = Journal(self.site.folder / f"{self.site.name}.dry-run.db")
        return self.site

    def stopped(self, daemon):
        """It ends as asked, by itself."""
        daemon.child.send_signal(signal.SIGTERM)
        daemon.child.wait(60)
        self.assertEqual(daemon.child.returncode, 0, daemon.tail())

    # ---- dry runs

    def test_a_dry_run_sends_nothing_not_even_at_its_end(self):
        site = self.site_of(site='on_exit = "sleep"\n[site.heartbeat]\nbroker = "main"\n')
        listener = Listener(self, self.broker, "ballast/#")
        site.price(500)
        dry = Daemon(self, site, "--dry-run").start()
        dry.says(f"ordered {MINERS} load(s) down")
        dry.says("testsite.dry-run.db")
        time.sleep(2)
        self.stopped(dry)
        self.assertEqual(self.fleet.asleep(), set())
        self.assertEqual(self.fleet.counted_asleep(), 0)
        self.assertEqual(set(listener.count), {site.topic("market")}, "nothing but the test's own message")

    def test_a_real_run_does_not_send_what_a_dry_run_decided(self):
        site = self.site_of()
        site.price(500)
        dry = Daemon(self, site, "--dry-run").start()
        dry.says(f"ordered {MINERS} load(s) down")
        self.stopped(dry)
        self.assertFalse(site.journal_file.exists())
        self.assertGreater(self.dry_journal.one("SELECT count(*) FROM ordered"), 0)
        site.price(20)
        real = Daemon(self, site).start()
        real.says("connected, MQTT")
        eventually(lambda: self.journal.one("SELECT count(*) FROM signal"), 20, "the price is heard", process=real)
        time.sleep(2)
        self.assertEqual(self.journal.one("SELECT count(*) FROM ordered"), 0)
        self.assertEqual(self.fleet.asleep(), set())
        self.assertEqual(self.fleet.counted_asleep(), 0)

    def test_a_dry_run_goes_on_from_the_journal_beside_the_real_one(self):
        site = self.site_of()
        site.price(500)
        real = Daemon(self, site).start()
        eventually(lambda: len(self.fleet.asleep()) == MINERS, 20, "all sleep", process=real)
        eventually(lambda: real.log().count("connected, MQTT") == 1, 10, "connected", process=real)
        dry = Daemon(self, site, "--dry-run")
        dry.log_file = dry.log_file.with_name("dry.log")
        dry.start()
        dry.says("went through")
        eventually(lambda: self.dry_journal.one("SELECT count(*) FROM signal"), 20, "the dry run hears the price", process=dry)
        time.sleep(2)
        self.assertEqual(self.dry_journal.one("SELECT count(*) FROM ordered"), 0, "they sleep, by the real journal")
        self.stopped(dry)
        self.assertFalse(real.ended())
        self.assertNotIn("connection lost", real.log())
        self.stopped(real)
        self.assertEqual(ballast("audit", self.dry_journal.path).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
