"""The outlets of a PDU, for Debian's snmpd to serve by pass_persist: pdu_agent.py FOLDER.

FOLDER/outlet-N holds what outlet N reads: 1 on, 2 off; an outlet is there if its file is. FOLDER/watts-N what it gives, if it measures.
FOLDER/sets gets a line for each SET: outlet, value, milliseconds of the monotonic clock.
FOLDER/stuck-N: outlet N takes a SET and stays as it is. FOLDER/slow-N: it reads its old value for so many more GETs.
Everything is in files, because snmpd starts this anew after a SET.
"""

import os
import sys
import time

CONTROL = ".1.3.6.1.4.1.318.1.1.4.4.2.1.3."  # sPDUOutletCtl
WATTS = ".1.3.6.1.4.1.318.1.1.26.9.4.3.1.7."  # rPDU2OutletMeteredStatusPower

folder = sys.argv[1]


def read(name):
    try:
        with open(os.path.join(folder, name)) as file:
            return file.read().strip()
    except OSError:
        return None


def write(name, text):
    part = os.path.join(folder, name + ".part")
    with open(part, "w") as file:
        file.write(text)
    os.rename(part, os.path.join(folder, name))


def get(oid):
    for prefix, name in ((CONTROL, "outlet-"), (WATTS, "watts-")):
        if not oid.startswith(prefix):
            continue
        number = oid[len(prefix):]
        if name == "outlet-" and (coming := read("coming-" + number)) is not None:
            value, left = coming.split()
            write("coming-" + number, f"{value} {int(left) - 1}")
            if int(left) <= 0:
                write("outlet-" + number, value)
                os.remove(os.path.join(folder, "coming-" + number))
        value = read(name + number)
        return None if value is None else (oid, "integer", value)
    return None


def set_(oid, value):
    number = oid[len(CONTROL):]
    if not oid.startswith(CONTROL) or read("outlet-" + number) is None:
        return "not-writable"
    with open(os.path.join(folder, "sets"), "a") as file:
        file.write(f"{number} {value} {time.monotonic_ns() // 1_000_000}\n")
    if value not in ("1", "2"):
        return "wrong-value"
    if read("stuck-" + number) is not None:
        return "DONE"
    if (slow := read("slow-" + number)) is not None:
        write("coming-" + number, f"{value} {slow}")
    else:
        write("outlet-" + number, value)
    return "DONE"


def line():
    text = sys.stdin.readline()
    if not text:
        sys.exit()
    return text.strip()


while True:
    word = line()
    if word == "PING":
        print("PONG", flush=True)
    elif word == "get":
        found = get(line())
        print("\n".join(found) if found else "NONE", flush=True)
    elif word == "set":
        print(set_(line(), line().split()[-1]), flush=True)
    else:
        line()
        print("NONE", flush=True)
