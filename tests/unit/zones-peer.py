#!/usr/bin/env python3
"""Holds zones and wall times against Python's zoneinfo.

usage: zones-peer.py ZONE-DUMP [--all]

Every minute around every change of the offset from 2020 to 2040 (beyond 2037 files end and their
rule goes on), in 26 zones, or in all the system has. Python finds the changes by itself, so that one
that is missed is seen as well.
"""
import subprocess
import sys
from datetime import datetime, timedelta, timezone

try:
    from zoneinfo import ZoneInfo, available_timezones
except ImportError:
    sys.exit(77)

FROM, UNTIL = 1577836800, 2208988800
EPOCH = datetime(1970, 1, 1)
ZONES = """
UTC Europe/Berlin Europe/Dublin Europe/London Europe/Moscow Europe/Chisinau America/New_York America/St_Johns
America/Sao_Paulo America/Santiago America/Havana America/Nuuk America/Asuncion America/Los_Angeles Asia/Kolkata
Asia/Kathmandu Asia/Tehran Asia/Gaza Asia/Beirut Asia/Jerusalem Africa/Casablanca Africa/Cairo Antarctica/Troll
Australia/Lord_Howe Australia/Sydney Pacific/Auckland Pacific/Chatham Pacific/Apia Pacific/Easter
""".split()


def offset_at(zone, at):
    return int(datetime.fromtimestamp(at, zone).utcoffset().total_seconds())


def changes(zone):
    """All changes, found by halving between hours at which the offset differs."""
    found, last = [], offset_at(zone, FROM)
    for at in range(FROM, UNTIL, 6 * 3600):
        offset = offset_at(zone, at)
        if offset != last:
            low, high = at - 6 * 3600, at
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset_at(zone, middle) == last else (low, middle)
            found.append((high, offset))
            last = offset
    return found


def instant_of(zone, wall):
    local = (EPOCH + timedelta(seconds=wall)).replace(tzinfo=zone, fold=0)
    return int((local.astimezone(timezone.utc).replace(tzinfo=None) - EPOCH).total_seconds())


def main():
    zones = sorted(available_timezones()) if "--all" in sys.argv else ZONES
    out = subprocess.run([sys.argv[1], str(FROM), str(UNTIL), *zones], check=True,
                         capture_output=True, text=True).stdout
    zone, name, seen, compared, differ, n_zones, n_changes = None, None, [], 0, 0, 0, 0

    def fail(line):
        nonlocal differ
        differ += 1
        if differ <= 20:
            print(f"{name}: {line}")

    def finish():
        nonlocal n_changes
        if zone:
            expected = changes(zone)
            n_changes += len(expected)
            if expected != seen:
                fail(f"changes {seen[:5]}, expected {expected[:5]}")

    for line in out.splitlines():
        kind, *rest = line.split()
        if kind in "ZE":
            finish()
            name, zone, seen = rest[0], None, []
            if kind == "E":
                fail(f"not loaded: {rest[1]}")
                continue
            zone = ZoneInfo(name)
            n_zones += 1
            continue
        a, b = map(int, rest)
        compared += 1
        if kind == "C":
            seen.append((a, b))
        elif kind == "O" and offset_at(zone, a) != b:
            fail(f"offset at {a}: {b}, expected {offset_at(zone, a)}")
        elif kind == "W" and instant_of(zone, a) != b:
            fail(f"wall {a}: {b}, expected {instant_of(zone, a)}")
    finish()
    print(f"{n_zones} zones, {n_changes} changes, {compared} comparisons, {differ} differences")
    return 1 if differ or compared < 100000 else 0


sys.exit(main())
