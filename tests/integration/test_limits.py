# SPDX-License-Identifier: Apache-2.0
"""Back-pressure: at the limits the daemon stops reading, senders wait, memory stays flat, and
nothing is lost; large documents; messages that are garbage."""
import json
import random
import re
import resource
import sys
import threading
import time

import zmq
from harness import SANITIZED, Daemon, ask, main, receive, slow_line, wait

SLOW = [{"plugin": "slow", "timeout_ms": 20}]


def push_until_blocked(socket, make, most=100000):
    """Sends until the socket takes no more; the number sent."""
    for n in range(most):
        try:
            socket.send(make(n), zmq.NOBLOCK)
        except zmq.Again:
            if not socket.poll(300, zmq.POLLOUT):
                return n
            socket.send(make(n))
    raise AssertionError("the sender was never blocked")


def test_documents_limit():
    """With both workers stuck, a sender can send so much and no more."""
    stuck = [{"plugin": "slow", "timeout_ms": 3000}]
    with Daemon(pipeline=stuck, limits={"in_flight_documents": 50}, drain_ms=0) as d:
        push = d.push(sndhwm=10)
        n = push_until_blocked(push, lambda n: b"text" * 2500)
        # 50 in flight and one held; 64 wait in the daemon's socket, 10 in ours; the system buffers some.
        assert n < 50 + 1 + 64 + 10 + 100, n
        d.kill(10)
        d.wait_log("in flight 50")


def test_nothing_is_lost_and_it_goes_on():
    with Daemon(pipeline=SLOW, limits={"in_flight_documents": 20}, workers=2) as d:
        sub, push, dealer = d.subscribe(), d.push(sndhwm=10), d.dealer(sndhwm=10)
        n = 300
        threading.Thread(target=lambda: [push.send_string(f"p{i}") for i in range(n)]).start()
        for i in range(n):
            dealer.send_string(f"d{i}")
            assert json.loads(dealer.recv())["status"] == "accepted"
        texts = [out["text"] for _, out in receive(sub, 2 * n)]
        assert sorted(texts) == sorted(f"{c}{i}" for i in range(n) for c in "dp")


def test_bytes_limit_and_flat_memory():
    """200 MB through a limit of 8 MB."""
    with Daemon(limits={"document_bytes": 2 << 20, "in_flight_bytes": 8 << 20}) as d:
        sub, push = d.subscribe(), d.push(sndhwm=2)
        text = b"x " * 500000
        sender = threading.Thread(target=lambda: [push.send(text) for _ in range(200)])
        sender.start()
        for _ in range(200):
            receive(sub)
        sender.join()
        peak = int(next(l for l in open(f"/proc/{d.process.pid}/status") if l.startswith("VmHWM")).split()[1])
        # 64 messages may wait inside libzmq for each sender, and as many go out.
        assert SANITIZED or peak < 250000, peak


def test_document_larger_than_the_limit_runs_alone():
    with Daemon(limits={"document_bytes": 5100, "in_flight_bytes": 5100}) as d:
        sub, push = d.subscribe(), d.push()
        for i in range(10):
            push.send_string(f"{i} " + "x" * 5000)
        assert sorted(out["text"][0] for _, out in receive(sub, 10)) == list("0123456789")


def test_large_documents():
    with Daemon() as d:
        sub, req = d.subscribe(), d.req()
        for mb in 1, 10, 58:
            text = "Ein Satz mit ä. " * (mb * 65536)
            assert ask(req, {"text": text})["status"] == "accepted"
            [(_, out)] = receive(sub)
            assert out["text"] == text
            assert ask(req, "{}", text)["status"] == "accepted"
            [(_, out)] = receive(sub)
            assert out["text"] == text
        assert ask(req, "x" * (65 << 20))["error"]["code"] == "too_large"


def test_large_and_small_together():
    with Daemon() as d:
        sub, push = d.subscribe(rcvhwm=0), d.push()
        for i in range(300):
            push.send_string(f"{i} " + "x" * (5000000 if i % 30 == 0 else 10))
        assert sorted(int(out["text"].split()[0]) for _, out in receive(sub, 300)) == list(range(300))


def test_oversize_message_drops_its_sender_only():
    with Daemon(limits={"document_bytes": 1000}) as d:
        d.push().send(b"x" * (2 << 20))
        assert ask(d.req(), "good")["status"] == "accepted"
        assert d.stop() == 0


def test_slow_subscriber_loses_and_sees_the_gap():
    with Daemon(limits={"subscriber_documents": 10}) as d:
        sub, push = d.subscribe(rcvhwm=1), d.push()
        text = "x" * 100000
        for i in range(500):
            push.send_string(text)
        push.send_string("last")
        wait("all published", lambda: (d.kill(10), time.sleep(0.05), "published 501" in d.log())[2])
        seqs = [out["gloss"]["seq"] for _, out in receive(sub, 5)]
        assert seqs == [1, 2, 3, 4, 5]
        while True:
            topic, body = sub.recv_multipart()
            if topic == b"~":
                break
        assert json.loads(body)["gloss"]["seq"] == 501


def test_subscribers_that_never_read():
    """They neither slow the daemon nor grow it beyond their queues: 120 MB pass, and another
    subscriber has all of it."""
    with Daemon(limits={"subscriber_documents": 1000}, spool={"durability": "none"}) as d:
        deaf = [d.socket(zmq.SUB, "publish", rcvhwm=1) for _ in range(4)]
        for socket in deaf:
            socket.subscribe("")
        sub, push = d.subscribe(), d.push()
        before, text, seqs = d.rss(), "x" * 4000, []
        for i in range(300):
            for _ in range(100):
                push.send_string(text)
            seqs += [out["gloss"]["seq"] for _, out in receive(sub, 100)]
        assert seqs == list(range(1, 30001))
        assert SANITIZED or d.rss() - before < 30 << 20, (before, d.rss())


def test_large_documents_for_those_who_never_read():
    """What waits for them is bounded in bytes, too: a subscriber and a client who never read lose
    their connections and what waits there; another subscriber has all."""
    limits = {"subscriber_bytes": 8 << 20}
    with Daemon(limits=limits, pipeline=[], spool={"durability": "none"}) as d:
        deaf, sub, push = d.socket(zmq.SUB, "publish", rcvhwm=1), d.subscribe(), d.push()
        deaf.subscribe("")
        dealer = d.dealer(rcvhwm=1, sndhwm=0)
        before, text, seqs = d.rss(), "x" * (1 << 20), []

        def is_closed():
            dealer.send_multipart([b'{"reply":"enriched"}', text.encode()])
            push.send_string(text)
            seqs.extend(out["gloss"]["seq"] for _, out in receive(sub))
            return d.log().count("the connection of the slowest is closed") >= 2

        wait("both are closed", is_closed)
        assert seqs == list(range(1, len(seqs) + 1))
        wait("their memory is given back", lambda: SANITIZED or d.rss() - before < 60 << 20)


def test_a_subscriber_that_reads_too_slowly():
    """It always takes some: it keeps its connection until four times as much waits for it."""
    with Daemon(limits={"subscriber_bytes": 8 << 20}, pipeline=[], spool={"durability": "none"}) as d:
        slow_line(f"{d.folder}/slow", d.config["endpoints"]["publish"].removeprefix("ipc://"), 65536, 0.02)
        slow, sub, push = d.context.socket(zmq.SUB), d.subscribe(), d.push()
        slow.subscribe("")
        slow.connect(f"ipc://{d.folder}/slow")
        text, seqs = "x" * (1 << 20), []

        def is_closed():
            push.send_string(text)
            seqs.extend(out["gloss"]["seq"] for _, out in receive(sub))
            return re.search(r"(\d+) bytes wait .* the connection of the slowest is closed", d.log())

        assert int(wait("it is closed", is_closed)[1]) > 32 << 20
        assert seqs == list(range(1, len(seqs) + 1))


def test_client_that_goes_away():
    with Daemon(pipeline=SLOW) as d:
        dealer = d.dealer()
        for i in range(20):
            dealer.send_json({"text": "x", "reply": "enriched"})
        time.sleep(0.1)
        dealer.close()
        sub = d.subscribe()
        assert ask(d.req(), "x")["status"] == "accepted"
        receive(sub)
        assert d.stop() == 0


def test_client_that_comes_back_under_its_name():
    """The old connection may be half open still: the new one takes over its name."""
    with Daemon() as d:
        first = d.socket(zmq.DEALER, "ack", identity=b"client")
        assert ask(first, "x")["status"] == "accepted"
        second = d.socket(zmq.DEALER, "ack", identity=b"client")
        time.sleep(0.1)
        assert ask(second, "x")["status"] == "accepted"


def test_garbage():
    rng = random.Random(7)
    with Daemon() as d:
        sub, push, dealer = d.subscribe(rcvhwm=0), d.push(), d.dealer(sndhwm=0, rcvhwm=0)
        for i in range(3000):
            parts = [rng.randbytes(rng.choice([0, 0, 1, 3, 50])) for _ in range(rng.choice([1, 1, 2, 2, 3, 4, 5, 100]))]
            if rng.random() < 0.3:
                parts[0] = rng.choice([b"{}", b'{"text":"x"}', b'{"text":1}', b"[", b'{"id":""}', b'{"reply":"enriched"}'])
            dealer.send_multipart(parts)
            push.send_multipart(parts)
        for i in range(3000):
            reply = json.loads(dealer.recv_multipart()[-1])
            assert "gloss" in reply or reply["status"] in ("accepted", "rejected")
        dealer.close()
        assert ask(d.req(), {"id": "alive", "text": "x"})["status"] == "accepted"
        while receive(sub)[0][1]["id"] != "alive":
            pass
        assert len(d.workers()) == 2 and "worker 3" not in d.log()
        assert d.stop() == 0


def test_many_clients():
    with Daemon() as d:
        sub = d.subscribe(rcvhwm=0)
        clients = [d.req() for _ in range(200)]
        for i, c in enumerate(clients):
            c.send_json({"id": str(i), "text": "x"})
        for i, c in enumerate(clients):
            assert c.recv_json() == {"status": "accepted", "id": str(i)}
        assert len({out["id"] for _, out in receive(sub, 200)}) == 200


def test_few_open_files_are_warned_of():
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    with Daemon(autostart=False) as d:
        d.start(preexec_fn=limit)
        d.wait_log("only 256 files may be open")


def test_too_few_open_files_are_refused():
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))

    with Daemon(autostart=False) as d:
        d.start(wait_ready=False, preexec_fn=limit)
        assert d.process.wait(10) == 2
        assert len(d.log().splitlines()) == 1
        d.wait_log("error supervisor: only 20 files may be open, and glossd needs 80 with 2 workers", 1)


if __name__ == "__main__":
    main(sys.modules[__name__])
