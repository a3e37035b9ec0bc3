"""What the benchmarks stand up: free ports, children, a market on MQTT; and the rows that they tell."""
import json
import os
import re
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

# What the sites of all benchmarks begin with.
SITE_HEAD = """[site]
name = "bench"
[journal]
path = "bench.db"
[mqtt.main]
host = "127.0.0.1"
port = {mqtt}
[[signal]]
name = "lmp"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"
"""


def free_port(pairs=1):
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        if port + pairs < 32_000:  # Below the range that the clients' own ends are taken from.
            return port
        port = 20_000 + port % 10_000
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) and s.connect_ex(("127.0.0.1", port + 1)):
                return port


def wait_for(what, true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            sys.exit(f"bench: waited {seconds} s for {what}")
        time.sleep(0.05)


class Child:
    def __init__(self, folder, name, *command):
        self.log = os.path.join(folder, name + ".log")
        self.process = subprocess.Popen(command, cwd=folder, stdout=open(self.log, "w"), stderr=subprocess.STDOUT)

    def text(self):
        with open(self.log) as f:
            return f.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


def write_broker(folder, port):
    with open(os.path.join(folder, "mosquitto.conf"), "w") as f:
        f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")


def instant(t):
    return t.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Market:
    """Prices of one second each, so that every message is an interval of its own."""

    def __init__(self, port):
        self.port, self.next = port, datetime.now(timezone.utc) - timedelta(minutes=30)

    def say(self, price):
        self.next += timedelta(seconds=1)
        message = {"kind": "price", "issued": instant(datetime.now(timezone.utc)), "start": instant(self.next),
                   "end": instant(self.next + timedelta(seconds=1)), "price": price, "unit": "USD/MWh"}
        at = time.monotonic()
        subprocess.run(["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", "ballast/bench/signal/lmp", "-m", json.dumps(message)], check=True)
        return at


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)) / 1024


def row(measure, value, unit, yardstick, ratio, aim):
    rounded = lambda x: None if x is None else round(x, 4)
    return {"measure": measure, "value": rounded(value), "unit": unit, "yardstick": rounded(yardstick), "ratio": rounded(ratio), "aim": aim}
