#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The plugin exec: a command that answers well, and one that does everything wrong. Each
document is published once, without the layer at worst; no worker is lost of it."""
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile

from harness import BUILD, SOURCE, Daemon, main, receive, wait

# Does what a document's text says.
COMMAND = r"""
import json, os, signal, sys, time
def say_more(*_):
    os.write(1, b"Loading the rest\n")
    print("it has written more", file=sys.stderr, flush=True)
signal.signal(signal.SIGUSR1, say_more)
print("the command is here", file=sys.stderr, flush=True)
for line in sys.stdin:
    document = json.loads(line)
    text, n = document["text"], document["n"]
    if text == "crash":
        os.abort()
    if text == "exit":
        sys.exit(3)
    if text == "hang":
        while True:
            time.sleep(1)
    if text == "dribble":
        while True:
            print(".", end="", flush=True)
            time.sleep(0.001)
    if text == "close":
        os.close(1)
        time.sleep(60)
    if text == "huge":
        print("x" * 3000000, flush=True)
    if text == "twice":
        print(json.dumps({"n": n}) + "\n" + json.dumps({"n": n}), flush=True)
    if text == "unended":
        print(json.dumps({"n": n}), end="", flush=True)
        sys.exit(0)
    if text == "another":
        n -= 1
    if text == "none":
        print('{"layer": []}', flush=True)
        continue
    if text == "wrong":
        print(json.dumps({"layer": [{"label": 1}], "n": n}), flush=True)
        continue
    if text == "garbage":
        os.write(1, b"\xff\n")
        continue
    if text == "silent":
        print("", flush=True)
        continue
    if text == "then exit":
        print(json.dumps({"n": n, "layer": [{"label": "last"}]}), flush=True)
        sys.exit(0)
    if text == "files":
        text = " ".join(sorted(os.listdir("/proc/self/fd")))
    if text == "ids":
        text = f"{os.getppid()} {os.getpgid(0)}"
    print(json.dumps({"n": n, "layer": [{"label": text, "pid": os.getpid()}]}), flush=True)
"""

BAD = {
    "crash": "its command was killed (SIGABRT)",
    "exit": "its command ended (exit status 3)",
    "close": "its command closed its output",
    "huge": "its command answered with more than 1048640 bytes",
    "twice": "its command answered with more than one line: it must write one for each it is given",
    "unended": "its command ended (exit status 0) in the midst of a line, which a newline must end",
    "garbage": "its command's answer is wrong: column 1: it is not UTF-8",
    "silent": "its command's answer is wrong: column 1: a { is missing where the answer begins: it wrote \"\"",
    "none": "its command's answer is wrong: column 1: n is missing: copy it from the question, here N",
    "another": "its command's answer is wrong: column 7: n is N, and the question's is N: copy it, and write one line for each",
    "wrong": "its command's answer is wrong: column 22: label must be a string",
}


def entry(code=COMMAND, **more):
    return {"plugin": "exec", "allow": ["exec"], "options": {"command": ["/usr/bin/python3", "-c", code]}} | more


class Exec(Daemon):
    def __init__(self, pipeline, **config):
        super().__init__(pipeline=pipeline, plugin_path=[str(BUILD / "plugins")], **config)

    def start(self, **options):
        super().start(**options)
        self.sub, self.sock = self.subscribe(), self.push()
        return self

    def gloss(self, text, **more):
        self.sock.send_string(json.dumps({"text": text} | more))
        return receive(self.sub)[0][1]["gloss"]

    def layer(self, text):
        return self.gloss(text)["exec"][0]["label"]


def child_of(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_whatever_it_does_costs_a_layer():
    with Exec([entry()], workers=1) as d:
        workers = d.workers()
        assert d.layer("hello") == "hello"
        for text, error in BAD.items():
            gloss = d.gloss(text)
            (noted,) = gloss["run"]["errors"]
            assert noted["plugin"] == "exec" and re.sub(r"\b\d{10}\b", "N", noted["error"]) == f"failed: {error}", gloss
            assert "exec" not in gloss
            assert d.layer("after " + text) == "after " + text
        assert d.workers() == workers
        # All but the last are started anew: that one is in step.
        assert d.log().count("the command is here") == len(BAD), d.log()
        assert d.stop() == 0


def test_hang_is_ended_by_the_deadline():
    with Exec([entry(timeout_ms=300)], workers=1) as d:
        workers = d.workers()
        wait("the command has begun", lambda: "exec" in d.gloss("warm"))
        for text, error in (("hang", "answer (a line must be flushed when it is written)"), ("dribble", "end its answer with a newline")):
            (noted,) = d.gloss(text)["run"]["errors"]
            assert noted["error"] == f"gave up: its timeout_ms of 300 had passed: its command did not {error}, and was killed", noted
            wait("another", lambda: "exec" in d.gloss("well"))
        assert d.workers() == workers


def test_a_script_around_it_ends_with_it():
    script = entry(timeout_ms=300)
    script["options"]["command"] = ["/bin/sh", "-c", f"true\n{' '.join(map(shlex.quote, script['options']['command']))}\ntrue"]
    with Exec([script], workers=1) as d:
        workers = d.workers()
        wait("the command has begun", lambda: "exec" in d.gloss("warm"))
        pid = int(d.gloss("warm")["exec"][0]["pid"])
        assert child_of(workers[0]) != [pid]
        assert "exec" not in d.gloss("hang")
        wait("it is gone", lambda: not os.path.exists(f"/proc/{pid}"))
        assert d.workers() == workers


def test_one_that_ends_between_documents_is_started_again():
    with Exec([entry()], workers=1) as d:
        assert d.layer("then exit") == "last"
        wait("it is gone", lambda: all(is_zombie(c) for c in child_of(d.workers()[0])))
        assert d.layer("x") == "x"
        d.wait_log("its command ended .exit status 0.; it was started again")


def test_a_line_too_many_is_never_taken_for_an_answer():
    """One that comes between two documents, with the start of the next one's question, or instead of its answer."""
    with Exec([entry()], workers=1) as d:
        assert d.layer("x") == "x"
        os.kill(*child_of(d.workers()[0]), signal.SIGUSR1)
        d.wait_log("it has written more")
        assert d.layer("x") == "x"
        d.wait_log("its command wrote a line that answers none; it was started again")

    # Answers the first question again when it has seen the second, then goes on as if nothing were.
    late = ("import sys, json\nlast = ''\nfor l in sys.stdin:\n d = json.loads(l)\n"
            " if last: print(last, flush=True)\n"
            " last = json.dumps({'n': d['n'], 'layer': [{'label': d['text']}]}) if d['text'] == 'shift' else ''\n"
            " print(last or json.dumps({'n': d['n'], 'layer': [{'label': d['text']}]}), flush=True)")
    with Exec([entry(late, off_after=0)], workers=1) as d:
        for turn in range(20):
            assert d.layer("shift") == "shift"
            gloss = d.gloss(f"hit {turn}")
            assert "exec" not in gloss and len(gloss["run"]["errors"]) == 1, gloss
            wait("it is in step", lambda: "exec" in d.gloss("well"))
            assert d.layer(f"after {turn}") == f"after {turn}"


# Answers before it has read its line: how much it has read first, and how much it answers.
EARLY = r"""
import os, re, sys, time
while True:
    n = re.match(rb'{"n":(\d+),', sys.stdin.buffer.read(20) or os._exit(0))[1]
    answer = b'{"n":%s,"layer":[{"label":"%s","more":"%s"}]}\n' % (n, n, b"x" * PAD)
    while answer:
        answer = answer[os.write(1, answer):]
    END
"""


def early(pad, end, **more):
    return entry(EARLY.replace("PAD", str(pad)).replace("END", end), **more)


def test_an_answer_before_the_question_is_read():
    """It counts, and the rest of the question is sent all the same: also where both pipes are full."""
    for pad in (0, 200000):
        with Exec([early(pad, "sys.stdin.buffer.readline()", timeout_ms=60000)], workers=1) as d:
            for size in (100000, 10, 50000):
                (layer,) = d.gloss("é " * size)["exec"]
                assert re.fullmatch(r"\d{10}", layer["label"]) and len(layer.get("more", "")) == pad, layer
            assert "started again" not in d.log()


def test_a_question_that_is_not_read_to_its_end():
    text = "t " * 1000000
    with Exec([early(0, "time.sleep(600)", timeout_ms=300)], workers=1) as d:
        assert d.gloss(text)["run"]["errors"][0]["error"].endswith(": its command did not read the line it was sent to its end, and was killed")
    # What it takes for its next line is the rest of this one.
    with Exec([early(0, "os.write(1, b'again\\n')")], workers=1) as d:
        assert d.gloss(text)["run"]["errors"][0]["error"] == "failed: " + BAD["twice"]
    with Exec([early(0, "os._exit(0)")], workers=1) as d:
        assert "exec" in d.gloss(text)
        wait("it is gone", lambda: all(is_zombie(c) for c in child_of(d.workers()[0])))
        assert "exec" in d.gloss(text)
        d.wait_log("its command ended .exit status 0.; it was started again")


def test_one_that_closes_its_input():
    closes = ("import os, sys, json, time\nd = json.loads(sys.stdin.readline())\nos.close(0)\n"
              "print(json.dumps({'n': d['n'], 'layer': [{'label': d['text']}]}), flush=True)\ntime.sleep(600)")
    with Exec([entry(closes, timeout_ms=300, off_after=0)], workers=1) as d:
        for turn in range(3):
            wait("a new one", lambda: "exec" in d.gloss("first"))
            assert d.gloss("second")["run"]["errors"][0]["error"].startswith("gave up: ")


def test_one_that_talks_before_it_is_asked():
    banner = "import sys\nprint('Loading', flush=True)\nfor l in sys.stdin: pass"
    with Exec([entry(banner)], workers=1) as d:
        for turn in range(3):
            (noted,) = d.gloss("x")["run"]["errors"]
            assert noted["error"] == "failed: its command's answer is wrong: column 1: a { is missing where the answer begins: it wrote \"Loading\"" or "in a row" in noted["error"], noted


def is_zombie(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] == "Z"


def test_one_that_always_fails_is_started_ever_more_seldom():
    with Exec([entry("import sys; print('here', file=sys.stderr)", off_after=0)], workers=1) as d:
        errors = [d.gloss("x")["run"]["errors"][0]["error"] for _ in range(200)]
        assert errors[0].startswith(("failed: its command ended (exit status 0)", "failed: its command closed")), errors[0]
        assert any("times in a row, and is started again in" in e for e in errors)
        assert d.log().count("here\n") < 20


def test_it_has_no_other_files_and_is_of_its_workers_group():
    with Exec([entry()], workers=1) as d:
        assert d.layer("files") == "0 1 2 3"  # 3 is the folder it reads
        worker, = d.workers()
        assert d.layer("ids") == f"{worker} {worker}"


def test_it_ends_with_its_worker():
    with Exec([entry()], workers=2) as d:
        d.layer("x")
        workers = d.workers()
        children = [c for w in workers for c in child_of(w)]
        assert len(children) == 2
        os.kill(workers[0], signal.SIGKILL)
        wait("its child is gone", lambda: not os.path.exists(f"/proc/{children[0]}"))
        assert d.layer("y") == "y"
        assert d.stop() == 0
        for child in children:
            assert not os.path.exists(f"/proc/{child}")


def test_two_entries_under_two_names():
    with Exec([entry(f"import json, sys\nfor l in sys.stdin: print(json.dumps({{'n': json.loads(l)['n'], 'layer': [{{'label': '{n}'}}]}}), flush=True)", **{"as": n})
               for n in ("one", "two")]) as d:
        gloss = d.gloss("x")
        assert gloss["one"] == [{"label": "one"}] and gloss["two"] == [{"label": "two"}], gloss


def test_large_documents_go_through():
    with Exec([entry("import sys, json\nfor l in sys.stdin:\n d = json.loads(l); n = len(d['text'])\n"
                     " print(json.dumps({'n': d['n'], 'layer': [{'start': n - 5, 'end': n, 'label': 'end'}]}), flush=True)", timeout_ms=60000)]) as d:
        text = "é😀\n" * 500000 + "THEND"
        gloss = d.gloss(text)
        assert gloss["exec"] == [{"start": len(text) - 5, "end": len(text), "text": "THEND", "label": "end"}], gloss


def test_what_it_is_given():
    echo = ("import sys, json\nfor l in sys.stdin:\n d = json.loads(l)\n"
            " print(json.dumps({'n': d.pop('n'), 'layer': [{'given': json.dumps(d, sort_keys=True)}]}), flush=True)")
    with Exec([{"plugin": "language"}, {"plugin": "shout"},
               {"plugin": "exec", "allow": ["exec"], "options": {"command": ["/usr/bin/python3", "-c", echo], "needs": ["language"], "wants": ["shout"]}}]) as d:
        document = {"id": "i-1", "title": "É \"NO\"", "text": "😀 YES,\n\tthey said\u0001 so to the people of this town.",
                    "published": "2026-01-01", "url": "http://x/", "source": "s", "language": "en"}
        gloss = d.gloss(**document)
        given = json.loads(gloss["exec"][0]["given"])
        layers = given.pop("layers")
        assert given == document, given
        assert layers["language"] == [{"label": "en", "score": layers["language"][0]["score"]}]
        assert layers["shout"] == [{"field": "title", "start": 3, "end": 5, "label": "caps"},
                                   {"start": 2, "end": 5, "label": "caps"}], layers


def test_what_is_not_allowed_is_said():
    with Exec([entry(allow=[])], autostart=False) as d:
        Daemon.start(d, wait_ready=False)
        assert d.process.wait(10) == 2
        assert 'can\'t be started: Operation not permitted: give its entry "allow": ["exec"]' in d.log()


def test_where_the_standard_input_is_closed():
    """A pipe to the command then has its number."""
    config = {"drop_in": [], "plugin_path": [str(BUILD / "plugins")], "pipeline": [entry()]}
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "c.json").write_text(json.dumps(config))
        (pathlib.Path(folder) / "d.json").write_text('{"text": "files"}')
        run = subprocess.run(["sh", "-c", 'exec "$0" run -c c.json d.json <&-', BUILD / "gloss"], cwd=folder, stdout=subprocess.PIPE)
        assert json.loads(run.stdout)["gloss"]["exec"][0]["label"] == "0 1 2 3"


def test_the_example():
    """Fifteen lines, and its offsets are right where characters are long."""
    path = SOURCE / "plugins/exec/example.py"
    code = [line for line in path.read_text().splitlines() if line and not line.startswith(("#", '"""'))]
    assert len(code) <= 15
    configured = json.loads((SOURCE / "config/examples/exec.json").read_text())
    configured["pipeline"][-1]["options"]["command"] = ["/usr/bin/python3", str(path)]
    with Exec(configured["pipeline"]) as d:
        text = "👩‍👩‍👧 née e\u0301 #Ünïcode ⚡️#tag2 #café\u0301"
        gloss = d.gloss(text)
        assert [text[a["start"]:a["end"]] for a in gloss["hashtags"]] == [a["text"] for a in gloss["hashtags"]]
        assert [a["label"] for a in gloss["hashtags"]] == ["ünïcode", "tag2", "café"], gloss


main(sys.modules[__name__])
