# SPDX-License-Identifier: Apache-2.0
"""What is kept stays within keep_bytes, keep_hours and their like for dead letters: under
load, at rest, for documents however small, in memory and on disk."""
import json
import os
import pathlib
import sys
import threading
import time

import zmq

from harness import BUILD, SANITIZED, SOURCE, Daemon, ask, main, wait
from test_spool import Spooled

sys.path.insert(0, str(SOURCE / "tests" / "torture"))

from shim import Shim  # noqa: E402

HOUR_MS = 3600000
LIBRARY = BUILD / "tests" / "torture" / "shim.so"


class Pushers:
    """Push without end, until the with block does."""

    def __init__(self, daemon, message, n=2):
        self.daemon, self.message, self.over, self.n = daemon, message, False, n

    def push(self):
        socket = self.daemon.push(sndtimeo=100)
        while not self.over:
            try:
                socket.send(self.message)
            except zmq.Again:
                pass
        socket.close()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.push) for _ in range(self.n)]
        for thread in self.threads:
            thread.start()

    def __exit__(self, *failure):
        self.over = True
        for thread in self.threads:
            thread.join()


def test_under_load():
    """Commits that hold many documents trim as many."""
    limits = {"in_flight_documents": 4000}
    with Spooled(keep={"keep_bytes": 1000000}, limits=limits) as d:
        sub = d.subscribe()
        with Pushers(d, b'{"text":"%s"}' % (b"hello " * 20)):
            seen = []

            def is_over():
                while sub.poll(0):
                    sub.recv_multipart()
                seen.extend(d.rows("SELECT published_bytes, seq FROM facts"))
                return seen[-1][1] >= 40000

            wait("many", is_over, 60)
        # What a commit brings is not yet sent in it, and stays until the next.
        assert max(seen)[0] < 1000000 + 4000 * 500, max(seen)


def test_small_documents():
    """The file stays near to the limit, though there is little in each row."""
    with Spooled(keep={"keep_bytes": 1000000}) as d:
        with Pushers(d, b"a"):
            wait("many", lambda: d.rows("SELECT seq >= 60000 FROM facts") == [(1,)], 60)
        assert d.rows("SELECT published_bytes < 1600000 FROM facts") == [(1,)]
        assert d.stop() == 0
        assert d.spool.stat().st_size < 3000000, d.spool.stat().st_size


def test_empty_dead_letters():
    """Messages with nothing in them are letters with a reason, and count."""
    with Spooled(keep={"keep_dead_bytes": 1000000}) as d:
        with Pushers(d, b""):
            wait("many", lambda: d.rows("SELECT seq >= 60000 FROM sqlite_sequence WHERE name = 'dead'") == [(1,)], 60)
        assert d.stop() == 0
        [(dead, kept, rows)] = d.rows("SELECT dead, dead_bytes, (SELECT count(*) FROM dead) FROM facts")
        assert dead == rows and kept <= 1200000 and dead <= 10000, (dead, kept, rows)
        assert d.spool.stat().st_size < 3000000, d.spool.stat().st_size


def test_a_lower_limit():
    """Much that is too much goes, though nothing else is done."""
    with Spooled() as d:
        dealer = d.dealer(sndhwm=0, rcvhwm=0)
        for i in range(5000):
            dealer.send(b"text")
        for i in range(5000):
            dealer.recv()
        wait("all", lambda: d.rows("SELECT seq FROM facts") == [(5000,)])
        assert d.stop() == 0
        d.config["spool"]["keep_bytes"] = 100000
        d.start()
        assert ask(d.req(), "text")["status"] == "accepted"  # from here on it goes by itself
        wait("trimmed", lambda: d.rows("SELECT published_bytes <= 100000 AND pending = 0 FROM facts") == [(1,)])
        d.stop()
        assert d.rows("SELECT count(*) FROM documents") == d.rows("SELECT count(*) FROM published")


def test_at_rest():
    """What grows too old goes within a minute, with no document coming; the clocks are put
    forward here."""
    if SANITIZED:  # which will not have another library before it
        return
    with Spooled(keep={"keep_hours": 24, "keep_dead_hours": 48}) as d:
        d.die()
        shim = Shim(LIBRARY, d.folder / "shim")
        d.start(env=os.environ | shim.environment)
        assert ask(d.req(), "text")["status"] == "accepted"
        push = d.push()
        push.send(b"")
        kept = lambda: d.rows("SELECT (SELECT count(*) FROM published), (SELECT count(*) FROM dead)")  # noqa: E731
        wait("both", lambda: kept() == [(1, 1)])
        shim.set_clock(25 * HOUR_MS)
        shim.set_uptime(61)
        wait("what was published is gone", lambda: kept() == [(0, 1)])
        wal = pathlib.Path(f"{d.spool}-wal").stat().st_size
        shim.set_uptime(122)
        time.sleep(1)
        assert pathlib.Path(f"{d.spool}-wal").stat().st_size == wal  # nothing to do, nothing written
        shim.set_clock(49 * HOUR_MS)
        shim.set_uptime(183)
        wait("the letter is gone", lambda: kept() == [(0, 0)])
        assert d.stop() == 0


def test_memory_has_no_limit_of_its_own():
    """In memory as much is kept as keep_bytes says, above a GiB too."""
    if SANITIZED:
        return
    with Daemon(spool={"keep_bytes": 4 << 30}, workers=1) as d:
        req, text, n = d.req(), b"x y " * (4 << 20), 80
        for _ in range(n):
            assert ask(req, text)["status"] == "accepted"
        replay = d.socket(zmq.REQ, "replay")

        def head():
            replay.send_json({"from": n, "documents": False})
            return json.loads(replay.recv_multipart()[0])

        wait("all published", lambda: head()["last"] == n)
        assert head()["first"] == 1


if __name__ == "__main__":
    main(sys.modules[__name__])
