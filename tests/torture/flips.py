# SPDX-License-Identifier: Apache-2.0
"""Bits flipped in a copy of the spool, as it lay after a kill. The daemon may refuse it, or
stop, or not notice, as long as all that it publishes and replays is as it was, or is a
document as it was sent. The hard rule: the spool itself is not touched."""
import json
import shutil

import checker
import clients
import documents
import zmq
from victim import Victim, Violation, wait

FILES = ("spool.db", "spool.db-wal")
BESIDE = ("spool.db.lock",)  # left as it is: it tells what is missing
HEADER = 8192  # where a flip does most
LOOK = 0.3  # seconds that are watched after all was replayed


def copy_spool(spool, folder):
    folder.mkdir(exist_ok=True)
    for name in FILES + BESIDE:
        source = spool.with_name(name)
        if source.exists():
            shutil.copy(source, folder / name)


def flip(rng, folder):
    path = folder / rng.choices(FILES, [(folder / n).stat().st_size if (folder / n).exists() else 0 for n in FILES])[0]
    with open(path, "r+b") as f:
        size = path.stat().st_size
        for _ in range(rng.choice((1, 1, 1, 8))):
            at = rng.randrange(min(HEADER, size) if rng.random() < 0.2 else size)
            f.seek(at)
            byte = f.read(1)[0]
            f.seek(at)
            f.write(bytes([byte ^ (1 << rng.randrange(8))]))
    return f"{path.name}, near byte {at}"


def replay(victim, end=lambda: False):
    """All that the replay socket gives; less, where the daemon stops."""
    got, start = [], 0
    with victim.socket(zmq.REQ, "replay", rcvtimeo=1000) as socket:
        while not end():
            socket.send_json({"from": start, "limit": 1000})
            if not wait("an answer", lambda: socket.poll(20) or (end() and -1), 30) > 0:
                break
            head, *frames = socket.recv_multipart()
            head = json.loads(head)
            if "error" in head:
                break
            got += zip(frames[::2], frames[1::2])
            start = head["next"]
            if start > head["last"]:
                break
    return got


class Flips:
    def __init__(self, rng, folder, spool, counts):
        self.rng, self.folder, self.counts = rng, folder, counts
        self.kept, self.n = folder / "kept", 0
        copy_spool(spool, self.kept)
        shutil.copytree(self.kept, folder / "read")
        self.rows = {row.seq: row for row in checker.read_spool(folder / "read" / "spool.db").rows}

    def attend(self, victim, sub):
        """What a daemon on the spoiled spool says: (topic, body)."""
        over = lambda: victim.process.poll() is not None  # noqa: E731
        victim.wait_ready()
        got = [] if over() else replay(victim, over)
        with victim.dealer() as dealer:
            for i in range(3):
                dealer.send_multipart(documents.make(f"i{self.n}z-{i}"))
            dealer.poll(0 if over() else LOOK * 1000)
        while sub.poll(LOOK * 1000 if not over() else 0):
            topic, body = sub.recv_multipart()
            if topic == b"~":
                break
            got.append((topic, body))
        return got

    def check(self, got, where):
        for topic, body in got:
            stamp = checker.STAMP.search(body)
            seq = int(stamp.group(2)) if stamp else 0
            if seq in self.rows:
                row = self.rows[seq]
                good = (topic, body) == (row.topic, row.body)
            else:
                good = not checker.check_content(topic, body)
            if not good:
                raise Violation(f"flipped in {where}: what is damaged is published: {topic} {body[:300]}")

    def run(self, n):
        for _ in range(n):
            self.once()

    def once(self):
        self.n += 1
        here = self.folder / f"flip-{self.n}"
        shutil.copytree(self.kept, here)
        where = flip(self.rng, here)
        with Victim(here) as v:
            sub = clients.connect(v.context, zmq.SUB, v.config["endpoints"]["publish"], rcvhwm=0)
            sub.subscribe("")
            v.start(wait_ready=False)
            got = self.attend(v, sub)
            status = v.process.poll()
            if status not in (None, 2) or (status == 2 and "error" not in v.log()):
                raise Violation(f"flipped in {where}: status {status}: {v.log()[-1000:]}")
            served = " ready: " in v.log()
        self.check(got, where)
        self.counts["flips: " + ("harmless" if status is None else "stopped" if served else "refused at the start")] += 1
        shutil.rmtree(here)
