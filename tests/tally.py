#!/usr/bin/python3
"""Adds up what the programs of one `meson test` run said.

    tally.py TESTLOG.json [TESTLOG.json ...]

A test program that ends with `N passed, N failed[, N skipped]` counts as that many; one without
such a line counts as one. A program that says all is well and then fails (a leak found at exit, a
time limit) counts as one failure more. Prints failing programs with an excerpt of their output and
skipped ones with their reason; the last line is `PASSED FAILED SKIPPED` for the calling script.
"""
import json
import re
import sys

TOTAL = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", re.M)
FAILED_RESULTS = {"FAIL", "TIMEOUT", "INTERRUPT", "ERROR", "UNEXPECTEDPASS"}


def excerpt(test):
    """The lines of stdout that led to a FAIL, then the end of stderr."""
    picked, indented = [], []
    for line in (test.get("stdout") or "").splitlines():
        if line.startswith(" "):
            indented.append(line)
        else:
            if line.startswith("FAIL"):
                picked += indented[-6:] + [line]
            indented = []
    if not picked:
        picked = (test.get("stdout") or "").splitlines()[-8:]
    errors = (test.get("stderr") or "").splitlines()
    for i, line in enumerate(errors):
        if "ERROR: " in line or "runtime error" in line:
            errors = errors[i:i + 14]
            break
    else:
        errors = errors[-8:]
    return [line[:300] for line in picked[:24] + errors]


def main():
    passed = failed = skipped = 0
    reasons = {}
    for path in sys.argv[1:]:
        try:
            lines = open(path, encoding="utf-8", errors="replace").read().splitlines()
        except OSError:
            lines = []
        for line in lines:
            test = json.loads(line)
            name = test["name"].split(" / ")[-1]
            result, out = test["result"], test.get("stdout") or ""
            bad = result in FAILED_RESULTS
            said = TOTAL.findall(out)
            if said:
                p, f, s = (int(n or 0) for n in said[-1])
                if bad and f == 0:
                    f = 1
            else:
                p, f, s = (0, 1, 0) if bad else (0, 0, 1) if result == "SKIP" else (1, 0, 0)
            passed, failed, skipped = passed + p, failed + f, skipped + s
            if bad:
                print(f"      FAIL {name} ({result.lower()}, {test['duration']:.0f} s)")
                for text in excerpt(test):
                    print(f"        {text}")
            if s:
                why = re.findall(r"^skip\S*\s+(.*)$", out, re.M | re.I) or out.splitlines()[-1:]
                why = why or (test.get("stderr") or "").splitlines()[-1:] or ["no reason given"]
                for text in why:
                    reasons.setdefault(text[:160], name)
    for text, name in list(reasons.items())[:12]:
        print(f"      skip {name}: {text}")
    if len(reasons) > 12:
        print(f"      skip ... and for {len(reasons) - 12} other reasons")
    print(passed, failed, skipped)


main()
