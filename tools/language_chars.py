#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes plugins/language/chars.inc: script and lower case of every character.

usage: language_chars.py > plugins/language/chars.inc

Reads Unicode's own tables from /usr/share/unicode (Debian package unicode-data).
"""
import re

UNICODE = "/usr/share/unicode"
SHIFT = 7
SCRIPTS = {
    "Latin": "LATIN", "Cyrillic": "CYRILLIC", "Arabic": "ARABIC", "Devanagari": "DEVANAGARI",
    "Han": "HAN", "Hiragana": "HAN", "Katakana": "HAN", "Bopomofo": "HAN", "Hangul": "HANGUL",
    "Greek": "GREEK", "Armenian": "ARMENIAN", "Georgian": "GEORGIAN", "Hebrew": "HEBREW",
    "Gujarati": "GUJARATI", "Gurmukhi": "GURMUKHI", "Tamil": "TAMIL", "Telugu": "TELUGU",
    "Thai": "THAI", "Bengali": "BENGALI", "Ethiopic": "ETHIOPIC", "Malayalam": "MALAYALAM",
    "Kannada": "KANNADA", "Khmer": "KHMER", "Lao": "LAO", "Myanmar": "MYANMAR",
    "Sinhala": "SINHALA", "Tibetan": "TIBETAN", "Thaana": "THAANA", "Oriya": "ORIYA",
}
# Joiners, soft hyphen, tatweel, and the vowel signs that Arabic is mostly written without.
SKIP = {0x00AD, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x0640, 0x0670} | set(range(0x064B, 0x0653))
APOSTROPHE = {0x27, 0x2019, 0x02BC}
HAN_TOO = {0x30FC, 0xFF70}  # the long vowel mark of kana, which Unicode calls Common


def scripts():
    """The script of each character."""
    of = {}
    for line in open(f"{UNICODE}/Scripts.txt", encoding="utf-8"):
        m = re.match(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*; (\w+)", line)
        if m:
            for c in range(int(m[1], 16), int(m[2] or m[1], 16) + 1):
                of[c] = m[3]
    return of


def letters():
    """(character, category, lower case) for all that have an entry; ranges are filled in."""
    first = None
    for line in open(f"{UNICODE}/UnicodeData.txt", encoding="utf-8"):
        f = line.split(";")
        c = int(f[0], 16)
        if f[1].endswith(", First>"):
            first = c
            continue
        for x in range(first if f[1].endswith(", Last>") else c, c + 1):
            yield x, f[2], int(f[13], 16) if f[13] else x


def kinds():
    of = scripts()
    table = [("NONE", 0)] * 0x110000
    for c, category, lower in letters():
        script = of.get(c, "Unknown")
        if c in SKIP or 0xFE00 <= c <= 0xFE0F:
            table[c] = ("SKIP", 0)
        elif c in APOSTROPHE:
            table[c] = ("APOSTROPHE", 0)
        elif category[0] not in "LM" or script == "Common" and c not in HAN_TOO:
            continue
        elif script == "Inherited":
            table[c] = ("MARK", 0)
        else:
            table[c] = ("HAN" if c in HAN_TOO else SCRIPTS.get(script, "OTHER"), lower - c)
    return table


def rows(values, per=16):
    for i in range(0, len(values), per):
        yield "    " + ", ".join(str(v) for v in values[i:i + per]) + ","


def main():
    table = kinds()
    known = {("NONE", 0): 0}
    pages, index = {}, []
    for start in range(0, len(table), 1 << SHIFT):
        page = tuple(known.setdefault(k, len(known)) for k in table[start:start + (1 << SHIFT)])
        index.append(pages.setdefault(page, len(pages)))
    assert len(known) < 256 and len(pages) < 65536
    print("/* Made by tools/language_chars.py (make unicode-table) from Unicode's Scripts.txt and UnicodeData.txt. */")
    print(f"#define CHAR_SHIFT {SHIFT}\n")
    print(f"static const struct char_kind char_kinds[{len(known)}] = {{")
    for script, lower in known:
        print(f"    {{SCRIPT_{script}, {lower}}},")
    print(f"}};\n\nstatic const uint8_t char_pages[{len(pages)}][{1 << SHIFT}] = {{")
    for page in pages:
        print("    {")
        print("\n".join(rows(page, 32)))
        print("    },")
    print(f"}};\n\nstatic const uint16_t char_index[{len(index)}] = {{")
    print("\n".join(rows(index, 32)))
    print("};")


main()
