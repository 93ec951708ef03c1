# SPDX-License-Identifier: Apache-2.0
"""What the tests against the real daemon share: a daemon of their own in a folder of
its own, clients, and the running of the tests. The hard rule: whatever a test
starts is gone when it ends."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import zmq

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", SOURCE / "build")).resolve()
FIXTURES = BUILD / "tests" / "fixtures"
SANITIZED = "address" in BUILD.name  # memory is then another matter
PATIENCE = 10  # seconds until something that must come is missing


def wait(what, condition, patience=PATIENCE):
    """Waits until condition() is true and returns it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError(f"{what}: not within {patience} s")


def free_ports(n):
    """Ports of this machine that nobody holds now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Daemon:
    """A glossd with sockets in a folder of its own. Use as a context manager."""

    def __init__(self, pipeline=(), autostart=True, **config):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gloss-"))
        self.context = zmq.Context()
        self.process = None
        self.autostart = autostart
        self.config = {
            "endpoints": {name: f"ipc://{self.folder}/{name}" for name in ("pull", "ack", "publish", "replay")},
            "workers": 2,
            "drop_in": [],
            "plugin_path": [str(FIXTURES)],
            "pipeline": list(pipeline),
        }
        self.config |= config

    def configure(self, **config):
        self.config |= config
        (self.folder / "glossd.json").write_text(json.dumps(self.config, indent=1))

    def start(self, wait_ready=True, **options):
        self.configure()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([BUILD / "glossd", "-c", self.folder / "glossd.json"], stderr=log, **options)
        if wait_ready:
            wait("start", lambda: " ready: " in self.log() or self.process.poll() is not None)
            assert self.process.poll() is None, self.log()
        return self

    def log(self):
        return (self.folder / "log").read_text()

    def wait_log(self, pattern, patience=PATIENCE):
        return wait(f"/{pattern}/ in the log", lambda: re.search(pattern, self.log()), patience)

    def kill(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        self.kill(number)
        return self.process.wait(PATIENCE)

    def workers(self):
        try:
            children = subprocess.run(["ps", "--ppid", str(self.process.pid), "-o", "pid="], capture_output=True, text=True)
        except FileNotFoundError:
            return []
        return [int(pid) for pid in children.stdout.split()]

    def kill_worker(self):
        """Kills one, whichever; those listed may just have ended."""
        def is_killed():
            for pid in self.workers():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    return True
        wait("a worker to kill", is_killed)

    def rss(self, pid=None):
        status = pathlib.Path(f"/proc/{pid or self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def socket(self, kind, endpoint, **options):
        socket = self.context.socket(kind)
        socket.linger = 0
        socket.rcvtimeo = socket.sndtimeo = PATIENCE * 1000
        for name, value in options.items():
            setattr(socket, name, value)
        socket.connect(self.config["endpoints"][endpoint])
        return socket

    def push(self, **options):
        return self.socket(zmq.PUSH, "pull", **options)

    def req(self):
        return self.socket(zmq.REQ, "ack")

    def dealer(self, **options):
        return self.socket(zmq.DEALER, "ack", **options)

    def subscribe(self, topic="", beats=False, **options):
        """A subscriber that is known to be subscribed: it has had a beat."""
        socket = self.socket(zmq.SUB, "publish", **options)
        socket.subscribe("~")
        socket.subscribe(topic)
        while socket.recv_multipart()[0] != b"~":
            pass
        if not beats:
            socket.unsubscribe("~")
        return socket

    def __enter__(self):
        return self.start() if self.autostart else self

    def __exit__(self, *failure):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.context.destroy(linger=0)
        if failure[0] and self.process:
            sys.stderr.write(self.log()[-4000:])
        sanitizer = re.search(r"(Sanitizer|runtime error)[^\n]*", self.log() if self.process else "")
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not sanitizer, sanitizer.group()


def slow_line(path, to, step, pause):
    """A socket at path whose other side is `to`; what comes from there comes slowly."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def pump(a, b, step, pause):
        with contextlib.suppress(OSError):  # one side or the other ends it
            while part := a.recv(step):
                b.sendall(part)
                time.sleep(pause)

    def serve():
        near, _ = listener.accept()
        far = socket.socket(socket.AF_UNIX)
        far.connect(to)
        threading.Thread(target=pump, args=(near, far, 65536, 0), daemon=True).start()
        pump(far, near, step, pause)

    threading.Thread(target=serve, daemon=True).start()


def receive(socket, n=1):
    """The next n documents of a subscriber as (topic, document); beats are left out."""
    got, last = [], time.monotonic()
    while len(got) < n:
        topic, body = socket.recv_multipart()
        if topic != b"~":
            got.append((topic.decode(), json.loads(body)))
            last = time.monotonic()
        assert time.monotonic() - last < PATIENCE, f"{len(got)} documents of {n}, then beats only"
    return got


def is_silent(socket, ms=100):
    """Nothing but beats comes."""
    end = time.monotonic() + ms / 1000
    while (left := end - time.monotonic()) > 0:
        if socket.poll(left * 1000) and socket.recv_multipart()[0] != b"~":
            return False
    return True


def ask(socket, *parts):
    """Sends a document and gives the reply."""
    parts = [p if isinstance(p, bytes) else p.encode() if isinstance(p, str) else json.dumps(p, ensure_ascii=False).encode() for p in parts]
    socket.send_multipart(parts)
    return json.loads(socket.recv_multipart()[-1])


def main(module):
    """Runs the functions test_* of the module, or those named on the command line."""
    tests = {name: f for name, f in vars(module).items() if name.startswith("test_")}
    failed = 0
    for name in sys.argv[1:] or tests:
        began = time.monotonic()
        try:
            tests[name]()
            print(f"ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f"not ok {name}", flush=True)
    sys.exit(1 if failed else 0)
