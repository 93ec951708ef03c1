# SPDX-License-Identifier: Apache-2.0
"""What a plugin may do to its worker, and what becomes of the document, of the plugin and of
everybody else. Crashes and hangs are in test_workers.py, what is forbidden in test_confine.py."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import zmq

from harness import SANITIZED, Daemon, ask, main, receive, wait
from test_workers import faulty, run_with_bad_one


def survives(how, **entry):
    """The bad document passes too, and so do those after it."""
    with Daemon(pipeline=[faulty(how, **entry)]) as d:
        gloss = run_with_bad_one(d)
        assert gloss["faulty"]["label"] == "survived" and "errors" not in gloss["run"], gloss
        wait("two workers", lambda: len(d.workers()) == 2)
        assert d.stop() == 0
        return d.log()


def is_named(how, error, **entry):
    """The bad document is published without its layer, which says why; a copy is dead."""
    with Daemon(pipeline=[faulty(how, **entry)]) as d:
        d.stop()
        d.configure(spool={"path": str(d.folder / "spool.db"), "durability": "commit"})
        d.start()
        gloss = run_with_bad_one(d)
        assert "faulty" not in gloss
        [said] = gloss["run"]["errors"]
        assert said["plugin"] == "faulty" and re.fullmatch(error, said["error"]), said
        wait("two workers", lambda: len(d.workers()) == 2)
        assert d.stop() == 0
        dead = subprocess.run(["sqlite3", d.folder / "spool.db", "SELECT plugin, message FROM dead"],
                              capture_output=True, text=True) if shutil.which("sqlite3") else None
        assert not dead or dead.stdout == f"faulty|{said['error']}\n", dead
        return d.log()


def test_descriptors_closed():
    survives("fds")


def test_descriptors_written_to():
    log = survives("everywhere")
    # What went to the standard output and error is in the log, and nowhere else.
    assert 1 <= log.count("g" * 63) <= 2, log


def test_garbage_on_the_socket():
    """Nothing says at once who has done it: it is found by running each alone, and without."""
    log = is_named("garbage", r"its worker sent \d+ bytes at once, but not without it")
    assert "workers died of plugin faulty in document 100" in log


def test_memory_of_the_daemon_overwritten():
    """The crash comes when the plugin has returned."""
    if SANITIZED:
        return
    is_named("smash", r"its worker crashed \(SIG\w+\), but not without it")


def test_signals():
    survives("signals")
    survives("signals", allow=["exec"])


def test_fork_is_refused():
    if not SANITIZED:
        assert "no fork: Operation not permitted" in survives("fork")


def test_fork_that_returns():
    survives("fork", allow=["exec"])


def test_fork_that_stays():
    """It would speak for its parent, and keep the descriptors open."""
    is_named("stay", r"called exit\(4\)", allow=["exec"])


def test_rounding_is_as_before():
    second = faulty("none") | {"as": "second"}
    with Daemon(pipeline=[faulty("round"), second], workers=1) as d:
        sub, push = d.subscribe(), d.push()
        for _ in range(2):
            push.send_string("bad")
        for _, out in receive(sub, 2):
            assert out["gloss"]["faulty"]["label"] == out["gloss"]["second"]["label"] == "survived"


def test_numbers_are_written_as_before():
    second = faulty("none") | {"as": "second"}
    sources = pathlib.Path("/usr/share/i18n/locales/de_DE")
    with Daemon(pipeline=[faulty("locale"), second], workers=1, autostart=False) as d:
        if not sources.exists() or subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", d.folder / "de_DE.UTF-8"],
                                                  capture_output=True).returncode:
            print("skipped: there is no locale to be made")
            return
        d.start(env=os.environ | {"LOCPATH": str(d.folder), "LC_ALL": "de_DE.UTF-8"})
        sub, push = d.subscribe(), d.push()
        for _ in range(2):
            push.send_string("bad")
        for _, out in receive(sub, 2):
            assert out["gloss"]["faulty"]["label"] == out["gloss"]["second"]["label"] == "survived"


def test_output_without_end():
    """The log does not grow with it, and says how much it was."""
    with Daemon(pipeline=[faulty("flood", timeout_ms=500)]) as d:
        gloss = run_with_bad_one(d)
        assert gloss["run"]["errors"] == [{"plugin": "faulty", "error": "took more than 1000 ms"}]
        said = d.wait_log(r"worker \d wrote (\d+) lines \((\d+) bytes\) more, which are not logged")
        assert int(said[2]) > 1000000
        assert len(d.log()) < 100000 and d.log().count("without end") <= 150
        assert d.stop() == 0


def test_output_is_logged_under_the_workers_name():
    with Daemon(pipeline=[faulty("output")], workers=1) as d:
        run_with_bad_one(d)
        d.wait_log(r"(?m)^\S+ warn worker 1: a plugin that writes to the standard output$")
        d.wait_log(r"worker 1 wrote \d+ lines")


def test_output_is_nobody_elses_record():
    with Daemon(pipeline=[faulty("forge")], workers=1) as d:
        run_with_bad_one(d, 2)
        d.wait_log("spool: damaged")
        said = [line.split(" ", 1)[1] for line in d.log().splitlines()]
        assert said[1:] == ["warn worker 1: <3>reload: all is lost",
                            "warn worker 1: <3>plugin other: so am I",
                            "warn worker 1: <4>half a line",
                            "warn plugin faulty: this is mine",
                            "warn worker 1: 2026-01-31T10:00:00.123Z error spool: damaged"], said


def test_annotations_without_end():
    """They are bounded, and so is what is published of them."""
    for options in {}, {"text": True}:
        with Daemon(pipeline=[{"plugin": "huge", "options": options}, faulty("none")]) as d:
            sub, push = d.subscribe(), d.push()
            push.send_string("All of it, again and again. " * 5000)
            [(_, out)] = receive(sub)
            assert "huge" not in out["gloss"] and out["gloss"]["faulty"]["label"] == "survived"
            assert "the document holds as much as it may" in out["gloss"]["run"]["errors"][0]["error"]


def test_layers_are_bounded():
    with Daemon(pipeline=[{"plugin": "huge", "options": {"text": True, "keep": True}}]) as d:
        sub, push = d.subscribe(), d.push()
        text = "All of it, again and again. " * 5000
        push.send_string(text)
        topic, body = sub.recv_multipart()
        assert topic != b"~" and 8 << 20 < len(body) < (9 << 20) + 20 * len(text)


def test_all_layers_together_are_bounded():
    """What fits no row of the spool is published without the plugin that has written the most."""
    if SANITIZED:
        return
    huge = {"plugin": "huge", "options": {"text": True, "times": 15}}
    with Daemon(pipeline=[huge, {**huge, "as": "longer_name"}, faulty("none")], workers=1) as d:
        sub, req, replay = d.subscribe(rcvhwm=0), d.req(), d.socket(zmq.REQ, "replay")
        assert ask(req, "All of it, again and again. " * 500000)["status"] == "accepted"
        assert ask(req, "good")["status"] == "accepted"
        [(_, out)] = receive(sub)
        assert out["gloss"]["faulty"]["label"] == "survived" and "huge" in out["gloss"]
        assert out["gloss"]["run"]["errors"] == [{"plugin": "huge#2", "error": "left out: its layers are too large to be published"}]
        [(_, out)] = receive(sub)
        assert "longer_name" in out["gloss"] and "errors" not in out["gloss"]["run"]
        replay.send_json({"dead": "list"})
        head, *letters = [json.loads(part) for part in replay.recv_multipart()]
        assert [(letter["reason"], letter["plugin"]) for letter in letters] == [("plugin_failed", "huge#2")]
        assert d.stop() == 0
        assert " warn " not in d.log()


def test_memory_kept():
    """A plugin that frees nothing costs a worker now and then, and no document."""
    if SANITIZED:
        return
    with Daemon(pipeline=[faulty("leak", word="")], limits={"worker_bytes": 400 << 20}) as d:
        sub, push = d.subscribe(rcvhwm=0), d.push()
        for i in range(200):
            push.send_json({"id": str(i), "text": "good"})
        out = [doc for _, doc in receive(sub, 200)]
        assert len({doc["id"] for doc in out}) == 200
        assert not any("errors" in doc["gloss"]["run"] for doc in out)
        d.wait_log("it has grown most in faulty: a fresh worker takes over")
        d.kill(10)
        d.wait_log("workers died 0")


def test_memory_has_a_limit_by_default():
    if SANITIZED:
        return
    with Daemon() as d:
        for w in d.workers():
            limits = pathlib.Path(f"/proc/{w}/limits").read_text()
            assert re.search(r"Max address space +\d+ ", limits)
            assert re.search(r"Max file size +0 +0 ", limits)
            assert int(re.search(r"Max open files +\d+ +(\d+)", limits)[1]) <= 1024
            # When the machine itself is out of memory, a worker goes before the daemon.
            assert int(pathlib.Path(f"/proc/{w}/oom_score_adj").read_text()) >= 500


def test_who_cannot_go_on_gets_a_fresh_worker():
    with Daemon(pipeline=[{"plugin": "result", "options": {"code": -2, "say": "no more"}}]) as d:
        sub, push = d.subscribe(), d.push()
        for _ in range(5):
            push.send_string("x")
        for _, out in receive(sub, 5):
            assert out["gloss"]["run"]["errors"] == [{"plugin": "result", "error": "failed and is switched off: no more"}]
        assert d.log().count("can't go on here: a fresh worker takes over") == 5


# ---- plugins that deceive the daemon about what they do


def scribble(then, timeout_ms=100, **options):
    return {"plugin": "scribble", "timeout_ms": timeout_ms, "options": options | {"then": then}}


def deceived(*pipeline):
    """What is published of the bad document among fifty, each of which is published once."""
    with Daemon(pipeline=pipeline, workers=1) as d:
        sub, push = d.subscribe(), d.push()
        for i in range(50):
            push.send_json({"id": str(i), "text": "bad" if i == 25 else "good"})
        out = {document["id"]: document["gloss"] for _, document in receive(sub, 50)}
        worst = out.pop("25")
        assert len(out) == 49 and not any("errors" in gloss["run"] for gloss in out.values())
        wait("a worker", lambda: len(d.workers()) == 1)
        assert d.stop() == 0
        return worst


def is_found_out(worst, how):
    assert "scribble" not in worst
    assert worst["run"]["errors"] == [{"plugin": "scribble", "error": f"its worker {how}, but not without it"}], worst


def test_documents_are_stolen():
    """The worker waits for what will not come, and its page says that it has nothing to do."""
    with Daemon(pipeline=[scribble("steal", timeout_ms=1000)], workers=1) as d:
        sub, push = d.subscribe(), d.push()
        push.send_json({"id": "bad", "text": "bad"})
        d.wait_log("worker 1: steals")
        for i in range(49):
            push.send_json({"id": str(i), "text": "good"})
        d.wait_log(r"worker 1 \(process \d+\) answered nothing for 12 s; \d+ documents run again", 60)
        out = {document["id"]: document["gloss"] for _, document in receive(sub, 50)}
        assert len(out) == 50 and not any("errors" in gloss["run"] for gloss in out.values())
        assert d.stop() == 0


def test_hangs_under_a_page_of_nonsense():
    with contextlib.ExitStack() as stack:  # side by side: it takes twenty seconds
        daemons = [stack.enter_context(Daemon(pipeline=[scribble("hang", fill=fill)], workers=1)) for fill in (0, 255)]
        subs, pushes = [d.subscribe() for d in daemons], [d.push() for d in daemons]
        for push in pushes:
            push.send_string("bad")
        for d, sub in zip(daemons, subs):
            d.wait_log("passes without it", 60)
            is_found_out(receive(sub)[0][1]["gloss"], "answered nothing for 10 s")
            assert d.stop() == 0


def test_dies_under_a_blank_page():
    for fill in 0, 255:
        is_found_out(deceived(scribble("abort", fill=fill)), "crashed (SIGABRT)")
        is_found_out(deceived(scribble("kill", fill=fill)), "was killed (SIGKILL)")


def test_claims_to_be_spent():
    """Documents of a worker that is spent run again, with nobody to blame."""
    is_found_out(deceived(scribble("spent", fill=0)), "called exit(75)")


def test_blames_another():
    """Whose time was another, or who has been left out already."""
    worst = deceived(faulty("none", timeout_ms=2000), scribble("abort", entry=0))
    is_found_out(worst, "crashed (SIGABRT)")
    assert worst["faulty"]["label"] == "survived"
    worst = deceived(faulty("segv", timeout_ms=100), scribble("abort", entry=0))
    assert {e["plugin"]: e["error"] for e in worst["run"]["errors"]} == {
        "faulty": "crashed (SIGSEGV)", "scribble": "its worker crashed (SIGABRT), but not without it"}, worst


def test_writes_beyond_what_is_its_own():
    """What is beside the page is nobody's: who comes there by mistake is named."""
    if SANITIZED:
        return
    worst = deceived(scribble("overflow"))
    assert worst["run"]["errors"] == [{"plugin": "scribble", "error": "crashed (SIGSEGV)"}], worst
    worst = deceived(scribble("underflow"))
    assert worst["run"]["errors"] == [{"plugin": "scribble", "error": "crashed (SIGSEGV)"}], worst


# ---- plugins that keep failing


def switched(d):
    """What the log says about plugins that go off and on, in order."""
    return re.findall(r"dispatch: plugin faulty (is switched off|is tried again|stays off|is on again)", d.log())


def outcome(push, sub, text):
    push.send_string(text)
    [(_, out)] = receive(sub)
    errors = out["gloss"]["run"].get("errors", [])
    return errors[0]["error"] if errors else out["gloss"]["faulty"]["label"]


OFF = "switched off after 3 failures in a row"


def test_off_after_failures_and_on_again():
    with Daemon(pipeline=[faulty("segv", off_after=3, retry_s=2)]) as d:
        sub, push = d.subscribe(), d.push()
        for _ in range(3):
            assert outcome(push, sub, "bad") == "crashed (SIGSEGV)"
        d.wait_log(r"error dispatch: plugin faulty is switched off after 3 failures in a row, and tried again in 2 s; "
                   r"documents go on without it; the last failure: crashed \(SIGSEGV\)")
        for _ in range(3):
            assert outcome(push, sub, "good") == OFF
        d.kill(10)
        d.wait_log(r"switched off: faulty \(\d+ documents without it\)")
        # Tried again with one document: it fails, so it stays off; then one is good.
        wait("a trial", lambda: outcome(push, sub, "bad") == "crashed (SIGSEGV)")
        assert outcome(push, sub, "good") == OFF
        wait("it is back", lambda: outcome(push, sub, "good") == "survived")
        for _ in range(3):
            assert outcome(push, sub, "good") == "survived"
        assert switched(d) == ["is switched off", "is tried again", "stays off", "is tried again", "is on again"]
        assert d.stop() == 0


def test_off_documents_are_dead_letters_too():
    with Daemon(pipeline=[faulty("segv", off_after=3, retry_s=3600)]) as d:
        d.stop()
        d.configure(spool={"path": str(d.folder / "spool.db"), "durability": "commit"})
        d.start()
        sub, push = d.subscribe(), d.push()
        for text in ["bad"] * 3 + ["good"] * 4:
            outcome(push, sub, text)
        assert d.stop() == 0
        if shutil.which("sqlite3"):
            dead = subprocess.run(["sqlite3", d.folder / "spool.db", "SELECT count(*) FROM dead WHERE plugin = 'faulty' "
                                   f"AND message = '{OFF}'"], capture_output=True, text=True)
            assert dead.stdout == "4\n", dead


def test_only_failures_in_a_row_count():
    with Daemon(pipeline=[faulty("segv", off_after=3)]) as d:
        sub, push = d.subscribe(), d.push()
        for _ in range(3):
            for text in "bad", "bad", "good":
                assert outcome(push, sub, text) in ("crashed (SIGSEGV)", "survived")
        assert switched(d) == []


def test_errors_it_reports_count():
    with Daemon(pipeline=[{"plugin": "result", "off_after": 4, "options": {"code": -1, "say": "no"}}]) as d:
        sub, push = d.subscribe(), d.push()
        said = []
        for _ in range(6):
            push.send_string("x")
            [(_, out)] = receive(sub)
            said.append(out["gloss"]["run"]["errors"][0]["error"])
        assert said == ["failed: no"] * 4 + ["switched off after 4 failures in a row"] * 2
        assert "the last failure: failed: no" in d.log()


def test_it_is_named_as_in_what_is_published():
    """The second entry of a plugin, under the name of another file, with its own reason."""
    with Daemon(pipeline=[]) as d:
        d.stop()
        copy = d.folder / "x2.so"
        shutil.copy(pathlib.Path(os.environ.get("BUILD", "build")).resolve() / "tests/fixtures/result.so", copy)
        d.configure(pipeline=[{"plugin": "result", "options": {"say": "fine"}},
                              {"plugin": str(copy), "as": "second", "off_after": 2, "retry_s": 3600,
                               "options": {"code": -1, "say": "no"}}])
        d.start()
        sub, push = d.subscribe(), d.push()
        for _ in range(3):
            push.send_string("x")
            [(_, out)] = receive(sub)
            assert [e["plugin"] for e in out["gloss"]["run"]["errors"]] == ["result#2"]
        d.wait_log("plugin result#2 is switched off after 2 failures in a row, .*; documents go on without it; "
                   "the last failure: failed: no")
        d.kill(10)
        d.wait_log(r"switched off: result#2 \(1 documents without it\)")


def test_dead_letters_do_not_fill_the_log():
    with Daemon(pipeline=[{"plugin": "result", "off_after": 2, "retry_s": 3600, "on_error": "dead",
                           "options": {"code": -1, "say": "no"}}]) as d:
        dealer = d.dealer(sndhwm=0, rcvhwm=0)

        def summed_up():
            for _ in range(200):
                dealer.send_json({"text": "x", "reply": "enriched"})
            for _ in range(200):
                assert dealer.recv_json()["status"] == "dead"
            return re.search(r"supervisor: \d+ more documents became dead letters in that second", d.log())

        wait("it is summed up", summed_up)
        d.wait_log("is a dead letter: plugin result failed: no")
        d.wait_log("what it is to run on is a dead letter until then; the last failure: plugin result failed: no")
        assert "is given up" not in d.log() and "go on without it" not in d.log()


def test_never_off():
    with Daemon(pipeline=[{"plugin": "result", "off_after": 0, "options": {"code": -1, "say": "no"}}]) as d:
        sub, push = d.subscribe(), d.push()
        for _ in range(30):
            push.send_string("x")
        for _, out in receive(sub, 30):
            assert out["gloss"]["run"]["errors"][0]["error"] == "failed: no"


def test_a_reload_starts_anew():
    with Daemon(pipeline=[faulty("segv", off_after=3, retry_s=3600)]) as d:
        sub, push = d.subscribe(), d.push()
        for _ in range(3):
            outcome(push, sub, "bad")
        assert outcome(push, sub, "good") == OFF
        d.configure(workers=1)
        d.kill(1)
        d.wait_log("serve the new configuration")
        assert outcome(push, sub, "good") == "survived"


def test_a_trial_that_says_nothing_is_none():
    """A document the plugin is not run on is no trial: the next one is."""
    with Daemon(pipeline=[{"plugin": "shout"}, faulty("segv", off_after=3, retry_s=1, when={"shout": ["shouted"]})],
                plugin_path=[str(pathlib.Path(os.environ.get("BUILD", "build")).resolve() / "plugins"),
                             str(pathlib.Path(os.environ.get("BUILD", "build")).resolve() / "tests" / "fixtures")]) as d:
        sub, push = d.subscribe(), d.push()
        push.send_string("LOUD")
        [(_, out)] = receive(sub)
        label = out["gloss"]["shout"][0]["label"]
    with Daemon(pipeline=[{"plugin": "shout"}, faulty("segv", off_after=3, retry_s=1, when={"shout": [label]})],
                plugin_path=d.config["plugin_path"]) as d:
        sub, push = d.subscribe(), d.push()
        for _ in range(3):
            assert outcome(push, sub, "bad LOUD") == "crashed (SIGSEGV)"

        def tried():
            push.send_string("quiet")
            receive(sub)
            return "is tried again" in switched(d)

        wait("a trial", tried)
        assert "is on again" not in switched(d)
        assert outcome(push, sub, "LOUD") == "survived"


if __name__ == "__main__":
    main(sys.modules[__name__])
