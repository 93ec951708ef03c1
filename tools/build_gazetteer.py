#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles GeoNames tables into the file the dateline plugin maps.

usage: build_gazetteer.py FOLDER EXTRA OUTPUT

FOLDER holds places.tsv.gz, countries.tsv and admin1.tsv (GeoNames, CC BY 4.0),
EXTRA the places we add. The layout is described in plugins/dateline/gazetteer.c;
the same input gives the same bytes.
"""
import collections
import gzip
import math
import struct
import sys
import unicodedata

MAGIC = b"GLOSSGZ1"
BLOCK = 16
HEADER = 64
PLACE_MIN = 1000          # inhabitants of a place that is no seat
PLACE_MIN_WIRE = 500      # in countries whose small towns are in datelines
WIRE_COUNTRIES = {"US", "CA", "ES", "IL", "PS"}
ALT_MIN = 20000           # inhabitants of a place whose other names are kept
SCRIPT_MIN = 500000       # ... whose names in Cyrillic and Greek are kept
FAR_MIN = 1500000         # ... whose names in every script are kept
SEATS = {"PPLC", "PPLA", "PPLA2"}
CAPITAL, SEAT, PLAIN, EXTRA = range(4)
NO_SEAT = 0xFFFFFFFF

PARTS = {"England", "Scotland", "Wales", "Northern Ireland"}  # regions, listed as names of GB

FOLD_RANGES = ((0x00, 0x530), (0x1E00, 0x1F00))
DELETED = ".'`´ʻʼ"
SPECIAL = {"ß": "ss", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i",
           "œ": "oe", "ħ": "h", "ŧ": "t", "ŋ": "n", "ə": "a", "ɨ": "i"}


def fold_char(ch):
    """What a character is in a folded name: "" (left out), " " or letters."""
    if ch in DELETED or unicodedata.category(ch) == "Mn":
        return ""
    if not ch.isalnum():
        return " "
    out = ""
    for c in unicodedata.normalize("NFKD", ch.lower()):
        if unicodedata.category(c) != "Mn":
            out += SPECIAL.get(c, c)
    return out if out and all(c.isalnum() for c in out) and len(out.encode()) <= 4 else " "


def fold_table():
    table = b""
    for low, high in FOLD_RANGES:
        for cp in range(low, high):
            table += fold_char(chr(cp)).encode().ljust(4, b"\0")
    return table


def fold(name):
    out = "".join("" if ch in "’‘" else
                  fold_char(ch) if any(a <= ord(ch) < b for a, b in FOLD_RANGES) else
                  " " if unicodedata.category(ch)[0] in "ZPSC" else ch
                  for ch in name)
    return " ".join(out.split())


def script(name):
    """"latin", "near" (Cyrillic, Greek), "far"; None where they are mixed."""
    kinds = set()
    for ch in name:
        if ch.isalpha():
            word = unicodedata.name(ch, "?").split()[0]
            kinds.add("latin" if word == "LATIN" else
                      "near" if word in ("CYRILLIC", "GREEK") else "far")
    return kinds.pop() if len(kinds) == 1 else None


def rows(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as f:
        head = next(f).rstrip("\n").split("\t")
        for line in f:
            yield dict(zip(head, line.rstrip("\n").split("\t")))


def read_places(folder):
    places = []
    for r in rows(f"{folder}/places.tsv.gz"):
        population = int(r["population"] or 0)
        least = PLACE_MIN_WIRE if r["country"] in WIRE_COUNTRIES else PLACE_MIN
        if population < least and r["fcode"] not in SEATS:
            continue
        code = r["fcode"]
        kind = CAPITAL if code == "PPLC" else SEAT if code == "PPLA" else PLAIN
        alternates = [a for a in r["alternates"].split("|") if keep(a, population, kind)]
        places.append((float(r["lat"]), float(r["lon"]), r["country"],
                       f'{r["country"]}.{r["admin1"]}', population, kind, [r["name"]], alternates))
    return places


def keep(name, population, kind):
    if len(name) <= 4 and name.isupper():  # codes of airports
        return False
    least = {"latin": ALT_MIN, "near": SCRIPT_MIN, "far": FAR_MIN}.get(script(name))
    return least is not None and (population >= least or kind == CAPITAL)


def read_extra(path):
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if line.startswith("#") or not line.strip():
                continue
            try:
                names, lat, lon, country, region, weight = line.rstrip("\n").split("\t")
                yield (float(lat), float(lon), country, region, int(weight), EXTRA,
                       names.split("|"), [])
            except ValueError:
                sys.exit(f"{path}:{number}: six fields wanted, with numbers in the 2nd, 3rd and 6th")


class Names:
    """Folded names and what they stand for: (id, whether it is not the main name)."""

    def __init__(self):
        self.refs = collections.defaultdict(dict)

    def add(self, name, ident, other):
        key = fold(name)
        if 2 <= len(key.encode()) <= 60:
            self.refs[key][ident] = min(other, self.refs[key].get(ident, 1))

    def pack(self):
        blocks, body, before = [], bytearray(), b""
        for i, (key, refs) in enumerate(sorted((k.encode(), r) for k, r in self.refs.items())):
            if i % BLOCK == 0:
                blocks.append(len(body))
                before = b""
            shared = 0
            while shared < min(len(before), len(key)) and before[shared] == key[shared]:
                shared += 1
            body += bytes((shared, len(key) - shared)) + key[shared:]
            body += varint(len(refs))
            last = 0
            for ident, other in sorted(refs.items()):
                body += varint((ident - last) << 1 | other)
                last = ident
            before = key
        blocks.append(len(body))
        return struct.pack(f"<{len(blocks)}I", *blocks), bytes(body)


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def checksum(data):
    """FNV-1a over 32-bit words: enough to see a file cut short or damaged."""
    h = 0x811C9DC5
    for (word,) in struct.iter_unpack("<I", data):
        h = (h ^ word) * 0x01000193 & 0xFFFFFFFF
    return h


def pad(data):
    return data + bytes(-len(data) % 4)


def place_record(p, regions):
    lat, lon, country, region, population, kind = p[:6]
    index = regions.get(region)
    if index is None:
        index = regions[country + "."]
    size = min(255, round(math.log2(population + 1) * 8))
    return (round((lat + 90) / 180 * 0xFFFFFF).to_bytes(3, "little")
            + round((lon + 180) / 360 * 0xFFFFFF).to_bytes(3, "little")
            + struct.pack("<HBB", index, size, kind))


def find_seats(places, regions):
    """The seat of each region and country, or its biggest place: where it is put on the map."""
    seats = [NO_SEAT] * len(regions)
    is_seat = [False] * len(regions)
    for i, p in enumerate(places):  # biggest first
        for code, kinds in ((p[3], (CAPITAL, SEAT)), (p[2] + ".", (CAPITAL,))):
            where = regions.get(code)
            if where is None or is_seat[where] or p[5] == EXTRA:
                continue
            if seats[where] == NO_SEAT or p[5] in kinds:
                seats[where], is_seat[where] = i, p[5] in kinds
    return seats


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    folder, extra, output = sys.argv[1:]
    countries = list(rows(f"{folder}/countries.tsv"))
    admin = list(rows(f"{folder}/admin1.tsv"))
    places = read_places(folder) + list(read_extra(extra))
    places.sort(key=lambda p: (-p[4], p[6][0], p[0]))

    # A region without a code stands for its country as a whole; the first for none at all.
    codes = [""] + [c["iso2"] for c in countries]
    region_codes = [c + "." for c in codes] + [a["code"] for a in admin]
    regions = {code: i for i, code in enumerate(region_codes)}
    for p in places:
        if p[5] == EXTRA and p[3] and p[3] not in regions:
            sys.exit(f"{extra}: {p[6][0]}: no region {p[3]}")

    names = Names()
    for i, p in enumerate(places):
        for name in p[6]:
            names.add(name, i, 0)
        for name in p[7]:
            names.add(name, i, 1)
    # Regions follow the places in numbering.
    for a in admin:
        for name in [a["name"]] + [x for x in a["abbreviations"].split("|") if x]:
            names.add(name, len(places) + regions[a["code"]], 0)
    for c in countries:
        for name in [c["name"]] + c["names"].split("|"):
            if script(name) and name not in PARTS:
                names.add(name, len(places) + regions[c["iso2"] + "."], 0)

    seats = find_seats(places, regions)
    region_table = b"".join(
        struct.pack("<2sHI", code.split(".")[0].encode(), 0, seats[i])
        for i, code in enumerate(region_codes))

    blocks, body = names.pack()
    place_table = b"".join(place_record(p, regions) for p in places)
    sections = [pad(x) for x in (fold_table(), region_table, place_table, blocks, body)]
    offsets, at = [], HEADER
    for s in sections:
        offsets.append(at)
        at += len(s)
    data = b"".join(sections)
    head = MAGIC + struct.pack("<11I", at, checksum(data), *offsets,
                               len(region_codes), len(places), len(names.refs), len(codes))
    with open(output, "wb") as f:
        f.write(head.ljust(HEADER, b"\0") + data)
    print(f"{output}: {at:,} bytes, {len(places):,} places, {len(names.refs):,} names "
          f"({len(body):,} bytes of names)")


main()
