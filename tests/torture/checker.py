# SPDX-License-Identifier: Apache-2.0
"""What must hold after a round. Pure functions on what was answered, what the spool has,
what subscribers saw and what replay gives; each fault is a line of text. The hard rule: it
fails what it should (tests/integration/test_torture.py feeds it bad histories)."""
import collections
import contextlib
import re
import sqlite3
import time

import documents

Row = collections.namedtuple("Row", "seq prev topic id body")
Spool = collections.namedtuple("Spool", "log rows dead facts pending")

ROW = 128  # what a row counts beside its bytes

STAMP = re.compile(rb'"gloss":\{"log":"([^"]*)","seq":([0-9]+),"prev":([0-9]+|null),')


class Times:
    """Milliseconds to what is published as received; a second is formatted once."""

    def __init__(self):
        self.seconds = {}

    def text(self, ms):
        second = ms // 1000
        if second not in self.seconds:
            self.seconds[second] = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second)).encode()
        return self.seconds[second] + b"%03dZ" % (ms % 1000)


def whole(form, head, body):
    """The document as one JSON."""
    if form == 0:
        return head
    if form == 1:
        return b'{"text":' + documents.compact(head.decode()) + b"}"
    return head[:-1] + b',"text":' + documents.compact(body.decode()) + b"}"


def read_spool(path):
    """All of it, each row of published as it goes out."""
    times = Times()
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        log, ticket, seq, sent, pending, dead = db.execute("SELECT log, ticket, seq, sent, pending, dead FROM facts").fetchone()
        rows = []
        for n, prev, topic, id, form, received, head, body, members in db.execute(
            "SELECT p.seq, p.prev, p.topic, d.id, d.form, d.received, d.head, d.body, p.members"
            " FROM published p LEFT JOIN documents d USING (ticket) ORDER BY p.seq"
        ):
            stamp = b'"log":"%s","seq":%d,"prev":%s,"received":"%s",' % (log.encode(), n, b"%d" % prev if prev else b"null", times.text(received))
            out = documents.head_of(whole(form, head, body), id) + stamp + members + b"}}"
            rows.append(Row(n, prev, topic.encode(), id, out))
        letters = [id for (id,) in db.execute("SELECT id FROM dead")]
        [letters_given] = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'dead'").fetchone()
        waiting = [id for (id,) in db.execute("SELECT d.id FROM pending p LEFT JOIN documents d USING (ticket)")]
    return Spool(log, rows, letters, {"ticket": ticket, "seq": seq, "sent": sent, "pending": pending, "dead": dead, "letters": letters_given}, waiting)


def pending(path):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM pending").fetchone()[0]


def some(items):
    items = sorted(items)
    return f"{len(items)}: {', '.join(map(str, items[:5]))}{' ...' if len(items) > 5 else ''}"


def topic_of(token):
    return b"%s." % documents.fields(token)[0].get("source", "-").encode()


def all_rows(spool, first, seen):
    """Those that are kept, and of those before the first of them, which were trimmed, what
    anybody has seen."""
    rows = {row.seq: row for row in spool.rows}
    for topic, body in (pair for pairs in seen.values() for pair in pairs):
        stamp = STAMP.search(body)
        if not stamp or int(stamp.group(2)) >= first:
            continue
        seq, prev, token = int(stamp.group(2)), stamp.group(3), documents.token_of(body)
        id = re.search(rb'"id":"([^"]*)"', body)
        topic = topic or (topic_of(token) if token else b"")
        rows.setdefault(seq, Row(seq, 0 if prev == b"null" else int(prev), topic, id.group(1).decode() if id else "", body))
    return [rows[seq] for seq in sorted(rows)]


def unseen(rows, first):
    """The seq that were trimmed before anybody has seen them."""
    return set(range(1, first)) - {row.seq for row in rows}


def check_lost(accepted, rows, spool, n_unseen, strays):
    """Each is published or a dead letter. Of what was trimmed and seen by nobody it is known
    how much it was; of letters also which documents become one, but for a few."""
    lost = set(accepted) - {row.id for row in rows} - set(spool.dead)
    letters = spool.facts["letters"] - len(spool.dead)
    alive = {id for id in lost if documents.is_token(id) and not documents.dies(id)}
    if len(alive) > n_unseen + min(strays, letters) or len(lost) > n_unseen + letters:
        return [f"accepted, and neither published nor a dead letter: {some(lost)}"]
    return []


def check_numbers(rows, first):
    """seq without holes, but for what nobody has seen; prev right for every topic, or
    nothing where the one before is not kept."""
    last, holes, n = {}, unseen(rows, first), 1
    for row in rows:
        while n in holes:
            n += 1
        if row.seq != n:
            return [f"seq {row.seq} stands where {n} should: a hole or a double"]
        before = last.get(row.topic, 0)
        trimmed = (row.prev == 0 and before < first) or (row.prev in holes and before < row.prev < row.seq)
        if row.prev != before and not trimmed:
            return [f"seq {row.seq}: prev is {row.prev}, the one before under {row.topic.decode()} is {before}"]
        last[row.topic] = row.seq
        n += 1
    return []


def check_once(rows, keep=None):
    """None under two seq: neither an id nor, whatever its id, the text of a document. But an
    id is known only as long as it is kept: until about so many bytes came behind it."""
    faults, ids, tokens, bytes, at = [], {}, {}, 0, {}
    for row in rows:
        token = documents.token_of(row.body)
        before = ids.get(row.id) or tokens.get(token)
        if before and (keep is None or bytes - at[before] < keep * 0.8):
            what = f"id {row.id}" if row.id in ids else f"document {token}"
            faults.append(f"{what} is published under seq {before} and {row.seq}")
        ids[row.id] = tokens[token] = row.seq
        at[row.seq] = bytes = bytes + len(row.body) + ROW
    return faults[:5]


def check_content(topic, body, id=None):
    """A published document is what was sent, under its topic."""
    token = documents.token_of(body)
    if token is None:
        return [f"published, but never sent: {body[:200]}"]
    more = {"reply": "enriched"} if b',"reply":"enriched"' in body else {}
    if id is None:
        found = re.search(rb'"id":"([^"]*)"', body)
        id = found.group(1).decode() if found else ""
    if not body.startswith(documents.published_head(token, id, more)):
        return [f"document {token} is not published as it was sent: {body[:200]}"]
    if topic is not None and topic != topic_of(token):
        return [f"document {token} is published under the topic {topic}"]
    return []


def check_seen(name, seen, rows, log):
    """Whatever came over a wire is what the spool has, byte for byte, or all others saw."""
    for topic, body in seen:
        stamp = STAMP.search(body)
        seq = int(stamp.group(2)) if stamp else 0
        row = rows.get(seq)
        if not stamp or stamp.group(1) != log.encode():
            return [f"{name}: a document without a seq in this log: {body[:200]}"]
        if not row:
            return [f"{name}: seq {seq}, which the spool does not have"]
        if body != row.body or topic not in (row.topic, None):
            return [f"{name}: seq {seq} is not what the spool has: {topic} {body[:300]} against {row.topic} {row.body[:300]}"]
    return []


def check_whole(name, seen, last, may_miss):
    """This one has had everything, in order."""
    numbers, want = [int(STAMP.search(body).group(2)) for _, body in seen], 1
    for n in numbers + [last + 1]:
        while want < n and want in may_miss:
            want += 1
        if n != want:
            return [f"{name}: {len(numbers)} of {last}, not as it should be from seq {want} on"]
        want += 1
    return []


def check_facts(spool, keep):
    """What the spool counts is there. It was ended clean: nothing waits, all is sent."""
    facts = spool.facts
    last = spool.rows[-1].seq if spool.rows else facts["seq"]
    want = {"seq": last, "sent": last, "pending": 0, "dead": len(spool.dead)}
    if keep is None:
        want["letters"] = len(spool.dead)
    faults = [f"facts.{k} is {facts[k]}, should be {v}" for k, v in want.items() if facts[k] != v]
    if spool.pending:
        faults.append(f"still pending: {some(spool.pending)}")
    return faults


def first_kept(spool):
    return spool.rows[0].seq if spool.rows else spool.facts["seq"] + 1


def check(accepted, spool, seen, whole={}, keep=None, strays=0):
    """accepted: the ids that were answered so. seen: (topic, body) by the name of who saw it;
    whole: the names of those who must have seen all of it, in order, and the seq that they may
    miss. keep: the bytes that are kept of what was published; None: all of it, and all letters.
    strays: so many letters may be of any document."""
    first = 1 if keep is None else first_kept(spool)
    rows = all_rows(spool, first, seen)
    faults = check_lost(accepted, rows, spool, len(unseen(rows, first)), strays)
    faults += check_numbers(rows, first) + check_once(rows, keep) + check_facts(spool, keep)
    if faults:
        return faults
    for row in rows:
        faults += check_content(row.topic, row.body, row.id)
    by_seq = {row.seq: row for row in rows}
    for name, documents_seen in seen.items():
        faults += check_seen(name, documents_seen, by_seq, spool.log)
        if name in whole and not faults:
            faults += check_whole(name, documents_seen, spool.facts["seq"], whole[name])
    return faults[:10]
