#!/usr/bin/python3
"""`ballast run` from its start to its end: dry runs, reloads, what SIGTERM leaves.

    test_run.py              see daemon.py
"""
import json
import os
import re
import resource
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

    # ---- what it says

    def test_an_event_ends_by_the_name_it_began_with_and_a_word_is_confirmed(self):
        daemon = Daemon(self, self.site_of()).start()
        daemon.says("connected, MQTT")
        self.controls(daemon)
        self.site.price(20)
        eventually(lambda: re.search(r"event strike-\S+ is over", daemon.log()), 30, "the event is over", process=daemon)
        name = re.search(r"event (strike-\S+) is over", daemon.log())[1]
        self.assertIn(f"event {name} begins", daemon.log())
        said = ballast("hold", self.site.file, "miners", "--hours", "1.5", "--who", "jo", "--why", "drill")
        self.assertEqual((said.returncode, said.stdout), (0, "hold miners for 1.5 h: taken by the daemon (said by jo: drill)\n"))
        said = ballast("clear", self.site.file, "miners", "--who", "jo", "--why", "done", "--json")
        taken = json.loads(said.stdout)
        self.assertEqual((taken["ok"], taken["taken"]["word"], taken["taken"]["target"]), (True, "clear", "miners"))
        self.stopped(daemon)
        audited = ballast("audit", self.site.journal_file)
        self.assertEqual(audited.returncode, 0, audited.stdout + audited.stderr)
        self.assertIn("Read up to step", audited.stdout)

    # ---- reloads

    def reload(self, daemon, more):
        """The same site file with other tables besides."""
        self.site_of(more=more)
        daemon.send(signal.SIGHUP)

    def controls(self, daemon):
        """It hears a price, and obeys."""
        self.site.price(500)
        eventually(lambda: len(self.fleet.asleep()) == MINERS, 20, "all sleep", process=daemon)

    def taken_port(self):
        port = free_ports(1)[0]
        taker = socket.socket()
        self.addCleanup(taker.close)
        taker.bind(("127.0.0.1", port))
        taker.listen()
        return port

    def test_what_cannot_be_wired_is_refused_and_the_old_session_goes_on(self):
        daemon = Daemon(self, self.site_of()).start()
        daemon.says("connected, MQTT")
        for more, fault in [
            (f'[[signal]]\nname = "pool"\nkind = "hashprice"\ndriver = "modbus"\nhost = "127.0.0.1"\non_stale = "hold"\n'
             'value = { function = "holding", address = 0, type = "uint16", unit = "USD/PH/day" }\n', "which no register tells"),
            ('[mqtt.other]\nhost = "127.0.0.1"\ntls_ca = "env:CA"\n', "TLS reads files only"),
        ]:
            self.reload(daemon, SIGNALS + STRIKE + more)
            daemon.says(fault)
            daemon.says("reload refused, going on with the old file")
            checked = ballast("check", self.site.file)
            self.assertEqual(checked.returncode, 2)
            self.assertRegex(checked.stderr, r"testsite.toml:\d+:\d+: .*" + fault)
        self.assertEqual(daemon.log().count("connected, MQTT"), 1)
        self.controls(daemon)
        self.stopped(daemon)

    def test_a_reload_that_would_lose_what_is_in_force_is_refused(self):
        daemon = Daemon(self, self.site_of()).start()
        daemon.says("connected, MQTT")
        self.controls(daemon)
        for old, new, fault in [('path = "testsite.db"', 'path = "new.db"', 'new.db"; that takes a restart. Move the file there'),
                                ('name = "testsite"', 'name = "other"', "\'name\' was \"testsite\" and is \"other\", under which everything is heard and published; that takes a restart")]:
            text = self.site.text
            self.site.write(text.replace(old, new, 1))
            daemon.send(signal.SIGHUP)
            daemon.says(fault)
            daemon.says("reload refused, going on with the old file")
            self.site.write(text)
        self.assertFalse((self.site.folder / "new.db").exists())
        daemon.send(signal.SIGHUP)
        daemon.says("reloaded testsite")
        self.assertEqual(len(self.fleet.asleep()), MINERS)
        self.stopped(daemon)

    def test_machines_that_leave_the_site_file_while_they_sleep_are_named(self):
        daemon = Daemon(self, self.site_of()).start()
        daemon.says("connected, MQTT")
        self.controls(daemon)
        inventory = self.site.folder / "fleet.csv"
        rows = inventory.read_text().splitlines(keepends=True)
        inventory.write_text("".join(rows[:-2]))
        daemon.send(signal.SIGHUP)
        daemon.says("2 load(s) rest by our order and are not in the site file any more: m-00002, m-00003. Nobody wakes them now")
        inventory.write_text("".join(rows[:-3]))
        self.stopped(daemon)
        again = Daemon(self, self.site).start()
        again.says("1 load(s) rest by our order and are not in the site file any more: m-00001")
        self.stopped(again)

    def test_a_taken_http_port_ends_a_start_and_not_a_reload(self):
        http = f'[http]\nlisten = "127.0.0.1:{self.taken_port()}"\n'
        daemon = Daemon(self, self.site_of(more=SIGNALS)).start()
        daemon.says("connected, MQTT")
        self.reload(daemon, SIGNALS + STRIKE + http)
        daemon.says("is another ballast running?; controlling goes on without it")
        daemon.says("reloaded testsite: 1 group(s), 1 policy")
        self.controls(daemon)
        self.stopped(daemon)
        again = Daemon(self, self.site).start()
        self.assertEqual(again.child.wait(20), 1)
        self.assertIn("is another ballast running?", again.log())

    def test_a_session_that_cannot_begin_gives_way_to_the_one_before(self):
        """Too few descriptors for all the lines of the new site file."""
        daemon = Daemon(self, self.site_of()).start()
        daemon.says("connected, MQTT")
        few = len(os.listdir(f"/proc/{daemon.child.pid}/fd")) + 40
        resource.prlimit(daemon.child.pid, resource.RLIMIT_NOFILE, (few, few))
        meters = "".join(f"""
[[meter]]
name = "m-{i}"
driver = "modbus"
host = "127.0.0.1"
port = {40000 + i}
power = {{ function = "holding", address = 0, type = "uint16", scale_w = 1 }}
""" for i in range(100))
        self.reload(daemon, SIGNALS + STRIKE + meters)
        daemon.says("going on with the one before")
        self.controls(daemon)
        self.stopped(daemon)

    def test_what_was_called_outlives_the_policy_that_answered_it(self):
        utility = SIGNALS.replace('"market"', '"utility"').replace('"price"', '"dispatch"')
        obligations = '[[policy]]\nname = "obligations"\nkind = "dispatch"\nsignals = ["utility"]\n'
        restless = GROUP.replace("min_off_s = 600", "min_off_s = 0")
        daemon = Daemon(self, self.site_of(more=SIGNALS + STRIKE + utility + obligations, group=restless)).start()
        daemon.says("connected, MQTT")
        self.site.price(20)
        self.site.dispatch("d-1", full=True)
        eventually(lambda: len(self.fleet.asleep()) == MINERS, 20, "all sleep", process=daemon)
        for times, more in enumerate([SIGNALS + STRIKE + utility, SIGNALS + STRIKE], 1):
            self.site_of(more=more, group=restless)
            daemon.send(signal.SIGHUP)
            eventually(lambda times=times: daemon.log().count("reloaded testsite") == times, 20, "reloaded", process=daemon)
            daemon.says("d-1 still HOLDS as it was asked before")
        time.sleep(3)
        self.assertEqual(len(self.fleet.asleep()), MINERS)
        self.assertEqual(ballast("abort", self.site.file, "d-1", "--who", "jo", "--why", "over, by telephone").returncode, 0)
        eventually(lambda: not self.fleet.asleep(), 30, "all run again", process=daemon)
        self.stopped(daemon)
        self.assertEqual(ballast("audit", self.site.journal_file).returncode, 0)

    # ---- what SIGTERM leaves

    def test_a_site_without_policies_or_signals_is_left_asleep(self):
        for more in ["", SIGNALS]:
            daemon = Daemon(self, self.site_of(site='on_exit = "sleep"', more=more)).start()
            daemon.says("connected, MQTT")
            time.sleep(2)
            self.stopped(daemon)
            self.assertEqual(len(self.fleet.asleep()), MINERS)
            audited = ballast("audit", self.site.journal_file)
            self.assertEqual(audited.returncode, 0, audited.stdout + audited.stderr)
            for number in range(MINERS):
                self.fleet.curtail(number, "wakeup")


if __name__ == "__main__":
    unittest.main(verbosity=2)
