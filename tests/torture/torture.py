# SPDX-License-Identifier: Apache-2.0
"""torture.py [SEED=..] [ROUNDS=..] [DOCUMENTS=..] [KILLS=..] [SWEEP=every]

Rounds of all that can go wrong at once, until there were ROUNDS rounds, DOCUMENTS accepted
documents and KILLS kills of the supervisor; then each call that can fail fails, one by one.
At the first broken promise it ends with status 1, and says the seed and what it has kept."""
import collections
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

import rounds
import sweep
import victim
from shim import FAULTS

ORDER = """rounds|documents accepted|documents published|documents trimmed|dead letters|seen by subscribers|kills of the supervisor|kills of workers
ended by a fault|reloads|plugin faults|disk-full episodes|subscribers stopped|clock jumps|failed calls|flips|sweep""".replace("\n", "|").split("|")


def options(arguments):
    known = {"SEED": int(time.time()), "ROUNDS": 6, "DOCUMENTS": 0, "KILLS": 0, "SWEEP": ""}
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name not in known:
            sys.exit(f"usage: {__doc__}")
        known[name] = value if name == "SWEEP" else int(value)
    return known


def table(counts, seconds):
    def place(name):
        return next((i for i, start in enumerate(ORDER) if name.startswith(start)), len(ORDER)), name

    for name in sorted(counts, key=place):
        print(f"{name:<40} {counts[name]:>10,}")
    print(f"{'seconds':<40} {seconds:>10,.0f}")


def enough(counts, o):
    return counts["rounds"] >= o["ROUNDS"] and counts["documents accepted"] >= o["DOCUMENTS"] and counts["kills of the supervisor"] >= o["KILLS"]


def run_rounds(o, folder, counts):
    n = 50000 if o["DOCUMENTS"] > 100000 else 6000
    # Documents between two faults, so that there are as many kills to a document as asked for.
    gap = rounds.share_of_kills() * o["DOCUMENTS"] / o["KILLS"] if o["DOCUMENTS"] and o["KILLS"] else 400
    number = 0
    while not enough(counts, o):
        number += 1
        began = time.monotonic()
        before = collections.Counter(counts)
        rounds.Round(o["SEED"], number, folder / f"round-{number}", n, gap, counts).run()
        done = counts - before
        print(f"round {number}: {done['documents accepted']} accepted, {done['kills of the supervisor']} kills, {time.monotonic() - began:.1f} s", flush=True)


def run_sweeps(o, folder, counts):
    every = o["SWEEP"] == "every"
    sweep.Sweep(o["SEED"], folder / "sweep", every, counts).run_all(FAULTS)
    sweep.Sweep(o["SEED"], folder / "sweep-workers", every, counts, workers_too=True).run_all(["memory"])


def main():
    o = options(sys.argv[1:])
    print("torture: " + " ".join(f"{k}={v}" for k, v in o.items() if v), flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gloss-torture-"))
    counts, began, status = collections.Counter(), time.monotonic(), 0
    try:
        run_rounds(o, folder, counts)
        run_sweeps(o, folder, counts)
        shutil.rmtree(folder)
    except Exception as fault:  # a Violation, or what the torture itself did not expect
        status = 1
        if not isinstance(fault, victim.Violation):
            traceback.print_exc()
        print(f"BROKEN: {fault}\nSEED={o['SEED']}; kept: {folder}", flush=True)
    table(counts, time.monotonic() - began)
    sys.exit(status)


main()
