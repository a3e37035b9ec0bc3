"""A mixed floor of ten thousand, put to sleep by ours and by a bare client; how cost grows with machines; and an hour of polls.

Rows for bench/run.py: `floor`, `scale` and `hour` (which takes ten minutes and has to be asked for).
"""
import contextlib
import json
import os
import socket
import statistics
import subprocess
import tempfile
import time

from bed import SITE_HEAD, Child, Market, cpu_seconds, free_port, resident_mb, row, wait_for, write_broker

MACHINES = 10_000
FAULTS = "hung=3,lies=1"
# Of a hundred machines in a row; watts; and where it listens beside the floor's first port.
MAKES = [("antminer", 40, 3250), ("whatsminer2", 25, 3400), ("whatsminer3", 10, 3500), ("luxos", 15, 3450), ("braiins", 10, 3100)]
PASSWORDS = {"antminer": "root", "whatsminer2": "admin", "whatsminer3": "super", "braiins": "root"}
SITE = SITE_HEAD + """[[policy]]
name = "strike"
kind = "price_strike"
signal = "lmp"
groups = [{groups}]
strike_per_mwh = 80
"""
GROUP = """[[group]]
name = "{make}"
driver = "{make}"
tier = "interruptible"
inventory = "{make}.csv"
{login}min_off_s = 0
min_on_s = 0
stagger_ms = 0
timeout_ms = 5000
poll_s = {poll_s}
"""


def floor_of(machines, port):
    """(make, host, port, watts) of each; makes are mixed over the floor as they are over a hall."""
    hundred = [number for number, (_, share, _) in enumerate(MAKES) for _ in range(share)]
    floor = []
    for i in range(machines):
        number = hundred[i * 37 % 100]
        make, _, watts = MAKES[number]
        floor.append((make, f"127.20.{i // 250}.{i % 250 + 1}", port + number, watts))
    return floor


def write_floor(folder, machines):
    port = free_port(len(MAKES))
    floor = floor_of(machines, port)
    with open(os.path.join(folder, "floor.csv"), "w") as f:
        f.write("driver,host,port,watts\n" + "".join(f"{m},{h},{p},{w}\n" for m, h, p, w in floor))
    return floor


def write_site(folder, floor, mqtt, poll_s):
    groups = []
    for make, *_ in MAKES:
        with open(os.path.join(folder, make + ".csv"), "w") as f:
            f.write("id,host,port,mac,watts,joules_per_terahash\n")
            f.writelines(f"{m}{i:05d},{h},{p},,{w},{17.5 + i % 7}\n" for i, (m, h, p, w) in enumerate(floor) if m == make)
        login = ""
        if make in PASSWORDS:
            with open(os.path.join(folder, make + ".password"), "w") as f:
                f.write(PASSWORDS[make])
            login = f'password_file = "{make}.password"\n'
        groups.append(GROUP.format(make=make, login=login, poll_s=poll_s))
    with open(os.path.join(folder, "site.toml"), "w") as f:
        f.write(SITE.format(mqtt=mqtt, groups=", ".join(f'"{make}"' for make, *_ in MAKES)) + "".join(groups))
    write_broker(folder, mqtt)


class Devices:
    """The floor's machines, in a process of their own."""

    def __init__(self, folder, build, seed):
        self.process = subprocess.Popen([os.path.join(build, "bench", "floor_devices"), "floor.csv", str(seed), FAULTS], cwd=folder,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.expect("ready")

    def expect(self, word):
        line = self.process.stdout.readline()
        if line.strip() != word:
            raise SystemExit(f"bench: the floor said {line!r} in place of {word!r}")

    def report(self, since):
        self.process.stdin.write(f"report {int(since * 1000)}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)


class Client:
    """The bare client: prepared, then told to go."""

    def __init__(self, folder, build):
        self.process = subprocess.Popen([os.path.join(build, "bench", "floor_client"), "floor.csv"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "prepared":
            raise SystemExit("bench: the bare client was not prepared")

    def go(self):
        at = time.monotonic()
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return at

    def result(self):
        return json.loads(self.process.stdout.readline())


def percentile(told, share, of):
    """When that share of those that obey had been told, s; none if they never were."""
    place = int(share * of)
    return told[place - 1][0] / 1000 if 0 < place <= len(told) else None


def measured(report, obedient):
    """Of one burst: when half, nine tenths and the last had their order, and the MW*s drawn after the signal by those that were to go, as ordered."""
    told = sorted(report["told"])
    return {"p50": percentile(told, 0.5, obedient), "p90": percentile(told, 0.9, obedient), "last": told[-1][0] / 1000, "told": len(told),
            "undelivered": sum(w * t for t, w in told) / 1e9, "drawn": report["drawn"]}


def burst_of_ours(folder, build, floor, seed):
    mqtt = free_port()
    write_site(folder, floor, mqtt, 30)
    with Child(folder, "mosquitto", "mosquitto", "-c", "mosquitto.conf"), Devices(folder, build, seed) as devices:
        with Child(folder, "ballast", os.path.join(build, "ballast"), "run", "site.toml") as ballast:
            wait_for("ballast to connect", lambda: "connected" in ballast.text())
            market = Market(mqtt)
            market.say(20)
            time.sleep(25)  # Every machine has been heard, and its token is there.
            before, at = cpu_seconds(ballast.process.pid), market.say(5000)
            time.sleep(5)
            cpu = cpu_seconds(ballast.process.pid) - before
            time.sleep(30)  # Until the last Antminer's fans stand.
            return measured(devices.report(at), obedient(floor)) | {"cpu": cpu, "memory": resident_mb(ballast.process.pid)}


def burst_of_the_client(folder, build, floor, seed):
    with Devices(folder, build, seed) as devices:
        client = Client(folder, build)
        at = client.go()
        told = client.result()
        time.sleep(5)
        return measured(devices.report(at), obedient(floor)) | {"cpu": told["cpu_s"], "failed": told["failed"]}


def obedient(floor):
    return len(floor) - len(floor) * 3 // 100 - len(floor) // 100


def curve(drawn, steps=(0, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30)):
    """Megawatts down since the signal, at each of those seconds."""
    start = drawn[0][1]
    return " ".join(f"{s:g}s {max((start - w) / 1e6 for t, w in drawn if t <= s * 1000 + 60):.1f}" for s in steps if any(t >= s * 1000 for t, _ in drawn))


def floor(build, _tools, wanted):
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        machines = write_floor(folder, MACHINES)
        for seed in range(1, wanted.rounds + 1):
            ours.append(burst_of_ours(folder, build, machines, seed))
            os.remove(os.path.join(folder, "bench.db"))
            bare.append(burst_of_the_client(folder, build, machines, seed))
    print(f"  ours MW down, of {sum(w for *_, w in machines) / 1e6:.1f}: {curve(ours[-1]['drawn'])}")
    print(f"  bare client:            {curve(bare[-1]['drawn'])}")
    middle = lambda of, what: statistics.median(x[what] for x in of)
    for share in ("p50", "p90", "last"):
        value, beside = middle(ours, share), middle(bare, share)
        yield row(f"mixed floor of {MACHINES}: {share} ordered", value, "s", beside, value / beside, "<= 1.3" if share == "p90" else "<= 2")
    undelivered, beside = middle(ours, "undelivered"), middle(bare, "undelivered")
    yield row("mixed floor: undelivered, as ordered", undelivered, "MW*s", beside, undelivered / beside, "<= 1.5")
    yield row("mixed floor: obedient machines ordered", middle(ours, "told"), "machines", None, None, f">= {obedient(machines)}")
    cpu, beside = middle(ours, "cpu"), middle(bare, "cpu")
    yield row("mixed floor: processor, first 5 s", cpu, "s", beside, cpu / beside, "<= 4")
    yield row("mixed floor: memory", middle(ours, "memory"), "MB", None, None, "<= 100")


def fleets(folder, tools, machines, port):
    """As many of the yardstick's fleets as it takes: one has at most fifty thousand."""
    for number in range(-(-machines // 50_000)):
        yield Child(folder, f"fleet{number}", tools["luxos_fleet"], str(min(machines - number * 50_000, 50_000)), str(port + 2 * number), "0", "0")


def reset(port):
    with socket.create_connection(("127.0.0.1", port + 1)) as s:
        s.recv(1)


def scale(build, tools, _wanted):
    """LuxOS on loopback, answering at once: what a machine costs, of a thousand and of a hundred thousand."""
    beside = None
    for machines in (1_000, 10_000, 100_000):
        port = free_port(4)
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            standing = [stack.enter_context(fleet) for fleet in fleets(folder, tools, machines, port)]
            for fleet in standing:
                wait_for("the fleet", lambda: "ready" in fleet.text())
            runs = []
            for _ in range(9 if machines == 1_000 else 3):
                out = subprocess.run([os.path.join(build, "bench", "luxos_dispatch"), str(machines), str(port)], check=True, capture_output=True, text=True).stdout
                runs.append(json.loads(out))
                for number in range(len(standing)):
                    reset(port + 2 * number)
        each = statistics.median(r["last_s"] for r in runs) / machines * 1e6
        beside = beside or each
        yield row(f"{machines} LuxOS machines: time of each", each, "us", beside, each / beside, "<= 1.5")
        yield row(f"{machines} LuxOS machines: memory of each", statistics.median(r["memory_bytes"] for r in runs) / machines / 1024, "kB", None, None, "<= 10")
        yield row(f"{machines} LuxOS machines: not ordered", max(r["failed"] for r in runs), "machines", None, None, "<= 0")


def hour(build, _tools, wanted):
    """The mixed floor at rest: a minute at 30 s a poll; then as many polls as in an hour, every 4 s."""
    mqtt = free_port()
    with tempfile.TemporaryDirectory() as folder:
        machines = write_floor(folder, MACHINES)
        for poll_s, seconds in ((30, 60), (4, 120 * 4)):
            write_site(folder, machines, mqtt, poll_s)
            with Child(folder, "mosquitto", "mosquitto", "-c", "mosquitto.conf"), Devices(folder, build, 1):
                with Child(folder, "ballast", os.path.join(build, "ballast"), "run", "site.toml") as ballast:
                    wait_for("ballast to connect", lambda: "connected" in ballast.text())
                    time.sleep(35)
                    before, began = cpu_seconds(ballast.process.pid), time.monotonic()
                    time.sleep(seconds / 4)
                    early = resident_mb(ballast.process.pid)
                    time.sleep(seconds * 3 / 4)
                    share = 100 * (cpu_seconds(ballast.process.pid) - before) / (time.monotonic() - began)
                    late = resident_mb(ballast.process.pid)
            os.remove(os.path.join(folder, "bench.db"))
            if poll_s == 30:
                yield row(f"mixed floor of {MACHINES} at rest, polled every 30 s", share, "% of a core", None, None, "<= 5")
            else:
                yield row(f"mixed floor at rest, an hour's polls: memory", late, "MB", early, late / early, "<= 1.02")
