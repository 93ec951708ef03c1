#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds sizes: functions half within 15 lines, nine of ten within 45, none over
80; files none over 800 lines (generated *.inc excepted). Needs universal-ctags."""
import json, pathlib, subprocess, sys

FOLDERS = ("core", "plugins", "bench", "tools", "tests")


def functions(files):
    tags = subprocess.run(["ctags", "--languages=C", "--kinds-C=f", "--fields=+ne", "--output-format=json", "-f", "-", *files],
                          capture_output=True, text=True, check=True).stdout
    for tag in map(json.loads, tags.splitlines()):
        if "end" in tag:
            yield tag["end"] - tag["line"] + 1, f'{tag["path"]}:{tag["line"]}: {tag["name"]}'


def main():
    files = [str(p) for folder in FOLDERS for p in sorted(pathlib.Path(folder).rglob("*.[ch]"))]
    faults = [f"{f}: {n} lines, 800 at most" for f in files if (n := len(pathlib.Path(f).read_text().splitlines())) > 800]
    sizes = sorted(functions(files))
    faults += [f"{where}: {n} lines, 80 at most" for n, where in sizes if n > 80]
    half, most = sizes[len(sizes) // 2][0], sizes[len(sizes) * 9 // 10][0]
    if half > 15 or most > 45:
        faults.append(f"half of all functions are within {half} lines (15), nine of ten within {most} (45)")
    print("\n".join(faults) if faults else f"sizes: {len(sizes)} functions, half within {half} lines, nine of ten within {most}, the longest {sizes[-1][0]}")
    sys.exit(1 if faults else 0)


main()
