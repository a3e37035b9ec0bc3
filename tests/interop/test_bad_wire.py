#!/usr/bin/python3
"""Every bad input from a wire, sent to a daemon that goes on: what its log and its journal say of it, as the handbook quotes it."""
import json
import os
import re
import shlex
import struct
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bad_input import Shell, Table, code  # noqa: E402
from bad_peers import BadMiner, BadUnit, exception, hang, refusal, registers, reset  # noqa: E402
from daemon import Broker, Daemon, Journal, Scratch, Site, eventually, free_ports, utc  # noqa: E402

SIGNALS = """
[[signal]]
name = "market"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"
plausible_min = -500
plausible_max = 6000

[[signal]]
name = "utility"
kind = "dispatch"
driver = "mqtt"
broker = "main"
on_stale = "hold"
plausible_max = 100000

[[signal]]
name = "pool"
kind = "hashprice"
driver = "mqtt"
broker = "main"
on_stale = "hold"

[[signal]]
name = "feed"
kind = "price"
driver = "mqtt"
broker = "main"
topic = "iso/lmp"
value = "/data/0/lmp"
unit = "USD/MWh"
time = "/at"
interval_s = 300
plausible_max = 6000
on_stale = "hold"

[[signal]]
name = "call"
kind = "dispatch"
driver = "mqtt"
broker = "main"
topic = "grid/call"
value = "/kw"
unit = "kW"
time = "/at"
time_format = "unix_s"
id = "/id"
release = "/over"
on_stale = "hold"

[[policy]]
name = "obligations"
kind = "dispatch"
signals = ["utility", "call"]
"""

PRICE = '{"kind":"price","issued":"<now>","start":"<now>","end":"<+300>",'
CALL = '{"kind":"dispatch","id":"d-1","issued":"<now>",'
CAPTION = {"market": "ballast/testsite/signal/market", "utility": "ballast/testsite/signal/utility", "pool": "ballast/testsite/signal/pool", "feed": "iso/lmp", "call": "grid/call"}

OWN = [
    ("market", ["", " ", "hello", '{"kind":"price"', "{} {}", "[45.12]", "45.12", "null", "{}", '{"kind":1}', '{"kind":"prize"}', '{"kind":"dispatch"}', '{"kind":"price","kind":"price"}',
                '{"kind":"price","pirce":1}', '{"kind":"price"}', '{"kind":"price","issued":1782925200}', '{"kind":"price","issued":"2026-07-01T17:00:00"}', '{"kind":"price","issued":"2026-02-29T17:00:00Z"}',
                '{"kind":"price","issued":"1969-12-31T23:59:59Z"}', '{"kind":"price","issued":"now"}', '{"kind":"price","issued":"2026-07-01T17:00:00Z"}',
                '{"kind":"price","issued":"2026-07-01T17:00:00Z","start":"2026-07-01T17:00:00Z"}',
                '{"kind":"price","issued":"2026-07-01T17:00:00Z","start":"2026-07-01T17:05:00Z","end":"2026-07-01T17:00:00Z"}',
                PRICE + '"unit":"USD/MWh"}', PRICE + '"price":45.12}', PRICE + '"price":45.12,"unit":5}', PRICE + '"price":45.12,"unit":"MWh"}', PRICE + '"price":45.12,"unit":"EUR/MWh"}',
                PRICE + '"price":"45.12","unit":"USD/MWh"}', PRICE + '"price":null,"unit":"USD/MWh"}', PRICE + '"price":NaN,"unit":"USD/MWh"}', PRICE + '"price":1e300,"unit":"USD/MWh"}',
                PRICE + '"price":123456789012345678901234567890,"unit":"USD/MWh"}', PRICE + '"price":6000.01,"unit":"USD/MWh"}', PRICE + '"price":-501,"unit":"USD/MWh"}',
                b'{"kind":"\xff\xfe"}', b"\xff\xfe{\0}\0", b"\x89PNG\r\n\x1a\n", "[" * 9 + "]" * 9,
                '{"kind":"price","issued":"<+60>","start":"<+60>","end":"<+360>","price":45.12,"unit":"USD/MWh"}',
                '{"kind":"price","issued":"<-600>","start":"<-600>","end":"<-300>","price":45.12,"unit":"USD/MWh"}']),
    ("utility", ['{"kind":"price"}', '{"kind":"dispatch","issued":"<now>","full":true}', '{"kind":"dispatch","id":5,"issued":"<now>","full":true}', '{"kind":"dispatch","id":"","issued":"<now>","full":true}',
                 '{"kind":"dispatch","id":"a\\nb","issued":"<now>","full":true}', CALL + '"limit":1,"full":true,"unit":"kW"}', CALL + '"unit":"kW"}', CALL + '"full":false}', CALL + '"limit":12000}',
                 CALL + '"limit":12,"unit":"kw"}', CALL + '"limit":-1,"unit":"kW"}', CALL + '"limit":"12","unit":"kW"}', CALL + '"limit":1e13,"unit":"W"}', CALL + '"limit":101,"unit":"MW"}',
                 '{"kind":"dispatch","id":"d-1","issued":"2026-07-01T17:00:00Z","full":true,"duration_s":0}', CALL + '"full":true,"duration_s":60,"end":"<+60>"}', CALL + '"full":true,"ramp_s":-1}', CALL + '"full":true,"priority":1}',
                 '{"kind":"release","id":"d-0","issued":"<now>"}', '{"kind":"dispatch","id":"d-2","issued":"<+60>","full":true}', '{"kind":"dispatch","id":"d-3","issued":"<-60>","end":"<-30>","full":true}']),
    ("pool", ['{"kind":"hashprice","issued":"<now>","hashprice":45.1,"unit":"USD/MWh"}', '{"kind":"hashprice","issued":"<now>","hashprice":-1,"unit":"USD/PH/day"}']),
]
MAPPED = [
    ("feed", ["", "45.12", '{"at":"<now>"}', '{"at":"<now>","data":[]}', '{"at":"<now>","data":[{"lmp":null}]}', '{"at":"<now>","data":[{"lmp":"n/a"}]}', '{"at":"<now>","data":[{"lmp":6001}]}',
              '{"data":[{"lmp":45.12}]}', '{"at":"today","data":[{"lmp":45.12}]}', '{"at":1782925200,"data":[{"lmp":45.12}]}', '{"at":"<+60>","data":[{"lmp":45.12}]}']),
    ("call", ['{"id":"c-1","at":"2026-07-01T17:00:00Z","kw":500}', '{"at":1782925200,"kw":500}', '{"id":"c-1","at":-1,"kw":500}', '{"id":"c-1","at":1782925200}', '{"id":"c-1","at":1782925200,"kw":-5}',
              '{"id":"c-0","at":1782925200,"over":true}']),
]


WITHOUT_A_LINE = ("signal_duplicate", "signal_older", "heard")  # Of what is heard only an event has one.


def filled(payload):
    """With the times that <now> and <+60> stand for."""
    if isinstance(payload, bytes):
        return payload
    return re.sub(r"<(now|[+-]\d+)>", lambda found: utc(after_s=0 if found[1] == "now" else int(found[1])), payload)


def cell(payload):
    if isinstance(payload, bytes):
        return "the bytes " + code(repr(payload)[2:-1])
    return "nothing" if payload == "" else code(payload) if payload.strip() else "a blank"


class BadWire(unittest.TestCase):
    def setUp(self):
        self.broker = Broker(self, Scratch(self).path)

    def stand_up(self, more, machines=(("127.20.9.9", 9),), name="testsite", edit=lambda text: text, prepare=None, **tables):
        scratch = Scratch(self)
        self.shell = Shell(scratch.path)
        site = Site(scratch.path, self.broker, list(machines), name=name, more=more, **tables)
        site.write(edit(site.text))
        if prepare:
            prepare(site)
        daemon = Daemon(self, site).start()
        daemon.says("connected, MQTT", 20)
        return site, daemon, Journal(site.journal_file)

    # ---- MQTT

    def test_mqtt_payloads(self):
        def retained(site):
            for topic, payload in (("market", '{"kind":"price","issued":"<-600>","start":"<-600>","end":"<-300>","price":45.12,"unit":"USD/MWh"}'),
                                   ("utility", '{"kind":"dispatch","id":"d-0","issued":"<-7200>","end":"<-3600>","full":true}')):
                self.broker.publish(CAPTION[topic], filled(payload), retain=True)
        self.site, self.daemon, self.journal = self.stand_up(SIGNALS, edit=lambda text: text.replace("[mqtt.main]\n", '[mqtt.main]\nversion = "3.1.1"\n'), prepare=retained)
        table = Table("mqtt", "own", "topic", "payload", "the journal's word", "the log")
        eventually(lambda: self.count() >= 2, 10, "what was retained is heard", process=self.daemon)
        for name in ("market", "utility"):
            fate, = self.journal.query("SELECT fate FROM signal WHERE source = ?", name)[0]
            if name == "utility":
                self.daemon.says(f"{name}: ")
            line = next((line for line in self.lines(0) if f"{name}: " in line), "")
            table.row(name, f"retained, and over for long: a {'price' if name == 'market' else 'dispatch'}", fate, code(line) or "-")
        self.all_of(table, OWN)
        self.again(table)
        self.large(table)
        self.elsewhere(table)
        table.agrees(self)
        table = Table("mqtt", "mapped", "topic", "payload", "the journal's word", "the log")
        self.all_of(table, MAPPED)
        table.agrees(self)
        self.words()
        self.assertEqual(self.daemon.stop(), 0, self.daemon.tail())
        self.assertEqual(self.journal.sound(), "ok")

    def count(self):
        return self.journal.one("SELECT count(*) FROM signal") if self.journal.path.exists() else 0

    def lines(self, since):
        """The log from there on, without times and levels, and without what our one machine, which is not there, brings about."""
        told = [re.sub(r"^\[[^]]*\] \[[a-z]+\] ", "", line) for line in self.daemon.log()[since:].splitlines()]
        return [line for line in told if not re.match(r"ordered|luxos|\d+ load\(s\)", line)]

    def sends(self, name, payload):
        """What became of one message: the journal's word for it and the log's line."""
        before, mark = self.count(), len(self.daemon.log())
        self.broker.publish(CAPTION[name], filled(payload))
        eventually(lambda: self.count() > before, 10, f"{name} hears {payload!r}", process=self.daemon, every=0.02)
        fate, detail = self.journal.query("SELECT fate, detail FROM signal ORDER BY step DESC, n DESC LIMIT 1")[0]
        if detail:
            return fate, f"refused: {detail}"
        told = lambda: [line for line in self.lines(mark) if line.startswith((f"{name}:", "event"))]  # noqa: E731
        until = time.monotonic() + (1 if fate in WITHOUT_A_LINE else 5)
        while not told() and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.05)
        return fate, "\n".join(told())

    def all_of(self, table, cases):
        for name, payloads in cases:
            for payload in payloads:
                fate, line = self.sends(name, payload)
                self.assertNotIn("suppressed", line)
                table.row(name, cell(payload), fate, code(line) or "-")
                time.sleep(0.08)  # Of more than 16 refusals a second some are told as a count.

    def again(self, table):
        """The same id several times."""
        first = filled(CALL + '"limit":900,"unit":"kW"}')
        older = filled('{"kind":"dispatch","id":"d-1","issued":"<-30>","full":true}')
        release = filled('{"kind":"release","id":"d-1","issued":"<+1>"}')
        table.row("utility", "a reduction, and no meter", *self.told("utility", filled('{"kind":"dispatch","id":"d-4","issued":"<now>","reduce":1,"unit":"kW"}')))
        self.told("utility", filled('{"kind":"release","id":"d-4","issued":"<+1>"}'))
        for what, payload in (("a dispatch", first), ("the same again", first), ("an older one of the same id", older), ("its release", release), ("the dispatch again, after its release", first)):
            table.row("utility", what, *self.told("utility", payload))

    def told(self, name, payload):
        fate, line = self.sends(name, payload)
        return fate, code(line) or "-"

    def large(self, table):
        for what, payload in (("70,000 blanks", b" " * 70_000), ("10 MB", b"x" * 10_000_000), ("10,000 opening brackets", b"[" * 10_000)):
            table.row("market", what, *self.told("market", payload))
        time.sleep(1.1)
        self.broker.publish_lines(CAPTION["market"], ["{"] * 60)
        eventually(lambda: self.journal.query("SELECT 1 FROM signal WHERE fate = 'flooded'"), 10, "a count is journaled", process=self.daemon)
        detail = self.journal.one("SELECT detail FROM signal WHERE fate = 'flooded'")
        table.row("market", "`{` 60 times at once: 16 are told, then", "flooded", code("refused: " + re.sub(r"^\d+", "44", detail)))
        time.sleep(1.1)

    def elsewhere(self, table):
        before = self.count()
        for topic in ("ballast/testsite/signal/markt", "ballast/other/signal/market", "ballast/testsite/signal"):
            self.broker.publish(topic, "{")
        self.sends("market", "{")
        self.assertEqual(self.count(), before + 1)
        table.row("`ballast/testsite/signal/markt`, or another site's", "`{`", "-", "nothing: nobody listens there")

    def words(self):
        """A person's word to the daemon that runs."""
        table = Table("commands", "heard", "typed", "status", "message")
        for line in ("hold testsite.toml nobody --hours 1 --why drill", "hold testsite.toml m-0000 --hours 1 --why drill", "lockout testsite.toml miner --why drill", "lockout testsite.toml nobody --why drill", "clear testsite.toml nobody --why drill", "abort testsite.toml d-99 --why mistake"):
            status, errors = self.shell.complains(*shlex.split(line))
            self.assertEqual(status, 2, line + errors)
            table.row(code(f"ballast {line}"), status, code(errors))
        table.agrees(self)

    # ---- Modbus

    def test_modbus_answers(self):
        def closes(unit, request):
            raise ConnectionError
        self.flaps = 0

        def chatters(unit, request):
            self.flaps += 1
            return BadUnit.says(request, bytes([request[7], 1, self.flaps % 2]))
        self.units = []
        answers = [(f"exception {number}", exception(number)) for number in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 99)]
        answers += [("one register where two were asked", registers(b"\1\2")), ("four registers where two were asked", registers(bytes(8))),
                    ("the answer to another request", lambda unit, request: BadUnit.says(request, b"\3\4\0\0\0\0", transaction=0xAAAA)),
                    ("the exception of another function", lambda unit, request: BadUnit.says(request, b"\x84\2")),
                    ("a web server's words", lambda unit, request: b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 300), ("the connection closed", closes), ("silence", lambda unit, request: b""),
                    ("half an answer", lambda unit, request: BadUnit.says(request, b"\3\4\0\0\0\0")[:8]), ("float32 NaN", registers(b"\x7f\xc0\0\0")), ("float32 infinity", registers(b"\x7f\x80\0\0")),
                    ("float32 10^30", registers(struct.pack(">f", 1e30))), ("nobody listens", None)]
        more = "".join(self.meter(i, answer) for i, (_, answer) in enumerate(answers))
        other = BadUnit(self, lambda unit, request: BadUnit.says(request, b"\3\4\0\0\0\0", unit=9))
        more += self.meter("other", port=other.port)
        signals = [("a limit of 60 MW, above `plausible_max`", "limit", registers(struct.pack(">I", 60_000))), ("a limit of 0 after a reboot, below `plausible_min`", "limit", registers(bytes(4))),
                   ("0xFFFFFFFF without `none`", "limit", registers(b"\xff" * 4)), ("a contact that chatters", "contact", chatters)]
        more += "".join(self.signal(i, kind, answer) for i, (_, kind, answer) in enumerate(signals))
        policy = '\n[[policy]]\nname = "obligations"\nkind = "dispatch"\nsignals = [' + ", ".join(f'"s-{i}"' for i in range(len(signals))) + "]\n"
        site, daemon, journal = self.stand_up(more + policy)
        table = Table("modbus", "modbus", "the answer", "the log")

        def told(name):
            found = re.search(rf"\[warning\] ((meter|signal) {name}: .*)", daemon.log())
            return found and re.sub(r"(127\.0\.0\.1):\d+", r"\1:502", found[1])
        for i, (what, _) in enumerate(answers):
            table.row(what, code(eventually(lambda: told(f"m-{i}"), 15, f"{what} is told", process=daemon).replace(f"m-{i}", "poi")))
        daemon.says("meter m-other is heard")
        table.row("another unit's number in an answer over TCP", "nothing: it is taken; the transaction's number counts, since many gateways answer so")
        for i, (what, kind, _) in enumerate(signals):
            if kind == "contact":
                eventually(lambda: self.flaps > 30, 15, "the contact has chattered", process=daemon)
                self.assertEqual(journal.query("SELECT * FROM signal WHERE source = ?", f"s-{i}"), [])
                table.row(what, "nothing: it counts when it has stood for `debounce_ms`")
            else:
                table.row(what, code(eventually(lambda: told(f"s-{i}"), 15, f"{what} is told", process=daemon).replace(f"s-{i}", "rtu")))
                self.assertEqual(journal.one("SELECT count(*) FROM signal WHERE source = ?", f"s-{i}"), 1, f"{what} is journaled, once")
        table.agrees(self)
        self.assertEqual(daemon.stop(), 0, daemon.tail())

    def where(self, answer=None, port=None):
        port = port or (BadUnit(self, answer).port if answer else free_ports(1)[0])
        return f'driver = "modbus"\ntransport = "tcp"\nhost = "127.0.0.1"\nport = {port}\nperiod_ms = 50\ntimeout_ms = 500\n'

    def meter(self, number, answer=None, port=None):
        return f'\n[[meter]]\nname = "m-{number}"\n{self.where(answer, port)}power = {{ function = "holding", address = 3059, type = "float32", order = "abcd", scale_w = 1000 }}\n'

    def signal(self, number, kind, answer):
        what = 'contact = { function = "coil", address = 0, active = "closed", debounce_ms = 500 }\n'
        if kind == "limit":
            what = 'value = { function = "holding", address = 10, type = "uint32", order = "abcd", unit = "kW" }\nplausible_min = 50\nplausible_max = 50000\n'
        return f'\n[[signal]]\nname = "s-{number}"\nkind = "{kind}"\non_stale = "hold"\n{self.where(answer)}{what}'

    # ---- miners

    def test_miners_that_answer_badly(self):
        half = [("logon: garbage, a web server's", {"logon": b"HTTP/1.1 404 Not Found\r\n\r\n"}), ("logon: nothing, and closes", {"logon": b""}), ("logon: half a reply", {"logon": b'{"SESSION":[{"Sess'}),
                ("logon: 200 KB of brackets", {"logon": b'{"SESSION":[' + b"{" * 200_000}), ("logon: refused", {"logon": refusal(14, "Invalid command")}),
                ("curtail: refused", {"curtail": refusal(23, "Access denied")}), ("curtail: every session invalid", {"curtail": refusal(401, "Invalid session")}),
                ("logon: an id that could smuggle a command", {"logon": b'{"SESSION":[{"SessionID":"a,wakeup"}],"STATUS":[{"STATUS":"S","Code":316,"Msg":"Session"}]}\0'})]
        rest = [("logon: hangs", {"logon": hang}), ("logon: resets the connection", {"logon": reset}), ("nobody at its address", None), ("sleep: said to be done, and runs on", {}),
                ("answers with another machine's MAC", {}), ("garbage to whatever it is asked", {"all": b"\xff\xfe<html>not a miner</html>\n"})]
        table = Table("devices", "devices", "the machine", "the log", "the receipt")
        sites = [self.badly(name, some) for name, some in (("north", half), ("south", rest))]
        for site, daemon, journal, some in sites:
            eventually(lambda: (journal.one("SELECT count(DISTINCT load) FROM miss WHERE given_up = 1") or 0) == len(some), 25, "all are given up", process=daemon)
            for load, (what, _) in zip(site.ids, some):
                line = next((line for line in daemon.log().splitlines() if f"luxos {load} " in line), "")
                line = re.sub(r"^\[[^]]*\] \[[a-z]+\] ", "", line).replace(load, "m-7")
                line = re.sub(r"\(127[^)]*\)", "(10.1.0.7:4028)", re.sub(r"\(\d+ so far\)", "(1 so far)", line))
                cause = journal.one("SELECT cause FROM miss WHERE load = ? ORDER BY step LIMIT 1", load)
                table.row(what, code(line) or "-", code(f"{cause}, given up"))
            self.assertEqual(daemon.stop(), 0, daemon.tail())
        table.agrees(self)

    def badly(self, name, some):
        net = 20 if name == "north" else 21
        port = free_ports(1)[0]
        machines = [(f"127.20.{net}.{i + 1}", port) for i in range(len(some))]
        for address, (_, script) in zip(machines, some):
            if script is not None:
                BadMiner(self, address, script)

        def inventory(site):
            file = site.folder / "fleet.csv"
            macs = [",02:00:00:00:00:01" if "MAC" in what else "," for what, _ in some]
            lines = file.read_text().splitlines()
            file.write_text("\n".join([lines[0] + ",mac"] + [line + mac for line, mac in zip(lines[1:], macs)]) + "\n")
        group = "min_off_s = 0\nmin_on_s = 0\npoll_s = 1\ntimeout_ms = 500\noff_within_s = 2\n"
        site, daemon, journal = self.stand_up(SIGNALS, machines, name, prepare=inventory, group=group, site="reassert_every_s = 1\ntries = 2\n")
        time.sleep(2.5)  # All have been asked how they are.
        site.dispatch("d-1", full=True)
        return site, daemon, journal, some


if __name__ == "__main__":
    unittest.main(verbosity=2)
