"""What the interop tests in Python stand up: a broker, a fleet, a site file, `ballast run`; and how they look at it.

Peers are other people's programs: mosquitto with its clients, the yardstick luxos_fleet, sqlite3. Everything is on loopback, in a
scratch folder, on ports nobody has, and ended by its own process id. Only the standard library.

    BALLAST_BINARY   the executable; else build/release/ballast
    BALLAST_SHARED   the folder with bench/luxos_fleet.cpp; else ../shared beside the project
    SCRATCH_DIR      where scratch folders are made; else the system's
"""
import datetime
import hashlib
import json
import os
import pathlib
import resource
import selectors
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("BALLAST_BINARY", PROJECT / "build/release/ballast"))
SHARED = pathlib.Path(os.environ.get("BALLAST_SHARED", PROJECT.parent / "shared"))
os.environ["PATH"] += os.pathsep + "/usr/sbin"  # Where Debian has mosquitto.


def skip(why):
    """Leaves the test; the line is what ctest looks for."""
    print(f"skipped: {why}", flush=True)
    raise unittest.SkipTest(why)


def needs(*programs):
    for program in programs:
        if shutil.which(str(program)) is None:
            skip(f"{program} is not there")


def eventually(predicate, seconds, what, every=0.05, process=None):
    """What `predicate` returns, as soon as that is true. `process` is looked at too, so that a dead one is told as such."""
    end = time.monotonic() + seconds
    while True:
        found = predicate()
        if found:
            return found
        if process is not None and process.ended():
            raise AssertionError(f"{process.name} has ended before {what}:\n{process.tail()}")
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}" + (f"\n{process.tail()}" if process else ""))
        time.sleep(every)


def free_ports(count):
    """Ports nobody listens on, below those the kernel gives to clients, so that none of our own connections takes one meanwhile."""
    found, port = [], 20_000 + os.getpid() * 37 % 10_000
    while len(found) < count:
        port = port + 1 if port < 32_000 else 20_000
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("", port))
                found.append(port)
            except OSError:
                found.clear()  # Neighbours: luxos_fleet also takes the port after its own.
    return found


def utc(at=None, after_s=0):
    """RFC 3339, now or `at` (seconds since 1970)."""
    moment = datetime.datetime.fromtimestamp((time.time() if at is None else at) + after_s, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


class Scratch:
    """A folder for one test; kept, and named, when BALLAST_KEEP is set."""

    def __init__(self, test):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="interop-", dir=os.environ.get("SCRATCH_DIR")))
        test.addCleanup(self.end)

    def end(self):
        if os.environ.get("BALLAST_KEEP"):
            print(f"left for you: {self.path}", flush=True)
        else:
            shutil.rmtree(self.path, ignore_errors=True)


class Process:
    """A program of the test: its output in a file, ended by its own process id."""

    def __init__(self, test, folder, name, command, env=None):
        self.name, self.log_file = name, pathlib.Path(folder) / f"{name}.log"
        self.command, self.env, self.child = [str(word) for word in command], env, None
        test.addCleanup(self.stop)

    def start(self):
        """Output is appended: of a restarted program the log tells all its lives."""
        with open(self.log_file, "ab") as out:
            self.begins_at = out.tell()
            self.child = subprocess.Popen(self.command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                          env={**os.environ, **(self.env or {})}, preexec_fn=most_files)
        return self

    def ended(self):
        return self.child is None or self.child.poll() is not None

    def stop(self, seconds=10):
        """SIGTERM, and SIGKILL for one that will not; the exit status."""
        if self.child is None:
            return None
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)
            self.child.terminate()
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.child.returncode

    def kill(self):
        self.child.kill()
        self.child.wait()

    def send(self, number):
        self.child.send_signal(number)

    def log(self, whole=False):
        """Of this life, or of all."""
        text = self.log_file.read_bytes()
        return (text if whole else text[self.begins_at:]).decode(errors="replace")

    def tail(self, lines=20):
        return "\n".join(self.log().splitlines()[-lines:])

    def says(self, words, seconds=20):
        return eventually(lambda: words in self.log(), seconds, f"{self.name} says {words!r}", process=self)


def most_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


# ---- the broker and who talks through it


class Broker(Process):
    """Mosquitto. Forgets everything when it ends, retained messages too, unless `persistent`."""

    def __init__(self, test, folder, persistent=False, port=None):
        needs("mosquitto", "mosquitto_pub", "mosquitto_sub")
        self.port = port or free_ports(1)[0]
        conf = pathlib.Path(folder) / "mosquitto.conf"
        conf.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\npersistence {str(persistent).lower()}\n"
                        f"persistence_location {folder}/\n" + ("user root\n" if os.geteuid() == 0 else ""))
        super().__init__(test, folder, "mosquitto", ["mosquitto", "-c", conf])
        self.start()

    def start(self):
        super().start()
        eventually(self.answers, 10, "mosquitto listens", process=self)
        return self

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def publish(self, topic, payload, retain=False, qos=1):
        """A dict is sent as JSON, anything else as its bytes. Returns when the broker has acknowledged it."""
        data = json.dumps(payload) if isinstance(payload, dict) else payload
        data = data if isinstance(data, bytes) else data.encode()
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port), "-t", topic, "-q", str(qos), "-s" if data else "-n"] + (["-r"] if retain else [])
        subprocess.run(command, input=data, check=True, timeout=30, capture_output=True)

    def publish_lines(self, topic, lines, qos=1):
        """One message a line, over one connection: a burst."""
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port), "-t", topic, "-q", str(qos), "-l"]
        subprocess.run(command, input="".join(line + "\n" for line in lines).encode(), check=True, timeout=120, capture_output=True)


class Listener:
    """`mosquitto_sub`: the newest message of each topic, as JSON where it is some, and when it came."""

    def __init__(self, test, broker, *topics):
        self.newest, self.count, self.came = {}, {}, {}
        words = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-F", "%t %p"]
        for topic in topics:
            words += ["-t", topic]
        self.child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace")
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()
        test.addCleanup(self.stop)

    def listen(self):
        for line in self.child.stdout:
            topic, _, payload = line.rstrip("\n").partition(" ")
            try:
                payload = json.loads(payload)
            except ValueError:
                pass
            self.newest[topic] = payload
            self.came[topic] = time.monotonic()
            self.count[topic] = self.count.get(topic, 0) + 1

    def latest(self, topic):
        return self.newest.get(topic)

    def stop(self):
        self.child.kill()
        self.child.wait()
        self.thread.join(5)
        self.child.stdout.close()


# ---- the fleet


class Fleet:
    """Miners as anybody may ask them: one request a connection, JSON, the close. `machines` are (host, port)."""

    def __init__(self, machines):
        self.machines = list(machines)

    def ask_all(self, request, which=None, seconds=20, at_once=200):
        """The reply of each machine in `which` (all) by its number; without one: absent."""
        todo = list(reversed(range(len(self.machines)) if which is None else list(which)))
        replies, open_now, end = {}, {}, time.monotonic() + seconds
        data = json.dumps(request).encode()
        with selectors.DefaultSelector() as ready:
            def close(s):
                ready.unregister(s)
                number, text = open_now.pop(s)
                s.close()
                try:
                    replies[number] = json.loads(text.rstrip(b"\0\n").decode())
                except ValueError:
                    pass
            while (todo or open_now) and time.monotonic() < end:
                while todo and len(open_now) < at_once:
                    number, s = todo.pop(), socket.socket()
                    s.setblocking(False)
                    s.connect_ex(self.machines[number])
                    open_now[s] = (number, b"")
                    ready.register(s, selectors.EVENT_WRITE)
                for key, events in ready.select(0.2):
                    s = key.fileobj
                    try:
                        if events & selectors.EVENT_WRITE:
                            s.sendall(data)
                            ready.modify(s, selectors.EVENT_READ)
                            continue
                        got = s.recv(65536)
                    except OSError:
                        got = b""
                    number, text = open_now[s]
                    open_now[s] = (number, text + got)
                    if not got:
                        close(s)
            for s in list(open_now):
                close(s)
        return replies

    def asleep(self):
        """The numbers of the machines that say they sleep; all must answer."""
        replies = self.ask_all({"command": "config"})
        if len(replies) < len(self.machines):
            raise AssertionError(f"{len(self.machines) - len(replies)} machine(s) did not answer the test")
        return {number for number, reply in replies.items() if reply["CONFIG"][0]["CurtailMode"] == "Sleep"}

    def curtail(self, number, action):
        """What somebody else than the daemon does: "sleep" or "wakeup", by whatever session is open."""
        session = self.ask_all({"command": "session"}, [number])[number]["SESSION"][0].get("SessionID")
        if not session:
            session = self.ask_all({"command": "logon"}, [number])[number]["SESSION"][0]["SessionID"]
        reply = self.ask_all({"command": "curtail", "parameter": f"{session},{action}"}, [number])[number]
        if reply["STATUS"][0]["STATUS"] != "S":
            raise AssertionError(f"curtail {action}: {reply}")


class LuxosFleet(Process, Fleet):
    """The yardstick of ../shared/bench, which nobody here adapts. Machine i is 127.20.(i/250).(i%250 + 1)."""

    def __init__(self, test, folder, miners, delay_ms=0, hung_percent=0):
        Fleet.__init__(self, [])
        program = compiled_fleet()
        self.port = free_ports(2)[0]
        self.machines = [(f"127.20.{i // 250}.{i % 250 + 1}", self.port) for i in range(miners)]
        Process.__init__(self, test, folder, "luxos_fleet", [program, miners, self.port, delay_ms, hung_percent])
        self.start()
        self.says('"ready"')

    def counted_asleep(self):
        """The fleet's own count, which it prints at most a second after it changed."""
        counts = [json.loads(line)["off"] for line in self.log().splitlines() if '"off"' in line]
        return counts[-1] if counts else 0


def compiled_fleet():
    source = SHARED / "bench/luxos_fleet.cpp"
    if not source.exists():
        skip(f"no {source}; set BALLAST_SHARED")
    needs("g++")
    program = PROJECT / "build/interop/luxos_fleet"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(parents=True, exist_ok=True)
        fresh = program.with_suffix(f".{os.getpid()}")
        subprocess.run(["g++", "-std=c++20", "-O2", "-o", fresh, source], check=True)
        fresh.rename(program)
    return program


class Simulated(Process):
    """`ballast simulate`: every device the site file names. `options` are its command line's."""

    def __init__(self, test, site, *options):
        super().__init__(test, site.folder, "simulate", [binary(), "simulate", site.file, *options])
        self.start()
        self.says("ready", 30)


# ---- the site file


class Site:
    """Writes `<name>.toml` and its inventory. Tables beyond the site, its broker and one LuxOS group are given as TOML in `more`."""

    def __init__(self, folder, broker, machines, name="testsite", site="", journal="", group="", more="", joules="17.5", watts=3400):
        self.folder, self.name, self.broker = pathlib.Path(folder), name, broker
        self.file, self.journal_file = self.folder / f"{name}.toml", self.folder / f"{name}.db"
        self.ids = [f"m-{i:05}" for i in range(len(machines))]
        rows = [f"{load},{host},{port},{watts},{joules}\n" for load, (host, port) in zip(self.ids, machines)]
        (self.folder / "fleet.csv").write_text("id,host,port,watts,joules_per_terahash\n" + "".join(rows))
        self.write(f"""
[site]
name = "{name}"
{site}
[journal]
path = "{name}.db"
{journal}
[mqtt.main]
host = "127.0.0.1"
port = {broker.port}

[[group]]
name = "miners"
driver = "luxos"
tier = "interruptible"
inventory = "fleet.csv"
{group}
{more}
""")

    def write(self, text):
        self.text = text
        self.file.write_text(text)

    # What a utility says, in our own JSON.

    def topic(self, signal_name):
        return f"ballast/{self.name}/signal/{signal_name}"

    def price(self, per_mwh, signal_name="market", start=None, lasts_s=3600, retain=True):
        start = time.time() if start is None else start
        self.broker.publish(self.topic(signal_name), {"kind": "price", "issued": utc(), "start": utc(start), "end": utc(start, lasts_s),
                                                      "price": per_mwh, "unit": "USD/MWh"}, retain)

    def dispatch(self, signal_id, signal_name="utility", kind="dispatch", retain=True, **ask):
        """`full=True`, or `limit=`/`reduce=` with kW; also start, end, duration_s, ramp_s."""
        unit = {} if "full" in ask else {"unit": "kW"}
        self.broker.publish(self.topic(signal_name), {"kind": kind, "id": signal_id, "issued": utc(), **ask, **unit}, retain)

    def emergency(self, signal_id, **ask):
        self.dispatch(signal_id, kind="emergency", **ask)

    def release(self, signal_id, signal_name="utility", retain=True):
        self.broker.publish(self.topic(signal_name), {"kind": "release", "id": signal_id, "issued": utc()}, retain)


# ---- the daemon, its journal, its other commands


def binary():
    if not BINARY.exists():
        skip(f"no {BINARY}; set BALLAST_BINARY")
    return BINARY


class Daemon(Process):
    """`ballast run`. Started by start(), so that a test can kill it and start it again."""

    def __init__(self, test, site, *options, env=None):
        self.site = site
        self.state_topic = f"ballast/{site.name}/state"
        super().__init__(test, site.folder, "run", [binary(), "run", site.file, *options], env)

    def resident_kb(self):
        for line in pathlib.Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0


def ballast(*words, seconds=120):
    """One command of the binary: its exit status, stdout and stderr."""
    return subprocess.run([str(binary()), *[str(word) for word in words]], capture_output=True, text=True, timeout=seconds)


def knows(command):
    """Whether the binary has that subcommand."""
    return f"\n  {command} " in ballast("--help").stdout


class Journal:
    """The journal as sqlite3 reads it, beside the running daemon."""

    # Each table's rows are numbered by their step, an epoch's by itself.
    TABLES = {"epoch": "id", "step": "id", "signal": "step", "ordered": "step", "miss": "step", "note": "step", "word": "step"}

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def query(self, sql, *values):
        """All rows. A read of its own each time, that keeps nothing open."""
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def one(self, sql, *values):
        rows = self.query(sql, *values)
        return rows[0][0] if rows else None

    def counts(self):
        return {table: self.one(f"SELECT count(*) FROM {table}") for table in self.TABLES}

    def last(self):
        """The newest key of each table, 0 for an empty one."""
        return {table: self.one(f"SELECT coalesce(max({key}), 0) FROM {table}") for table, key in self.TABLES.items()}

    def digest(self, upto):
        """SHA-256 of each table's rows up to those keys (what `last` said)."""
        digests = {}
        for table, key in self.TABLES.items():
            order = key if table in ("epoch", "step") else f"{key}, n"
            total = hashlib.sha256()
            for row in self.query(f"SELECT * FROM {table} WHERE {key} <= ? ORDER BY {order}", upto[table]):
                total.update(repr(row).encode())
            digests[table] = total.hexdigest()
        return digests

    def sound(self):
        return self.one("PRAGMA integrity_check")

    def notes(self, kind):
        return self.query("SELECT at_utc, number, event, power_kw, text FROM note WHERE kind = ? ORDER BY step, n", kind)
