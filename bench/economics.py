#!/usr/bin/env python3
"""What the economics are worth on real prices: the plain strike beside the worth-cycling test, one assumption changed at a time.

    bench/economics.py BALLAST

Prices lie in $BALLAST_SHARED/data, else ../shared/data; without them it says that it is skipped. The site is the three hundred
machines of examples/ (S19j Pro, S19 XP, S21), 1 MW, no overhead of its own, through `ballast replay`. Net money is hash revenue
less energy, overhead that moves with the machines, adders, hash lost while ramping, wear, and demand; losses included.
Prints Markdown; exit status 1 if the defaults lose to the plain strike anywhere, with the base's assumptions.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "..", "examples")

SITE = """[site]
name = "{market}"
time_zone = "{zone}"
currency = "{currency}"
meter = "poi"
{site}
[fx]
{fx}
[mqtt.main]
host = "127.0.0.1"

[[meter]]
name = "poi"
driver = "modbus"
host = "127.0.0.1"
power = {{ function = "holding", address = 0, type = "float32", order = "abcd", scale_w = 1 }}

[[signal]]
name = "price"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"
stale_after_s = 0

{groups}
[[policy]]
name = "strike"
kind = "price_strike"
signal = "price"
groups = ["s19jpro", "s19xp", "s21"]
currency = "USD"
hashprice = {hashprice}
pool_fee_percent = 1
overhead_factor = 1.05
{policy}
{more}
"""

GROUP = """[[group]]
name = "{name}"
driver = "luxos"
tier = "interruptible"
inventory = "fleet-{name}.csv"
stagger_ms = 0
min_on_s = {min_on_s}
min_off_s = {min_off_s}
standby_w = {standby_w}
ramp_s = {ramp_s}
cycle_wear_per_kw = {wear}
"""

BASE = {"hashprice": 45, "ramp_s": 300, "wear": 0.02, "standby_w": 25, "min_off_s": 600, "min_on_s": 300, "adder": 0, "policy": "", "site": "", "more": "", "args": []}
PLAIN = "worth_cycling = false\n"


def markets(data):
    return [("ERCOT", "USD", "", ["--prices", os.path.join(data, "ercot_hb_hubavg_hourly_2024-2026.csv")], "rtm"),
            ("AESO", "CAD", "USD = 1.37\n", ["--prices", os.path.join(data, "aeso_pool_price_hourly_2023-2026.csv")], None)]


# Where months of demand begin.
ZONES = {"USD": "America/Chicago", "CAD": "America/Edmonton"}


class Study:
    def __init__(self, ballast, folder, market):
        self.ballast, self.folder = ballast, folder
        self.name, self.currency, self.fx, self.prices, self.node = market

    def run(self, **changed):
        given = {**BASE, **changed}
        fx = 1.37 if self.currency == "CAD" else 1
        given["wear"] = round(given["wear"] * fx, 9)
        groups = "\n".join(GROUP.format(name=n, **given) for n in ("s19jpro", "s19xp", "s21"))
        policy = given["policy"] + (f"adder_per_mwh = {given['adder']}\n" if given["adder"] else "")
        text = SITE.format(market=self.name, zone=ZONES[self.currency], currency=self.currency, fx=self.fx, groups=groups, hashprice=given["hashprice"],
                           policy=policy, site=given["site"], more=given["more"])
        path = os.path.join(self.folder, "site.toml")
        with open(path, "w") as file:
            file.write(text)
        node = given.get("node", self.node)
        command = [self.ballast, "replay", path, "--json", *self.prices, *(["--node", node] if node else []), *given["args"]]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}:\n{done.stderr}")
        return json.loads(done.stdout)


KNOWN = {"by the market's own rule": [], "known at the start": ["--price-known", "start"], "known the day before": ["--price-known", "day-ahead"]}
SITE_DEMAND = ("[[policy]]\nname = \"demand\"\nkind = \"demand_charge\"\ncurrency = \"USD\"\nprice_per_kw_month = {price}\nratchet_percent = {ratchet}\n"
               "paid_kw = {paid}\nmining_earns_per_mwh = {earns}\n")

# What is assumed otherwise, one thing at a time: the base first.
ASSUMED = [("base: ramp 300 s, wear 0.02/kW, standby 25 W, 45 per PH/day", {}),
           ("hashprice 35", {"hashprice": 35}), ("hashprice 55", {"hashprice": 55}),
           ("ramp 60 s", {"ramp_s": 60}), ("ramp 900 s", {"ramp_s": 900}),
           ("wear 0 per kW", {"wear": 0}), ("wear 0.1 per kW", {"wear": 0.1}),
           ("standby 60 W", {"standby_w": 60}), ("min_off 1800 s", {"min_off_s": 1800}),
           ("adder 10 per MWh", {"adder": 10})]
# Then the keys of the test itself, with the base's assumptions.
KEYS = [("defaults", ""), ("worth_cycling = false (the plain strike)", PLAIN), ("plain, up_after = 2", PLAIN + "up_after = 2\n"),
        ("plain, down_after = 2", PLAIN + "down_after = 2\n"),
        *[(f"expected_spike_s = {s}", f"expected_spike_s = {s}\n") for s in (900, 3600, 7200, 14400, 86400)],
        *[(f"expected_calm_s = {s}", f"expected_calm_s = {s}\n") for s in (0, 3600, 7200, 28800)]]


def row(*cells):
    print("| " + " | ".join(f"{c:,.0f}" if isinstance(c, float) else f"{c:,}" if isinstance(c, int) else c for c in cells) + " |")


def header(*cells):
    row(*cells)
    print("|" + "---|" + "---:|" * (len(cells) - 1))


def assumptions(study, known, args):
    """Plain against worth-cycling under each assumption. Returns by how much the defaults win with the base's."""
    print(f"\n**{study.name}, prices {known}** ({study.currency})\n")
    header("assumption", "always on, net", "plain strike, net", "worth cycling, net", "worth - plain", "starts, plain", "starts, worth", "lost to cycles, plain", "worth")
    first = None
    for name, changed in ASSUMED:
        plain, worth = (study.run(policy=p, args=args, **changed) for p in (PLAIN, ""))
        won = worth["net_money"] - plain["net_money"]
        first = won if first is None else first
        lost = [float(r["ramp_loss"] + r["wear_cost"]) for r in (plain, worth)]
        row(name, plain["baseline_net_money"], plain["net_money"], worth["net_money"], f"{won:+,.0f}", plain["transitions"] // 2, worth["transitions"] // 2, *lost)
    return first


def keys(studies):
    print("\n**The keys, one at a time** (net money less the plain strike's)\n")
    columns = [(s, known, args) for s in studies for known, args in KNOWN.items()]
    header("key", *[f"{s.name}, {known}" for s, known, _ in columns])
    plain = [s.run(policy=PLAIN, args=args)["net_money"] for s, _, args in columns]
    for name, policy in KEYS:
        row(name, *[f"{s.run(policy=policy, args=args)['net_money'] - base:+,.0f}" for (s, _, args), base in zip(columns, plain)])


def told_afterwards(studies):
    """By default they are not weighed: whether they should be is a matter of what a cycle costs."""
    spikes = (7200, 14400, 43200, 86400)
    print("\n**Prices told afterwards (each market's own rule), weighed with an expected spike** (net money less the plain strike's)\n")
    header("wear per kW and cycle", *[f"{s.name}, {spike} s" for s in studies for spike in spikes])
    for wear in (0, 0.02, 0.05, 0.1, 0.2):
        cells = []
        for s in studies:
            plain = s.run(policy=PLAIN, wear=wear)["net_money"]
            cells += [f"{s.run(policy=f'expected_spike_s = {spike}' + chr(10), wear=wear)['net_money'] - plain:+,.0f}" for spike in spikes]
        row(str(wear), *cells)


def adders(studies):
    print("\n**An adder of 10 per MWh, known to the strike or not** (prices known at the start)\n")
    header("market", "net, known", "net, not known", "difference")
    for s in studies:
        args = KNOWN["known at the start"]
        known, blind = s.run(adder=10, args=args), s.run(args=args)
        fx = 1.37 if s.currency == "CAD" else 1
        unseen = blind["net_money"] - 10 * fx * 1.05 * (blind["energy_mwh"] - blind["standby_mwh"])
        row(s.name, known["net_money"], unseen, f"{known['net_money'] - unseen:+,.0f}")


def demand(studies):
    """Everything is billed alike; the policy that never holds back is one that thinks mining earns a fortune."""
    print("\n**Demand charge** (prices known at the start; billed by 15 min, 12 months' ratchet; plant at 1 MW)\n")
    header("tariff, what mining is said to earn", *[f"{s.name}, {what}" for s in studies for what in ("demand billed", "net", "less without the policy")])
    for name, price, ratchet, paid in (("5 per kW-month", 5, 0, 0), ("15 per kW-month", 15, 0, 0), ("30 per kW-month", 30, 0, 0), ("45 per kW-month", 45, 0, 0),
                                       ("15 per kW-month, ratchet 80 %", 15, 80, 0), ("45 per kW-month, 600 kW paid anyway", 45, 0, 600)):
        for earns in (58, 25):  # What these machines earned beyond their energy, and less than that.
            cells = []
            for s in studies:
                args = KNOWN["known at the start"]
                off, on = (s.run(args=args, more=SITE_DEMAND.format(price=price, ratchet=ratchet, paid=paid, earns=e)) for e in (100000, earns))
                cells += [on["demand_cost"], on["net_money"], f"{on['net_money'] - off['net_money']:+,.0f}"]
            row(f"{name}, {earns} per MWh", *cells)


def hedge(study):
    print("\n**A hedge of 1 MW, bought at ERCOT's day-ahead price** (settled in real time, prices known at the start)\n")
    header("what decides", "hedge's gain", "net", "machines moved")
    known = KNOWN["known at the start"]
    open_ = study.run(args=known)
    hedged = study.run(site="hedge_kw = 1000\n", args=known + ["--day-ahead", study.prices[1], "--day-ahead-node", "dam"])
    row("no hedge, the strike", open_["hedge_gain"], open_["net_money"], open_["transitions"])
    row("hedged, the strike as before", hedged["hedge_gain"], hedged["net_money"], hedged["transitions"])
    row("hedged, mining whatever the price", hedged["hedge_gain"], hedged["baseline_net_money"], 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ballast")
    wanted = parser.parse_args()
    data = os.path.join(os.environ.get("BALLAST_SHARED", os.path.join(HERE, "..", "..", "shared")), "data")
    if not os.path.isdir(data):
        print(f"skipped: there are no price histories in {data}; set BALLAST_SHARED")
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in ("s19jpro", "s19xp", "s21"):
            with open(os.path.join(EXAMPLES, f"fleet-{name}.csv")) as file, open(os.path.join(folder, f"fleet-{name}.csv"), "w") as copy:
                copy.write(file.read())
        studies = [Study(wanted.ballast, folder, market) for market in markets(data)]
        won = [assumptions(s, known, args) for s in studies for known, args in KNOWN.items()]
        keys(studies)
        told_afterwards(studies)
        adders(studies)
        demand(studies)
        hedge(studies[0])
    if min(won) < 0:
        sys.exit(1)


if __name__ == "__main__":
    main()
