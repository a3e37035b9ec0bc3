#!/usr/bin/python3
"""The operator's word through the real command line, two real brokers for one source, and somebody else who wakes machines.

    test_operator.py              see daemon.py
"""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Broker, Daemon, Journal, Listener, LuxosFleet, Scratch, Site, ballast, eventually, utc  # noqa: E402

MINERS = 4

GROUP = """
min_off_s = 0
min_on_s = 0
stagger_ms = 1
poll_s = 1
off_within_s = 5
on_within_s = 5
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

MARKET = """
[[signal]]
name = "market"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"

[[policy]]
name = "strike"
kind = "price_strike"
signal = "market"
groups = ["miners"]
strike_per_mwh = 80
"""

SECOND = """
[mqtt.second]
host = "127.0.0.1"
port = {port}
client_id = "ballast-second"

[[signal]]
name = "utility-2"
same_as = "utility"
kind = "dispatch"
driver = "mqtt"
broker = "second"
topic = "ballast/testsite/signal/utility"
agree_within_s = 3
stale_after_s = 600
"""

HALL = """
[[group]]
name = "gpu-hall"
driver = "metered"
tier = "firm"
nameplate_kw = 1000
owner = "tenant-a"
"""


class Operator(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch(self)
        self.broker = Broker(self, self.scratch.path)
        self.fleet = LuxosFleet(self, self.scratch.path, MINERS)

    def running(self, more, site=""):
        self.site = Site(self.scratch.path, self.broker, self.fleet.machines, site=site, group=GROUP, more=more)
        self.journal = Journal(self.site.journal_file)
        self.listener = Listener(self, self.broker, "ballast/#")
        self.daemon = Daemon(self, self.site).start()
        self.daemon.says("connected")
        return self.daemon

    def asleep(self, count, seconds=20):
        eventually(lambda: len(self.fleet.asleep()) == count, seconds, f"{count} asleep", process=self.daemon)

    def stays_asleep(self, count, seconds=3):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.assertEqual(len(self.fleet.asleep()), count, self.daemon.tail())
            time.sleep(0.3)

    def say(self, *words, status=0):
        said = ballast(words[0], self.site.file, *words[1:])
        self.assertEqual(said.returncode, status, said.stdout + said.stderr)
        return said.stdout + said.stderr

    def state(self, what, seconds=10):
        return eventually(lambda: what(self.listener.latest(self.daemon.state_topic) or {}), seconds, "the state says it", process=self.daemon)

    # ---- Must show: abort during a stuck event

    def test_an_abort_during_a_stuck_event_releases_the_loads_and_disarms_the_rule(self):
        daemon = self.running(UTILITY)
        self.site.dispatch("d-1", full=True)
        self.asleep(MINERS)
        self.assertIn("taken by the daemon", self.say("abort", "d-1", "--who", "jo", "--why", "the RTU is stuck"))
        self.asleep(0)
        daemon.says("aborted: d-1 by jo: the RTU is stuck")
        daemon.says("obligations is DISARMED by jo: the RTU is stuck")
        disarmed = self.state(lambda s: s.get("disarmed"))
        self.assertEqual(disarmed, [{"policy": "obligations", "who": "jo", "why": "the RTU is stuck", "until": None, "protections": False}])

        # What is called afterwards is heard, told, and moves nothing; nor does a crash forget it.
        self.site.dispatch("d-2", full=True)
        daemon.says("d-2 moves nothing")
        self.stays_asleep(0)
        daemon.kill()
        daemon.start()
        daemon.says("connected")
        self.stays_asleep(0)
        self.assertIn("Policy obligations is disarmed by jo (the RTU is stuck)", ballast("explain", self.site.journal_file).stdout)
        self.assertIn("Aborted: d-1 by jo: the RTU is stuck", ballast("receipt", self.site.journal_file, "d-1").stdout)

        # Emergencies are obeyed all the same; what is one needs force, and an end within the hour.
        self.site.emergency("e-1", full=True)
        self.asleep(MINERS)
        self.assertIn("--force", self.say("abort", "e-1", "--who", "jo", "--why", "false alarm", status=2))
        self.assertEqual(len(self.fleet.asleep()), MINERS)
        self.say("abort", "e-1", "--who", "jo", "--why", "false alarm", "--force", "--for", "4s")
        self.asleep(0)
        daemon.says("armed again: its time is over")
        self.asleep(MINERS)  # d-2 has stood all the time.
        self.site.release("d-2")
        self.asleep(0)
        self.assertEqual(daemon.stop(), 0)
        audited = ballast("audit", self.site.journal_file)
        self.assertEqual(audited.returncode, 0, audited.stdout + audited.stderr)

    # ---- one source on two brokers

    def test_a_source_on_two_brokers_binds_at_once_and_lets_go_when_both_agree(self):
        other = self.scratch.path / "second"
        other.mkdir()
        second = Broker(self, other)
        daemon = self.running(UTILITY.replace('on_stale = "hold"', 'on_stale = "hold"\nstale_after_s = 600') + SECOND.format(port=second.port))
        eventually(lambda: daemon.log().count("connected") >= 2, 20, "both brokers are connected", process=daemon)
        message = {"kind": "dispatch", "id": "d-1", "issued": utc(), "full": True}
        second.publish(self.site.topic("utility"), message)
        self.asleep(MINERS)
        self.broker.publish(self.site.topic("utility"), message)
        self.site.release("d-1", retain=False)
        daemon.says("the channels of utility DISAGREE about d-1")
        self.assertEqual(len(self.fleet.asleep()), MINERS)
        second.publish(self.site.topic("utility"), {"kind": "release", "id": "d-1", "issued": utc()})
        self.asleep(0)
        self.assertEqual([kind for kind in daemon.log().splitlines() if "event d-1 begins" in kind].__len__(), 1)

        # With one broker gone the other still reaches the site.
        self.broker.stop()
        daemon.says("connection lost")
        second.publish(self.site.topic("utility"), {"kind": "dispatch", "id": "d-2", "issued": utc(), "full": True})
        self.asleep(MINERS)

    # ---- somebody else wakes our machines

    def test_a_machine_that_somebody_else_wakes_is_named_and_sent_back_ever_more_seldom(self):
        daemon = self.running(MARKET, site="reassert_every_s = 2\ncontested_after = 2\n")
        self.site.price(500)
        self.asleep(MINERS)
        waits = []
        for _ in range(3):
            self.state(lambda s: s.get("interruptible_w", 1e9) < 1000)  # It has seen them asleep.
            began = time.monotonic()
            self.fleet.curtail(1, "wakeup")
            self.asleep(MINERS - 1, 5)
            self.asleep(MINERS, 30)
            waits.append(time.monotonic() - began)
        self.assertLess(waits[0], waits[2])
        self.assertGreater(waits[2], 2.5)
        daemon.says("1 load(s) were woken again by something else, 2 times or more: m-00001")
        self.assertEqual(self.state(lambda s: s.get("contested", {}).get("loads") and s["contested"]), {"loads": 1, "named": ["m-00001"]})
        self.assertIn("Something else woke it 3 time(s)", ballast("explain", self.site.journal_file, "--load", "m-00001").stdout)

    # ---- maintenance, override, notice

    def test_maintenance_and_an_override_end_by_themselves(self):
        daemon = self.running(MARKET + UTILITY)
        self.site.price(10)
        self.say("maintenance", "m-00000", "--for", "6s", "--who", "jo", "--why", "a fan")
        self.asleep(1)
        daemon.says("maintenance of m-00000 is over")
        self.asleep(0)
        self.say("override", "site", "--limit", "8kW", "--for", "5s", "--who", "jo", "--why", "a hot transformer")
        self.asleep(2)
        self.assertEqual(self.state(lambda s: s.get("said"))[0]["limit_w"], 8000)
        daemon.says("override of site is over")
        self.asleep(0)
        self.site.price(500)
        self.asleep(MINERS)
        self.say("override", "miners", "--run", "--for", "5s", "--who", "jo", "--why", "heat is wanted")
        self.asleep(0)
        daemon.says("override of miners is over")
        self.asleep(MINERS)

    def test_the_owner_of_firm_load_gets_notice_and_its_withdrawal(self):
        self.running(UTILITY + HALL)
        topic = "ballast/testsite/notice/gpu-hall"
        self.site.dispatch("d-1", limit=600)
        told = eventually(lambda: self.listener.latest(topic), 20, "a notice", process=self.daemon)
        self.assertEqual((told["owner"], told["asked"], told["policy"]), ("tenant-a", True, "obligations"))
        self.assertGreaterEqual(told["reduce_w"], 400_000)
        self.assertLess(told["reduce_w"], 420_000)
        self.site.release("d-1")
        eventually(lambda: self.listener.latest(topic)["asked"] is False, 20, "its withdrawal", process=self.daemon)
        late = Listener(self, self.broker, topic)
        self.assertFalse(eventually(lambda: late.latest(topic), 5, "it is retained")["asked"])


if __name__ == "__main__":
    unittest.main()
