# SPDX-License-Identifier: Apache-2.0
"""Each call that can fail fails, the first, the second and so on, until a small piece of work
does not come to it any more: start, accept five documents, publish them, end. Whatever comes
of it, what was acknowledged is there at the next start. The hard rule: all of it is on one
spool, so that what one failure leaves behind the next one finds."""
import json
import random
import signal
import time

import checker
import documents
import zmq
from shim import FAULTS
from victim import Victim, Violation, wait

DOCUMENTS = 5
PROVE = 25  # runs between two looks at what is there
SAMPLE = 100  # of the calls for memory, where not every one is asked for
LONG = 20  # seconds for what never takes so long


class Sweep:
    def __init__(self, seed, folder, every, counts, workers_too=False):
        folder.mkdir(parents=True)
        self.rng, self.every, self.counts, self.runs = random.Random(seed), every, counts, 0
        self.victim = Victim(folder, workers_too=workers_too, workers=1, pipeline=[{"plugin": "shout"}], drain_ms=300)
        self.who = "a worker's" if workers_too else "the supervisor's"
        self.accepted, self.seen = [], []
        self.sub = self.victim.context.socket(zmq.SUB)
        self.sub.reconnect_ivl = 2
        self.sub.rcvhwm = 0
        self.sub.subscribe("")
        self.sub.connect(self.victim.config["endpoints"]["publish"])

    # ---- one piece of work

    def is_over(self):
        return self.victim.process.poll() is not None

    def send(self, dealer, token):
        dealer.send_multipart(documents.make(token))

    def take_reply(self, dealer, patient):
        """Whether it was the last word on a document."""
        reply = json.loads(dealer.recv())
        if reply.get("status") == "accepted":
            self.accepted.append(reply["id"])
            return True
        if reply.get("error", {}).get("code") != "overloaded":
            raise Violation(f"answered {reply}")
        if not patient or reply["id"] is None:  # without memory for its id, it is not said whose answer it is
            return True
        time.sleep(0.05)
        self.send(dealer, reply["id"])
        return False

    def feed(self, patient):
        """Gives it documents, and takes the answers while there are some."""
        left, end = DOCUMENTS, time.monotonic() + 2
        with self.victim.context.socket(zmq.DEALER) as dealer:
            dealer.linger = 0
            dealer.reconnect_ivl = 2
            dealer.connect(self.victim.config["endpoints"]["ack"])
            for i in range(DOCUMENTS):
                self.send(dealer, f"i{self.runs}-{i}")
            while left and time.monotonic() < end and not self.is_over():
                if dealer.poll(10):
                    left -= self.take_reply(dealer, patient)
        return DOCUMENTS - left

    def see(self, ms):
        """Sees what is published next; False where nothing comes."""
        if not self.sub.poll(ms):
            return False
        topic, body = self.sub.recv_multipart()
        if topic != b"~":
            self.seen.append((topic, body))
        return True

    def watch(self, n):
        """Sees what is published, until there were n or they do not come."""
        end, n = time.monotonic() + 0.5, n + len(self.seen)
        while len(self.seen) < n and time.monotonic() < end and not self.is_over():
            self.see(10)

    def end(self, what):
        v = self.victim
        if not self.is_over():
            v.kill(signal.SIGTERM)
        try:
            v.process.wait(LONG)
        except Exception:
            raise Violation(f"{what}: does not end") from None
        if v.process.returncode:
            v.judge_end()

    def run(self, kind, error, n, sticky):
        """True where the work came to the n-th call of the kind."""
        v = self.victim
        what = f"{self.who} {kind} {error[0]}, call {n}{' and all after it' if sticky else ''}"
        self.runs += 1
        v.shim.take_fired()
        v.shim.forget_calls()
        v.arm(kind, error[1], n, sticky)
        v.start(wait_ready=False)
        v.armed = {kind}
        self.watch(self.feed(patient=not sticky))
        self.end(what)
        v.shim.disarm()
        reached = v.shim.take_fired() > 0
        self.counts[f"sweep: {self.who} {kind} {error[0]}"] += reached
        if self.runs % PROVE == 0:
            self.prove(what)
        return reached

    def prove(self, what):
        """Without the shim: all that was ever acknowledged is there."""
        v = self.victim
        v.shim.disarm()
        v.start()
        try:
            wait("all is run", lambda: checker.pending(v.spool) == 0, LONG)
        except AssertionError:
            raise Violation(f"after {what}: still pending") from None
        v.end_clean()
        while self.see(0):
            pass
        faults = checker.check(self.accepted, checker.read_spool(v.spool), {"subscriber": self.seen})
        if faults:
            raise Violation(f"within {PROVE} runs up to {what}:\n  " + "\n  ".join(faults))

    # ---- all of them

    def numbers(self, kind):
        """Which calls: every one, or of those for memory some."""
        if kind != "memory" or self.every:
            yield from range(1, 1 << 30)
        for _ in range(2):  # the first may make the spool, which takes more
            self.run(kind, FAULTS[kind][0], 1 << 30, False)
        yield from sorted(self.rng.sample(range(1, self.victim.shim.calls(kind)), SAMPLE))

    def sweep(self, kind, error, sticky):
        missed, runs, began = 0, self.runs, time.monotonic()
        for n in self.numbers(kind):
            missed = 0 if self.run(kind, error, n, sticky) else missed + 1
            if missed == 3:  # the number of calls is not quite the same each time
                break
        name = f"{self.who} {kind} {error[0]}{' and all after it' if sticky else ''}"
        self.prove(name)
        print(f"sweep: {name}: {self.runs - runs} runs, {time.monotonic() - began:.0f} s", flush=True)

    def run_all(self, kinds):
        with self.victim:
            for kind in kinds:
                for error in FAULTS[kind]:
                    self.sweep(kind, error, False)
                if kind in ("write", "sync"):
                    self.sweep(kind, FAULTS[kind][0], True)
