# SPDX-License-Identifier: Apache-2.0
"""Workers that die, hang or won't start: replaced, blamed, refused."""
import os
import pathlib
import re
import signal
import sys
import time

import zmq
from harness import FIXTURES, SANITIZED, Daemon, main, receive, wait


def faulty(how, word="bad", **entry):
    return {"plugin": "faulty", "options": {"how": how, "word": word}} | entry


def run_with_bad_one(d, n=200):
    """Sends n documents, one of them bad; all must be published once."""
    sub, push = d.subscribe(rcvhwm=0), d.push()
    for i in range(n):
        push.send_json({"id": str(i), "text": "bad" if i == n // 2 else "good"})
    out = {doc["id"]: doc for _, doc in receive(sub, n)}
    assert len(out) == n
    assert sorted(doc["gloss"]["seq"] for doc in out.values()) == list(range(1, n + 1))
    bad = out.pop(str(n // 2))
    assert all(doc["gloss"]["faulty"]["label"] == "survived" for doc in out.values())
    assert not any("errors" in doc["gloss"]["run"] for doc in out.values())
    return bad["gloss"]


def expect_contained(how, error):
    with Daemon(pipeline=[faulty(how, timeout_ms=100)]) as d:
        gloss = run_with_bad_one(d)
        assert "faulty" not in gloss
        assert gloss["run"]["errors"] == [{"plugin": "faulty", "error": error}], gloss
        wait("a new worker", lambda: len(d.workers()) == 2)
        assert d.stop() == 0


def test_crash():
    expect_contained("segv", "crashed (SIGSEGV)")


def test_abort():
    expect_contained("abort", "crashed (SIGABRT)")


def test_stack_overflow():
    expect_contained("stack", "crashed (SIGSEGV)")


def test_exit():
    expect_contained("exit", "called exit(3)")


def test_kill_from_within():
    expect_contained("kill", "was killed (SIGKILL)")


def test_endless_loop():
    expect_contained("loop", "took more than 200 ms")


def test_output_goes_to_the_log():
    with Daemon(pipeline=[faulty("output")]) as d:
        assert run_with_bad_one(d)["faulty"]["label"] == "survived"
        assert "a plugin that writes to the standard output" in d.log()


def test_memory_limit():
    if SANITIZED:
        return
    with Daemon(pipeline=[faulty("memory", timeout_ms=20000)], limits={"worker_bytes": 400 << 20}) as d:
        assert run_with_bad_one(d)["run"]["errors"][0]["error"] == "crashed (SIGABRT)"


def test_crash_of_two_plugins():
    second = faulty("exit") | {"as": "second"}
    with Daemon(pipeline=[faulty("segv", word="b"), second]) as d:
        sub, push = d.subscribe(), d.push()
        push.send_string("bad")
        [(_, out)] = receive(sub)
        errors = {e["plugin"]: e["error"] for e in out["gloss"]["run"]["errors"]}
        assert errors == {"faulty": "crashed (SIGSEGV)", "faulty#2": "called exit(3)"}


def test_on_error_dead():
    with Daemon(pipeline=[faulty("segv", on_error="dead")]) as d:
        sub, dealer = d.subscribe(), d.dealer()
        dealer.send_json({"id": "1", "text": "bad", "reply": "enriched"})
        reply = dealer.recv_json()
        assert reply["status"] == "dead" and reply["id"] == "1"
        assert "faulty" in reply["error"]["message"] and "SIGSEGV" in reply["error"]["message"]
        d.wait_log("document 1 is a dead letter: plugin faulty crashed")
        dealer.send_json({"id": "2", "text": "good"})
        [(_, out)] = receive(sub)
        assert out["id"] == "2" and out["gloss"]["seq"] == 1


def test_kill_9_under_load():
    with Daemon(pipeline=[faulty("segv", word="never")]) as d:
        sub, dealer = d.subscribe(rcvhwm=0), d.dealer(sndhwm=0, rcvhwm=0)
        n = 20000
        for i in range(n):
            dealer.send_json({"id": str(i), "text": "good"})
            if i % 4000 == 3999:
                d.kill_worker()
        seen = [doc for _, doc in receive(sub, n)]
        assert len({doc["id"] for doc in seen}) == n
        assert sorted(doc["gloss"]["seq"] for doc in seen) == list(range(1, n + 1))
        for i in range(n):
            assert dealer.recv_json() == {"status": "accepted", "id": str(i)}
        assert d.stop() == 0


def begin_slow_one(d, push):
    """Until the worker is at work on it: it takes the processor."""
    [pid] = d.workers()
    used = lambda: int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[11])
    before = used()
    push.send_string("slow")
    wait("work", lambda: used() > before + 1)
    return pid


def test_stopped_worker_is_replaced():
    with Daemon(pipeline=[{"plugin": "slow", "timeout_ms": 500, "options": {"word": "slow"}}], workers=1) as d:
        sub = d.subscribe()
        os.kill(begin_slow_one(d, d.push()), signal.SIGSTOP)
        [(_, out)] = receive(sub)
        assert out["gloss"]["run"]["errors"] == [{"plugin": "slow", "error": "took more than 1000 ms"}], out


def test_pause_of_all_is_nobodys_fault():
    """As where a container is frozen: what then seems late has had no time."""
    with Daemon(pipeline=[{"plugin": "slow", "timeout_ms": 1000, "options": {"word": "slow"}}], workers=1) as d:
        sub = d.subscribe()
        worker = begin_slow_one(d, d.push())
        for pid in d.process.pid, worker:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(2.5)
        for pid in d.process.pid, worker:
            os.kill(pid, signal.SIGCONT)
        [(_, out)] = receive(sub)
        assert out["gloss"]["run"]["errors"] == [{"plugin": "slow", "error": "gave up: its timeout_ms of 1000 had passed"}], out
        assert d.workers() == [worker]


def test_who_dies_idle_is_replaced_with_patience():
    """Each time a worker is ready it is killed: it is not started without end."""
    with Daemon(workers=1) as d:
        killed = set()

        def kill():
            for pid in set(d.workers()) - killed:
                if pathlib.Path(f"/proc/{pid}/comm").read_text() == "glossd: worker\n" and len(os.listdir(f"/proc/{pid}/fd")) == 4:
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            return time.monotonic() > end

        end = time.monotonic() + 3
        wait("three seconds", kill)
        assert 3 <= len(killed) <= 12, killed
        sub, push = d.subscribe(), d.push()
        push.send_string("x")
        receive(sub)


def test_no_orphans():
    with Daemon(pipeline=[faulty("loop", timeout_ms=60000)]) as d:
        d.push().send_string("bad")
        time.sleep(0.2)
        workers = d.workers()
        assert len(workers) == 2
        d.process.kill()
        d.process.wait()
        wait("the workers' end", lambda: not any(pathlib.Path(f"/proc/{w}/exe").exists() for w in workers))


def test_worker_has_no_other_descriptors():
    with Daemon() as d:
        for w in d.workers():
            assert sorted(int(fd) for fd in os.listdir(f"/proc/{w}/fd")) == [0, 1, 2, 1024]
            assert pathlib.Path(f"/proc/{w}/comm").read_text() == "glossd: worker\n"


def refused(pattern, pipeline, **config):
    with Daemon(pipeline=pipeline, autostart=False, **config) as d:
        d.start(wait_ready=False)
        assert d.process.wait(10) == 2
        # One line of ours: the sanitizers have words of their own for a plugin's exit().
        assert len(re.findall(r"^\d{4}-\d\d-\d\dT", d.log(), re.M)) == 1, d.log()
        d.wait_log(pattern, 1)


def test_start_is_refused():
    refused(r"pipeline\[0\].*no_such_plugin.*" + str(FIXTURES), [{"plugin": "no_such_plugin"}])
    refused(r"/nowhere", [{"plugin": "faulty"}], plugin_path=["/nowhere"])
    refused(r"pipeline\[0\].*wrong_abi", [{"plugin": "wrong_abi"}])
    refused(r"pipeline\[0\].*faulty.*crashed \(SIGSEGV\) while it was opened", [{"plugin": "faulty", "options": {"in": "open"}}])
    refused(r"faulty.*called exit\(3\) while it was opened", [{"plugin": "faulty", "options": {"in": "open", "how": "exit"}}])
    refused(r"pipeline\[0\].options.hov.*how", [{"plugin": "faulty", "options": {"hov": 1}}])


def test_crash_in_close_is_no_matter():
    with Daemon(pipeline=[{"plugin": "faulty", "options": {"in": "close"}}]) as d:
        sub, push = d.subscribe(), d.push()
        push.send_string("x")
        receive(sub)
        assert d.stop() == 0


def test_model_removed_while_running():
    """A worker that can't be replaced is tried again, with patience, and said so."""
    with Daemon(autostart=False) as d:
        model = d.folder / "model"
        model.write_bytes(b"m")
        d.configure(pipeline=[{"plugin": "mapper", "options": {"path": str(model)}}])
        d.start()
        sub, push = d.subscribe(), d.push()
        model.rename(d.folder / "away")
        for pid in d.workers():
            os.kill(pid, signal.SIGKILL)
        d.wait_log("a worker can't be started: .*mapper")
        push.send_string("x")
        time.sleep(1)
        assert d.log().count("can't be started") < 20
        (d.folder / "away").rename(model)
        receive(sub)


def test_model_cut_short_while_running():
    """It costs documents the layer, and workers; when it is whole again all goes on."""
    with Daemon(autostart=False, workers=1) as d:
        model = d.folder / "model"
        model.write_bytes(b"m")
        d.configure(pipeline=[{"plugin": "mapper", "options": {"path": str(model)}}])
        d.start()
        sub, push = d.subscribe(), d.push()
        push.send_string("x")
        assert receive(sub)[0][1]["gloss"]["mapper"] == {"score": 109}
        os.truncate(model, 0)
        for _ in range(3):
            push.send_string("x")
        d.wait_log("crashed .SIGBUS. in plugin mapper")
        d.wait_log("a worker can't be started: .*model is empty")
        model.write_bytes(b"n")
        got = [document["gloss"] for _, document in receive(sub, 3)]
        assert [g["run"].get("errors") for g in got] == [[{"plugin": "mapper", "error": "crashed (SIGBUS)"}], None, None], got
        assert [g.get("mapper") for g in got] == [None, {"score": 110}, {"score": 110}]


if __name__ == "__main__":
    main(sys.modules[__name__])
