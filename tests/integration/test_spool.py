# SPDX-License-Identifier: Apache-2.0
"""The spool on disk: what is accepted outlives the daemon, whatever it dies of; duplicates;
a full disk; files that are refused."""
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import zmq
from harness import Daemon, ask, main, receive, wait

SLOW = [{"plugin": "slow", "timeout_ms": 20}]


class Spooled(Daemon):
    """A daemon with its spool in its folder, or elsewhere."""

    def __init__(self, folder=None, keep=(), **config):
        super().__init__(autostart=False, **config)
        self.spool = pathlib.Path(folder or self.folder) / "spool.db"
        self.config["spool"] = {"path": str(self.spool), "durability": "commit"} | dict(keep)

    def __enter__(self):
        return self.start()

    def start(self, wait_ready=True, **options):
        (self.folder / "log").unlink(missing_ok=True)
        return super().start(wait_ready, **options)

    def die(self):
        self.process.kill()
        self.process.wait()

    def rows(self, query):
        with sqlite3.connect(f"file:{self.spool}?mode=ro", uri=True) as db:
            return db.execute(query).fetchall()


def test_goes_on_after_a_kill():
    with Spooled(pipeline=[{"plugin": "slow", "timeout_ms": 20000}]) as d:
        req = d.req()
        for i in range(3):
            assert ask(req, {"id": f"é{i}", "text": "x"}) == {"status": "accepted", "id": f"é{i}"}
        assert ask(req, '{"title":"T"}', "text\n")["status"] == "accepted"
        assert ask(req, "plain")["status"] == "accepted"
        d.die()
        d.config["pipeline"] = SLOW
        d.start()
        d.wait_log("all that the spool had left is under way")
        wait("all published", lambda: d.rows("SELECT count(*) FROM published") == [(5,)])
        assert d.rows("SELECT seq FROM published ORDER BY seq") == [(i,) for i in range(1, 6)]
        assert d.rows("SELECT count(*) FROM pending") == [(0,)]


def test_duplicates():
    with Spooled() as d:
        sub, push, req = d.subscribe(), d.push(), d.req()
        assert ask(req, {"id": "a", "text": "x"}) == {"status": "accepted", "id": "a"}
        receive(sub)
        again = {"status": "accepted", "id": "a", "duplicate": True}
        assert ask(req, {"id": "a", "text": "y"}) == again
        assert ask(req, {"id": "a", "text": "y", "reply": "enriched"}) == again
        push.send_json({"id": "a", "text": "z"})
        wait("the third", lambda: (d.kill(signal.SIGUSR1), time.sleep(0.05), "duplicates 3" in d.log())[2])
        d.die()
        d.start()
        assert ask(d.req(), {"id": "a", "text": "x"}) == again
        assert ask(d.req(), {"id": "b", "text": "x"}) == {"status": "accepted", "id": "b"}
        assert d.rows("SELECT count(*) FROM published WHERE seq = 1") == [(1,)]


def test_durability_memory_knows_duplicates_and_none_does_not():
    for spool, second in ({}, {"duplicate": True}), ({"durability": "none"}, {}):
        with Daemon(spool=spool) as d:
            sub, req = d.subscribe(), d.req()
            assert ask(req, {"id": "a", "text": "x"}) == {"status": "accepted", "id": "a"}
            [(_, first)] = receive(sub)
            assert ask(req, {"id": "a", "text": "x"}) == {"status": "accepted", "id": "a"} | second
            assert f"durability {spool.get('durability', 'memory')}: what is accepted is lost" in d.log()
            assert d.stop() == 0
            d.start()
            sub = d.subscribe()
            ask(d.req(), {"id": "a", "text": "x"})
            [(_, out)] = receive(sub)
            assert out["gloss"]["log"] != first["gloss"]["log"] and out["gloss"]["seq"] == 1


def test_durability_under_systemd():
    """A service has a state folder; then nothing has to be configured."""
    with Daemon(autostart=False) as d:
        d.start(env=os.environ | {"STATE_DIRECTORY": str(d.folder)})
        assert "durability commit" in d.log()
        ask(d.req(), {"id": "a", "text": "x"})
        d.process.kill()
        d.process.wait()
        d.start(env=os.environ | {"STATE_DIRECTORY": str(d.folder)})
        assert ask(d.req(), {"id": "a", "text": "x"})["duplicate"]
        assert (d.folder / "spool.db").exists()


def test_what_may_not_have_been_sent_is_sent_again():
    """That a result was sent is written with the next commit; a kill comes before that. A
    subscriber that is there early enough sees it twice, byte for byte."""
    with Spooled() as d:
        sub = d.subscribe(reconnect_ivl=1)
        for i in range(20):
            assert ask(d.req(), {"id": f"u{i}", "text": "x"})["status"] == "accepted"
            first = sub.recv_multipart()
            while first[0] == b"~" or json.loads(first[1])["id"] != f"u{i}":
                first = sub.recv_multipart()
            d.die()
            assert d.rows("SELECT seq > sent FROM facts") == [(1,)]
            d.start()
            if sub.poll(1000) and sub.recv_multipart() == first:
                return
        raise AssertionError("never sent again")


def test_log_and_seq_go_on():
    with Spooled(topic="{source}.") as d:
        sub, req = d.subscribe(), d.req()
        for source in "aab":
            ask(req, {"text": "x", "source": source})
        before = receive(sub, 3)[-1][1]["gloss"]
        assert d.stop() == 0
        assert d.rows("SELECT seq, sent FROM facts") == [(3, 3)]  # nothing is sent twice after a clean end
        d.start()
        sub = d.subscribe()
        ask(d.req(), {"text": "x", "source": "a"})
        [(_, out)] = receive(sub)
        assert out["gloss"]["log"] == before["log"]
        assert (out["gloss"]["seq"], out["gloss"]["prev"]) == (4, 2)


def test_dead_letters_are_kept():
    with Spooled() as d:
        push = d.push()
        push.send_string('{"id":"bad","text": nope}')
        wait("a dead letter", lambda: d.rows("SELECT reason, id FROM dead") == [("invalid_json", "bad")])
        assert d.stop() == 0
        d.start()
        assert d.rows("SELECT dead FROM facts") == [(1,)]


def test_second_daemon_is_refused():
    with Spooled() as first, Daemon(autostart=False) as d:
        d.config["spool"] = first.config["spool"]
        d.start(wait_ready=False)
        assert d.process.wait(10) == 2
        assert "in use by another glossd" in d.log() and d.log().count("\n") == 1, d.log()


def test_damaged_file_is_refused():
    with Spooled() as d:
        ask(d.req(), "x")
        assert d.stop() == 0
        whole = d.spool.read_bytes()
        for damaged, why in ((b"nonsense" * 1000, "is no spool of glossd"), (whole[:20] + b"\xff" * 200 + whole[220:], "is damaged")):
            d.spool.write_bytes(damaged)
            d.start(wait_ready=False)
            assert d.process.wait(10) == 2
            assert why in d.log() and d.log().count("\n") == 1, d.log()
            assert d.spool.read_bytes() == damaged
        d.spool.write_bytes(whole)
        d.start()


class Client(threading.Thread):
    """Sends documents until told to end; knows which were accepted."""

    def __init__(self, d, round):
        super().__init__()
        self.d, self.round, self.accepted, self.ending = d, round, [], False
        self.start()

    def run(self):
        dealer = self.d.dealer(sndhwm=0, rcvhwm=0, rcvtimeo=50, sndtimeo=50)
        sent = 0
        while not self.ending:
            try:
                for _ in range(20):
                    dealer.send_json({"id": f"{self.round}-{sent}", "text": f"x {sent}", "source": "ab"[sent % 2]})
                    sent += 1
                for _ in range(20):
                    reply = json.loads(dealer.recv())
                    if reply["status"] == "accepted":
                        self.accepted.append(reply["id"])
            except zmq.Again:
                pass
        dealer.close()


class Watcher(threading.Thread):
    """Receives until told to end."""

    def __init__(self, d):
        super().__init__()
        self.sub, self.seen, self.ending = d.socket(zmq.SUB, "publish", rcvhwm=0, rcvtimeo=50), [], False
        self.sub.subscribe("")
        self.start()

    def run(self):
        while not self.ending:
            try:
                topic, body = self.sub.recv_multipart()
            except zmq.Again:
                continue
            if topic != b"~":
                self.seen.append((topic.decode(), json.loads(body)))
        self.sub.close()


def check_rows(d, accepted):
    """The spool: each accepted document once, seq without a hole, prev right."""
    rows = d.rows("SELECT p.seq, p.prev, p.topic, d.id FROM published p JOIN documents d USING (ticket) ORDER BY p.seq")
    last = {}
    for i, (seq, prev, topic, id) in enumerate(rows, 1):
        assert seq == i, (seq, i)
        assert prev == last.get(topic, 0), (seq, prev, last)
        last[topic] = seq
    ids = [row[3] for row in rows]
    assert len(set(ids)) == len(ids)
    lost = set(accepted) - set(ids)
    assert not lost, f"{len(lost)} of {len(accepted)} are lost: {sorted(lost)[:5]}"
    return {row[0]: row[3] for row in rows}


def check_seen(seen, by_seq):
    """The wire: a number that came twice was the same document, and what the spool says."""
    for topic, out in seen:
        assert by_seq[out["gloss"]["seq"]] == out["id"], out
    assert len({out["gloss"]["log"] for _, out in seen}) <= 1


def test_killed_at_random():
    rng, accepted = random.Random(4), []
    keep = {"keep_bytes": 1 << 30}
    with Spooled(keep=keep, topic="{source}.") as d:
        watcher = Watcher(d)
        for round in range(20):
            client = Client(d, round)
            time.sleep(rng.uniform(0.02, 0.3))
            d.die()
            client.ending = True
            client.join()
            accepted += client.accepted
            d.start()
        wait("all is published", lambda: d.rows("SELECT count(*) FROM pending") == [(0,)], 30)
        time.sleep(0.3)
        assert d.stop() == 0
        watcher.ending = True
        watcher.join()
        by_seq = check_rows(d, accepted)
        check_seen(watcher.seen, by_seq)
        assert d.rows("SELECT seq = sent FROM facts") == [(1,)]
        print(f"{len(accepted)} accepted, {len(by_seq)} published, {len(watcher.seen)} seen")
        assert len(accepted) > 200


def on_small_disk(test):
    """Runs it with the folder of a file system of 2 MB."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gloss-full-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        folder.rmdir()
        print(f"skipped {test.__name__}: mounting is not allowed here")
        return
    try:
        test(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def test_full_disk():
    on_small_disk(fill_and_free)


def test_nearly_full_disk_is_said_once():
    on_small_disk(stall_and_go_on)


def stall_and_go_on(folder):
    """There is room for small documents, none for large ones."""
    with Spooled(folder=folder) as d:
        req = d.req()
        for i in range(5):
            reply = ask(req, {"id": f"large{i}", "text": "y" * 3000000})
            assert reply["error"]["code"] == "overloaded", reply
            wait("it goes on", lambda: ask(req, {"id": f"small{i}", "text": "x"})["status"] == "accepted")
        d.wait_log("it goes on; it has stalled [0-9]+ times|it goes on.*it goes on")
        assert d.log().count("nothing more is accepted") < 5, d.log()
        assert d.stop() == 0


def fill_up(folder):
    """Until ballast in it is removed."""
    with open(folder / "ballast", "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"x" * 4096)
        except OSError:
            pass


def fill_and_free(folder):
    with Spooled(folder=folder, keep={"keep_bytes": 0}) as d:
        sub, req = d.subscribe(), d.req()
        assert ask(req, {"id": "first", "text": "x"})["status"] == "accepted"
        receive(sub)
        fill_up(folder)
        for i in range(200):
            reply = ask(req, {"id": f"f{i}", "text": "y" * 20000})
            if reply["status"] == "rejected":
                break
            receive(sub)
        assert reply["error"]["code"] == "overloaded", reply
        d.wait_log("no room on its disk")
        assert ask(req, "z")["error"]["code"] == "overloaded"
        again = ask(d.socket(zmq.REQ, "replay"), {"limit": 1})
        assert again["id"] == "first"  # it is read all the same
        push = d.push()
        push.send_json({"id": "waits", "text": "x"})
        (folder / "ballast").unlink()
        d.wait_log("it goes on")
        assert receive(sub)[0][1]["id"] == "waits"
        assert ask(req, {"id": f"f{i}", "text": "y"}) == {"status": "accepted", "id": f"f{i}"}
        assert receive(sub)[0][1]["id"] == f"f{i}"
        assert d.stop() == 0


def test_ended_while_documents_wait():
    """drain_ms is over: what is not done is done at the next start, and its sender knows."""
    with Spooled(pipeline=[{"plugin": "slow", "timeout_ms": 20000}], drain_ms=100) as d:
        dealer = d.dealer()
        dealer.send_json({"id": "x", "text": "x", "reply": "enriched"})
        wait("accepted", lambda: d.rows("SELECT count(*) FROM pending") == [(1,)])
        d.kill(signal.SIGTERM)
        assert dealer.recv_json() == {"status": "accepted", "id": "x"}
        assert d.process.wait(10) == 0
        d.config["pipeline"] = SLOW
        d.start()
        wait("published", lambda: d.rows("SELECT d.id FROM published JOIN documents d USING (ticket)") == [("x",)])


if __name__ == "__main__":
    main(sys.modules[__name__])
