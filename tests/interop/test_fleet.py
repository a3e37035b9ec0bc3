#!/usr/bin/python3
"""A price on MQTT puts the yardstick's fleet to sleep and back; with 5 % hung too; and by emergency, when the contactor goes.

    test_fleet.py            BALLAST_MINERS=2000; see daemon.py for the rest
"""
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Broker, Daemon, Journal, Listener, LuxosFleet, Scratch, Site, ballast, eventually  # noqa: E402
from modbus_site import ModbusSite  # noqa: E402

MINERS = int(os.environ.get("BALLAST_MINERS", "2000"))
WATTS, HUNG_PERCENT, RESIDUAL_KW = 3400, 5, 200
STAGGER_MS = 2

GROUP = f"""
min_off_s = 0
min_on_s = 0
stagger_ms = {STAGGER_MS}
poll_s = 5
timeout_ms = 1000
off_within_s = 8
on_within_s = 8
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
prove_within_s = 3
escalate_to = "power_off"
emergency_escalate_to = "contactor"
contactor_after_s = 5
"""


class FleetCase(unittest.TestCase):
    """One daemon, `MINERS` machines, a meter and a contactor that carries them all."""

    def stand_up(self, hung_percent=0):
        scratch = Scratch(self)
        self.broker = Broker(self, scratch.path)
        self.fleet = LuxosFleet(self, scratch.path, MINERS, 0, hung_percent)
        self.units = ModbusSite(self, scratch.path)
        self.full_kw = RESIDUAL_KW + MINERS * WATTS / 1e3
        self.units.shows(self.full_kw)
        self.site = Site(scratch.path, self.broker, self.fleet.machines, watts=WATTS, group=GROUP,
                         site=f'meter = "poi"\noverhead_kw = {RESIDUAL_KW}\nreassert_every_s = 3\ntries = 2\n',
                         more=self.units.meter() + self.units.contactor() + SIGNALS)
        self.daemon = Daemon(self, self.site)
        self.journal = Journal(self.site.journal_file)
        self.listener = Listener(self, self.broker, self.daemon.state_topic)
        self.site.price(20)
        self.daemon.start()
        eventually(lambda: self.listener.latest(self.daemon.state_topic), 30, "the daemon tells its state", process=self.daemon)
        eventually(self.known, 60, "the healthy machines have told what they draw", process=self.daemon)

    def known(self):
        state = self.listener.latest(self.daemon.state_topic)
        return state["interruptible_w"] >= MINERS * WATTS * 0.9 and state["available_up_w"] == 0

    def sleeping(self):
        """By the fleet's own count."""
        return self.fleet.counted_asleep()

    def down(self, count, what, seconds=30):
        begun = time.monotonic()
        eventually(lambda: self.sleeping() == count, seconds, what, process=self.daemon)
        print(f"{what}: {count} asleep, told within {time.monotonic() - begun:.1f} s (the fleet counts once a second)", flush=True)

    def contactor_orders(self):
        return self.journal.query("SELECT at_utc, rung, reason FROM ordered WHERE rung IN ('open', 'close')")

    def hung(self):
        """Who does not answer the test either."""
        answered = self.fleet.ask_all({"command": "version"}, seconds=3, at_once=MINERS)
        return {self.site.ids[i] for i in range(MINERS) if i not in answered}

    def receipt(self, event):
        told = ballast("receipt", self.site.journal_file, event, "--json")
        self.assertEqual(told.returncode, 0, told.stderr)
        return json.loads(told.stdout)

    def audited(self):
        self.assertEqual(self.daemon.stop(), 0, self.daemon.tail())
        audit = ballast("audit", self.site.journal_file)
        self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)


class AHealthyFleet(FleetCase):
    def test_sleeps_by_price_and_comes_back_staggered(self):
        self.stand_up()
        self.site.price(500)
        self.down(MINERS, "a price above every strike")
        self.units.shows(RESIDUAL_KW + 50)
        self.site.price(20)
        begun = time.monotonic()
        eventually(lambda: self.sleeping() < MINERS, 10, "the first wake", process=self.daemon)
        eventually(lambda: self.sleeping() == 0, 60 + MINERS * STAGGER_MS / 1e3, "all run again", process=self.daemon)
        took = time.monotonic() - begun
        print(f"back in {took:.1f} s, staggered by {STAGGER_MS} ms", flush=True)
        self.assertGreater(took, MINERS * STAGGER_MS / 1e3 * 0.7, "woken without stagger")
        self.assertEqual(self.contactor_orders(), [])
        self.audited()


class AFleetOfWhichSomeHang(FleetCase):
    def test_price_then_emergency(self):
        self.stand_up(HUNG_PERCENT)
        hung = self.hung()
        self.assertEqual(len(hung), MINERS * HUNG_PERCENT // 100)
        healthy = MINERS - len(hung)
        with self.subTest("the rest sleeps as fast, the hung are named, no contactor for a price"):
            self.site.price(500)
            self.down(healthy, "a price, with 5 % hung")
            event = eventually(lambda: self.journal.one("SELECT max(event) FROM ordered WHERE policy = 'strike'"), 10, "the price's event is journaled")
            given_up = lambda: {miss["load"] for miss in self.receipt(event)["misses"] if miss["given_up"]}  # noqa: E731
            eventually(lambda: given_up() == hung, 40, "the receipt names the hung as given up, and nobody else", every=1)
            self.assertEqual(self.contactor_orders(), [])
            self.assertIn("were not seen to obey in time", self.daemon.log())
        stuck_kw = len(hung) * WATTS / 1e3
        limit_kw = round(RESIDUAL_KW + stuck_kw / 2 + MINERS * 0.025)
        with self.subTest("an emergency that the meter shows to be met opens nothing"):
            self.units.shows(RESIDUAL_KW)
            self.site.emergency("e-met", limit=limit_kw)
            eventually(lambda: self.journal.one("SELECT count(*) FROM note WHERE kind = 'event_opened' AND text = 'e-met'"), 10, "the emergency is in force")
            time.sleep(12)  # prove_within_s and contactor_after_s, and as long again.
            self.assertTrue(self.units.contactor_closed())
            self.assertEqual(self.contactor_orders(), [])
            self.site.release("e-met")
            eventually(lambda: self.journal.one("SELECT count(*) FROM note WHERE kind = 'event_closed' AND text = 'e-met'"), 10, "it is released")
        with self.subTest("one that the meter shows a shortfall of opens the contactor, after its deadline"):
            self.units.shows(RESIDUAL_KW + stuck_kw + MINERS * 0.025)
            time.sleep(1)
            asked = time.monotonic()
            self.site.emergency("e-short", limit=limit_kw)
            eventually(lambda: not self.units.contactor_closed(), 30, "the contactor opens", process=self.daemon)
            took = time.monotonic() - asked
            print(f"contactor open {took:.1f} s after the emergency", flush=True)
            self.assertGreater(took, 7.5, "before prove_within_s and contactor_after_s were over")
            self.assertLess(took, 15)
            self.assertRegex(self.daemon.log(), r"contactor block opens: the meter still shows [0-9.]+ kW too much")
            self.units.shows(RESIDUAL_KW)
            event = self.journal.one("SELECT event FROM note WHERE kind = 'event_opened' AND text = 'e-short'")
            eventually(lambda: self.receipt(event)["contactors_opened"] == ["block"], 10, "the receipt names the contactor")
        self.audited()


if __name__ == "__main__":
    unittest.main(verbosity=2)
