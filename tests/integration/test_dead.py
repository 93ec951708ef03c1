# SPDX-License-Identifier: Apache-2.0
"""Dead letters: why documents die, gloss dead list, show, retry and purge, and that a letter
is never lost, whatever the daemon dies of in the midst of it."""
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import zmq

from harness import BUILD, Daemon, ask, is_silent, main, receive, wait
from test_spool import Spooled

ABORT = [{"plugin": "faulty", "options": {"how": "abort", "word": "poison"}}]
MENDED = [{"plugin": "faulty", "options": {"how": "abort", "word": "never"}}]


class Letters(Spooled):
    def dead(self, *arguments, status=0):
        done = subprocess.run([BUILD / "gloss", "dead", *map(str, arguments), "-c", self.folder / "glossd.json"], capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done
        return done.stdout if status == 0 else done.stdout + done.stderr

    def letters(self, *arguments):
        return [json.loads(line) for line in self.dead("list", "--json", *arguments).splitlines()]

    def count(self):
        [(facts, rows)] = self.rows("SELECT dead, (SELECT count(*) FROM dead) FROM facts")
        assert facts == rows
        return rows

    def reload(self, pipeline):
        n = self.log().count("serve the new configuration")
        self.configure(pipeline=pipeline)
        self.kill(signal.SIGHUP)
        wait("reload", lambda: self.log().count("serve the new configuration") > n)

    def request(self, **wants):
        socket = self.socket(zmq.REQ, "replay")
        socket.send_json(wants)
        return [json.loads(part) for part in socket.recv_multipart()]


def test_retry_after_the_plugin_is_mended():
    with Letters(pipeline=ABORT) as d:
        sub, req = d.subscribe(), d.req()
        assert ask(req, {"id": "bad", "text": "a poison text", "n": 7.50})["status"] == "accepted"
        assert ask(req, {"id": "good", "text": "a text"})["status"] == "accepted"
        first = {out["id"]: out for _, out in receive(sub, 2)}
        assert "faulty" not in first["bad"]["gloss"] and first["bad"]["gloss"]["run"]["errors"][0]["plugin"] == "faulty"
        [letter] = d.letters()
        assert (letter["number"], letter["reason"], letter["plugin"], letter["id"]) == (1, "plugin_failed", "faulty", "bad")
        assert letter["message"] == first["bad"]["gloss"]["run"]["errors"][0]["error"], letter
        # Still broken: it is run again, and is one letter again.
        assert d.dead("retry", 1) == "1 accepted, 0 stay\n"
        assert "faulty" not in receive(sub)[0][1]["gloss"]
        wait("the letter is back", lambda: d.rows("SELECT number FROM dead") == [(2,)])
        assert d.count() == 1
        d.reload(MENDED)
        assert d.dead("retry", "--plugin", "faulty") == "1 accepted, 0 stay\n"
        [(_, out)] = receive(sub)
        assert out["id"] == "bad" and out["gloss"]["faulty"]["label"] == "survived"
        assert out["gloss"]["seq"] == 4 and out["gloss"]["received"] == first["bad"]["gloss"]["received"]
        assert d.letters() == [] and d.count() == 0
        # The first copy keeps the id known.
        assert ask(req, {"id": "bad", "text": "x"})["duplicate"]
        d.die()
        d.start()
        assert d.letters() == [] and d.count() == 0


def test_on_error_dead():
    """What is not published at all is accepted, and a letter; retry publishes it."""
    with Letters(pipeline=[ABORT[0] | {"on_error": "dead"}]) as d:
        sub, req = d.subscribe(), d.req()
        reply = ask(req, {"id": "bad", "text": "a poison text", "reply": "enriched"})
        assert reply["status"] == "dead", reply
        [letter] = d.letters()
        assert (letter["reason"], letter["plugin"]) == ("plugin_failed", "faulty") and "SIGABRT" in letter["message"], letter
        d.reload(MENDED)
        assert d.dead("retry", "--reason", "plugin_failed") == "1 accepted, 0 stay\n"
        [(_, out)] = receive(sub)
        assert out["id"] == "bad" and out["gloss"]["seq"] == 1
        assert d.letters() == []


def test_letter_names_whose_failure_it_is():
    """Another plugin failed before, on whose failure the document would have been published."""
    first, second = (ABORT[0] | {"as": name} for name in ("one", "two"))
    with Letters(pipeline=[first, second | {"on_error": "dead"}]) as d:
        assert ask(d.req(), {"text": "a poison text", "reply": "enriched"})["status"] == "dead"
        [letter] = d.letters()
        assert letter["plugin"] == "faulty#2" and letter["message"].startswith("plugin faulty#2 "), letter


def test_rejected_on_pull_stays():
    with Letters() as d:
        push, sub = d.push(), d.subscribe()
        push.send(b'{"id":"bad","text": nope}')
        push.send(b"\xff\xfe")
        push.send_multipart([b'{"title":5}', b"text"])
        push.send_string("   ")
        wait("letters", lambda: d.rows("SELECT count(*) FROM dead") == [(4,)])
        push.send_multipart([b'{"title":"three"}', b"worth keeping", b"x"])
        wait("three frames", lambda: d.rows("SELECT reason, head, body FROM dead WHERE number = 5") == [("bad_field", b'{"title":"three"}', b"worth keeping")])
        [whole] = [json.loads(line) for line in d.dead("show", 5, "--json").splitlines()]
        assert whole["gloss"]["dead"]["raw"] == ['{"title":"three"}', "worth keeping"], whole
        assert "5: it stays: bad_field: a document is one frame or two" in d.dead("retry", 5, status=1)
        d.dead("purge", 5)
        assert [l["reason"] for l in d.letters()] == ["invalid_json", "invalid_utf8", "bad_field", "no_text"]
        said = d.dead("retry", "--all", status=1)
        assert "1: it stays: invalid_json: line 1, column 21: " in said and "0 accepted, 4 stay" in said, said
        assert "3: it stays: bad_field: " in said
        assert [l["number"] for l in d.letters()] == [1, 2, 3, 4] and d.count() == 4
        assert is_silent(sub)
        shown = d.dead("show", 1)
        assert "reason    invalid_json" in shown and 'raw       {"id":"bad","text": nope}' in shown, shown
        assert "base64    //4=" in d.dead("show", 2)
        [whole] = [json.loads(line) for line in d.dead("show", 1, "--json").splitlines()]
        assert whole["gloss"]["dead"]["raw"] == ['{"id":"bad","text": nope}']


def test_larger_limit_lets_it_in():
    """A letter that was too large is a document where the limit has risen; it gets an id."""
    with Letters(limits={"document_bytes": 2000}) as d:
        push = d.push()
        push.send_string("x" * 3000)
        wait("a letter", lambda: d.rows("SELECT reason FROM dead") == [("too_large",)])
        d.stop()
        d.config["limits"] = {"document_bytes": 4000}
        d.start()
        sub = d.subscribe()
        assert d.dead("retry", 1) == "1 accepted, 0 stay\n"
        [(_, out)] = receive(sub)
        assert len(out["id"]) == 36 and out["text"] == "x" * 3000


def fill(d, n):
    """n letters of plugin_failed, ids p0.., behind two of other reasons."""
    req, push = d.req(), d.push()
    push.send(b'{"id":"j","text": nope}')
    push.send_string(" ")
    wait("two letters", lambda: d.rows("SELECT count(*) FROM dead") == [(2,)])
    for i in range(n):
        ask(req, {"id": f"p{i}", "text": f"poison {i}"})
        wait("it is dead", lambda: d.rows("SELECT count(*) FROM dead") == [(i + 3,)])


def test_filters():
    with Letters(pipeline=[ABORT[0] | {"on_error": "dead"}]) as d:
        fill(d, 5)
        ids = lambda *arguments: [letter.get("id") for letter in d.letters(*arguments)]
        assert ids("--reason", "plugin_failed") == ids("--plugin", "faulty") == [f"p{i}" for i in range(5)]
        assert ids("--reason", "no_text") == [None] and ids("--plugin", "else") == []
        assert ids("--id", "p3") == ["p3"] and ids("--id", "p3", "--reason", "no_text") == []
        assert ids("--since", "1h") == ids("--since", "2020-01-01") == ids()
        assert ids("--until", "1h") == [] and ids("--until", "2999-12-31T23:59:59.5+01:00") == ids()
        at = d.letters("--id", "p2")[0]["at"]
        assert set(ids("--since", at)) | set(ids("--until", at)) == set(ids())
        assert "p2" in ids("--since", at) and "p2" in ids("--until", at) and "j" not in ids("--since", at)
        assert ids(1, 4) == ["j", "p1"]
        assert 'there is no such code; did you mean plugin_failed?' in d.dead("list", "--reason", "plugin-failed", status=2)
        assert "there are invalid_json, invalid_utf8, no_text, too_large, bad_field, overloaded, plugin_failed, given_up, result_lost" in d.dead(
            "purge", "--reason", "foo", status=2)
        assert "there is no letter 99" in d.dead("list", 99, status=1)
        lines = d.dead("list").splitlines()
        assert lines[0].split() == ["number", "time", "reason", "plugin", "id", "message"]
        assert re.match(r"     1  20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ invalid_json +j +line 1, column", lines[1]), lines
        assert d.dead("purge", "--id", "p0") == "1 purged\n"
        assert d.dead("purge", "--reason", "no_text") == "1 purged\n"
        assert "there is no letter 2" in d.dead("purge", 2, 4, status=1)
        assert ids() == ["j", "p2", "p3", "p4"] and d.count() == 4
        d.die()
        d.start()
        assert ids() == ["j", "p2", "p3", "p4"] and d.count() == 4
        assert d.dead("purge", "--all") == "4 purged\n"
        assert ids() == [] and d.rows("SELECT dead, dead_bytes FROM facts") == [(0, 0)]


def test_what_is_refused():
    with Letters() as d:
        for arguments, why in (
            ([], "say what to do"),
            (["burn"], "say what to do"),
            (["retry"], "retry which?"),
            (["purge"], "purge which?"),
            (["purge", "--all", 3], "--all goes with no choice"),
            (["list", "x"], "come numbers"),
            (["list", 0], "come numbers"),
            (["list", "--since", "yesterday"], "--since takes a time"),
            (["list", "--until", "2026-13-01"], "--until takes a time"),
            (["list", "--timeout", 0], "--timeout takes"),
        ):
            assert why in d.dead(*arguments, status=2)
        code = lambda **wants: d.request(**wants)[0]["error"]["code"]
        assert code(dead="burn") == code(dead="purge") == code(dead="retry", after=3) == code(dead="list", colour=1) == "bad_field"
        assert d.request(dead="list") == [{"dead": 0, "last": 0}]
        assert d.request(dead="purge", all=1) == [{"dead": 0, "last": 0}]


def test_without_a_daemon():
    with Letters() as d:
        push = d.push()
        push.send_string(" ")
        wait("a letter", lambda: d.rows("SELECT count(*) FROM dead") == [(1,)])
        d.die()
        assert [letter["reason"] for letter in d.letters("--reason", "no_text")] == ["no_text"]
        assert "no_text" in d.dead("list") and '"text":" "' in d.dead("show", 1)
        assert "no glossd is at work on" in d.dead("purge", "--all", status=1)
        assert "no answer" in d.dead("list", "-e", d.config["endpoints"]["replay"], "-t", 1, status=1)


def test_memory():
    """Where the spool is in memory, its letters are kept as long as the daemon lives."""
    with Daemon(pipeline=ABORT) as d:
        sub = d.subscribe()
        ask(d.req(), {"id": "bad", "text": "poison"})
        receive(sub)
        gloss = lambda *arguments: subprocess.run([BUILD / "gloss", "dead", *arguments, "-c", d.folder / "glossd.json"], capture_output=True, text=True)
        assert " plugin_failed faulty     bad  " in gloss("list").stdout
        assert gloss("retry", "--all").stdout == "1 accepted, 0 stay\n"
        receive(sub)
        assert gloss("purge", "--all").stdout == "1 purged\n"


def test_bounded():
    keep = {"keep_dead_bytes": 50000}
    with Letters(keep=keep) as d:
        push = d.push()
        for i in range(100):
            push.send_string(f'{{"id":"{i}"}}' + " " * 1000)
        wait("the last", lambda: d.rows("SELECT 1 FROM dead WHERE number = 100"))
        push.send_string(" ")  # a commit more
        wait("within bounds", lambda: d.rows("SELECT dead_bytes <= 50000 FROM facts") == [(1,)])
        assert [letter["id"] for letter in d.letters() if "id" in letter][-1] == "99"
        assert 40 <= d.count() <= 50
        d.stop()
        d.config["spool"]["keep_dead_hours"] = 0
        d.start()
        push = d.push()
        push.send_string(" ")
        wait("the old are gone", lambda: d.rows("SELECT count(*) <= 1 FROM dead") == [(1,)])
        d.count()


FAILS = [{"plugin": "result", "options": {"code": -1}, "on_error": "dead"}]


def make_letters(d, n):
    dealer = d.dealer(sndhwm=0, rcvhwm=0)
    for i in range(n):
        dealer.send_json({"id": f"p{i}", "text": f"text {i}"})
    for _ in range(n):
        assert json.loads(dealer.recv_multipart()[-1])["status"] == "accepted"
    wait("all dead", lambda: d.rows("SELECT count(*) FROM dead") == [(n,)], 120)
    dealer.close()


def test_many_within_the_limits():
    """A retry of many takes half of what may be in flight and waits; new documents pass it."""
    n, most = 200, 20
    with Letters(pipeline=FAILS, limits={"in_flight_documents": most}) as d:
        make_letters(d, n)
        d.reload([])
        wait("the old workers are gone", lambda: len(d.workers()) == 2)
        for pid in d.workers():
            os.kill(pid, signal.SIGSTOP)
        retry = subprocess.Popen(
            [BUILD / "gloss", "dead", "retry", "--all", "-c", d.folder / "glossd.json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        wait("its half is full", lambda: d.rows("SELECT pending, dead FROM facts") == [(most // 2 + 1, n - most // 2 - 1)])
        req = d.req()
        for i in range(5):
            assert ask(req, {"id": f"n{i}", "text": "x"})["status"] == "accepted"
        assert d.rows("SELECT pending, dead FROM facts") == [(most // 2 + 1 + 5, n - most // 2 - 1)]
        assert retry.poll() is None
        for pid in d.workers():
            os.kill(pid, signal.SIGCONT)
        assert retry.communicate(timeout=30) == (f"{n} accepted, 0 stay\n".encode(), b"") and retry.returncode == 0
        wait("all published", lambda: d.rows("SELECT count(*), count(DISTINCT ticket) FROM published") == [(n + 5, n + 5)])
        assert d.letters() == [] and d.count() == 0


def test_killed_in_a_retry():
    """After each kill every document is on the list or accepted, and not both."""
    rng, n, kills = random.Random(5), 3000, 0
    with Letters(pipeline=FAILS, keep={"keep_bytes": 1 << 30}) as d:
        make_letters(d, n)
        d.die()
        d.config["pipeline"] = []
        left = n
        while left:
            d.start()
            retry = subprocess.Popen(
                [BUILD / "gloss", "dead", "retry", "--all", "-t", "1", "-c", d.folder / "glossd.json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            wait("it has begun", lambda: d.rows("SELECT dead < ? FROM facts".replace("?", str(left))) == [(1,)])
            time.sleep(rng.uniform(0, 0.006))
            d.die()
            retry.kill()
            retry.wait()
            kills += 1
            dead = [id for id, in d.rows("SELECT id FROM dead")]
            accepted = [id for id, in d.rows("SELECT id FROM documents")]
            assert sorted(dead + accepted) == sorted(f"p{i}" for i in range(n))
            left = len(dead)
            assert d.count() == left
        d.start()
        wait("all published", lambda: d.rows("SELECT count(*), count(DISTINCT ticket), max(seq) FROM published") == [(n, n, n)], 30)
        print(f"{kills} kills in the midst of {n}")
        assert kills > 3 and d.count() == 0


if __name__ == "__main__":
    main(sys.modules[__name__])
