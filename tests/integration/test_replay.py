# SPDX-License-Identifier: Apache-2.0
"""The replay socket: what was published is given again, byte for byte, a bounded piece a
request, and whatever else is asked is refused with its place."""
import json
import re
import signal
import sqlite3
import sys
import threading
import time

import zmq
from harness import SANITIZED, Daemon, ask, main, receive, slow_line, wait
from test_spool import Spooled

KEEP = {"keep_bytes": 1 << 30}


def request(socket, *parts):
    """Asks, and gives the head and the (topic, document) pairs of the answer."""
    socket.send_multipart([p if isinstance(p, bytes) else json.dumps(p).encode() for p in parts])
    head, *frames = socket.recv_multipart()
    return json.loads(head), list(zip(frames[::2], frames[1::2]))


def replay_all(socket, start=0, **wanted):
    """Everything from start on, in as many requests as it takes; and the last head."""
    got = []
    while True:
        head, part = request(socket, {"from": start} | wanted)
        assert head.keys() == {"log", "first", "next", "last"}, head
        got += part
        start = head["next"]
        if start > head["last"]:
            return got, head


def raw(socket, n):
    """The next n documents as they came; beats are left out."""
    got = []
    while len(got) < n:
        parts = socket.recv_multipart()
        if parts[0] != b"~":
            got.append(tuple(parts))
    return got


def feed(d, n, sources="ab", text="x"):
    """Publishes n documents."""
    dealer, [(before,)] = d.dealer(sndhwm=0, rcvhwm=0), d.rows("SELECT seq FROM facts")
    for i in range(n):
        dealer.send_json({"text": f"{text} {i}", "source": sources[i % len(sources)]})
    for i in range(n):
        assert dealer.recv_json()["status"] == "accepted"
    wait("all are published", lambda: d.rows("SELECT seq FROM facts") == [(before + n,)], 60)


def test_same_bytes():
    with Spooled(topic="{source}.") as d:
        sub = d.subscribe()
        req = d.req()
        ask(req, {"text": "plain JSON, é"})
        ask(req, "plain text\n")
        ask(req, '{"title":"T", "n": 1.50, "source":"a"}', "the body")
        ask(req, '  {"gloss": 1, "text": "\\u00e9", "gl\\u006fss2": {} }  \n')
        live = raw(sub, 4)
        got, head = replay_all(d.socket(zmq.REQ, "replay"))
        assert got == live
        assert (head["first"], head["next"], head["last"]) == (1, 5, 4)
        assert head["log"] == json.loads(live[0][1])["gloss"]["log"]
        d.die()
        d.start()
        assert replay_all(d.socket(zmq.DEALER, "replay"))[0] == live


def test_refused():
    bad = [
        (b"", "invalid_json", "line 1, column 1: "),
        (b"[]", "invalid_json", "line 1, column 1: "),
        (b'{"from":1', "invalid_json", "line 1, column 10: "),
        (b'{"from":01}', "invalid_json", "line 1, column 10: "),
        (b'{"from":1} x', "invalid_json", "line 1, column 12: "),
        (b'{"from":1,\n "form":1}', "bad_field", 'line 2, column 2: there is no such key; did you mean "from"?'),
        (b'{"whatever":1}', "bad_field", 'line 1, column 2: there is no such key; see "REPLAY" and "DEAD LETTERS" in man glossd'),
        (b'{"dead":"list","from":1}', "bad_field", 'line 1, column 16: there is no such key; see "REPLAY" and "DEAD LETTERS" in man glossd'),
        (b'{"from":"1"}', "bad_field", 'line 1, column 9: "from" must be a whole number'),
        (b'{"from":-1}', "bad_field", "line 1, column 9: "),
        (b'{"from":1.5}', "bad_field", "line 1, column 9: "),
        (b'{"from":1e3}', "bad_field", "line 1, column 9: "),
        (b'{"from":99999999999999999999}', "bad_field", "line 1, column 9: "),
        (b'{"limit":1001}', "bad_field", 'line 1, column 10: "limit" must be a whole number from 0 to 1000'),
        (b'{"topic":7}', "bad_field", 'line 1, column 10: "topic" must be a string, or an array of strings'),
        (b'{"topic":["a",{}]}', "bad_field", "line 1, column 15: "),
        (json.dumps({"topic": ["t"] * 1001}).encode(), "bad_field", ""),
        (b'{"from":1,"from":2}', "bad_field", 'line 1, column 11: the key "from" is given twice'),
        (b'{"topic":"\xff"}', "invalid_utf8", "line 1, column 11: "),
        (b'{"topic":"' + b"x" * 70000 + b'"}', "too_large", "a request is 65536 bytes long at most"),
    ]
    with Spooled() as d:
        dealer = d.socket(zmq.DEALER, "replay")
        for frame, code, message in bad:
            head, rest = request(dealer, frame)
            assert head["error"]["code"] == code and head["error"]["message"].startswith(message), (frame, head)
            assert not rest
        for parts in ([b"{}", b"{}"], [b"", b"{}", b"{}"], [b"{}"] * 3, [b""] * 5):
            dealer.send_multipart(parts)
            assert json.loads(dealer.recv_multipart()[-1])["error"]["code"] == "bad_field"
        dealer.send(b"x" * (2 << 20))  # the connection goes, the daemon does not
        dealer = d.socket(zmq.DEALER, "replay")
        head, rest = request(dealer, b' {"from": null, "topic": "", "limit": 5} ')
        assert (head["first"], head["next"], head["last"], rest) == (1, 1, 0, [])


def test_kinds_of_client():
    with Spooled() as d:
        feed(d, 2)
        numbered = {"req_correlate": 1, "req_relaxed": 1}
        for kind, options, envelope in (zmq.REQ, {}, []), (zmq.REQ, numbered, []), (zmq.DEALER, {}, []), (zmq.DEALER, {}, [b""]):
            socket = d.socket(kind, "replay", **options)
            for _ in range(3):
                socket.send_multipart(envelope + [b"{}"])
                parts = socket.recv_multipart()
                assert len(parts) == len(envelope) + 5 and parts[: len(envelope)] == envelope


def test_in_memory():
    """The same answers where the spool is in memory."""
    with Daemon() as d:
        sub, push = d.subscribe(), d.push()
        for i in range(300):
            push.send_string(str(i))
        live = [[topic.encode(), json.dumps(doc)] for topic, doc in receive(sub, 300)]
        replayed, head = replay_all(d.socket(zmq.REQ, "replay"))
        assert [[topic, json.dumps(json.loads(doc))] for topic, doc in replayed] == live and head["last"] == 300


def test_without_a_spool():
    with Daemon(spool={"durability": "none"}) as d:
        head, rest = request(d.socket(zmq.REQ, "replay"), {"from": 1})
        assert head["error"]["code"] == "no_spool" and '"spool"' in head["error"]["message"] and not rest


def test_topics():
    with Spooled(topic="{source}.") as d:
        feed(d, 12, ["a", "ab", "b"])
        req = d.socket(zmq.REQ, "replay")
        seqs = lambda **w: [json.loads(doc)["gloss"]["seq"] for _, doc in replay_all(req, **w)[0]]
        assert len(seqs()) == 12
        assert [t for t, _ in replay_all(req, topic="a.")[0]] == [b"a."] * 4
        assert {t for t, _ in replay_all(req, topic="a")[0]} == {b"a.", b"ab."}
        both = seqs(topic=["b.", "a."])
        assert both == sorted(both) and len(both) == 8
        assert seqs(topic=["b.", "a."], limit=1) == both
        assert seqs(topic=[]) == seqs()
        assert seqs(topic="none") == []
        assert request(req, {"from": 1, "limit": 0})[0]["next"] == 1


def seq_of(document):
    return json.loads(document)["gloss"]["seq"]


def test_after_a_kill():
    """What went out live before and after a SIGKILL under load is what replay gives, seq by seq."""
    with Spooled(topic="{source}.", keep=KEEP) as d:
        live = {}
        for round in range(4):
            sub, dealer = d.subscribe(rcvhwm=0), d.dealer(sndhwm=0, rcvhwm=0)
            for i in range(1500):
                dealer.send_json({"text": f"{round}: {i}", "n": 1.10, "source": "abc"[i % 3]})
            got = raw(sub, 300)
            d.die()
            while sub.poll(0):
                got.append(tuple(sub.recv_multipart()))
            d.start()
            for topic, document in got:
                if topic != b"~":
                    assert live.setdefault(seq_of(document), (topic, document)) == (topic, document)
        wait("all is published", lambda: d.rows("SELECT count(*) FROM pending") == [(0,)], 30)
        replayed, _ = replay_all(d.socket(zmq.REQ, "replay"), 1)
        last = {}
        for seq, (topic, document) in enumerate(replayed, 1):
            gloss = json.loads(document)["gloss"]
            assert (gloss["seq"], gloss["prev"]) == (seq, last.get(topic))
            last[topic] = seq
            assert live.get(seq, (topic, document)) == (topic, document)
        assert len(live) >= 1200 and max(live) <= len(replayed)


def test_retention():
    with Spooled(keep={"keep_bytes": 20000}) as d:
        feed(d, 1000)
        [(first,)] = d.rows("SELECT min(seq) FROM published")
        req = d.socket(zmq.REQ, "replay")
        head, part = request(req, {"from": 1, "limit": 1})
        assert first > 1 and (head["first"], head["next"], head["last"]) == (first, first + 1, 1000)
        assert [seq_of(doc) for _, doc in part] == [first]
        assert [seq_of(doc) for _, doc in replay_all(req)[0]] == list(range(first, 1001))
        head, part = request(req, {"from": 5000})
        assert (head["next"], head["last"], part) == (5000, 1000, [])


def test_bounds():
    """An answer ends at its limit, or at about a MiB with the document that reached it, or when
    4096 documents were passed over."""
    with Spooled(topic="{source}.", keep=KEEP) as d:
        feed(d, 4200, "b")
        feed(d, 40, "a", "y" * 100000)
        feed(d, 1, "a", "z" * 3000000)
        feed(d, 1, "a")
        req = d.socket(zmq.REQ, "replay")
        assert len(request(req, {"from": 1})[1]) == 100
        assert len(request(req, {"from": 1, "limit": 1000})[1]) == 1000
        assert len(request(req, {"from": 1, "limit": 7})[1]) == 7
        head, part = request(req, {"from": 1, "topic": "a."})
        assert (part, head["next"]) == ([], 4098)
        head, part = request(req, {"from": head["next"], "topic": "a."})
        assert len(part) == 11 and head["next"] == 4212
        head, part = request(req, {"from": 4240})
        assert [seq_of(doc) for _, doc in part] == [4240, 4241] and head["next"] == 4242
        assert len(replay_all(req, topic="a.")[0]) == 42


def test_numbers_only():
    with Spooled(topic="{source}.") as d:
        feed(d, 20)
        req = d.socket(zmq.REQ, "replay")
        head, part = request(req, {"topic": "b.", "documents": False})
        assert [topic for topic, _ in part] == [b"b."] * 10
        assert {tuple(json.loads(doc)) for _, doc in part} == {("gloss",)}
        assert [json.loads(doc)["gloss"] for _, doc in part] == [
            {"log": head["log"], "seq": seq_of(doc)} for _, doc in request(req, {"topic": "b."})[1]]


def test_twenty_clients_at_once():
    with Spooled(topic="{source}.", keep=KEEP) as d:
        feed(d, 2000, "abcd")
        [whole] = [replay_all(d.socket(zmq.REQ, "replay"))[0]]
        got = {}

        def ask_all(i):
            topic = ["", "a", "b.", "d"][i % 4]
            socket = d.socket(zmq.DEALER if i % 2 else zmq.REQ, "replay")
            got[i] = topic, replay_all(socket, topic=topic, limit=[3, 50, 1000][i % 3])[0]

        clients = [threading.Thread(target=ask_all, args=(i,)) for i in range(20)]
        for client in clients:
            client.start()
        feed(d, 500, "e")  # and documents go on being accepted
        for client in clients:
            client.join()
        for topic, part in got.values():
            assert [p for p in part if p[0] != b"e."] == [p for p in whole if p[0].startswith(topic.encode())]
        assert len(got) == 20


def test_many_requests_at_once():
    """A client that asks ahead, and reads, has every answer, in order."""
    with Daemon() as d:
        dealer, replay = d.dealer(), d.socket(zmq.DEALER, "replay", sndhwm=0, rcvhwm=0)
        for i in range(10):
            dealer.send(b"x" * 10000)
            dealer.recv()
        for n in range(500):
            replay.send_json({"from": n % 10 + 1, "limit": 1})
        assert [json.loads(replay.recv_multipart()[0])["next"] for _ in range(500)] == [n % 10 + 2 for n in range(500)]


def test_a_large_document_on_a_slow_line():
    """More than may wait for who does not read; but he reads, and is not disconnected."""
    with Daemon() as d:
        dealer, text = d.dealer(), "z" * (24 << 20)
        dealer.send_string(text)
        dealer.recv()
        slow_line(f"{d.folder}/slow", d.config["endpoints"]["replay"].removeprefix("ipc://"), 65536, 0.01)
        replay = d.context.socket(zmq.DEALER)
        replay.rcvtimeo = 60000
        replay.connect(f"ipc://{d.folder}/slow")
        wait("it is published", lambda: request(d.socket(zmq.REQ, "replay"), {"documents": False})[1])
        replay.send_json({"from": 1})
        head, topic, document = replay.recv_multipart()
        assert json.loads(document)["text"] == text
        replay.close(0)
        assert "is closed" not in d.log(), d.log()


def test_clients_that_do_not_read():
    """They are disconnected; the daemon stays as large as a few answers, and the others are
    served."""
    with Spooled(keep=KEEP) as d:
        feed(d, 300, text="y" * 10000)
        req = d.socket(zmq.REQ, "replay")
        whole = replay_all(req)[0]
        before = d.rss()
        deaf = [d.socket(zmq.DEALER, "replay", rcvhwm=1) for _ in range(30)]
        for i in range(20):
            for socket in deaf:
                try:
                    socket.send_json({"from": 1}, zmq.DONTWAIT)
                except zmq.Again:
                    pass

        def is_served():
            head, part = request(req, {"from": 1})
            return "error" not in head and part == whole[: len(part)]

        wait("they are disconnected", lambda: "the connection of the slowest is closed" in d.log())
        wait("served again", is_served)
        assert SANITIZED or d.rss() - before < 120 << 20, (before, d.rss())
        for socket in deaf:
            socket.close()
        wait("served again", is_served)


def test_a_damaged_row_costs_its_answer_only():
    with Spooled() as d:
        feed(d, 9)
        assert d.stop() == 0
        with sqlite3.connect(d.spool) as db:
            db.execute("UPDATE published SET members = x'00' WHERE seq = 5")
        d.start()
        req = d.socket(zmq.REQ, "replay")
        for _ in range(3):
            head, part = request(req, {"from": 1})
        assert d.log().count("seq 5") == 1
        assert head["error"]["code"] == "damaged" and "seq 5" in head["error"]["message"] and not part
        assert [seq_of(doc) for _, doc in request(req, {"from": 1, "limit": 4})[1]] == [1, 2, 3, 4]
        assert [seq_of(doc) for _, doc in request(req, {"from": 6})[1]] == [6, 7, 8, 9]
        feed(d, 1)


if __name__ == "__main__":
    main(sys.modules[__name__])
