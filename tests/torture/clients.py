# SPDX-License-Identifier: Apache-2.0
"""Scrapers and subscribers, each a process of its own, so that one can be stopped. What
they were told and what they saw they write into files. The hard rule: they know nothing of
what is done to the daemon."""
import json
import os
import signal
import struct
import time

import documents
import zmq

SILENCE = 0.25  # seconds without an answer until a client connects anew
RECORD = struct.Struct("<HI")


class Ending:
    """Whether this process was told to end."""

    def __init__(self):
        self.told = False
        signal.signal(signal.SIGTERM, self.tell)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def tell(self, *_):
        self.told = True


def connect(context, kind, endpoint, **options):
    socket = context.socket(kind)
    socket.linger = 0
    socket.reconnect_ivl = 5
    socket.reconnect_ivl_max = 50
    for name, value in options.items():
        setattr(socket, name, value)
    socket.connect(endpoint)
    return socket


def spawn(function, *arguments):
    """Runs it in a process of its own; gives its pid."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        function(zmq.Context(), Ending(), *arguments)
        status = 0
    except BaseException:  # it must not go on as the parent
        import traceback

        traceback.print_exc()
    os._exit(status)


def write_record(out, topic, body):
    out.write(RECORD.pack(len(topic), len(body)) + topic + body)


def read_records(path):
    data, at = path.read_bytes(), 0
    while at + RECORD.size <= len(data):
        n_topic, n_body = RECORD.unpack_from(data, at)
        at += RECORD.size
        yield data[at : at + n_topic] or None, data[at + n_topic : at + n_topic + n_body]
        at += n_topic + n_body


# ---- scrapers


class Scraper:
    """A DEALER with many documents in flight. With ids, what was not answered is sent
    again over a new connection; without, it is not: it may have been accepted."""

    def __init__(self, context, ending, endpoint, name, n, folder, window=300):
        self.context, self.endpoint, self.window = context, endpoint, window
        self.todo = [f"{name}-{i}" for i in range(n, 0, -1)]
        self.waiting = {}
        self.anonymous = documents.is_anonymous(name)
        self.socket = connect(context, zmq.DEALER, endpoint)
        self.heard = time.monotonic()
        with open(folder / f"{name}.accepted", "w") as self.accepted:
            while (self.todo or self.waiting) and not ending.told:
                self.turn()

    def turn(self):
        self.send()
        if self.socket.poll(50):
            self.receive()
        elif time.monotonic() - self.heard > SILENCE:
            self.reconnect()

    def reconnect(self):
        self.socket.close()
        self.socket = connect(self.context, zmq.DEALER, self.endpoint)
        if not self.anonymous:
            self.todo += reversed(self.waiting)
        self.waiting.clear()
        self.heard = time.monotonic()

    def send(self):
        try:
            while self.todo and len(self.waiting) < self.window:
                self.socket.send_multipart(documents.make(self.todo[-1]), zmq.NOBLOCK)
                self.waiting[self.todo.pop()] = True
        except zmq.Again:
            pass

    def receive(self):
        self.heard = time.monotonic()
        try:
            while True:
                self.take(json.loads(self.socket.recv(zmq.NOBLOCK)))
        except zmq.Again:
            self.accepted.flush()

    def take(self, reply):
        # Answers to documents without an id come for one or the other.
        # Without memory for an id there is none: it is sent again after some silence.
        token = next(iter(self.waiting), None) if self.anonymous else reply["id"]
        self.waiting.pop(token, None)
        if reply["status"] == "accepted":
            self.accepted.write(reply["id"] + "\n")
        elif reply["error"]["code"] != "overloaded":
            raise AssertionError(f"{token}: {reply}")
        elif not self.anonymous and token:
            self.todo.append(token)
            time.sleep(0.001)


def ask_one_by_one(context, ending, endpoint, name, n, folder):
    """A REQ client: the answer to every second document is the enriched one."""
    with open(folder / f"{name}.accepted", "w") as accepted, open(folder / f"{name}.seen", "wb") as seen:
        socket, i = connect(context, zmq.REQ, endpoint), 0
        while i < n and not ending.told:
            token = f"{name}-{i}"
            socket.send_multipart(documents.make(token, **({"reply": "enriched"} if i % 2 else {})))
            if not socket.poll(SILENCE * 1000):
                socket.close()
                socket = connect(context, zmq.REQ, endpoint)
                continue
            answer = socket.recv()
            reply = json.loads(answer)
            if "gloss" in reply:
                write_record(seen, b"", answer)
            elif reply["status"] == "rejected":
                assert reply["error"]["code"] == "overloaded", reply
                time.sleep(0.01)
                continue
            accepted.write(token + "\n")
            i += 1


def push(context, ending, endpoint, name, n, folder):
    """Nobody answers; one in a hundred is no document, and becomes a dead letter."""
    socket = connect(context, zmq.PUSH, endpoint)
    for i in range(n):
        parts = documents.make(f"{name}-{i}") if i % 100 else [b'{"id":"bad-%d","text": nope}' % i]
        while not ending.told:
            if socket.poll(100, zmq.POLLOUT):
                socket.send_multipart(parts)
                break
    while not ending.told:
        time.sleep(0.05)  # what waits in the socket goes with it


# ---- subscribers


def subscribe(context, ending, endpoint, name, folder, topic="", pause=0):
    """Sees what comes; with a pause after each document it is slow."""
    socket = connect(context, zmq.SUB, endpoint, rcvhwm=100 if pause else 0, rcvbuf=4096 if pause else -1)
    socket.subscribe(topic)
    with open(folder / f"{name}.seen", "wb") as out:
        while not ending.told:
            if not socket.poll(50):
                continue
            topic, body = socket.recv_multipart()
            if topic != b"~":
                write_record(out, topic, body)
            time.sleep(pause) if pause else None
        while socket.poll(0) and not pause:
            topic, body = socket.recv_multipart()
            if topic != b"~":
                write_record(out, topic, body)
