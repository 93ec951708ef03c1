# SPDX-License-Identifier: Apache-2.0
"""The replay socket: what was published is given again, byte for byte, a bounded piece a
request, and whatever else is asked is refused with its place."""
import json
import sys

import zmq
from harness import Daemon, ask, main, wait
from test_spool import Spooled


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
        (b'{"whatever":1}', "bad_field", "line 1, column 2: there is no such key; see "),
        (b'{"from":"1"}', "bad_field", 'line 1, column 9: "from" must be a whole number'),
        (b'{"from":-1}', "bad_field", "line 1, column 9: "),
        (b'{"from":1.5}', "bad_field", "line 1, column 9: "),
        (b'{"from":1e3}', "bad_field", "line 1, column 9: "),
        (b'{"from":99999999999999999999}', "bad_field", "line 1, column 9: "),
        (b'{"limit":1001}', "bad_field", 'line 1, column 10: "limit" must be a whole number from 0 to 1000'),
        (b'{"topic":7}', "bad_field", 'line 1, column 10: "topic" must be a string, or an array of strings'),
        (b'{"topic":["a",{}]}', "bad_field", "line 1, column 15: "),
        (json.dumps({"topic": ["t"] * 33}).encode(), "bad_field", ""),
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


def test_without_a_spool():
    with Daemon() as d:
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


if __name__ == "__main__":
    main(sys.modules[__name__])
