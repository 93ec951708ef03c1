# SPDX-License-Identifier: Apache-2.0
"""gloss spool: a real daemon's file is looked into, written out, damaged, saved, and goes on."""
import errno
import fcntl
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import struct
import subprocess
import sys

import zmq
from harness import BUILD, SANITIZED, SOURCE, ask, is_silent, main, wait
from test_spool import SLOW, Spooled, fill_up, on_small_disk

sys.path.insert(0, str(SOURCE / "tests" / "torture"))

from shim import Shim  # noqa: E402

STUCK = [{"plugin": "slow", "timeout_ms": 20000}]


def spool(*arguments):
    return subprocess.run([BUILD / "gloss", "spool", *map(str, arguments)], capture_output=True, text=True, timeout=60)


def lines(*arguments):
    done = spool("export", *arguments)
    assert done.returncode == 0, done
    return done.stdout.removesuffix("\n").split("\n")  # U+2028 ends no line


def feed(d):
    """Published, dead and pending documents of every form; the published as they went out."""
    sub, req, push = d.subscribe(), d.req(), d.push()
    for i in range(60):
        ask(req, {"id": f"d{i}", "text": f"text {i} " + "x" * (i * 337 % 9000), "source": "ab"[i % 2], "n": 7.50})
    ask(req, '{"title":"é"}', "body\n\ttext")
    ask(req, "plain \u2028 text")
    seen = []
    while len(seen) < 62:
        topic, body = sub.recv_multipart()
        if topic != b"~":
            seen.append(body)
    push.send(b'{"id":"bad","text": nope}')
    push.send(b"\xff\xfe")
    push.send_multipart([b'{"a":1}', b" "])
    wait("dead letters", lambda: d.rows("SELECT count(*) FROM dead") == [(3,)])
    d.stop()
    d.config["pipeline"] = STUCK
    d.start()
    req = d.req()
    for i in range(20):
        ask(req, {"id": f"p{i}", "text": f"pending {i} " + "y" * (i * 437 % 9000)})
    return seen


def test_check_beside_a_daemon():
    with Spooled(topic="{source}.") as d:
        feed(d)
        done = spool("check", "-c", d.folder / "glossd.json")
        assert done.returncode == 0 and "no fault is found" in done.stdout, done
        assert re.search(r"^pending    20,", done.stdout, re.M), done
        assert re.search(r"^published  62, seq 1 to 62, \d+ bytes$", done.stdout, re.M), done
        assert re.search(r"^dead       3, \d+ bytes$", done.stdout, re.M), done
        [(log,)] = d.rows("SELECT log FROM facts")
        assert f"log        {log}, last seq 62" in done.stdout, done
        refused = spool("salvage", d.spool, d.folder / "new.db")
        assert refused.returncode == 2 and "in use by glossd: stop that first" in refused.stderr, refused
        assert not (d.folder / "new.db").exists()


def test_export():
    with Spooled(topic="{source}.") as d:
        seen = feed(d)
        assert [line.encode() for line in lines("--published", d.spool)] == seen
        assert [line.encode() for line in lines("--published", "--from", "60", d.spool)] == seen[59:]
        pending = [json.loads(line) for line in lines("--pending", d.spool)]
        assert [p["id"] for p in pending] == [f"p{i}" for i in range(20)]
        assert pending[3]["gloss"]["pending"]["ticket"] == 66 and pending[3]["text"].startswith("pending 3 yy")
        bad, bytes_, blank = [json.loads(line)["gloss"]["dead"] for line in lines("--dead", d.spool)]
        assert (bad["reason"], bad["id"], bad["raw"]) == ("invalid_json", "bad", ['{"id":"bad","text": nope}'])
        assert (bytes_["reason"], bytes_["base64"]) == ("invalid_utf8", ["//4="])
        assert (blank["reason"], blank["number"]) == ("no_text", 3) and "raw" not in blank
        assert len(lines("-c", d.folder / "glossd.json")) == 62 + 20 + 3
        d.die()
        assert len(lines(d.spool)) == 62 + 20 + 3


def fold(d):
    """All that is in the -wal into the file."""
    with sqlite3.connect(d.spool) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def damage(d, kind, rng):
    """Makes a page with rows of documents zeros, or random; it is not in the -wal then."""
    fold(d)
    with sqlite3.connect(d.spool) as db:
        pages = [n for n, in db.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' AND ncell > 0", (kind,))]
    db.close()
    whole = bytearray(d.spool.read_bytes())
    at = (rng.choice(pages) - 1) * 4096
    whole[at : at + 4096] = rng.choice([bytes(4096), rng.randbytes(4096)])
    d.spool.write_bytes(whole)


def damage_rows(path, *seqs, delete=False):
    with sqlite3.connect(path) as db:
        for seq in seqs:
            db.execute("DELETE FROM published WHERE seq = ?" if delete else "UPDATE published SET sum = sum + 1 WHERE seq = ?", (seq,))
    db.close()


def of_check(path):
    done = spool("check", path)
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith(("note: ", "fault: "))]


def look(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        rows = lambda query: [row[0] for row in db.execute(query)]
        return {
            "published": rows("SELECT d.id FROM published JOIN documents d USING (ticket)"),
            "pending": rows("SELECT d.id FROM pending JOIN documents d USING (ticket)"),
            "dead": rows("SELECT number FROM dead"),
            "seq": rows("SELECT seq FROM facts")[0],
            "log": rows("SELECT log FROM facts")[0],
        }


def test_damaged_salvaged_goes_on():
    rng = random.Random(4)
    for kind in ("documents", "published", "pending", "dead", "facts"):
        with Spooled(topic="{source}.") as d:
            feed(d)
            d.die()
            before = look(d.spool)
            damage(d, kind, rng)
            done = spool("check", d.spool)
            assert done.returncode == 1 and "fault: " in done.stdout and "gloss spool salvage FILE NEW" in done.stdout, done
            new = d.folder / "new.db"
            done = spool("salvage", d.spool, new)
            assert done.returncode == 1 and "lost: " in done.stdout, done
            saved = look(new)
            if kind != "documents":
                assert sorted(saved["pending"]) == sorted(before["pending"]), (kind, done)
            assert saved["seq"] >= 62 or saved["log"] != before["log"]
            d.spool = new
            d.config["spool"]["path"] = str(new)
            d.config["pipeline"] = SLOW
            d.start()
            assert ask(d.req(), {"id": "after", "text": "x"})["status"] == "accepted"
            wait("all is published", lambda: d.rows("SELECT count(*) FROM pending") == [(0,)])
            after = look(new)
            assert len(set(after["published"])) == len(after["published"])
            assert set(saved["published"] + saved["pending"] + ["after"]) <= set(after["published"])
            assert set(saved["dead"]) <= set(after["dead"])
            assert after["seq"] == saved["seq"] + len(saved["pending"]) + 1
            assert d.stop() == 0
            done = spool("check", new)
            assert done.returncode == 0 and "fault:" not in done.stdout and "no fault is found" in done.stdout, done


def test_what_salvage_lost_is_no_fault():
    """Else check would send people to salvage for ever. What is lost afterwards is one."""
    with Spooled(topic="{source}.") as d:
        feed(d)
        d.die()
        damage_rows(d.spool, 20, 30, 31, 62)
        new, again = d.folder / "new.db", d.folder / "again.db"
        done = spool("salvage", d.spool, new)
        assert done.returncode == 1 and "seq 30 to 31 is lost" in done.stdout, done
        notes = [f"note: published: seq {n} lost before the spool was salvaged" for n in ("20 was", "30 to 31 were", "62 was")]
        assert of_check(new) == (0, notes)
        damage_rows(new, 50, delete=True)
        status, lines = of_check(new)
        assert status == 1 and set(notes) < set(lines), lines
        done = spool("salvage", new, again)
        assert done.returncode == 1 and "seq 50 is lost" in done.stdout, done
        notes.insert(2, "note: published: seq 50 was lost before the spool was salvaged")
        assert of_check(again) == (0, notes)
        d.spool = again
        d.config["spool"]["path"] = str(again)
        d.start()
        for request in ({}, {"topic": "a."}, {"documents": False}):  # the last one is lost: they end all the same
            replay = d.socket(zmq.REQ, "replay")
            replay.send_json(request | {"from": 60})
            head = json.loads(replay.recv_multipart()[0])
            assert (head["next"], head["last"]) == (63, 62), head
        d.die()
        d.config["pipeline"] = SLOW
        d.start()
        wait("all is published", lambda: d.rows("SELECT count(*) FROM pending") == [(0,)])
        d.stop()
        assert of_check(again) == (0, notes)
        damage_rows(again, 70, delete=True)
        status, lines = of_check(again)
        assert status == 1 and "fault: published: seq 70 is missing" in lines, lines


def test_what_is_no_spool():
    with Spooled(pipeline=STUCK) as d:
        ask(d.req(), "x")
        d.die()
        text, foreign, named, newer, empty, junk = (d.folder / n for n in ("text", "foreign", "named", "newer", "empty", "junk"))
        text.write_text("no spool, but a letter\n" * 1000)
        empty.write_bytes(b"")
        junk.write_bytes(random.Random(4).randbytes(50000))
        for path, application in ((foreign, 0), (named, 7)):
            with sqlite3.connect(path) as db:
                db.execute(f"PRAGMA application_id = {application}")
                db.execute("CREATE TABLE pending (ticket INTEGER PRIMARY KEY, a TEXT)")
                db.executemany("INSERT INTO pending VALUES (?, ?)", [(i, "x" * 100) for i in range(1, 500)])
            db.close()
        shutil.copy(d.spool, newer)
        shutil.copy(f"{d.spool}-wal", f"{newer}-wal")
        with sqlite3.connect(newer) as db:
            db.execute("PRAGMA user_version = 2")
        db.close()
        none = "is no spool of glossd"
        for path, why in (
            (text, none), (foreign, none), (named, none), (junk, none), (empty, none),
            (newer, "is of version 2, this gloss knows 1"),
            (d.folder, "is a folder: give the path of the file"),
        ):
            done = spool("salvage", path, d.folder / "new.db")
            assert done.returncode == 2 and done.stdout == "" and why in done.stderr, done
            for verb in ("check", "export"):
                done = spool(verb, path)
                assert done.returncode == 2 and why.split(",")[0] in done.stderr and "damaged" not in done.stderr, done
            assert not list(d.folder.glob("new.db*"))
            if path == empty:
                continue  # becomes a spool
            d.config["spool"]["path"] = str(path)
            d.start(wait_ready=False)
            assert d.process.wait(10) == 2
            assert why.split(",")[0] in d.log() and "damaged" not in d.log(), d.log()


def test_documents_are_private():
    old = os.umask(0)
    try:
        with Spooled(pipeline=STUCK) as d:
            ask(d.req(), "x")
            modes = {p.name: p.stat().st_mode & 0o777 for p in d.folder.glob("spool.db*")}
            assert len(modes) == 4 and set(modes.values()) == {0o600}, modes
            d.die()
            assert spool("salvage", d.spool, d.folder / "new.db").returncode == 0
            assert [p.name for p in d.folder.glob("new.db*")] == ["new.db"]
            modes = {p.name: p.stat().st_mode & 0o777 for p in d.folder.glob("new.db*")}
            assert modes and set(modes.values()) == {0o600}, modes
    finally:
        os.umask(old)


def one_more(d, n):
    """With it, it is written that those up to n are sent."""
    ask(d.req(), "one more")
    wait("that is written", lambda: d.rows("SELECT sent FROM facts") >= [(n,)])


def test_replay_of_damage_goes_on():
    """A published row that is damaged costs the answer, and not the daemon."""
    with Spooled() as d:
        sub, req = d.subscribe(), d.req()
        for i in range(3):
            ask(req, f"text {i}")
        wait("all is published", lambda: d.rows("SELECT count(*) FROM published") == [(3,)])
        one_more(d, 2)
        d.die()
        with sqlite3.connect(d.spool) as db:
            db.execute("UPDATE published SET members = replace(members, ':', ';') WHERE seq = 2")
        db.close()
        d.start()
        tail = subprocess.run([BUILD / "gloss", "tail", "-c", d.folder / "glossd.json", "--from", "1", "-n", "3"],
                              capture_output=True, text=True, timeout=60)
        assert tail.returncode and "published: seq 2: the sum is wrong" in tail.stderr, tail
        assert ask(d.req(), "goes on")["status"] == "accepted"


def test_damage_is_not_passed_over():
    """What replay and gloss dead choose by is proved like what they show."""
    with Spooled(topic="{source}.") as d:
        req, push = d.req(), d.push()
        for i in range(10):
            ask(req, {"text": f"text {i}", "source": "ab"[i % 2]})
        for _ in range(3):
            push.send(b'{"text": nope}')
        wait("three letters", lambda: d.rows("SELECT dead FROM facts") == [(3,)])
        wait("all is published", lambda: d.rows("SELECT seq FROM facts") == [(10,)])
        one_more(d, 10)
        d.die()
        with sqlite3.connect(d.spool) as db:
            db.execute("UPDATE published SET topic = 'c.' WHERE seq = 5")
            db.execute("UPDATE dead SET reason = 'no_text' WHERE number = 2")
        db.close()
        d.start()
        replay = d.socket(zmq.REQ, "replay")
        for request in ({"topic": "a."}, {"topic": "b."}, {"topic": "c."}, {"documents": False}, {}):
            why = ask(replay, request)["error"]
            assert why["code"] == "damaged" and "published: seq 5: the sum is wrong" in why["message"], why
            replay.send_json(request | {"from": 6})
            head = json.loads(replay.recv_multipart()[0])
            assert head["next"] == head["last"] + 1, head
        for reason in ("invalid_json", "no_text", "too_large"):
            why = ask(replay, {"dead": "list", "reason": reason})["error"]
            assert why["code"] == "damaged" and "dead: number 2: the sum is wrong" in why["message"], why
        d.die()
        done = subprocess.run([BUILD / "gloss", "dead", "list", "-c", d.folder / "glossd.json", "--reason", "no_text"], capture_output=True, text=True)
        assert done.returncode == 1 and "dead: number 2: the sum is wrong" in done.stderr, done


def test_damage_found_while_running():
    """The daemon stops at a row that is not what was written, and says what to do."""
    with Spooled(pipeline=STUCK) as d:
        for i in range(3):
            ask(d.req(), {"id": f"i{i}", "text": "a text that is long enough to be found"})
        d.die()
        with sqlite3.connect(d.spool) as db:
            db.execute("UPDATE documents SET head = replace(head, 'long', 'lung') WHERE ticket = 2")
        db.close()
        d.start(wait_ready=False)
        assert d.process.wait(10) == 2
        assert "documents: ticket 2: the sum is wrong" in d.log(), d.log()
        assert f"see `gloss spool check {d.spool}`" in d.log() and "gloss spool salvage" in d.log(), d.log()
        done = spool("check", d.spool)
        assert done.returncode == 1 and "fault: documents: ticket 2, id i1: the sum is wrong\n" in done.stdout, done
        assert spool("export", d.spool).returncode == 1


def test_a_result_of_what_is_not_pending():
    """Whether it was to be published or to be a dead letter: the daemon stops, and tells nobody."""
    for on_error in "publish", "dead":
        with Spooled(pipeline=[{"plugin": "slow", "timeout_ms": 1500, "on_error": on_error}]) as d:
            sub, req = d.subscribe(), d.req()
            assert ask(req, "text")["status"] == "accepted"
            with sqlite3.connect(d.spool) as db:
                assert db.execute("DELETE FROM pending").rowcount == 1
            db.close()
            assert d.process.wait(10) == 2
            assert "ticket 1 has a result, but is not pending in the spool" in d.log(), d.log()
            assert is_silent(sub)
            assert d.rows("SELECT (SELECT count(*) FROM published), (SELECT count(*) FROM dead)") == [(0, 0)]


def test_lost_wal_is_refused():
    """SQLite would go on without it, and undo what others were told of."""
    with Spooled(pipeline=STUCK) as d:
        for i in range(20):
            ask(d.req(), f"x {i}")
        d.die()
        wal = pathlib.Path(f"{d.spool}-wal")
        whole = wal.read_bytes()
        beside(d)[".lock"].write_bytes(b"")  # so that nothing else tells
        for left in (None, whole[: len(whole) // 2], whole[:-4120]):
            shm = pathlib.Path(f"{d.spool}-shm").read_bytes()
            wal.unlink() if left is None else wal.write_bytes(left)
            d.start(wait_ready=False)
            assert d.process.wait(10) == 2
            assert "-wal" in d.log() and "gloss spool salvage" in d.log(), d.log()
            assert pathlib.Path(f"{d.spool}-shm").read_bytes() == shm
        wal.write_bytes(whole)
        d.start()


def beside(d):
    return {ending: pathlib.Path(f"{d.spool}{ending}") for ending in ("", "-wal", "-shm", ".lock")}


def refuse(d, why):
    """The start is refused, and changes neither the file nor its -wal."""
    before = {ending: path.read_bytes() for ending, path in beside(d).items() if path.exists() and ending in ("", "-wal")}
    d.start(wait_ready=False)
    assert d.process.wait(10) == 2
    assert re.search(why, d.log()) and d.log().count("\n") == 1, d.log()
    for ending, whole in before.items():
        assert beside(d)[ending].read_bytes() == whole, ending


def empty_wal(at):
    os.truncate(at["-wal"], 0)


def cut_wal(at):
    os.truncate(at["-wal"], 31)


def cut_frames(at):
    """To whole ones, of which nothing else tells."""
    os.truncate(at["-wal"], 32 + 2 * 4120)
    at["-shm"].unlink()


def empty_wal_and_no_shm(at):
    empty_wal(at)
    at["-shm"].unlink()


def no_wal_and_no_shm(at):
    at["-wal"].unlink()
    at["-shm"].unlink()


def begin_shm_anew(shm):
    """What SQLite writes there before it begins the -wal anew: nothing is committed to it."""
    head = bytearray(shm.read_bytes())
    head[16:20] = bytes(4)
    one = two = 0
    for first, second in struct.iter_unpack("=II", head[:40]):
        one = (one + first + two) % (1 << 32)
        two = (two + second + one) % (1 << 32)
    head[40:48] = struct.pack("=II", one, two)
    head[48:96] = head[:48]
    shm.write_bytes(head)


def test_a_kill_while_the_wal_is_begun_anew():
    """Its head is half written: all is in the file, as the -shm says. Else that is damage."""
    with Spooled() as d:
        for i in range(20):
            assert ask(d.req(), {"id": f"i{i}", "text": "x"})["status"] == "accepted"
        wait("all are published", lambda: d.rows("SELECT count(*) FROM published") == [(20,)])
        d.die()
        db = sqlite3.connect(d.spool)
        assert db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0] == 0
        kept = {ending: path.read_bytes() for ending, path in beside(d).items()}
        db.close()
        for ending, path in beside(d).items():
            path.write_bytes(kept[ending])
        wal = bytearray(kept["-wal"])
        wal[31] ^= 0x65
        beside(d)["-wal"].write_bytes(wal)
        refuse(d, "the head of its -wal is damaged")
        begin_shm_anew(beside(d)["-shm"])
        assert of_check(d.spool)[0] == 0
        d.start()
        assert ask(d.req(), {"id": "i7", "text": "x"})["duplicate"]
        assert d.rows("SELECT max(seq) FROM published") == [(20,)]


def test_commits_that_are_missing_are_noticed():
    """However the -wal went: of a small spool, of which all was in it, and of one that had been folded in before."""
    for documents in (20, 2500):
        with Spooled(pipeline=STUCK, limits={"in_flight_documents": 10000}) as d:
            dealer = d.dealer(sndhwm=0, rcvhwm=0)
            reader = sqlite3.connect(f"file:{d.spool}?mode=ro", uri=True, isolation_level=None)
            for half in range(2):
                for i in range(documents // 2):
                    dealer.send_json({"id": f"p{half * documents // 2 + i}", "text": "y" * 3000})
                for i in range(documents // 2):
                    assert dealer.recv_json()["status"] == "accepted"
                if half == 0:  # from here on nothing can be folded in
                    reader.execute("BEGIN")
                    reader.execute("SELECT * FROM facts").fetchall()
            d.die()
            reader.close()
            kept = {ending: path.read_bytes() for ending, path in beside(d).items()}
            for lose in (empty_wal, cut_wal, cut_frames, empty_wal_and_no_shm, no_wal_and_no_shm):
                lose(beside(d))
                why = rf"commits are missing: its last ticket and seq are \d+ and 0, but {documents} and 0 were committed, as its .lock says"
                refuse(d, why)
                status, faults = of_check(d.spool)
                assert status == 1 and re.search(why, str(faults)), faults
                new = d.folder / f"{documents}-{lose.__name__}.db"
                done = spool("salvage", d.spool, new)
                assert done.returncode == 1 and "the log has a new name" in done.stdout, done
                assert re.search(why if lose is not cut_frames else "its -wal", done.stdout), done
                for ending, path in beside(d).items():
                    path.write_bytes(kept[ending])
            d.start()
            d.wait_log(f"{documents} pending|all that the spool had left")
            assert look(d.spool)["pending"] == [f"p{i}" for i in range(documents)]


def test_commits_that_failed_are_no_damage():
    """They leave frames in the -wal, over the first of which the next one writes."""
    if SANITIZED:  # which will not have another library before it
        return
    for sizes, good in (((600000, 300000), True), ((600000, 300000, 100000), False)):
        with Spooled(pipeline=STUCK) as d:
            d.stop()
            shim = Shim(BUILD / "tests" / "torture" / "shim.so", d.folder / "shim")
            d.start(env=os.environ | shim.environment)
            req = d.req()
            assert ask(req, {"id": "one", "text": "x"})["status"] == "accepted"
            for i, size in enumerate(sizes):
                shim.arm("sync", errno.EIO, 1, sticky=True)
                assert ask(req, {"id": f"failed{i}", "text": "x" * size})["error"]["code"] == "overloaded"
                if good or size != sizes[-1]:
                    shim.disarm()
                    wait("it goes on", lambda: d.log().count("it goes on") == i + 1)
            if good:
                assert ask(req, {"id": "two", "text": "x"})["status"] == "accepted"
            assert "disk I/O error: nothing more is accepted" in d.log() and "Success" not in d.log(), d.log()
            d.die()
            assert of_check(d.spool) == (0, [])
            kept = {ending: path.read_bytes() for ending, path in beside(d).items()}
            for turned in range(32 + 11, 32 + 3 * 4120, 4120):  # a frame of what was committed
                wal = bytearray(kept["-wal"])
                wal[turned] ^= 1
                beside(d)["-wal"].write_bytes(wal)
                refuse(d, "its -wal")
            beside(d)["-wal"].write_bytes(kept["-wal"])
            beside(d)["-shm"].unlink()
            refuse(d, "its -wal is damaged")  # then it can't be told
            beside(d)["-shm"].write_bytes(kept["-shm"])
            d.start()
            there = {"one", "two"} if good else {"one"}
            assert there <= set(look(d.spool)["pending"])


def test_wal_without_its_file_is_not_deleted():
    """As it is when somebody has moved only the file away."""
    with Spooled(pipeline=STUCK) as d:
        ask(d.req(), {"id": "a", "text": "x"})
        d.die()
        away = d.folder / "away.db"
        d.spool.rename(away)
        refuse(d, f"{d.spool}-wal has commits of a spool, but {d.spool} itself is gone or empty")
        d.spool.touch()
        refuse(d, "is gone or empty")
        away.rename(d.spool)
        d.start()
        assert look(d.spool)["pending"] == ["a"]
        d.die()
        for path in beside(d).values():
            path.rename(d.folder / path.name.replace("spool", "away"))
        d.start()  # a new one
        assert look(d.spool)["pending"] == [] and spool("check", away).returncode == 0


def test_mark_is_of_one_log():
    """A spool that took another's place, folded in by another program, or made anew is good."""
    with Spooled(pipeline=STUCK) as d:
        req = d.req()
        for i in range(3):
            ask(req, {"id": f"i{i}", "text": "x"})
        d.die()
        with sqlite3.connect(d.spool) as db:
            assert db.execute("SELECT count(*) FROM pending").fetchall() == [(3,)]
        db.close()
        assert not beside(d)["-wal"].exists()
        d.start()
        assert look(d.spool)["pending"] == ["i0", "i1", "i2"]
        d.die()
        for ending in ("", "-wal", "-shm"):
            beside(d)[ending].unlink()
        for _ in range(2):
            d.start()
            assert look(d.spool)["pending"] == []
            d.die()
        beside(d)[".lock"].write_bytes(b"log x")
        d.start()


def first_mark_waits(d, req, free):
    """The start is no matter of the mark; it is there with the first commit after free()."""
    mark = lambda: beside(d)[".lock"].read_bytes()
    assert mark() == b""
    free()
    wait("accepted", lambda: ask(req, {"id": "marked", "text": "x"})["status"] == "accepted")
    assert mark().startswith(f"log {look(d.spool)['log']} ticket ".encode())
    assert ask(req, {"id": "more", "text": "x"})["status"] == "accepted"
    d.die()
    no_wal_and_no_shm(beside(d))
    refuse(d, "commits are missing")


def test_first_mark_waits_for_a_reader():
    with Spooled(pipeline=STUCK) as d:
        assert ask(d.req(), {"id": "before", "text": "x"})["status"] == "accepted"
        reader = sqlite3.connect(f"file:{d.spool}?mode=ro", uri=True, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM facts").fetchall()
        assert ask(d.req(), {"id": "after", "text": "x"})["status"] == "accepted"
        d.die()
        beside(d)[".lock"].unlink()
        d.start()
        req = d.req()
        assert ask(req, {"id": "read", "text": "x"})["status"] == "accepted"
        first_mark_waits(d, req, reader.close)


def start_on_a_full_disk(folder):
    with Spooled(folder=folder, pipeline=STUCK) as d:
        assert ask(d.req(), {"id": "before", "text": "x" * 500000})["status"] == "accepted"
        d.die()
        beside(d)[".lock"].unlink()
        fill_up(folder)
        d.start()
        first_mark_waits(d, d.req(), (folder / "ballast").unlink)


def test_first_mark_waits_for_room():
    on_small_disk(start_on_a_full_disk)


def test_file_that_is_no_file():
    """Nothing waits for somebody to write into a FIFO."""
    with Spooled() as d:
        d.stop()
        d.spool.unlink()
        os.mkfifo(d.spool)
        d.start(wait_ready=False)
        assert d.process.wait(10) == 2
        assert f"{d.spool} is no file, but a FIFO or a device: give another path" in d.log(), d.log()
        for arguments in (["check", d.spool], ["export", d.spool], ["salvage", d.spool, d.folder / "new.db"]):
            done = spool(*arguments)
            assert done.returncode == 2 and "is no file, but a FIFO" in done.stderr, done


def test_files_moved_under_a_daemon():
    """It accepts nothing into files that have no name, goes on when they are back, and leaves what took their place alone."""
    with Spooled(pipeline=STUCK, drain_ms=100) as d:
        req = d.req()
        assert ask(req, {"id": "before", "text": "x"})["status"] == "accepted"
        for ending, path in beside(d).items():
            away = d.folder / "away"
            path.rename(away)
            reply = ask(req, {"id": f"lost{ending}", "text": "x"})
            assert reply["error"]["code"] == "overloaded" and f"{path} was moved or removed" in reply["error"]["message"], reply
            d.wait_log(f"{path} was moved or removed while it is in use: put it back")
            away.rename(path)
            wait("it goes on", lambda: ask(req, {"id": f"back{ending}", "text": "x"})["status"] == "accepted")
            d.wait_log("spool: it goes on")
            (d.folder / "log").write_text("")
        for ending, path in beside(d).items():
            path.rename(d.folder / f"away.db{ending}")
            path.write_text("somebody else's")
        assert ask(req, {"id": "nowhere", "text": "x"})["error"]["code"] == "overloaded"
        assert d.stop() in (0, 1)
        assert all(path.read_text() == "somebody else's" for path in beside(d).values())
        for ending, path in beside(d).items():
            (d.folder / f"away.db{ending}").rename(path)
        d.start()
        assert look(d.spool)["pending"] == ["before", "back", "back-wal", "back-shm", "back.lock"]


def test_files_removed_under_a_daemon():
    """What is said in glossd(8): they are in /proc until it ends."""
    with Spooled(pipeline=STUCK) as d:
        req = d.req()
        assert ask(req, {"id": "before", "text": "x"})["status"] == "accepted"
        for path in beside(d).values():
            path.unlink()
        assert f"/proc/{d.process.pid}/fd until" in ask(req, {"id": "a", "text": "x"})["error"]["message"]
        saved = {}
        for link in pathlib.Path(f"/proc/{d.process.pid}/fd").iterdir():
            target = os.readlink(link)
            if target in (f"{d.spool} (deleted)", f"{d.spool}-wal (deleted)"):
                saved[target.removesuffix(" (deleted)")] = link.read_bytes()
        d.die()
        for name, whole in saved.items():
            pathlib.Path(name).write_bytes(whole)
        d.start()
        assert look(d.spool)["pending"] == ["before"]


def test_who_has_it_locked_is_said():
    with Spooled(pipeline=STUCK) as d:
        req = d.req()
        assert ask(req, {"id": "a", "text": "x"})["status"] == "accepted"
        db = sqlite3.connect(d.spool, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        reply = ask(req, {"id": "b", "text": "x"})
        why = f"{d.spool} is locked by process {os.getpid()} ({pathlib.Path('/proc/self/comm').read_text().strip()}), which writes"
        assert reply["error"]["code"] == "overloaded" and why in reply["error"]["message"], reply
        assert why in d.log(), d.log()
        db.execute("ROLLBACK")
        db.close()
        d.wait_log("it goes on")
        assert ask(req, {"id": "b", "text": "x"}) == {"status": "accepted", "id": "b"}


F_OFD_SETLK, WRITE_LOCK = 37, 120  # Linux's, and the byte of the -shm that SQLite locks to write
LOCKER = """
import fcntl, sys
with open(sys.argv[1], "w") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    print("locked", flush=True)
    sys.stdin.read()
"""


def lock_its_twin(folder, other):
    """Another process has locked, later than we, the file of the same number on another device."""
    with Spooled(folder=folder, pipeline=STUCK) as d:
        req = d.req()
        assert ask(req, {"id": "a", "text": "x"})["status"] == "accepted"
        number = beside(d)["-shm"].stat().st_ino
        twins = (path for path in (other / str(i) for i in range(1000)) if path.touch() or path.stat().st_ino >= number)
        twin = next(twins, None)
        if not twin or twin.stat().st_ino != number:
            print("skipped: the files of two devices have different numbers here")
            return
        db = sqlite3.connect(d.spool, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        with subprocess.Popen([sys.executable, "-c", LOCKER, twin], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locker:
            locker.stdout.readline()
            message = ask(req, {"id": "b", "text": "x"})["error"]["message"]
            assert f"is locked by process {os.getpid()} (" in message, message
            db.execute("ROLLBACK")
            db.close()
            d.wait_log("it goes on")
            with open(beside(d)["-shm"], "r+b") as shm:  # of nobody's, as far as can be seen
                fcntl.fcntl(shm, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, WRITE_LOCK, 1, 0))
                message = ask(req, {"id": "c", "text": "x"})["error"]["message"]
            assert f"is locked by another program, perhaps process {locker.pid} (" in message, message


def test_the_same_number_on_another_device():
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(ours)})  # the kernel lists the locks of a processor from the last on
    try:
        on_small_disk(lambda folder: on_small_disk(lambda other: lock_its_twin(folder, other)))
    finally:
        os.sched_setaffinity(0, ours)


def test_others_look_into_the_file():
    """SQLite deletes the -wal when the last program closes the file: that must not be another than the daemon."""
    with Spooled(pipeline=STUCK) as d:
        req = d.req()
        for i in range(3):
            assert ask(req, {"id": f"i{i}", "text": "x"})["status"] == "accepted"
            with sqlite3.connect(d.spool) as db:
                db.execute(f"VACUUM INTO '{d.folder}/copy-{i}.db'")
            db.close()
            assert beside(d)["-wal"].exists() and look(d.folder / f"copy-{i}.db")["pending"][-1] == f"i{i}"
            assert ask(d.socket(zmq.REQ, "replay"), {})["last"] == 0
        d.die()
        assert look(d.spool)["pending"] == ["i0", "i1", "i2"]


def test_a_large_file_is_made_small():
    """As glossd(8) says."""
    with Spooled() as d:
        dealer, push = d.dealer(sndhwm=0, rcvhwm=0), d.push()
        for i in range(300):
            dealer.send_json({"id": f"i{i}", "text": "x" * 9000})
        for i in range(300):
            assert dealer.recv_json()["status"] == "accepted"
        push.send(b"nonsense \xff")
        wait("all is published", lambda: d.rows("SELECT seq FROM facts") == [(300,)])
        wait("a dead letter", lambda: d.rows("SELECT dead FROM facts") == [(1,)])
        d.stop()
        d.config["pipeline"] = STUCK
        d.config["spool"]["keep_bytes"] = 0
        d.start()
        req = d.req()
        for i in range(5):  # each commit takes some away
            assert ask(req, {"id": f"waits{i}", "text": "x"})["status"] == "accepted"
        d.die()
        fold(d)
        before = look(d.spool)
        assert len(before["published"]) < 50, before
        assert d.spool.stat().st_size > 1000000
        new = d.folder / "new.db"
        done = spool("salvage", d.spool, new)
        assert done.returncode == 0 and "nothing is lost" in done.stdout and "the log keeps its name" in done.stdout, done
        assert new.stat().st_size < 1000000 and look(new) == before
        for path in beside(d).values():
            if path.suffix != ".lock":  # or with it
                path.unlink(missing_ok=True)
        new.rename(d.spool)
        d.start()
        assert look(d.spool) == before


def test_usage():
    with Spooled() as d:
        for arguments, why in (
            ([], "say what to do"),
            (["look"], "say what to do"),
            (["salvage", d.spool], "salvage takes FILE and NEW"),
            (["check", "a", "b"], "one FILE at most"),
            (["check", "--dead", d.spool], "are for export"),
            (["export", "--from", "x", d.spool], "--from takes a whole number"),
            (["check", "/nowhere/spool.db"], "/nowhere/spool.db"),
            (["check", __file__], "no spool of glossd"),
            (["check"], "has no spool.path"),
        ):
            done = spool(*arguments)
            assert done.returncode == 2, done
            assert why in done.stderr + done.stdout, done
        shutil.copy(d.spool, d.folder / "copy.db")
        assert "is there already" in spool("salvage", d.folder / "copy.db", d.spool).stderr


if __name__ == "__main__":
    main(sys.modules[__name__])
