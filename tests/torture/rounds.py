# SPDX-License-Identifier: Apache-2.0
"""One round: a daemon on a new spool, scrapers and subscribers on it, and at random all that
can be done to them; then everything heals, and the checker looks at what is left. The hard
rule: what is random comes from the round's seed."""
import contextlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import checker
import clients
import documents
import flips
from victim import BUILD, Disk, Victim, Violation, random_fault, wait

HOUR_MS = 3600000
ID_BYTES = 12  # in the mean
FLIPS = 4  # copies that are spoiled, a round
DISK_MB = 16  # and DISK_KB for each document: all have room where nothing else is there
DISK_KB = 3
KEEP = 2 << 20  # bytes of what was published, in rounds that trim: more than what is sent again is behind
KEEP_DEAD = 4096
STUCK = 120  # seconds until scrapers that have not got their answers never will


class Round:
    def __init__(self, seed, number, folder, n, gap, counts):
        self.rng, self.number, self.folder = random.Random(f"{seed}/{number}"), number, folder
        self.n, self.gap, self.counts = n, gap, counts
        self.scrapers, self.others, self.stopped, self.armed = {}, {}, set(), ""
        self.failed, self.tail = set(), None  # kinds of calls; gloss tail
        self.strays = 0  # documents that may have died of what was done to them
        folder.mkdir(parents=True)
        disk = Disk(folder / "disk", DISK_MB + n * DISK_KB // 1024) if number % 3 == 1 else None
        if disk and not disk.mounted:
            counts["disk-full rounds skipped: no mount"] += 1
            disk = None
        self.keep = KEEP if number % 3 == 2 else None
        self.victim = Victim(folder, disk, workers=2, keep={"keep_bytes": KEEP, "keep_dead_bytes": KEEP_DEAD} if self.keep else {})

    # ---- clients

    def spawn(self, group, name, function, endpoint, *arguments):
        endpoint = self.victim.config["endpoints"][endpoint]
        pid = clients.spawn(function, endpoint, name, *arguments)
        group[pid] = name

    def spawn_clients(self):
        f, share = self.folder, self.n // 10
        self.spawn(self.others, "fast", clients.subscribe, "publish", f)
        self.spawn(self.others, "slow", clients.subscribe, "publish", f, "a", 0.002)
        self.spawn(self.others, "held", clients.subscribe, "publish", f)
        self.spawn(self.scrapers, f"i{self.number}a", clients.Scraper, "ack", share * 4, f)
        self.spawn(self.scrapers, f"i{self.number}b", clients.Scraper, "ack", share * 2, f, 20)
        self.spawn(self.scrapers, f"o{self.number}c", clients.Scraper, "ack", share * 2, f)
        self.spawn(self.scrapers, f"i{self.number}d", clients.ask_one_by_one, "ack", self.n // 50, f)
        self.spawn(self.others, f"i{self.number}e", clients.push, "pull", share, f)
        self.spawn(self.others, f"o{self.number}f", clients.push, "pull", share, f)

    def spawn_tail(self):
        """gloss tail: has to get everything, once and in order, whatever happens."""
        at = self.victim.config["endpoints"]
        command = [BUILD / "gloss", "tail", "--topics", "--from", "start", "-e", at["publish"], "-r", at["replay"]]
        with open(self.folder / "tail", "wb") as out, open(self.folder / "tail.log", "wb") as log:
            self.tail = subprocess.Popen(command, stdout=out, stderr=log)

    def read_tail(self):
        return [tuple(line.split(b"\t", 1)) for line in (self.folder / "tail").read_bytes().split(b"\n")[:-1]]

    def reap(self):
        """Scrapers that have all their answers."""
        for pid in list(self.scrapers):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                name = self.scrapers.pop(pid)
                if status:
                    raise Violation(f"scraper {name} was told what it should not be")

    def end_clients(self, number=signal.SIGTERM):
        for pid in self.stopped | set(self.scrapers) | set(self.others):
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, number)
        for group in self.scrapers, self.others:
            for pid in list(group):
                os.waitpid(pid, 0)
                del group[pid]
        self.stopped.clear()

    # ---- what is done to the daemon

    def disarm(self):
        self.victim.shim.disarm()
        fired = self.victim.shim.take_fired()
        if fired:
            self.counts[f"failed calls: {self.armed}"] += fired
            self.failed.add(self.armed.split()[0])
            self.strays += fired if self.armed.startswith("memory") else 0

    def revive(self):
        """Where it has ended by itself, that must have been allowed."""
        v = self.victim
        if v.process.poll() is None:
            return
        v.judge_end()
        self.counts["ended by a fault"] += 1
        self.disarm()
        if v.disk:
            v.disk.free()
        v.start(wait_ready=False)

    def kill_supervisor(self, meanwhile=lambda: None):
        self.victim.die()
        self.counts["kills of the supervisor"] += 1
        self.disarm()
        meanwhile()
        self.victim.start(wait_ready=self.rng.random() < 0.5)

    def kill_worker(self):
        workers = self.victim.workers()
        if workers:
            try:
                os.kill(self.rng.choice(workers), signal.SIGKILL)
                self.counts["kills of workers"] += 1
                self.strays += 1
            except ProcessLookupError:
                pass

    def reload(self):
        v, rng = self.victim, self.rng
        v.wait_ready()  # before that, a reload does nothing
        if v.process.poll() is not None:
            return
        good = dict(v.config)
        if rng.random() < 0.3:
            (self.folder / "glossd.json").write_text('{"workers": "many"}')
            v.kill(signal.SIGHUP)
            time.sleep(0.02)  # until it has been read, or not: either is to be survived
        pipeline = documents.PIPELINE[: rng.randint(3, len(documents.PIPELINE))]
        v.configure(**good | {"workers": rng.randint(1, 3), "pipeline": pipeline})
        v.kill(signal.SIGHUP)
        self.counts["reloads"] += 1

    def hold(self):
        pid = next(pid for pid, name in self.others.items() if name == "held")
        os.kill(pid, signal.SIGCONT if pid in self.stopped else signal.SIGSTOP)
        self.stopped ^= {pid}
        self.counts["subscribers stopped"] += pid in self.stopped

    def fail_a_call(self):
        kind, name, error = random_fault(self.rng)
        self.disarm()
        self.armed = f"{kind} {name}"
        n = int(10 ** self.rng.uniform(0, 4 if kind == "memory" else 2.5))
        self.victim.arm(kind, error, n, sticky=kind != "memory" and self.rng.random() < 0.3)

    def jump(self):
        hours = self.rng.choice((-240, -24, -1, 0, 1, 24, 240))
        self.victim.shim.set_clock(hours * HOUR_MS)
        self.counts["clock jumps"] += 1

    def fill_or_free(self):
        disk = self.victim.disk
        if not disk:
            self.fail_a_call()
        elif disk.full:
            disk.free()
        else:
            disk.fill(leave=self.rng.choice((0, 0, 4096, 20000, 200000)))
            self.counts["disk-full episodes"] += 1

    def look_inside(self):
        """As people do with sqlite3: when it closes the file, it must not take itself for the last and delete the -wal."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.victim.spool}?mode=rw", uri=True)) as db:
                db.execute("SELECT count(*) FROM published").fetchall()
            self.counts["looks into the file"] += 1
        except sqlite3.Error:
            pass  # the disk is full, or there is no table yet

    EVENTS = ((kill_supervisor, 8), (kill_worker, 4), (reload, 2), (hold, 1), (fail_a_call, 3), (jump, 1), (fill_or_free, 2),
              (look_inside, 1))

    def torment(self):
        events, weights = zip(*self.EVENTS)
        end = time.monotonic() + STUCK
        while self.scrapers and time.monotonic() < end:
            self.let_go_on()
            self.revive()
            self.rng.choices(events, weights)[0](self)
        if self.scrapers:
            self.heal()
            self.wait_scrapers()

    def progress(self):
        """Bytes of answers that scrapers have written down."""
        return sum(path.stat().st_size for path in self.folder.glob("*.accepted"))

    def let_go_on(self):
        """Until some more are accepted, so that a slow machine sees no more faults to a
        document than a fast one; now and then at once."""
        share = self.rng.expovariate(1) if self.rng.random() < 0.8 else 0
        target, end = self.progress() + share * self.gap * ID_BYTES, time.monotonic() + 1
        while self.scrapers and self.progress() < target and time.monotonic() < end:
            time.sleep(0.005)
            self.revive()
            self.reap()

    def flip_copies(self):
        """As the spool lies after a kill; of those whose round has a full disk it is too large."""
        if self.victim.disk:
            return
        self.kill_supervisor(lambda: flips.Flips(self.rng, self.folder, self.victim.spool, self.counts).run(FLIPS))

    # ---- the end

    def heal(self):
        v = self.victim
        self.disarm()
        v.shim.set_clock(0)
        if v.disk:
            v.disk.free()
        self.revive()

    def wait_scrapers(self):
        try:
            wait("answers", lambda: self.reap() or not self.scrapers, 60)
        except AssertionError:
            raise Violation(f"scrapers {sorted(self.scrapers.values())} get no answers, though nothing is done any more") from None

    def settle(self):
        """Started once more, with nothing in its way: all is run, and it ends clean."""
        v = self.victim
        v.wait_ready()
        self.revive()
        time.sleep(0.2)  # what push clients have sent is in
        v.end_clean()
        v.configure(pipeline=documents.PIPELINE)
        v.start()
        try:
            wait("all is run", lambda: checker.pending(v.spool) == 0, 60)
        except AssertionError:
            raise Violation(f"still pending: {checker.pending(v.spool)}") from None
        self.replayed = flips.replay(v)
        self.wait_tail()
        v.end_clean()

    def mend_tail(self):
        """What can't be read is damage to SQLite: where that comes while gloss tail is given what
        there is at its start, it ends and says so. Then it begins again."""
        log = (self.folder / "tail.log").read_text()
        if self.tail.poll() is not None and "read" in self.failed and " is damaged " in log:
            self.counts["tails started again"] += 1
            self.spawn_tail()

    def wait_tail(self):
        self.mend_tail()
        try:
            wait("the tail", lambda: self.tail.poll() is not None or self.read_tail()[-1:] == self.replayed[-1:], 30)
        except AssertionError:
            pass
        if self.tail.poll() is not None:
            raise Violation(f"gloss tail has ended: {(self.folder / 'tail.log').read_text()[-500:]}")

    def was_told(self):
        """What can't be read is damage to SQLite and so to replay: then gloss tail says what
        it could not have, and goes on."""
        told = "read" in self.failed and "missed the documents with seq" in (self.folder / "tail.log").read_text()
        self.counts["tails that told what they missed"] += told
        return told

    def missed(self, first):
        """What gloss tail came too late for, as it said, or where it began: at the first that was
        kept then."""
        said = re.findall("seq ([0-9]+) to ([0-9]+) are not kept any more", (self.folder / "tail.log").read_text())
        begun = next((int(checker.STAMP.search(body).group(2)) for _, body in self.read_tail()), first)
        missed = {seq for a, b in [(1, begun - 1), *said] for seq in range(int(a), min(int(b) + 1, first))}
        self.counts["seq that tails came too late for"] += len(missed)
        return missed

    def verify(self):
        spool = checker.read_spool(self.victim.spool)
        accepted = [line for path in self.folder.glob("*.accepted") for line in path.read_text().splitlines()]
        seen = {path.stem: list(clients.read_records(path)) for path in self.folder.glob("*.seen")}
        seen |= {"replay": self.replayed, "tail": self.read_tail()}
        first = checker.first_kept(spool)
        whole = {"replay": range(1, first) if self.keep else ()}
        if not self.was_told():
            whole["tail"] = self.missed(first) if self.keep else ()
        faults = checker.check(accepted, spool, seen, whole, self.keep, strays=self.strays)
        if faults:
            raise Violation("\n  ".join(faults))
        self.counts["documents accepted"] += len(accepted)
        self.counts["documents published"] += spool.facts["seq"]
        self.counts["documents trimmed"] += spool.facts["seq"] - len(spool.rows)
        self.counts["dead letters"] += spool.facts["letters"]
        self.counts["dead letters trimmed"] += spool.facts["letters"] - len(spool.dead)
        self.counts["seen by subscribers"] += sum(map(len, seen.values()))
        self.counts["plugin faults"] += sum(b'"errors":[' in row.body for row in spool.rows) + sum(not i.startswith("bad") for i in spool.dead)

    def run(self):
        """Raises a Violation; the folder is then left, and what was on the small disk is in it."""
        with self.victim as v:
            try:
                v.start()
                self.spawn_clients()
                self.spawn_tail()
                self.torment()
                self.heal()
                self.flip_copies()
                self.settle()
            finally:
                v.die()
                self.end_clients()
                if self.tail:
                    self.tail.kill()
                    self.tail.wait()
                if v.disk:
                    v.disk.unmount()
            self.verify()
        self.counts["rounds"] += 1
        shutil.rmtree(self.folder)


def share_of_kills():
    """Of all that is done to the daemon."""
    weights = {event.__name__: weight for event, weight in Round.EVENTS}
    return weights["kill_supervisor"] / sum(weights.values())
