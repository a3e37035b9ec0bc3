#!/usr/bin/python3
"""Under-frequency against a meter and a contactor played by pymodbus. How fast is frequency_trips.py's; here it is what happens."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, Journal, Scratch, ballast, eventually  # noqa: E402
from frequency_site import FrequencySite  # noqa: E402
from frequency_trips import describe, trip  # noqa: E402

TRIPS = 20


class Frequency(unittest.TestCase):
    def stand(self, *options, **site):
        self.site = FrequencySite(self, Scratch(self).path, **site)
        self.daemon = Daemon(self, self.site, *options).start()
        self.journal = Journal(self.site.journal_file)
        self.daemon.says("may open by itself, once that is journaled: below 59.500 Hz block")

    def notes(self, kind):
        return len(self.journal.notes(kind))

    def audit(self):
        self.assertEqual(self.daemon.stop(), 0)
        audit = ballast("audit", self.site.journal_file)
        self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)

    def test_trips_open_at_once_come_back_and_are_journaled(self):
        self.stand()
        timed = [trip(self.site, 0.2) for _ in range(TRIPS)]
        told = describe([(one["written"] - one["handed_out"]) * 1e3 for one in timed])
        print(", ".join(f"{key} {value:.1f}" for key, value in told.items()), flush=True)
        # Each opening is written by the guard and, on the engine's order, by the contactor's driver; each close once.
        writes = self.site.say("writes")
        self.assertEqual(writes.count(True), TRIPS, writes)
        self.assertLessEqual(writes.count(False), 2 * TRIPS, writes)
        eventually(lambda: self.notes("trip_over") == TRIPS, 10, "each trip is over", process=self.daemon)
        self.assertEqual(self.notes("tripped"), TRIPS)
        self.assertEqual(self.notes("latched"), 0, self.daemon.log())
        orders = self.journal.query("SELECT rung, reason FROM ordered")
        self.assertEqual(sum(rung == "open" for rung, _ in orders), TRIPS, orders)
        # The table that a trip used was decided, and written, before it.
        first = self.journal.one("SELECT min(step) FROM note WHERE kind = 'armed'")
        self.assertLess(first, self.journal.one("SELECT min(step) FROM note WHERE kind = 'tripped'"))
        event = self.journal.one("SELECT min(event) FROM note WHERE kind = 'event_opened'")
        receipt = ballast("receipt", self.site.journal_file, event, "--json")
        self.assertEqual(receipt.returncode, 0, receipt.stderr)
        self.assertIn('"contactors_opened":["block"]', receipt.stdout)
        self.audit()

    def test_stays_open_while_the_frequency_is_not_back(self):
        self.stand(restore_after_s=3)
        self.site.say("dip 5940")
        self.site.say("shows 5980")
        time.sleep(5)
        self.assertNotIn(True, self.site.say("writes"), "above the stage is not above restore_above_hz")
        self.site.say("shows 5995")
        back = time.monotonic()
        self.site.say("closed")
        self.assertGreaterEqual(time.monotonic() - back, 2.5)
        self.audit()

    def test_a_reading_that_cannot_be_trips_nothing_and_is_told(self):
        self.stand()
        for nonsense in (0, 65535, 600):
            self.site.say(f"shows {nonsense}")
            time.sleep(0.5)
        self.assertEqual(self.site.say("writes"), [])
        self.daemon.says("plausible_min_hz")
        self.daemon.says("uf meter is silent")
        self.site.say("shows 6000")
        self.daemon.says("uf meter is heard again")
        self.assertEqual(self.notes("tripped"), 0)
        self.audit()

    def test_what_a_relay_opened_is_latched_and_not_ours_to_open_or_close(self):
        self.stand()
        self.site.say("relay")
        self.daemon.says("block was put to rest by something else")
        self.daemon.says("below 59.500 Hz nothing")
        self.site.say("shows 5940")
        time.sleep(1)
        self.site.say("shows 6000")
        time.sleep(1)
        self.assertEqual(self.site.say("writes"), [])
        self.audit()

    def test_a_dry_run_says_what_it_would_open(self):
        self.site = FrequencySite(self, Scratch(self).path)
        self.daemon = Daemon(self, self.site, "--dry-run").start()
        self.daemon.says("may open by itself")
        time.sleep(0.5)
        self.site.say("shows 5940")
        self.daemon.says("would have been told to open; this is a dry run")
        time.sleep(0.5)
        self.assertEqual(self.site.say("writes"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
