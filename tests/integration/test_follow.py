# SPDX-License-Identifier: Apache-2.0
"""Followers get every document once and in order, whatever they missed: gloss tail
--from, and the example clients in docs/."""
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from harness import BUILD, SOURCE, Daemon, ask, main, wait
from test_replay import feed
from test_spool import Spooled

KEEP = {"keep_bytes": 1 << 30}
SMALL = {"subscriber_documents": 10}  # a subscriber's queue, so that it soon overflows


class Follower:
    """A process that prints documents, one a line, read as they come."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.docs, self.said = [], []
        self.readers = [threading.Thread(target=self.read, args=args) for args in
                        ((self.process.stdout, self.docs, json.loads), (self.process.stderr, self.said, str))]
        for reader in self.readers:
            reader.start()

    def read(self, pipe, to, made):
        for line in pipe:
            to.append(made(line))

    def seqs(self):
        return [doc["gloss"]["seq"] for doc in self.docs]

    def wait(self, n):
        wait(f"{n} documents", lambda: len(self.docs) >= n, 30)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join()
        if failure[0]:
            sys.stderr.write(f"{len(self.docs)} documents; it said:\n" + "".join(self.said))


def tail(d, *options):
    return Follower(BUILD / "gloss", "tail", "-c", d.folder / "glossd.json", *options)


def stop_and_flood(d, follower, n, sources="ab"):
    """The follower stands still while n documents pass; then it goes on."""
    follower.process.send_signal(signal.SIGSTOP)
    feed(d, n, sources, "a text that is long enough to fill the queues between here and there" * 4)
    follower.process.send_signal(signal.SIGCONT)


def in_order(seqs):
    return seqs == sorted(set(seqs))


def check_topics(follower, want):
    """All of it, nothing twice, and in order within a topic."""
    assert sorted(follower.seqs()) == want
    for source in {doc["source"] for doc in follower.docs}:
        assert in_order([doc["gloss"]["seq"] for doc in follower.docs if doc["source"] == source]), source


def test_from_start_then_live():
    with Spooled() as d:
        feed(d, 700)
        with tail(d, "--from", "start") as t, tail(d, "--from", "0", "--count", "650") as counted, tail(d, "--from", "600") as late:
            t.wait(700)
            feed(d, 50)
            t.wait(750)
            late.wait(151)
            assert counted.process.wait(20) == 0
            assert t.seqs() == list(range(1, 751)) and late.seqs() == list(range(600, 751))
            counted.readers[0].join()
            assert counted.seqs() == list(range(1, 651))


def test_goes_on_over_a_kill():
    with Spooled(keep=KEEP) as d:
        with tail(d, "--from", "start") as t:
            for round in range(3):
                feed(d, 300)
                d.die()
                d.start()
            t.wait(900)
            feed(d, 1)
            t.wait(901)
            assert t.seqs() == list(range(1, 902))


def test_too_slow():
    with Spooled(keep=KEEP, limits=SMALL, topic="{source}.") as d:
        with tail(d) as t:
            wait("a first document", lambda: feed(d, 1) or t.docs)
            first = t.seqs()[0]
            stop_and_flood(d, t, 5000)
            [(last,)] = d.rows("SELECT seq FROM facts")
            t.wait(last - first + 1)
            assert t.seqs() == list(range(first, last + 1))
            wait("a gap is told", lambda: any("got them by replay" in line for line in t.said))


def test_too_slow_for_topics():
    with Spooled(keep=KEEP, limits=SMALL, topic="{source}.") as d:
        with tail(d, "--from", "start", "-T", "a", "-T", "c") as t:
            feed(d, 20, "abcd")
            t.wait(10)
            stop_and_flood(d, t, 6000, "abcd")
            feed(d, 1, "b")  # nothing that is followed comes any more
            want = [seq for seq, in d.rows("SELECT seq FROM published WHERE topic IN ('a.', 'c.') ORDER BY seq")]
            t.wait(len(want))
            check_topics(t, want)
            wait("a gap is told", lambda: any("got them by replay" in line for line in t.said))


def test_without_replay_it_is_told():
    with Spooled(keep=KEEP, limits=SMALL) as d:
        at = d.config["endpoints"]["publish"]
        with Follower(BUILD / "gloss", "tail", "-e", at) as t:
            wait("a first document", lambda: feed(d, 1) or t.docs)
            stop_and_flood(d, t, 5000)
            wait("the gap", lambda: any("missed the documents with seq" in line for line in t.said), 20)
            assert "no replay endpoint" in "".join(t.said) and in_order(t.seqs())
        refused = subprocess.run([BUILD / "gloss", "tail", "-e", at, "--from", "1"], capture_output=True)
        assert refused.returncode == 2 and b"--replay-endpoint" in refused.stderr
    with Daemon(spool={"durability": "none"}) as d:
        refused = subprocess.run([BUILD / "gloss", "tail", "-c", d.folder / "glossd.json", "--from", "1"], capture_output=True)
        assert refused.returncode == 1 and b'"spool"' in refused.stderr


def test_what_is_not_kept_is_told():
    with Spooled(keep={"keep_bytes": 20000}) as d:
        feed(d, 1000)
        [(first,)] = d.rows("SELECT min(seq) FROM published")
        with tail(d, "--from", "1") as t:
            t.wait(1000 - first + 1)
            assert t.said == [f"gloss tail: seq 1 to {first - 1} are not kept any more\n"] and first > 1
            assert t.seqs() == list(range(first, 1001))


def test_a_new_log_is_a_new_beginning():
    with Spooled() as d:
        feed(d, 20)
        with tail(d, "--from", "5") as t:
            t.wait(16)
            assert d.stop() == 0
            for file in d.folder.glob("spool.db*"):
                file.unlink()
            d.start()
            feed(d, 10)
            t.wait(26)
            assert t.seqs() == list(range(5, 21)) + list(range(1, 11))
            assert len({doc["gloss"]["log"] for doc in t.docs}) == 2
        with tail(d, "--from", "500") as t:
            wait("it is told", lambda: t.said)
            feed(d, 2)
            t.wait(2)
            assert t.seqs() == [11, 12] and "the last seq there is is 10" in t.said[0]


def test_spool_in_memory():
    """The same, and each start of the daemon is a new log."""
    with Daemon(spool={"durability": "memory"}, limits=SMALL) as d:
        with tail(d, "--from", "start") as t:
            for round in range(2):
                req = d.req()
                for i in range(20):
                    assert ask(req, {"text": "x"})["status"] == "accepted"
                t.wait(round * 3020 + 20)
                t.process.send_signal(signal.SIGSTOP)
                for i in range(3000):
                    assert ask(req, {"text": "long enough" * 50})["status"] == "accepted"
                t.process.send_signal(signal.SIGCONT)
                t.wait(round * 3020 + 3020)
                d.process.kill()
                d.process.wait()
                (d.folder / "log").unlink()
                d.start()
            assert t.seqs() == list(range(1, 3021)) * 2
            assert len({doc["gloss"]["log"] for doc in t.docs}) == 2


def examples(d, prefix, start):
    """The example clients, Python's and C's."""
    publish, replay = d.config["endpoints"]["publish"], d.config["endpoints"]["replay"]
    python = ["--publish", publish, "--replay", replay, "--topic", prefix, "--from", str(start)]
    return Follower("/usr/bin/python3", SOURCE / "docs/follow.py", *python), Follower(BUILD / "docs/follow", prefix, str(start), publish, replay)


def follow_slowly(d, follower, prefix, start):
    """What follower has after it stood still twice, the daemon was killed, and nothing more came."""
    followed = f"SELECT seq FROM published WHERE seq >= {start} AND topic LIKE '{prefix}%' ORDER BY seq"
    wanted = lambda: [seq for seq, in d.rows(followed)]
    follower.wait(len(wanted()))
    stop_and_flood(d, follower, 4000, "abcd")
    feed(d, 10, "abcd")
    follower.wait(len(wanted()))
    d.die()
    d.start()
    stop_and_flood(d, follower, 4000, "abcd")
    follower.wait(len(wanted()))
    check_topics(follower, wanted())
    wait("a gap is told", lambda: any("catching up" in line for line in follower.said))


def test_examples():
    for prefix, start in ("", 0), ("b", 7):
        for i in range(2):
            with Spooled(keep=KEEP, limits=SMALL, topic="{source}.") as d:
                feed(d, 300, "abcd")
                both = examples(d, prefix, start)
                with both[0], both[1]:
                    both[1 - i].process.kill()
                    follow_slowly(d, both[i], prefix, start)


def test_examples_begin_with_what_comes():
    """Attached to a daemon at rest, without a start: nothing that was published before."""
    with Spooled(keep=KEEP, topic="{source}.") as d:
        feed(d, 4, "a")
        endpoints = [d.config["endpoints"][name] for name in ("publish", "replay")]
        python = "/usr/bin/python3", SOURCE / "docs/follow.py", "--publish", endpoints[0], "--replay", endpoints[1]
        for command in python, (BUILD / "docs/follow", "", "", *endpoints):
            with Follower(*command) as follower:
                [(before,)] = d.rows("SELECT seq FROM facts")
                last = lambda: d.rows("SELECT seq FROM facts")[0][0]
                d.subscribe(beats=True)  # a second of nothing but a beat
                wait("it is attached", lambda: (feed(d, 1, "a"), follower.docs)[1])
                wait("the last", lambda: follower.seqs()[-1] == last())
                assert follower.seqs() == list(range(follower.seqs()[0], last() + 1)), follower.seqs()
                assert follower.seqs()[0] > before and not follower.said, (follower.seqs(), before, follower.said)


def test_example_builds_as_it_says():
    source = (SOURCE / "docs/follow.c").read_text()
    [line] = [line.strip(" *") for line in source.splitlines() if " cc -o follow" in line]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(SOURCE / "docs/follow.c", folder)
        subprocess.run(line, shell=True, cwd=folder, check=True)


if __name__ == "__main__":
    main(sys.modules[__name__])
