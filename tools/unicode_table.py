#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes core/text/unicode_table.inc: each code point's class as enum unicode_class
names it (core/text/unicode.h), as a table in two stages.

usage: unicode_table.py [FOLDER] > core/text/unicode_table.inc

FOLDER holds the Unicode Character Database; Debian's package unicode-data puts
it into /usr/share/unicode.
"""

import os
import re
import sys

BLOCK = 128  # UNICODE_BLOCK in unicode.h
LIMIT = 0x110000

# The order is that of enum unicode_class.
CLASSES = ("OTHER SPACE NEWLINE FORMAT MARK STACKER KILLER UPPER LOWER LETTER DIGIT NUMERIC HAN "
           "HIRAGANA KATAKANA SA SA_LEAD OPEN CLOSE QUOTE TERMINAL DOT HYPHEN APOSTROPHE MIDDLE "
           "EMOJI REGIONAL PREPEND").split()
CODE = {name: i for i, name in enumerate(CLASSES)}

NEWLINES = [0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029]
# Marks that join two words into one token. Dashes are not among them.
HYPHENS = [0x2D, 0x58A, 0x5BE, 0x2010, 0x2011, 0xFE63, 0xFF0D]
APOSTROPHES = [0x27, 0x2019, 0xFF07]
# What stands inside a word, between letters: Catalan col·legi, Hebrew gershayim,
# Armenian emphasis marks.
MIDDLES = [0xB7, 0x2027, 0x5F3, 0x5F4, 0x55B, 0x55C, 0x55E]


class Database:
    def __init__(self, folder):
        self.folder = folder
        self.version = None

    def rows(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            for line in f:
                found = re.match(r"# \S+-(\d+\.\d+\.\d+)\.txt", line)
                if found:
                    self.version = found.group(1)
                line = line.split("#")[0].strip()
                if line:
                    yield [part.strip() for part in line.split(";")]

    def where(self, name, *values):
        """The code points that have one of these values in a file of ranges."""
        found = set()
        for row in self.rows(name):
            if row[1] in values:
                first, _, last = row[0].partition("..")
                found.update(range(int(first, 16), int(last or first, 16) + 1))
        return found

    def categories(self):
        found, first = {}, None
        for row in self.rows("UnicodeData.txt"):
            code = int(row[0], 16)
            if row[1].endswith("First>"):
                first = code
                continue
            for c in range(first if row[1].endswith("Last>") else code, code + 1):
                found[c] = row[2]
        return found


def classify(db):
    """From the least to the most particular: what comes later overrides."""
    table = [CODE["OTHER"]] * LIMIT
    category = db.categories()

    def mark(name, points):
        for c in points:
            table[c] = CODE[name]

    def of(*names):
        return [c for c, g in category.items() if g in names]

    core = "DerivedCoreProperties.txt"
    mark("EMOJI", db.where("emoji/emoji-data.txt", "Extended_Pictographic"))
    mark("LETTER", db.where(core, "Alphabetic"))
    mark("LOWER", db.where(core, "Lowercase"))
    mark("UPPER", db.where(core, "Uppercase") | set(of("Lt")))
    mark("DIGIT", of("Nd"))
    mark("NUMERIC", of("No"))
    mark("OPEN", of("Ps"))
    mark("CLOSE", of("Pe"))
    # The corner brackets of Chinese and Japanese stay brackets: they have sides.
    mark("QUOTE", db.where("PropList.txt", "Quotation_Mark") - set(of("Ps", "Pe")))
    mark("QUOTE", [0x201A, 0x201E])
    mark("TERMINAL", db.where("auxiliary/SentenceBreakProperty.txt", "STerm"))
    mark("DOT", db.where("auxiliary/SentenceBreakProperty.txt", "ATerm"))

    letters = db.where(core, "Alphabetic")
    mark("HAN", db.where("Scripts.txt", "Han") & letters)
    mark("HIRAGANA", db.where("Scripts.txt", "Hiragana") & letters)
    # With the sign of the long vowel, which Unicode gives to both scripts.
    mark("KATAKANA", (db.where("Scripts.txt", "Katakana") & letters) | {0x30FC, 0xFF70})

    # Scripts written without spaces that need a dictionary (line break class SA).
    complex_ = db.where("LineBreak.txt", "SA") & letters
    mark("SA", complex_)
    mark("SA_LEAD", complex_ & db.where("PropList.txt", "Logical_Order_Exception"))
    mark("MARK", (complex_ & db.where("IndicSyllabicCategory.txt", "Vowel_Dependent"))
         - db.where("PropList.txt", "Logical_Order_Exception"))

    mark("FORMAT", of("Cf"))
    mark("PREPEND", db.where("auxiliary/GraphemeBreakProperty.txt", "Prepend"))
    mark("MARK", db.where("auxiliary/GraphemeBreakProperty.txt", "Extend", "SpacingMark", "ZWJ"))
    mark("STACKER", db.where("IndicSyllabicCategory.txt", "Invisible_Stacker")
         & db.where("LineBreak.txt", "SA"))
    mark("KILLER", db.where("IndicSyllabicCategory.txt", "Pure_Killer")
         & db.where("LineBreak.txt", "SA"))
    mark("REGIONAL", db.where("auxiliary/GraphemeBreakProperty.txt", "Regional_Indicator"))

    mark("SPACE", of("Cc"))
    mark("SPACE", db.where("PropList.txt", "White_Space"))
    mark("SPACE", [0x200B])  # zero width space: parts words in Thai and Khmer
    mark("NEWLINE", NEWLINES)
    mark("HYPHEN", HYPHENS)
    mark("APOSTROPHE", APOSTROPHES)
    mark("MIDDLE", MIDDLES)
    return table


def fold(table):
    blocks, index = {}, []
    for at in range(0, LIMIT, BLOCK):
        block = tuple(table[at:at + BLOCK])
        index.append(blocks.setdefault(block, len(blocks)))
    return list(blocks), index


def emit(kind, name, numbers, out):
    out.write(f"const {kind} {name}[] = {{\n")
    for at in range(0, len(numbers), 24):
        out.write("    " + ", ".join(map(str, numbers[at:at + 24])) + ",\n")
    out.write("};\n")


def main():
    db = Database(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode")
    blocks, index = fold(classify(db))
    assert len(blocks) < 256
    out = sys.stdout
    out.write("/* SPDX-License-Identifier: Unicode-DFS-2016\n *\n"
              f" * Made by tools/unicode_table.py from Unicode {db.version}; see unicode.h. */\n")
    emit("uint8_t", "unicode_index", index, out)
    emit("uint8_t", "unicode_classes", [c for block in blocks for c in block], out)


if __name__ == "__main__":
    main()
