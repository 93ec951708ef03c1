# SPDX-License-Identifier: Apache-2.0
"""The start, the end, and the change of configuration between them."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import zmq
from harness import BUILD, Daemon, ask, main, receive, wait


def slow(timeout_ms=200, word=""):
    return {"plugin": "slow", "timeout_ms": timeout_ms, "options": {"word": word}}


def refused(pattern, d):
    d.start(wait_ready=False)
    assert d.process.wait(10) == 2
    assert d.log().count("\n") == 1, d.log()
    d.wait_log(pattern, 1)


def test_help_and_version():
    for option, word in (("--help", "Exit status"), ("--version", "glossd ")):
        run = subprocess.run([BUILD / "glossd", option], capture_output=True, text=True)
        assert run.returncode == 0 and word in run.stdout and not run.stderr
    for wrong in (["--nonsense"], ["x"], ["-c"], ["--worker"]):
        run = subprocess.run([BUILD / "glossd", *wrong], capture_output=True, text=True)
        assert run.returncode == 2 and run.stderr.count("glossd: ") >= 1


def test_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as other, Daemon(autostart=False) as d:
        address = "tcp://127.0.0.1:%d" % other.getsockname()[1]
        d.config["endpoints"]["ack"] = address
        refused(rf"endpoints.ack: can't bind {address}: Address already in use \(errno 98\): .*stop it, or change", d)


def test_two_daemons_on_one_local_socket():
    with Daemon() as first, Daemon(autostart=False) as d:
        d.config["endpoints"]["pull"] = first.config["endpoints"]["pull"]
        refused("endpoints.pull: can't bind ipc://.*Address already in use", d)
        assert ask(first.req(), "x")["status"] == "accepted"
        first.process.kill()
        first.process.wait()
        d.start()  # what a killed daemon left is no hindrance


def test_no_such_address():
    with Daemon(autostart=False) as d:
        d.config["endpoints"]["pull"] = "tcp://192.0.2.1:7101"
        refused("endpoints.pull: can't bind tcp://192.0.2.1:7101: .*this machine has no such address", d)


def test_wrong_configuration():
    with Daemon(autostart=False) as d:
        d.config["limit"] = {}
        refused(r"glossd.json:\d+:\d+: limit: .*limits", d)
    with Daemon(autostart=False) as d:
        d.process = subprocess.Popen([BUILD / "glossd", "-c", "/nowhere.json"], stderr=subprocess.PIPE, text=True)
        _, err = d.process.communicate(timeout=10)
        assert d.process.returncode == 2 and "/nowhere.json" in err and err.count("\n") == 1
        (d.folder / "log").touch()


def test_stop_when_idle():
    for number in signal.SIGTERM, signal.SIGINT:
        with Daemon() as d:
            workers = d.workers()
            began = time.monotonic()
            assert d.stop(number) == 0
            assert time.monotonic() - began < 2
            assert not any(pathlib.Path(f"/proc/{w}").exists() for w in workers)
            assert "stopped: accepted 0" in d.log()


def test_stop_finishes_what_is_in_flight():
    with Daemon(pipeline=[slow()]) as d:
        sub, dealer = d.subscribe(), d.dealer()
        for i in range(20):
            dealer.send_json({"id": str(i), "text": "x"})
        for i in range(20):
            assert dealer.recv_json()["status"] == "accepted"
        d.kill(signal.SIGTERM)
        d.wait_log("finishing what is in flight")
        dealer.send_json({"id": "late", "text": "x"})
        assert dealer.recv_json() == {
            "status": "rejected",
            "id": "late",
            "error": {"code": "overloaded", "message": "shutting down: send it again"},
        }
        assert len({out["id"] for _, out in receive(sub, 20)}) == 20
        assert d.process.wait(10) == 0
        assert "published 20" in d.log()


def test_waiting_documents_are_told():
    """What has not been read when the end comes is answered: nothing is silently lost."""
    with Daemon(pipeline=[slow()], limits={"in_flight_documents": 5}) as d:
        sub, dealer = d.subscribe(), d.dealer(sndhwm=0)
        n = 40
        for i in range(n):
            dealer.send_json({"id": str(i), "text": "x"})
        assert dealer.recv_json()["status"] == "accepted"
        d.kill(signal.SIGTERM)
        replies = [dealer.recv_json() for _ in range(n - 1)]
        accepted = 1 + sum(r["status"] == "accepted" for r in replies)
        assert [r["error"]["code"] for r in replies if r["status"] == "rejected"] == ["overloaded"] * (n - accepted)
        assert len(receive(sub, accepted)) == accepted
        assert d.process.wait(10) == 0


def test_drain_time_ends():
    with Daemon(pipeline=[slow(timeout_ms=20000)], drain_ms=300) as d:
        dealer = d.dealer()
        dealer.send_json({"id": "x", "text": "x", "reply": "enriched"})
        wait("in flight", lambda: (d.kill(signal.SIGUSR1), time.sleep(0.02), "in flight 1" in d.log())[2])
        began = time.monotonic()
        d.kill(signal.SIGTERM)
        assert dealer.recv_json()["status"] == "dead"
        assert d.process.wait(10) == 1
        assert 0.3 <= time.monotonic() - began < 3
        assert "1 documents in flight are dropped" in d.log()


def test_second_signal():
    with Daemon(pipeline=[slow(timeout_ms=20000)], drain_ms=60000) as d:
        push = d.push()
        push.send_string("x")
        wait("in flight", lambda: (d.kill(signal.SIGUSR1), time.sleep(0.02), "in flight 1" in d.log())[2])
        d.kill(signal.SIGTERM)
        d.wait_log("finishing")
        assert d.process.poll() is None
        began = time.monotonic()
        assert d.stop() == 1
        assert time.monotonic() - began < 2


def test_signal_while_starting():
    for delay in range(0, 60, 6):
        with Daemon(autostart=False) as d:
            d.start(wait_ready=False)
            time.sleep(delay / 1000)
            assert d.stop() in (0, -signal.SIGTERM), d.log()


def test_reload_while_starting():
    """SIGHUP, once the daemon can take it, does not end it, ready or not."""
    with Daemon(autostart=False) as d:
        d.start(wait_ready=False)
        status = pathlib.Path(f"/proc/{d.process.pid}/status")
        ignored = lambda: re.search(r"SigIgn:\s*(\w+)", status.read_text()).group(1)
        caught = lambda: re.search(r"SigCgt:\s*(\w+)", status.read_text()).group(1)
        wait("SIGHUP is expected", lambda: (int(ignored(), 16) | int(caught(), 16)) & 1)
        d.kill(signal.SIGHUP)
        d.wait_log(" ready: ")
        assert d.stop() == 0, d.log()


def test_started_without_standard_files():
    with Daemon(autostart=False) as d:
        d.configure()
        command = f"exec {BUILD}/glossd -c {d.folder}/glossd.json <&- >&- 2>&-"
        d.process = subprocess.Popen(["sh", "-c", command])
        (d.folder / "log").touch()
        assert ask(d.req(), "x")["status"] == "accepted"
        assert d.stop() == 0


# ---- SIGHUP


def reload(d, says, **config):
    before = len(d.log())
    d.configure(**config)
    d.kill(signal.SIGHUP)
    wait(says, lambda: says in d.log()[before:])
    return d.log()[before:]


def test_reload():
    with Daemon() as d:
        sub, push, old = d.subscribe(), d.push(), d.workers()
        reload(d, "pipeline: slow", pipeline=[slow(2000)], workers=3)
        push.send_string("x")
        assert "slow" in receive(sub)[0][1]["gloss"]["run"]["plugins"]
        wait("the end of the old", lambda: len(d.workers()) == 3 and not set(old) & set(d.workers()))
        assert d.stop() == 0


def test_bad_reload_changes_nothing():
    with Daemon(pipeline=[slow(10)]) as d:
        sub, push, old = d.subscribe(), d.push(), d.workers()
        assert "no_such" in reload(d, "nothing is changed", pipeline=[{"plugin": "no_such"}])
        reload(d, "nothing is changed", pipeline=[{"plugin": "faulty", "options": {"in": "open"}}])
        (d.folder / "glossd.json").write_text("{")
        before = len(d.log())
        d.kill(signal.SIGHUP)
        wait("refusal", lambda: "glossd.json:1:" in d.log()[before:] and "nothing is changed" in d.log()[before:])
        assert set(d.workers()) == set(old)
        push.send_string("x")
        assert "slow" in receive(sub)[0][1]["gloss"]["run"]["plugins"]
        d.config["pipeline"] = []
        reload(d, "pipeline: empty")


def test_reload_of_endpoints_needs_a_restart():
    with Daemon() as d:
        endpoints = d.config["endpoints"]
        said = reload(d, "serve the new", endpoints=endpoints | {"pull": "ipc:///tmp/elsewhere"})
        assert "endpoints.pull has changed: that needs a restart" in said
        said = reload(d, "serve", endpoints=endpoints | {"replay": "ipc:///tmp/elsewhere"}, spool={"path": str(d.folder / "s.db")})
        for key in "endpoints.replay", "spool":
            assert f" {key} has changed: that needs a restart" in said, said
        d.config["endpoints"] = endpoints
        assert ask(d.req(), "x")["status"] == "accepted"


def test_reload_under_load():
    n = 20000
    with Daemon(pipeline=[slow(5, word="slow")]) as d:
        sub, dealer = d.subscribe(rcvhwm=0), d.dealer(sndhwm=0, rcvhwm=0)

        def send():
            for i in range(n):
                dealer.send_string(f'{{"id":"{i}","text":"{"slow" if i % 50 == 0 else "x"}"}}')

        sender = threading.Thread(target=send)
        sender.start()
        for i in range(6):
            pipeline = [{"plugin": "no_such"}] if i % 3 == 2 else [slow(5 + i, word="slow")]
            reload(d, "nothing is changed" if i % 3 == 2 else "serve the new", pipeline=pipeline)
        for _ in range(5):
            d.kill(signal.SIGHUP)
        seen = [out for _, out in receive(sub, n)]
        sender.join()
        assert len({out["id"] for out in seen}) == n
        assert [out["gloss"]["seq"] for out in seen] == list(range(1, n + 1))
        for i in range(n):
            assert dealer.recv_json() == {"status": "accepted", "id": str(i)}
        assert d.stop() == 0


def test_reload_lowers_limits():
    with Daemon() as d:
        req = d.req()
        reload(d, "serve the new", limits={"document_bytes": 10})
        assert ask(req, "more than ten bytes")["error"]["code"] == "too_large"
        assert ask(req, "ten")["status"] == "accepted"


# ---- systemd


def test_notifies_systemd():
    with Daemon(autostart=False) as d, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(d.folder / "notify"))
        notify.settimeout(10)
        environment = os.environ | {"NOTIFY_SOCKET": str(d.folder / "notify"), "WATCHDOG_USEC": "200000"}
        d.start(wait_ready=False, env=environment)

        def expect(what):
            while True:
                said = notify.recv(4096).decode()
                if what in said:
                    return said

        expect("READY=1")
        assert ask(d.req(), "x")["status"] == "accepted"
        expect("STATUS=")
        for _ in range(5):
            expect("WATCHDOG=1")
        d.kill(signal.SIGHUP)
        assert "MONOTONIC_USEC=" in expect("RELOADING=1")
        expect("READY=1")
        d.configure(pipeline=[{"plugin": "no_such"}])
        d.kill(signal.SIGHUP)
        expect("RELOADING=1")
        expect("READY=1")
        d.kill(signal.SIGTERM)
        expect("STOPPING=1")
        assert d.process.wait(10) == 0


if __name__ == "__main__":
    main(sys.modules[__name__])
