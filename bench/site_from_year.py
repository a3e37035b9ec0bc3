#!/usr/bin/env python3
"""Writes a site file for a year of prices and a fleet in two CSV files, so that `ballast replay` can run it.

    site_from_year.py FOLDER [--hashprice 45] [--pool-fee-percent 1] [--overhead-factor 1.05] [--port 4028]

FOLDER/fleet.csv   id, group, host, watts (at the wall), joules_per_terahash
FOLDER/groups.csv  group, up_after_intervals, min_off_minutes
Writes FOLDER/site.toml and FOLDER/inventory-GROUP.csv. Nothing but the price decides there: standby, stagger and
minimum on are 0, and groups that ask for the same `up_after` share a policy.
"""
import argparse
import csv
import os

HEAD = """[site]
name = "{name}"

[mqtt.main]
host = "127.0.0.1"

[[signal]]
name = "price"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"
stale_after_s = 0
"""

GROUP = """
[[group]]
name = "{group}"
driver = "luxos"
tier = "interruptible"
inventory = "inventory-{group}.csv"
port = {port}
standby_w = 0
stagger_ms = 0
min_on_s = 0
min_off_s = {min_off_s}
"""

POLICY = """
[[policy]]
name = "strike-{up_after}"
kind = "price_strike"
signal = "price"
groups = [{groups}]
hashprice = {hashprice}
pool_fee_percent = {fee}
overhead_factor = {factor}
down_after = 1
up_after = {up_after}
"""


def rows(folder, name):
    with open(os.path.join(folder, name), newline="") as file:
        return list(csv.DictReader(file))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--hashprice", default="45")
    parser.add_argument("--pool-fee-percent", default="1")
    parser.add_argument("--overhead-factor", default="1.05")
    parser.add_argument("--port", type=int, default=4028)
    wanted = parser.parse_args()

    groups, fleet = rows(wanted.folder, "groups.csv"), rows(wanted.folder, "fleet.csv")
    text, alike = HEAD.format(name="year"), {}
    for group in groups:
        name = group["group"]
        alike.setdefault(int(group["up_after_intervals"]), []).append(name)
        text += GROUP.format(group=name, port=wanted.port, min_off_s=60 * int(group["min_off_minutes"]))
        with open(os.path.join(wanted.folder, f"inventory-{name}.csv"), "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["id", "host", "watts", "joules_per_terahash"])
            out.writerows([m["id"], m["host"], m["watts"], m["joules_per_terahash"]] for m in fleet if m["group"] == name)
    for up_after, names in sorted(alike.items()):
        text += POLICY.format(up_after=up_after, groups=", ".join(f'"{n}"' for n in names), hashprice=wanted.hashprice,
                              fee=wanted.pool_fee_percent, factor=wanted.overhead_factor)
    with open(os.path.join(wanted.folder, "site.toml"), "w") as file:
        file.write(text)


main()
