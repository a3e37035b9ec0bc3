#!/usr/bin/python3
"""How long from the first reading below a stage to the coil that opens the contactor, both as a pymodbus peer sees it.

    frequency_trips.py [--trips 200] [--samples 2] [--period-ms 50] [--json]

Prints the distribution. `ballast run` with its journal on disk, each dip at a moment the poll does not know.
"""
import argparse
import contextlib
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, Scratch  # noqa: E402
from frequency_site import FrequencySite  # noqa: E402


def trip(site, rest_s=0.1):
    """One dip, from 60 Hz back to 60 Hz and the contactor closed again; what the peer timed."""
    time.sleep(rest_s + random.random() * 0.1)
    timed = site.say("dip 5940")
    site.say("shows 6000")
    site.say("closed")
    return timed


def percentile(values, share):
    """The smallest that so large a share is not above."""
    return sorted(values)[max(0, -int(-len(values) * share // 1) - 1)]


class Cleanups(contextlib.ExitStack):
    """What the peers need of a test."""

    def addCleanup(self, function, *arguments):
        self.callback(function, *arguments)


def measure(trips, samples, period_ms):
    """Milliseconds of each trip."""
    with Cleanups() as test:
        site = FrequencySite(test, Scratch(test).path, samples, period_ms)
        daemon = Daemon(test, site).start()
        daemon.says("may open by itself")
        return [(timed["written"] - timed["handed_out"]) * 1e3 for timed in (trip(site) for _ in range(trips))]


def describe(milliseconds):
    return {"trips": len(milliseconds), "least_ms": min(milliseconds), "p50_ms": percentile(milliseconds, 0.5), "p90_ms": percentile(milliseconds, 0.9),
            "p99_ms": percentile(milliseconds, 0.99), "most_ms": max(milliseconds)}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--trips", type=int, default=200)
    options.add_argument("--samples", type=int, default=2)
    options.add_argument("--period-ms", type=int, default=50)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    told = {"samples": chosen.samples, "period_ms": chosen.period_ms, **describe(measure(chosen.trips, chosen.samples, chosen.period_ms))}
    print(json.dumps(told) if chosen.json else ", ".join(f"{key} {value:.1f}" if isinstance(value, float) else f"{key} {value}" for key, value in told.items()))


if __name__ == "__main__":
    main()
