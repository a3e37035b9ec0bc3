#!/usr/bin/python3
"""`kill -9` at fifty random moments of a shed or a restore: after the restart every machine ends where the decisions say.

    test_crash.py            BALLAST_SEED=7, BALLAST_KILLS=50 decide what happens when; see daemon.py for the rest
"""
import os
import random
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Broker, Daemon, Journal, Listener, LuxosFleet, Scratch, Site, ballast, eventually, utc  # noqa: E402

MINERS = 500
DELAY_MS = 70  # A reply takes this long: with 128 at once a shed takes about a second, in which it can be killed.
SETTLES_S = 60  # Far more than it takes; a busy machine is no failure.

GROUP = """
min_off_s = 0
min_on_s = 0
stagger_ms = 0
poll_s = 2
connections = 128
off_within_s = 2
on_within_s = 2
"""

SITE = """
reassert_every_s = 2
"""

MORE = """
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

[[policy]]
name = "strike"
kind = "price_strike"
signal = "market"
groups = ["miners"]
strike_per_mwh = 80

[[policy]]
name = "obligations"
kind = "dispatch"
signals = ["utility"]
escalate_to = "repeat"
emergency_escalate_to = "repeat"
"""


class Crash(unittest.TestCase):
    def setUp(self):
        self.seed = int(os.environ.get("BALLAST_SEED", "7"))
        self.kills = int(os.environ.get("BALLAST_KILLS", "50"))
        self.chance = random.Random(self.seed)
        scratch = Scratch(self)
        self.broker = Broker(self, scratch.path)
        self.fleet = LuxosFleet(self, scratch.path, MINERS, DELAY_MS)
        self.site = Site(scratch.path, self.broker, self.fleet.machines, site=SITE, group=GROUP, more=MORE)
        self.daemon = Daemon(self, self.site)
        self.journal = Journal(self.site.journal_file)
        self.listener = Listener(self, self.broker, self.daemon.state_topic)
        self.retained, self.last_start = None, time.time()

    # ---- what the outside says

    def shed(self, kind, number):
        """At most this many machines may then run."""
        if kind == "price":
            self.price(500)
        elif kind == "limit":
            self.site.dispatch(f"e-{number}", limit=850)
        else:
            self.site.dispatch(f"e-{number}", kind=kind, full=True)
        self.retained = self.retained if kind == "price" else f"e-{number}"

    def restore(self, kind, number):
        if kind == "price":
            self.price(20)
        else:
            self.site.release(f"e-{number}")

    def price(self, per_mwh):
        """Each starts after the last, so that it is another interval."""
        self.last_start = max(time.time(), self.last_start + 0.002)
        self.site.price(per_mwh, start=self.last_start)

    # ---- what must then be so

    def decided(self):
        """Of each machine by its number: whether the last order on it was to sleep."""
        number = {load: i for i, load in enumerate(self.site.ids)}
        asleep = [False] * MINERS
        for first, last, rung in self.journal.query("SELECT first_load, last_load, rung FROM ordered ORDER BY step, n"):
            a, b = number[first], number[last]
            asleep[a:b + 1] = [rung == "sleep"] * (b + 1 - a)
        return {i for i in range(MINERS) if asleep[i]}

    def settles(self, fits, what):
        """The fleet is as `fits` wants, by what each machine says and by the journal's decisions, and by the fleet's own count."""
        seen = {}

        def settled():
            seen["asleep"], seen["decided"] = self.fleet.asleep(), self.decided()
            return seen["asleep"] == seen["decided"] and fits(len(seen["asleep"]))
        begun = time.monotonic()
        try:
            eventually(settled, SETTLES_S, what, every=0.1, process=self.daemon)
            took = time.monotonic() - begun
            eventually(lambda: self.fleet.counted_asleep() == len(self.fleet.asleep()), 10, "the fleet counts as many itself", process=self.fleet)
        except AssertionError as failure:
            differ = sorted(seen["asleep"] ^ seen["decided"])
            raise AssertionError(f"{what}: {len(seen['asleep'])} asleep, {len(seen['decided'])} decided to be, e.g. {differ[:5]} differ; {failure}") from None
        return took

    def nothing_lost(self, last, digest, counts, orders):
        """What was in the journal is as it was, and what came is behind it."""
        self.assertEqual(self.journal.digest(last), digest, "what was journaled before the kill has changed")
        for table, count in self.journal.counts().items():
            self.assertGreaterEqual(count, counts[table], table)
        self.assertEqual(self.journal.sound(), "ok")
        ids = [row[0] for row in self.journal.query("SELECT order_id FROM ordered ORDER BY step, n")]
        self.assertEqual(ids, sorted(set(ids)), "order ids do not rise from step to step, across restarts")
        self.assertEqual(ids[:orders], sorted(ids)[:orders])

    def asked_again(self, epoch):
        """The newest epoch is this start's, and the retained dispatch has been heard in it."""
        def heard():
            first = self.journal.one("SELECT min(first_step) FROM epoch WHERE id > ?", epoch)
            if first is None:
                return False
            names = {row[0] for row in self.journal.query("SELECT DISTINCT source FROM signal WHERE step >= ?", first)}
            return names >= ({"market", "utility"} if self.retained else {"market"})
        eventually(heard, SETTLES_S, "the retained signals are heard again after the restart", process=self.daemon)

    def known(self):
        last = self.journal.last()
        return last, self.journal.digest(last), self.journal.counts(), self.journal.one("SELECT count(*) FROM ordered WHERE step <= ?", last["ordered"])

    # ---- the test

    def test_fifty_kills(self):
        self.price(20)
        self.daemon.start()
        eventually(lambda: self.listener.latest(self.daemon.state_topic), SETTLES_S, "the daemon tells its state", process=self.daemon)
        self.settles(lambda asleep: asleep == 0, "all run before anything happens")
        kind, starts, doubled, meddled, unheard = "", 1, 0, 0, 0
        for n in range(self.kills):
            down = n % 2 == 0
            kind = self.chance.choice(["price", "dispatch", "limit", "emergency"]) if down else kind
            say = (lambda: self.shed(kind, n)) if down else (lambda: self.restore(kind, n - 1))
            moment = self.chance.uniform(0, 1.2) if self.chance.random() < 0.7 else self.chance.uniform(0, 3)
            said_before = self.chance.random() < 0.8  # Else while it is dead, so that only the broker knows.
            twice = self.chance.random() < 0.25
            if said_before:
                say()
            time.sleep(moment)
            before = self.known()
            self.daemon.kill()
            if not said_before:
                say()
                unheard += 1
            if down and self.chance.random() < 0.4:
                meddled += 1
                for number in self.chance.sample(sorted(self.fleet.asleep()) or [0], 1):
                    self.fleet.curtail(number, "wakeup")
            self.daemon.start()
            starts += 1
            if twice:
                time.sleep(self.chance.uniform(0, 0.8))
                self.daemon.kill()
                self.daemon.start()
                starts += 1
                doubled += 1
            epoch = before[0]["epoch"]
            what = f"kill {n + 1} (seed {self.seed}): {kind} {'shed' if down else 'restored'}, {'said' if said_before else 'not yet said'}, {moment:.2f} s{', twice' if twice else ''}"
            self.asked_again(epoch)
            fits = (lambda asleep: asleep == 0) if not down else (lambda asleep: 255 <= asleep < MINERS) if kind == "limit" else (lambda asleep: asleep == MINERS)
            took = self.settles(fits, what)
            self.nothing_lost(*before)
            print(f"{what}; as decided {took:.1f} s later", flush=True)
        self.assertEqual(self.daemon.stop(), 0, self.daemon.tail())
        self.assertLessEqual(self.journal.one("SELECT count(*) FROM epoch WHERE cause = 'start'"), starts)
        print(f"{self.kills + doubled} kills, {starts} starts, {unheard} signals said to nobody, {meddled} machines woken meanwhile; journal: {self.journal.counts()}", flush=True)
        self.journal_can_be_read()

    def journal_can_be_read(self):
        audit = ballast("audit", self.site.journal_file, seconds=300)
        self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)
        print(audit.stdout.strip().splitlines()[-1], flush=True)
        event = self.journal.one("SELECT event FROM ordered WHERE event > 0 ORDER BY step DESC, n DESC LIMIT 1")
        for words in (["receipt", self.site.journal_file, event], ["explain", self.site.journal_file, "--load", self.site.ids[0]]):
            told = ballast(*words)
            self.assertEqual(told.returncode, 0, f"{words}: {told.stdout}{told.stderr}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
