#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""follow.py [--topic PREFIX] [--from SEQ] - gets every document that glossd publishes, once:
live, and what was missed from the replay socket; in the order of seq within a topic. To be
copied; needs python3-zmq.

A document was seen where its seq is below `base`, or not above the last of its topic. It
shows a gap where its `prev` was not seen. The topic "~", which comes once a second where
nothing else does, shows whether anything is missing of which no later document tells."""
import argparse
import json
import sys

import zmq


class Follower:
    def __init__(self, publish, replay, prefix):
        self.context, self.replay, self.prefix = zmq.Context(), replay, prefix
        self.log, self.base, self.last = None, 0, {}
        self.live = self.context.socket(zmq.SUB)
        self.live.connect(publish)
        self.live.subscribe(prefix)
        self.live.subscribe("~")

    def ask(self, start, documents):
        """One answer: its head, and the topics and documents (or only numbers) in it."""
        request = {"from": start, "limit": 1000, "topic": self.prefix, "documents": documents}
        while True:  # until it is answered: the daemon may be starting again
            with self.context.socket(zmq.REQ) as socket:
                socket.linger = 0
                socket.connect(self.replay)
                socket.send_json(request)
                if not socket.poll(5000):
                    continue
                head, *frames = socket.recv_multipart()
            head = json.loads(head)
            if "error" in head:
                sys.exit(f"{self.replay}: {head['error']['message']}")
            return head, zip(frames[::2], frames[1::2])

    def seen(self, topic, seq):
        return seq < self.base or seq <= self.last.get(topic, 0)

    def take(self, topic, body):
        """A document, if it is a new one."""
        seq = json.loads(body)["gloss"]["seq"]
        if not self.seen(topic, seq):
            self.last[topic] = seq
            yield body

    def catch_up(self, start):
        """All that there is from start on and was not seen."""
        while True:
            head, documents = self.ask(start, True)
            self.log = self.log or head["log"]
            if 0 < start < head["first"]:
                print(f"seq {start} to {head['first'] - 1} are not kept any more", file=sys.stderr)
            for topic, body in documents:
                yield from self.take(topic, body)
            if start <= self.base < head["next"]:
                self.base = head["next"]
            start = head["next"]
            if start > head["last"]:
                return

    def check(self, end):
        """Was everything up to end seen? What was not, is got."""
        while self.base <= end:
            head, numbers = self.ask(self.base, False)
            for topic, body in numbers:
                seq = json.loads(body)["gloss"]["seq"]
                if seq <= end and not self.seen(topic, seq):
                    print(f"missed seq {seq}: catching up", file=sys.stderr)
                    yield from self.catch_up(seq)
            self.base = min(head["next"], end + 1)

    def follow(self, start=None):
        if start is not None:
            yield from self.catch_up(start)
        while True:
            topic, body = self.live.recv_multipart()
            gloss = json.loads(body)["gloss"]
            if gloss["log"] != self.log:  # the first, or the daemon began anew
                self.base = 1 if self.log else gloss["seq"] + (topic == b"~")
                self.log = gloss["log"]
                self.last.clear()
            if topic == b"~":
                yield from self.check(gloss["seq"])
                continue
            if gloss["prev"] and not self.seen(topic, gloss["prev"]):
                print(f"missed seq {gloss['prev']}: catching up", file=sys.stderr)
                yield from self.catch_up(max(self.base, self.last.get(topic, 0) + 1))
            yield from self.take(topic, body)


def main():
    options = argparse.ArgumentParser(description="Prints every document glossd publishes, one a line.")
    options.add_argument("--publish", default="tcp://127.0.0.1:7103")
    options.add_argument("--replay", default="tcp://127.0.0.1:7104")
    options.add_argument("--topic", default="", help='a prefix, such as "en."')
    options.add_argument("--from", type=int, dest="start", help="the first seq; 0: the first that is kept")
    given = options.parse_args()
    for body in Follower(given.publish, given.replay, given.topic).follow(given.start):
        print(json.dumps(json.loads(body), ensure_ascii=False), flush=True)


main()
