# SPDX-License-Identifier: Apache-2.0
"""The torture's checker fails what it should: a history that is good, and the same with one
thing wrong in it."""
import functools
import re
import sys

from harness import SOURCE, main

sys.path.insert(0, str(SOURCE / "tests" / "torture"))

import checker  # noqa: E402
import documents  # noqa: E402

LOG = "01a22632-06e2-7ae6-8d7a-fc3d7b684629"


def row(seq, prev, token, id):
    topic = b"%s." % documents.fields(token)[0].get("source", "-").encode()
    stamp = b'"log":"%s","seq":%d,"prev":%s,"received":"2026-11-29T07:25:43.497Z",' % (LOG.encode(), seq, b"%d" % prev if prev else b"null")
    return checker.Row(seq, prev, topic, id, documents.published_head(token, id, {}) + stamp + b'"shout":[]}}')


class History:
    """Twenty documents published, one dead, all accepted, all seen and replayed."""

    def __init__(self):
        rows, last = [], {}
        for seq in range(1, 21):
            token = f"{'io'[seq % 2]}1a-{seq}"
            made = row(seq, 0, token, token if token[0] == "i" else f"made-{seq}")
            rows.append(row(seq, last.get(made.topic, 0), token, made.id))
            last[made.topic] = seq
        self.rows, self.dead = rows, ["i1a-99"]
        self.facts = {"ticket": 21, "seq": 20, "sent": 20, "pending": 0, "dead": 1, "letters": 1}
        self.accepted = [r.id for r in rows] + self.dead
        self.seen = {"fast": self.wire(), "some": self.wire()[5:9], "replay": self.wire()}
        self.pending, self.may_miss, self.keep, self.strays = [], (), None, 0

    def wire(self):
        return [(r.topic, r.body) for r in self.rows]

    def faults(self):
        spool = checker.Spool(LOG, self.rows, self.dead, self.facts, self.pending)
        return "\n".join(checker.check(self.accepted, spool, self.seen, {"replay": self.may_miss}, self.keep, self.strays))


def expect(pattern, spoil, history=None):
    h = (history or History)()
    spoil(h)
    faults = h.faults()
    assert re.search(pattern, faults), f"/{pattern}/ not in: {faults or 'no fault found'}"


def test_good_history():
    assert History().faults() == ""


def test_lost():
    expect("accepted, and neither .* 1: i1a-77", lambda h: h.accepted.append("i1a-77"))
    expect("accepted, and neither .* 1: i1a-99", lambda h: h.dead.clear())
    expect("still pending: 1: i1a-50", lambda h: h.pending.append("i1a-50"))


def test_hole():
    def remove(h):
        del h.rows[7], h.accepted[7]

    expect("seq 9 stands where 8 should", remove)


def test_two_seqs():
    def again(h, token, id):
        topic = row(1, 0, token, id).topic
        prev = max((r.seq for r in h.rows if r.topic == topic), default=0)
        h.rows.append(row(21, prev, token, id))

    expect("id i1a-4 is published under seq 4 and 21", lambda h: again(h, "i1a-4", "i1a-4"))
    expect("document o1a-3 is published under seq 3 and 21", lambda h: again(h, "o1a-3", "made-21"))


def test_prev():
    def other_prev(h):
        r = h.rows[15]
        h.rows[15] = r._replace(prev=r.prev - 1 if r.prev else 3)

    expect("seq 16: prev is", other_prev)


def test_content():
    def spoil(h):
        for i, r in enumerate(h.rows):
            h.rows[i] = r._replace(body=r.body.replace(b"i1a-6 GOOD", b"i1a-6 GOOX"))

    expect("i1a-6 is not published as it was sent", spoil)
    expect("i1a-20 is published under the topic", lambda h: h.rows.append(h.rows.pop()._replace(topic=b"z.", prev=0)))


def test_seen():
    def spoil(h, name, old, new):
        h.seen[name] = [(t, b.replace(old, new)) for t, b in h.seen[name]]

    expect("some: seq 6 is not what", lambda h: spoil(h, "some", b'"shout":[]', b'"shout":[1]'))
    expect("fast: seq 999, which", lambda h: spoil(h, "fast", b'"seq":7,', b'"seq":999,'))
    expect("fast: a document without a seq in this log", lambda h: spoil(h, "fast", b"01a22632", b"01a22633"))


def test_replay():
    expect("replay: 19 of 20, not .* from seq 20", lambda h: h.seen["replay"].pop())
    expect("replay: 20 of 20, not .* from seq 1 on", lambda h: h.seen["replay"].reverse())
    expect("replay: seq 20 is not what", lambda h: h.seen["replay"].append((b"x.", h.seen["replay"].pop()[1])))


def test_facts():
    expect("facts.seq is 21", lambda h: h.facts.update(seq=21))
    expect("facts.dead is 2", lambda h: h.facts.update(dead=2))
    expect("facts.letters is 2", lambda h: h.facts.update(letters=2))
    expect("facts.sent is 19", lambda h: h.facts.update(sent=19))


class Trimmed(History):
    """Of the twenty the first ten are not kept any more; two of them nobody has seen."""

    def __init__(self):
        super().__init__()
        self.whole = self.rows
        self.keep, self.rows, self.may_miss = 1000, self.rows[10:], range(1, 11)
        self.seen["replay"] = self.wire()
        self.seen["fast"] = [(r.topic, r.body) for r in self.whole if r.seq not in (5, 6)]
        self.seen["some"] = self.seen["some"][1:]  # seq 7 to 9


def test_trimmed():
    assert Trimmed().faults() == ""
    expect_trimmed = functools.partial(expect, history=Trimmed)

    def drop(name, seq):
        return lambda h: h.seen[name].remove(next(pair for pair in h.seen[name] if b'"seq":%d,' % seq in pair[1]))

    def again(h):
        r = h.whole[2]
        again = row(21, max(x.seq for x in h.whole if x.topic == r.topic), "i1a-" + "4", "i1a-4")
        h.rows.append(again._replace(prev=max(x.seq for x in h.whole if x.topic == again.topic)))
        h.facts.update(seq=21, sent=21)
        h.seen["replay"] = h.wire()

    assert not any((lambda h: (drop("fast", 2)(h), h.faults())[1])(Trimmed()))  # one more that nobody has seen
    expect_trimmed("accepted, and neither .* 3: ", lambda h: h.accepted.append("i1a-77"))
    # A letter that is gone may be that of the one without an id of ours, but not of these three.
    expect_trimmed("neither .* 4: ", lambda h: (h.accepted.extend(["i1a-77", "i1a-79"]), h.facts.update(letters=3)))
    deadly = next(t for t in (f"i1a-{n}" for n in range(100, 100000)) if documents.dies(t))
    for token, strays in (deadly, 0), ("i1a-77", 1):
        h = Trimmed()
        h.accepted.append(token)
        h.facts.update(letters=2)
        h.strays = strays
        assert h.faults() == ""
    expect_trimmed("neither .* 3: ", lambda h: h.accepted.append(deadly))
    expect_trimmed("seq 13 stands where 12 should", lambda h: h.rows.pop(1))
    expect_trimmed("replay: 9 of 20, not .* from seq 15 on", drop("replay", 15))
    expect_trimmed("id i1a-4 is published under seq 4 and 21", lambda h: (setattr(h, "keep", 1 << 20), again(h)))
    h = Trimmed()
    again(h)  # long after it was forgotten
    assert h.faults() == ""

    def prev(h, seq, value):
        i = next(i for i, r in enumerate(h.rows) if r.seq == seq)
        h.rows[i] = h.rows[i]._replace(prev=value)

    last = max(Trimmed().rows, key=lambda r: r.prev)
    expect_trimmed(f"seq {last.seq}: prev is 0", lambda h: prev(h, last.seq, 0))
    expect_trimmed(f"seq {last.seq}: prev is 6", lambda h: prev(h, last.seq, 6))


if __name__ == "__main__":
    main(sys.modules[__name__])
