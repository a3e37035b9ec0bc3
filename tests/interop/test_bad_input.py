#!/usr/bin/python3
"""Every bad input from a command line or a file: it ends by itself, with the right status and the message that the handbook quotes."""
import fcntl
import os
import pathlib
import shlex
import shutil
import socket
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bad_input import Shell, Table, code, shown  # noqa: E402
from daemon import PROJECT  # noqa: E402

SITE = """[site]
name = "mesa"
time_zone = "America/Chicago"

[mqtt.main]
host = "127.0.0.1"
port = 1

[[signal]]
name = "lmp"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"

[[group]]
name = "miners"
driver = "luxos"
tier = "interruptible"
inventory = "fleet.csv"

[[policy]]
name = "strike"
kind = "price_strike"
signal = "lmp"
groups = ["miners"]
strike_per_mwh = 80
"""
FLEET = "id,host,watts,joules_per_terahash\nm-1,127.20.0.1,3400,17.5\n"
HOURS = "delivery_date,hour_ending,dam_lmp,rtm_lmp\n"
GRIDSTATUS = "Interval Start,Interval End,Location,LMP\n"
LONG = "x" * 300


class BadInput(unittest.TestCase):
    def setUp(self):
        # Not in the tree: a user without rights, as whom some of this is tried, need not be let into root's home.
        folder = tempfile.TemporaryDirectory(prefix="ballast-")
        self.addCleanup(folder.cleanup)
        self.shell = Shell(folder.name)
        self.shell.write("site.toml", SITE)
        self.shell.write("fleet.csv", FLEET)
        self.shell.write("day.csv", HOURS + "".join(f"2024-08-20,{hour},10,{hour}\n" for hour in range(1, 25)))

    def tries(self, table, line, what=None, status=2, **options):
        """One command line; its table shows it, or `what` where that says more."""
        got, errors = self.shell.complains(*shlex.split(line), **options)
        self.assertEqual(got, status, f"ballast {line}: {errors}")
        shown_line = code(f"ballast {line}".rstrip().replace(LONG, "xxx..."))
        table.row(f"{shown_line}{', ' + what if what else ''}", got, code(errors))

    # ---- command lines

    def test_command_lines(self):
        table = Table("commands", "commands", "typed", "status", "message")
        for line in ("", "frobnicate", "--json check site.toml"):
            self.tries(table, line)
        for command in ("check", "run", "simulate", "discover", "replay", "plan", "fleet", "explain", "receipt", "audit", "hold", "lockout", "clear", "abort", "maintenance", "override"):
            self.tries(table, command)
        self.shell.write("empty.toml")
        self.shell.write("deep.toml", "a" + ".a" * 300_000 + " = 1")
        self.shell.unreadable("secret.toml", SITE)
        for line in ("check site.toml more", "check --jsn site.toml", "check ''", "check nosuch.toml", "check .", "check /dev/zero", "check empty.toml", "check deep.toml",
                     "check --json nosuch.toml", "run nosuch.toml", "run --dryrun site.toml", "simulate nosuch.toml", "replay nosuch.toml --prices day.csv",
                     "hold nosuch.toml site --hours 1 --why drill"):
            if "--json" in line:
                status, out, _ = self.shell.ballast(*shlex.split(line))
                table.row(code(f"ballast {line}"), status, code(out))
            else:
                self.tries(table, line)
        self.tries(table, "check secret.toml", "which we may not read", nobody=True)
        self.plans(table)
        self.simulations(table)
        self.discoveries(table)
        table.agrees(self)

    def plans(self, table):
        self.shell.write("prize.json", '{"kind":"prize"}')
        self.shell.write("beat.json", '{"kind":"heartbeat","issued":"2026-07-01T17:00:30Z"}')
        self.shell.write("drill.json", '{"kind":"dispatch","id":"d-1","issued":"2026-07-01T17:00:00Z","full":true}')
        for wish in ("", "--limit 1MW --price 85", "--limit ''", "--limit 12", "--limit 12mw", "--limit -1MW", "--limit 1,5MW", "--price dear", "--price 85EUR/MWh", "--price 85 --signal utility", "--event nosuch.json", "--event .",
                     "--event empty.toml", "--event prize.json", "--event beat.json", "--event drill.json"):
            self.tries(table, f"plan site.toml {wish}")
        self.shell.write("mesa.db", "no database")
        self.tries(table, "plan site.toml --limit 1kW", "with some text where the journal should be", status=1)
        (self.shell.folder / "mesa.db").unlink()

    def simulations(self, table):
        for option in ("--speed 0", "--speed fast", "--speed nan", "--seed -1", "--seed 1.5", "--for -1", "--for nan", "--full-after inf", "--node HB_WEST",
                       "--prices nosuch.csv", "--prices day.csv --from noon", "--faults hung", "--faults hung=101", "--faults hung=-1", "--faults hung=0.5", "--faults hung=5,hung=6", "--faults hung=60,lies=60", "--faults miners:trip@5",
                       "--faults poi:silent@soon"):
            self.tries(table, f"simulate site.toml {option}")
        self.shell.write("far.csv", FLEET.replace("127.20.0.1", "10.2.0.1"))
        self.shell.write("far.toml", SITE.replace("fleet.csv", "far.csv"))
        self.tries(table, "simulate far.toml")
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.20.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.shell.write("taken.toml", SITE.replace('driver = "luxos"\n', f'driver = "luxos"\nport = {port}\n'))
            status, errors = self.shell.complains("simulate", "taken.toml", "--for", "1")
            table.row("`ballast simulate taken.toml`, where somebody listens already", status, code(errors.replace(str(port), "4028")))

    def discoveries(self, table):
        self.shell.write("taken.csv")
        for line in ("10.0.0.0/8", "10.0.0.0/33 miner-1 fd00::/120", "127.41.9.1 --rate 0", "127.41.9.1 --open 1001", "127.41.9.1 --timeout soon", "127.41.9.1 --http-port 0", "127.41.9.1 --force", "127.41.9.1 --csv taken.csv",
                     "127.41.9.1 --site nosuch.toml", "127.41.9.1 --password-file luxos=word", "127.41.9.1 --password-file antminer=nosuch", "127.41.9.1 --user antminer=root", "127.41.9.1 --user root"):
            self.tries(table, f"discover {line}")

    def test_words_without_a_daemon(self):
        table = Table("commands", "words", "typed", "status", "message")
        for line in ("hold site.toml", "hold site.toml site --hours 1", "hold site.toml site --why drill", "hold site.toml site --why drill --hours 0",
                     "hold site.toml site --why drill --hours 745", "hold site.toml site --why drill --hours nan", "hold site.toml site --why '' --hours 1",
                     "hold site.toml '' --why drill --hours 1", "lockout site.toml site --why drill --hours 1", "hold site.toml site --why drill --for 1h --hours 1",
                     "hold site.toml site --why drill --for soon", "maintenance site.toml m-1 --why fan --for 32d", "maintenance site.toml m-1 --why fan", "abort site.toml d-1 --why mistake --for 0s",
                     "hold site.toml site --why drill --for 1h --force", "override site.toml site --why hot --for 1h", "override site.toml site --why hot --limit 1MW", "override site.toml site --why hot --limit 12 --for 1h",
                     "override site.toml site --why hot --limit 1MW --run --for 1h", f"lockout site.toml m-1 --why {LONG}", f"lockout site.toml m-1 --who {LONG} --why drill", f"clear site.toml {LONG} --why drill"):
            self.tries(table, line)
        self.tries(table, "clear site.toml m-1 --why repaired", "without $USER", USER="")
        for line in ("hold site.toml site --why drill --hours 1", "lockout site.toml m-1 --why smoke", "clear site.toml m-1 --why repaired", "abort site.toml d-1 --why mistake"):
            self.tries(table, line, status=1)
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(self.shell.folder / "mesa.db.sock"))
        left.close()
        self.tries(table, "clear site.toml m-1 --why repaired", "after a daemon that was killed", status=1)
        table.agrees(self)

    def test_a_daemon_that_cannot_start(self):
        table = Table("commands", "run", "what is there", "status", "`ballast run site.toml` says")

        def tries(what, expected=1):
            status, errors = self.shell.complains("run", "site.toml")
            self.assertEqual(status, expected, errors)
            table.row(what, status, code(errors))
            for file in self.shell.folder.glob("mesa.db*"):
                shutil.rmtree(file) if file.is_dir() else file.unlink()
        (self.shell.folder / "mesa.db").mkdir()
        tries("a folder where the journal should be", 2)
        self.shell.write("mesa.db", SITE)
        tries("some text where the journal should be")
        sqlite3.connect(self.shell.folder / "mesa.db").executescript("CREATE TABLE a (b)").close()
        tries("another program's database")
        for what, change in (("a journal of a newer ballast", "PRAGMA user_version = 99"), ("a journal whose snapshot was altered", "UPDATE epoch SET snapshot = x'0102'"),
                             ("a journal with an altered step", "UPDATE step SET events = x'ff' WHERE id = 5"), ("a journal with an altered time", "UPDATE step SET steady_ms = -5 WHERE id = 5"),
                             ("a journal without a table", "DROP TABLE note")):
            self.journal("mesa.db", change)
            tries(what)
        with open(self.shell.folder / "mesa.db.lock", "w+") as lock:
            lock.write("4711\n")
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
            tries("another daemon, at work on the journal")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.shell.write("site.toml", SITE + f'\n[http]\nlisten = "127.0.0.1:{port}"\n')
            status, errors = self.shell.complains("run", "site.toml")
            table.row("`listen` on a port that is taken", status, code(errors.replace(str(port), "8420")))
        table.agrees(self)

    # ---- price histories

    def test_price_histories(self):
        table = Table("prices", "prices", "the file", "status", "message, or what the report says of it")
        gridstatus = lambda rows: GRIDSTATUS + rows  # noqa: E731
        at = "2024-03-01 00:00:00-06:00,2024-03-01 00:05:00-06:00"
        for content in ("", HOURS, "a,b\n1,2\n", HOURS.replace(",rtm_lmp", "") + "2024-03-01,1,10\n",
                        HOURS + "2024-03-01,1,10,20\n2024-03-01,2,10\n2024-03-01,3,10,x\n2024-13-01,4,10,20\n2024-03-01,26,10,20\n2024-03-01,5,10,\n2024-03-01,6,10,nan\n2024-03-01,7,10,1e9\n",
                        HOURS + "2024-03-01,1,10,20\n2024-03-01,4,10,30\n", HOURS + "2024-03-01,1,10,20\n2024-03-01,1,10,20\n2024-03-01,1,10,21\n",
                        HOURS + "2024-03-01,3,10,30\n2024-03-01,1,10,10\n2024-03-01,2,10,20\n", HOURS + "2024-03-01,1,10,20\n2024-03-01,2,1",
                        HOURS + "2024-03-01;1;10;20,5\n", HOURS + '"2024-03-01,1,10,20\n',
                        HOURS + "2024-03-10,2,10,20\n2024-03-10,3,10,30\n2024-03-10,4,10,40\n", HOURS + "2024-11-03,1,10,20\n2024-11-03,2,10,20\n2024-11-03,3,10,20\n",
                        HOURS + "2024-11-03,1,10,20\n2024-11-03,2,10,20\n2024-11-03,2,10,30\n2024-11-03,3,10,20\n", HOURS + "2024-11-03,24,10,20\n2024-11-03,25,10,30\n",
                        HOURS + "2024-11-04,25,10,20\n", HOURS.replace("\n", ",DSTFlag\n") + "2024-11-04,5,10,20,Y\n2024-11-04,6,10,20,Z\n",
                        gridstatus("2024-03-01 00:00:00,2024-03-01 00:05:00,A,1\n"), gridstatus("9999-03-01 00:00:00Z,9999-03-01 00:05:00Z,A,1\n"),
                        gridstatus("2024-03-01 00:00:00Z,2024-03-01 00:00:00Z,A,1\n"), gridstatus("2024-03-01 00:00:00Z,2024-03-03 00:00:00Z,A,1\n"),
                        gridstatus(f"{at},A,1\n2024-03-01 00:04:00-06:00,2024-03-01 00:09:00-06:00,A,1\n"), gridstatus(f"{at},A,1\n{at},B,2\n"),
                        GRIDSTATUS.replace("Location", "Location,Market") + f"{at},A,REAL_TIME_5_MIN,1\n{at},A,DAY_AHEAD_HOURLY,2\n",
                        gridstatus("1970-01-01 00:00:00Z,1970-01-01 00:05:00Z,A,1\n2199-03-01 00:00:00Z,2199-03-01 00:05:00Z,A,1\n")):
            self.history(table, shown(content), content)
        self.history(table, "200,000 bytes without a line's end, then a good row", HOURS + "x" * 200_000 + "\n2024-03-01,1,10,20\n")
        self.history(table, "the same, in UTF-16", (HOURS + "2024-03-01,1,10,20\n").encode("utf-16-le"))
        self.history(table, "a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
        table.agrees(self)

    def history(self, table, what, content):
        self.shell.write("prices.csv", content)
        status, out, _ = self.shell.ballast("replay", "site.toml", "--prices", "prices.csv")
        if status:
            table.row(what, status, code(self.shell.complains("replay", "site.toml", "--prices", "prices.csv")[1]))
            return
        told = out[out.index("  rows"):out.index("  known")].replace("  gaps          none\n", "")
        table.row(what, status, code("\n".join(" ".join(line.split()) for line in told.splitlines())))

    def test_options_of_a_replay(self):
        table = Table("prices", "options", "typed", "status", "message")
        self.shell.unreadable("secret.csv", HOURS)
        self.shell.write("nodes.csv", GRIDSTATUS + "2024-03-01 00:00:00Z,2024-03-01 00:05:00Z,A,1\n2024-03-01 00:00:00Z,2024-03-01 00:05:00Z,B,1\n")
        self.shell.write("prices.csv", "Date (HE),Price ($)\n03/01/2024 01,20\n")
        self.shell.write("none.toml", SITE.replace('kind = "price"', 'kind = "hashprice"').replace("signal = ", "# signal = ").replace('[[policy]]\nname = "strike"', "") .split("[[group]]")[0] + "[[group]]" + SITE.split("[[group]]")[1].split("[[policy]]")[0])
        for line in ("replay site.toml", "replay site.toml --prices ''", "replay site.toml --prices nosuch.csv", "replay site.toml --prices .", "replay site.toml --prices /dev/zero",
                     "replay none.toml --prices day.csv", "replay site.toml --prices prices.csv"):
            self.tries(table, line)
        self.tries(table, "replay site.toml --prices secret.csv", "which we may not read", nobody=True)
        for option in ("--node west", "--format zip", "--format aeso-hourly", "--from noon", "--from 2024-02-30", "--from 2025-01-01", "--from 2024-08-21 --to 2024-08-20",
                       "--from ''", "--price-known sometimes", "--price-known +-5", "--price-known +99999999999", "--signal spot", "--settle nosuch.csv", "--settle fleet.csv",
                       "--settle day.csv --settle-node west", "--settle-node dam", "--journal fleet.csv", "--journal nosuch/replay.db", "--report out.html"):
            self.tries(table, f"replay site.toml --prices day.csv {option}")
        for option in ("", "--node C"):
            self.tries(table, f"replay site.toml --prices nodes.csv {option}".rstrip())
        self.shell.write("mars.toml", SITE.replace("America/Chicago", "Mars/Phobos"))
        self.tries(table, "replay mars.toml --prices nodes.csv --node A")
        table.agrees(self)

    # ---- journals

    def journal(self, name, change=""):
        """Of a replay of one dear day in which the miners slept; altered by some SQL."""
        good = self.shell.folder / "good.db"
        if not good.exists():
            self.shell.write("dear.csv", HOURS + "".join(f"2024-08-20,{hour},10,{500 if 17 < hour < 21 else 20}\n" for hour in range(1, 25)))
            status, errors = self.shell.complains("replay", "site.toml", "--prices", "dear.csv", "--journal", "good.db")
            self.assertEqual(status, 0, errors)
        shutil.copy(good, self.shell.folder / name)
        if change:
            db = sqlite3.connect(self.shell.folder / name)
            db.executescript(change)
            db.close()
        return self.shell.folder / name

    def test_journals(self):
        table = Table("journals", "journals", "the journal", "typed", "status", "message")
        self.shell.write("empty.db")
        (self.shell.folder / "folder.db").mkdir()
        self.shell.write("text.db", SITE)
        sqlite3.connect(self.shell.folder / "other.db").executescript("CREATE TABLE a (b)").close()
        os.truncate(self.journal("short.db"), 20_000)
        broken = bytearray(self.journal("broken.db").read_bytes())
        broken[8192:-4096] = bytes(byte ^ 0x5A for byte in broken[8192:-4096])
        self.shell.write("broken.db", bytes(broken))
        self.journal("secret.db").chmod(0)
        for what, change in (("a newer ballast's", "PRAGMA user_version = 99"), ("an older ballast's", "PRAGMA user_version = 0"), ("without a step", "DELETE FROM step WHERE id = 5"),
                             ("a decision altered", "UPDATE step SET decision = x'00' WHERE id = 5"), ("an event altered", "UPDATE step SET events = x'ffffffff' WHERE id = 5"),
                             ("a note deleted", "DELETE FROM note WHERE step = (SELECT min(step) FROM note)"), ("a digest altered", "UPDATE step SET digest = digest + 1 WHERE id = 5"), ("a time altered", "UPDATE step SET steady_ms = -5 WHERE id = 5"),
                             ("its snapshot altered", "UPDATE epoch SET snapshot = x'0102'"), ("its site file altered", "UPDATE file SET text = 'x' || text"),
                             ("without its site file", "DELETE FROM epoch_file"), ("without epochs", "DELETE FROM epoch"), ("an epoch's cause altered", "UPDATE epoch SET cause = 'whim'"),
                             ("without a table", "DROP TABLE note")):
            self.journal(what.replace(" ", "-") + ".db", change)
        files = [("missing", "nosuch.db"), ("empty", "empty.db"), ("a folder", "folder.db"), ("no database", "text.db"), ("another program's", "other.db"), ("cut short", "short.db"),
                 ("overwritten in the middle", "broken.db"), ("not readable for us", "secret.db")]
        files += [(file.stem.replace("-", " "), file.name) for file in sorted(self.shell.folder.glob("*-*.db"))]
        for what, name in files:
            for command in ("audit", "explain", "explain --load m-1", "receipt", "receipt 1"):
                self.journal_row(table, what, name, command)
        table.agrees(self)

    def journal_row(self, table, what, name, command):
        words = shlex.split(command)
        status, out, errors = self.shell.ballast(words[0], name, *words[1:], nobody=name == "secret.db")
        if status == 0:
            return  # What was altered does not matter to this one.
        said = errors if errors else "\n".join(line for line in out.splitlines() if line.startswith(("DIFFERENT", "CHANGED")))
        row = f"| {what} | {{}} | {status} | {code(said)} |"
        typed = code(f"ballast {words[0]} DB {' '.join(words[1:])}".rstrip())
        last = table.lines[-1].split(" | ")
        if table.lines[-1].startswith(f"| {what} | ") and row.endswith(" | ".join(last[2:])):  # The same to several commands.
            table.lines[-1] = " | ".join([last[0], f"{last[1]}, {typed}", *last[2:]])
        else:
            table.lines.append(row.replace("{}", typed, 1))

    def test_questions_to_a_journal(self):
        table = Table("journals", "questions", "typed", "status", "message")
        self.journal("mesa.db")
        for line in ("audit mesa.db more", "audit ''", "explain mesa.db --load nobody", "explain mesa.db --load miners", "explain mesa.db --load ''", "explain mesa.db --at noon",
                     "explain mesa.db --at 2024-08-20", "explain mesa.db --at 2024-08-20T12:00:00", "explain mesa.db --at 1999-01-01T00:00:00Z", "explain mesa.db --event d-17",
                     "explain mesa.db --event 99", "explain mesa.db --event 1 --load m-1", "explain mesa.db --event 1 --at 2024-08-20T12:00:00Z", "receipt mesa.db d-17", "receipt mesa.db 99",
                     "receipt mesa.db ''"):
            self.tries(table, line)
        self.journal("quiet.db", "DELETE FROM note")
        self.tries(table, "receipt quiet.db d-17", "a journal of a day without an event")
        table.agrees(self)


if __name__ == "__main__":
    unittest.main(verbosity=2)
