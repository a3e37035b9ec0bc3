#!/usr/bin/env python3
"""Every speed promised, beside a yardstick measured in the same run on the same machine.

    bench/run.py BUILD [--yardsticks FOLDER] [--only dispatch,decision,replay,idle,frequency,floor,scale,hour] [--rounds 3] [--idle-seconds 60]

BUILD is build/release. YARDSTICKS has floor.cpp, luxos_fleet.cpp, make_year.py and backtest_numpy.py; without it the rows
that need it are left out, and said so. Prints a table and writes build/bench.json. Exit status 1 if an aim is missed.
"""
import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from bed import SITE_HEAD, Child, Market, cpu_seconds, free_port, resident_mb, row, wait_for, write_broker
from floor import floor, hour, scale

MINERS = 10_000
SITE = SITE_HEAD + """[[group]]
name = "miners"
driver = "luxos"
tier = "interruptible"
inventory = "fleet.csv"
min_off_s = 0
min_on_s = 0
stagger_ms = 0
off_within_s = 5
poll_s = 30
[[policy]]
name = "strike"
kind = "price_strike"
signal = "lmp"
groups = ["miners"]
strike_per_mwh = 80
"""


class Fleet(Child):
    """The yardstick's miners; `marker` begins a burst now, so that its seconds count from a moment known here."""

    def __init__(self, folder, binary, port, hung=0):
        super().__init__(folder, "fleet", binary, str(MINERS), str(port), "0", str(hung))
        self.port, self.live = port, MINERS - sum(i % 100 < hung for i in range(MINERS))
        wait_for("the fleet", lambda: "ready" in self.text())

    def reset(self):
        # It closes, and begins anew in the same breath: so its clock begins with whatever comes next, and a poll of ours may
        # be that. What lies between counts against us.
        with socket.create_connection(("127.0.0.1", self.port + 1)) as s:
            s.recv(1)

    def marker(self):
        with socket.create_connection(("127.20.39.250", self.port)) as s:  # The last miner: never one that hangs.
            at = time.monotonic()
            s.sendall(b'{"command":"version"}')
            s.recv(4096)
        return at

    def last(self):
        lines = [json.loads(line) for line in self.text().splitlines() if line.startswith("{") and line.endswith("}")]
        return lines[-1] if lines else {}

    def wait_asleep(self):
        wait_for(f"{self.live} miners to sleep", lambda: self.last().get("off", 0) >= self.live, 30)
        return self.last()


def site(folder, fleet_port, mqtt_port):
    with open(os.path.join(folder, "fleet.csv"), "w") as f:
        f.write("id,host,port,mac,watts,joules_per_terahash\n")
        for i in range(MINERS):
            f.write(f"m{i:05d},127.20.{i // 250}.{i % 250 + 1},{fleet_port},,3400,{17.5 + i % 7}\n")
    with open(os.path.join(folder, "site.toml"), "w") as f:
        f.write(SITE.format(mqtt=mqtt_port))
    write_broker(folder, mqtt_port)


def floor_seconds(binary, fleet, hung):
    fleet.reset()
    out = subprocess.run([binary, str(MINERS), str(fleet.port), "2048" if hung else "512"], check=True, capture_output=True, text=True).stdout
    return json.loads(out)["last_s"]


def ours_seconds(fleet, market):
    market.say(20)
    time.sleep(8)  # Every machine has been heard.
    fleet.reset()
    mark = fleet.marker()
    told = market.say(5000)
    result = fleet.wait_asleep()
    return result["last_s"] - (told - mark)


def dispatch_rounds(build, tools, hung, rounds):
    """Medians. Both begin without sessions, and so with the same exchanges: the fleet's reset ends those on the devices alone,
    and a daemon that still held them would be asked one more for each. So each round has a daemon of its own."""
    ours, floor = [], []
    mqtt, port = free_port(), free_port(2)
    with tempfile.TemporaryDirectory() as folder:
        site(folder, port, mqtt)
        with Child(folder, "mosquitto", "mosquitto", "-c", "mosquitto.conf"), Fleet(folder, tools["luxos_fleet"], port, hung) as fleet:
            for _ in range(rounds):
                fleet.reset()
                with Child(folder, "ballast", os.path.join(build, "ballast"), "run", "site.toml") as ballast:
                    wait_for("ballast to connect", lambda: "connected" in ballast.text())
                    ours.append(ours_seconds(fleet, Market(mqtt)))
                floor.append(floor_seconds(tools["floor"], fleet, hung))
                os.remove(os.path.join(folder, "bench.db"))
    return statistics.median(ours), statistics.median(floor)


def dispatch(build, tools, wanted):
    ours, floor = dispatch_rounds(build, tools, 0, wanted.rounds)
    yield row(f"signal to the last of {MINERS} miners asleep", ours, "s", floor, ours / floor, "<= 1.3")
    hung, _ = dispatch_rounds(build, tools, 5, wanted.rounds)
    yield row("the same with 5 % hung, for the rest", hung, "s", ours, hung / ours, "<= 1.1")


def idle(build, tools, wanted):
    mqtt, port = free_port(), free_port(2)
    with tempfile.TemporaryDirectory() as folder:
        site(folder, port, mqtt)
        with Child(folder, "mosquitto", "mosquitto", "-c", "mosquitto.conf"), Fleet(folder, tools["luxos_fleet"], port):
            with Child(folder, "ballast", os.path.join(build, "ballast"), "run", "site.toml") as ballast:
                wait_for("ballast to connect", lambda: "connected" in ballast.text())
                time.sleep(35)
                before, began = cpu_seconds(ballast.process.pid), time.monotonic()
                time.sleep(wanted.idle_seconds)
                share = 100 * (cpu_seconds(ballast.process.pid) - before) / (time.monotonic() - began)
                memory = resident_mb(ballast.process.pid)
    yield row(f"memory, {MINERS} loads", memory, "MB", None, None, "<= 100")
    yield row("idle, each polled every 30 s", share, "% of a core", None, None, "<= 5")


def decision(build, _tools, _wanted):
    out = subprocess.run([os.path.join(build, "bench", "decision")], check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        yield json.loads(line)


def replay(build, tools, _wanted):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "replay.py")
    out = subprocess.run([sys.executable, script, tools["folder"], os.path.join(build, "bench", "replay_year")], capture_output=True, text=True)
    rows = [json.loads(line) for line in out.stdout.splitlines()]
    if out.returncode:
        sys.exit(f"bench: the replay's totals differ from the yardstick's: {out.stdout}{out.stderr}")
    yield rows[-1]


def frequency(build, _tools, _wanted):
    """From the first reading below a stage to the coil, both as pymodbus sees it; the yardstick is the meter's poll."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    out = subprocess.run(["/usr/bin/python3", os.path.join(here, "tests/interop/frequency_trips.py"), "--json"], check=True, capture_output=True, text=True,
                         env={**os.environ, "BALLAST_BINARY": os.path.join(build, "ballast")})
    told = json.loads(out.stdout)
    yield row(f"under-frequency: reading to coil, p99 of {told['trips']}", told["p99_ms"], "ms", told["period_ms"], told["p99_ms"] / told["period_ms"], "<= 1.1")


def met(result):
    judged = result["ratio"] if result["ratio"] is not None else result["value"]
    sign, limit = result["aim"].split()
    return judged <= float(limit) if sign == "<=" else judged >= float(limit)


def compiled(folder, into):
    tools = {"folder": folder}
    for name in ("floor", "luxos_fleet"):
        tools[name] = os.path.join(into, name)
        subprocess.run(["g++", "-std=c++20", "-O2", "-w", "-o", tools[name], os.path.join(folder, name + ".cpp")], check=True)
    return tools


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--yardsticks", default=os.path.join(os.environ.get("BALLAST_SHARED", os.path.join(here, "..", "shared")), "bench"))
    parser.add_argument("--only", default="dispatch,decision,replay,idle,frequency,floor,scale")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle-seconds", type=int, default=60)
    wanted = parser.parse_args()
    wanted.build = os.path.abspath(wanted.build)
    with tempfile.TemporaryDirectory() as into:
        tools = compiled(wanted.yardsticks, into) if os.path.isdir(wanted.yardsticks) else {}
        results = []
        for name in wanted.only.split(","):
            if name not in ("decision", "frequency", "floor", "hour") and not tools:
                print(f"{name}: skipped: no yardsticks at {wanted.yardsticks} (BALLAST_SHARED names their parent)")
                continue
            for result in globals()[name](wanted.build, tools, wanted):
                results.append(result)
                ratio = "" if result["ratio"] is None else f"ratio {result['ratio']:.2f}"
                beside = "" if result["yardstick"] is None else f"beside {result['yardstick']:g}"
                print(f"{result['measure']:<48} {result['value']:>10g} {result['unit']:<12} {beside:<16} {ratio:<12} {result['aim']:<8} {'met' if met(result) else 'MISSED'}", flush=True)
    os.makedirs(os.path.join(here, "build"), exist_ok=True)
    with open(os.path.join(here, "build", "bench.json"), "w") as f:
        json.dump(results, f, indent=1)
    sys.exit(0 if all(met(r) for r in results) else 1)


main()
