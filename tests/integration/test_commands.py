# SPDX-License-Identifier: Apache-2.0
"""gloss run, send and tail as people use them: files in, documents out, the exit
status, and what is said about what went wrong."""
import fcntl
import json
import os
import pathlib
import pty
import resource
import struct
import subprocess
import sys
import tempfile
import termios
import time

from harness import BUILD, SANITIZED, SOURCE, Daemon, main, wait

SAMPLE = SOURCE / "docs/samples/page.txt"
GOOD = {"id": "a", "title": "Talks in Paris", "text": "The talks began in Paris on Monday."}


def gloss(*args, **more):
    return subprocess.run([BUILD / "gloss", *args], capture_output=True, timeout=60, **more)


def lines(out):
    return [json.loads(line) for line in out.splitlines()]


def test_every_command_has_help_and_refuses_strange_options():
    for command in ("run", "send", "tail", "plugins", "check", "schema", "new-plugin"):
        helped = gloss(command, "--help")
        assert helped.returncode == 0 and helped.stdout.startswith(f"usage: gloss {command}".encode()), command
        refused = gloss(command, "--no-such-option")
        assert refused.returncode == 2 and f"`gloss {command} --help`".encode() in refused.stderr, command
        assert refused.stdout == b"", command


def test_run_takes_plain_text_and_ndjson():
    with Daemon(autostart=False) as d:
        plain, many = d.folder / "page.txt", d.folder / "many.ndjson"
        plain.write_text("\ufeffDie Gespräche begannen.")
        many.write_text(f'\n{json.dumps(GOOD)}\r\n\n{{"text": "Two."}}')
        ran = gloss("run", plain, many)
        assert (ran.returncode, ran.stderr) == (0, b"")
        docs = lines(ran.stdout)
        assert [doc["text"][-9:] for doc in docs] == ["begannen.", "n Monday.", "Two."]
        assert docs[1]["id"] == "a" and all("language" in doc["gloss"] for doc in docs)
        assert lines(gloss("run", input=many.read_bytes()).stdout)[1]["text"] == "Two."


def test_run_names_what_failed_and_goes_on():
    text = b'{"text": 5}\n{"text": "good"}\nbad\n'
    ran = gloss("run", "nowhere.txt", "-", input=text)
    assert ran.returncode == 1 and len(lines(ran.stdout)) == 1
    said = ran.stderr.decode().splitlines()
    assert said[0] == "gloss run: nowhere.txt: No such file or directory"
    assert said[1].startswith("gloss run: -:1:10: bad_field: ") and said[2].startswith("gloss run: -:3:1: invalid_json: ")
    assert gloss("run", "-c", "nowhere.json").returncode == 2


def test_no_escape_of_a_document_reaches_the_terminal():
    evil = {"title": "\x1b[31mred\x9b32m", "text": "\x1b]0;x\x07 text \x9b31m", "source": "\x1b[1m"}
    twice = b'{"\\u001b[31m": 1, "\\u001b[31m": 2, "text": "x"}'
    ran = gloss("run", "--pretty", input=json.dumps(evil).encode() + b"\n" + twice)
    for c in "\x1b\x07\x9b":
        assert c not in ran.stdout.decode() + ran.stderr.decode(), (ran.stdout, ran.stderr)
    assert b"red" in ran.stdout and b"given twice" in ran.stderr


def test_pretty_shows_names_dateline_and_tone():
    doc = {"title": "Flood", "text": "LYON, France (AP) - A terrible flood destroyed the old bridge of Lyon, Paul Martin said on Tuesday."}
    out = gloss("run", "--pretty", input=json.dumps(doc).encode()).stdout.decode()
    for part in ("Flood", "AP · LYON", "negative", "Paul Martin", "persons", "tone"):
        assert part in out, (part, out)


def test_a_file_is_lines_or_one_document():
    with tempfile.TemporaryDirectory() as folder:
        whole, empty = pathlib.Path(folder, "whole.json"), pathlib.Path(folder, "empty.txt")
        whole.write_text(json.dumps(GOOD, indent=2))
        empty.write_text("")
        done = gloss("run", whole)
        assert done.returncode == 0, done.stderr
        [doc] = lines(done.stdout)
        assert doc["text"] == GOOD["text"]
        done = gloss("run", empty)
        assert done.returncode == 1 and b"no_text" in done.stderr
        whole.write_text(json.dumps(GOOD, indent=2) + "}")
        done = gloss("run", whole)
        assert done.returncode == 1 and b"invalid_json" in done.stderr


def test_send_and_tail():
    with Daemon() as d:
        tail = subprocess.Popen([BUILD / "gloss", "tail", "-c", d.folder / "glossd.json", "--count", "2", "--timeout", "30", "--topics"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)  # a subscriber can't be seen to be subscribed
        text = (json.dumps(GOOD) + '\n{"text": 5}\n{"text": "Two."}\n').encode()
        sent = gloss("send", "-c", d.folder / "glossd.json", "--verbose", input=text)
        out, err = tail.communicate(timeout=60)
        assert (tail.returncode, err) == (0, b""), err
        topics, docs = zip(*(line.split(b"\t", 1) for line in out.splitlines()))
        assert set(topics) == {b"und.-."}
        assert {json.loads(doc)["text"] for doc in docs} == {GOOD["text"], "Two."}  # of two workers, in any order
        assert sent.returncode == 1
        assert [reply["status"] for reply in lines(sent.stdout)] == ["accepted", "rejected", "accepted"]
        said = sent.stderr.decode().splitlines()
        assert said[0].startswith("gloss send: -:2:10: bad_field: ") and said[1].startswith("2 accepted, 1 rejected, ")


def test_tail_gives_up_though_beats_come():
    with Daemon() as d:
        began = time.monotonic()
        tail = gloss("tail", "-c", d.folder / "glossd.json", "--timeout", "2")
        assert tail.returncode == 1 and b"nothing came from" in tail.stderr
        assert 1.9 < time.monotonic() - began < 20


def test_send_says_that_nobody_answers():
    with Daemon(autostart=False) as d:
        d.configure()
        sent = gloss("send", "-c", d.folder / "glossd.json", "--timeout", "1", input=json.dumps(GOOD).encode())
        said = sent.stderr.decode()
        assert sent.returncode == 1 and "is glossd running there?" in said and "-:1: no answer" in said, said


LITTLE_MEMORY = 150_000_000  # room for a document of 64 MB, not of 110
TOO_LONG = b'{"text":"first"}\n{"text":"' + b"word " * 22_000_000 + b'"}\n{"text":"third"}\n'


def with_little_memory(*args):
    return gloss(*args, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (LITTLE_MEMORY, LITTLE_MEMORY)))


def test_without_memory_nothing_is_dropped_in_silence():
    if SANITIZED:
        return
    with Daemon() as d:
        lines_of, plain = d.folder / "big.ndjson", d.folder / "big.txt"
        lines_of.write_bytes(TOO_LONG)
        plain.write_bytes(b"word " * 22_000_000)
        for command in (("run", "-q"), ("send", "-v", "-c", d.folder / "glossd.json")):
            done = with_little_memory(*command, lines_of, plain)
            said = done.stderr.decode().splitlines()
            name = f"gloss {command[0]}: {d.folder}"
            assert done.returncode == 1 and len(lines(done.stdout)) == 2, said
            assert said[:2] == [f"{name}/big.ndjson:2: too_large: there is no memory for it", f"{name}/big.txt: too_large: there is no memory for it"], said
            assert command[0] == "run" or said[2].startswith("2 accepted, 2 rejected, "), said


def test_what_can_not_be_written_is_a_failure():
    with Daemon() as d, open("/dev/full", "w") as full:
        config = ("-c", d.folder / "glossd.json")
        push = d.push()
        push.send(b'{"text": 5}')
        wait("a dead letter", lambda: gloss("dead", "list", "-j", *config).stdout)
        for command in (
            ("--help",), ("--version",), ("run", "--help"), ("run", SAMPLE), ("schema",), ("schema", "--document"), ("plugins",),
            ("plugins", "entities"), ("check",), ("dead", "list", *config), ("dead", "list", "-j", *config), ("send", "-v", *config, SAMPLE),
        ):
            done = subprocess.run([BUILD / "gloss", *command], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            said = [line for line in done.stderr.splitlines() if "standard output: " in line]
            assert done.returncode == 1 and len(said) == 1, (command, done)


def test_an_export_that_can_not_be_written_is_told_once():
    with Daemon(autostart=False) as d, open("/dev/full", "w") as full:
        d.configure(spool={"path": str(d.folder / "spool.db")})
        d.start()
        text = b"".join(b'{"text": "%d of many"}\n' % i for i in range(500))
        assert gloss("send", "-q", "-c", d.folder / "glossd.json", input=text).returncode == 0
        for command in (("spool", "export"), ("spool", "check"), ("tail", "--from", "start", "--count", "500")):
            done = subprocess.run([BUILD / "gloss", *command, "-c", d.folder / "glossd.json"], stdout=full, stderr=subprocess.PIPE, timeout=60)
            assert done.returncode == 1 and done.stderr.count(b"standard output: No space left on device\n") == 1, done
            assert done.stderr.count(b"\n") == 1, done


def test_run_ends_where_nothing_can_be_written():
    many = subprocess.Popen(["yes", '{"text": "without an end"}'], stdout=subprocess.PIPE)
    with open("/dev/full", "w") as full:
        done = subprocess.run([BUILD / "gloss", "run"], stdin=many.stdout, stdout=full, stderr=subprocess.PIPE, timeout=60)
    many.kill()
    many.wait()
    assert (done.returncode, done.stderr) == (1, b"gloss run: standard output: No space left on device\n"), done


def test_json_may_stand_behind_many_blanks():
    ran = gloss("run", input=b" " * 300 + b"\n\r\n" + b" " * 300 + json.dumps(GOOD).encode() + b'\n{"text": bad}')
    assert lines(ran.stdout)[0]["id"] == "a" and ran.stderr.startswith(b"gloss run: -:4:10: invalid_json: "), ran


def test_an_array_of_documents_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "many.json")
        file.write_text(f"\n [\n {json.dumps(GOOD)}]")
        for command in ("run", "send"):
            done = gloss(command, file)
            assert (done.returncode, done.stdout) == (1, b"") and b"array of documents is not taken: give one a line" in done.stderr, done
        file.write_text("[1] A footnote {no document} is a text.")
        [doc] = lines(gloss("run", file).stdout)
        assert doc["text"] == file.read_text()


def test_places_are_those_in_the_file():
    with Daemon() as d:
        text = b'{"text": "good"}\n\n{"text": bad}\n{"text": 5}'
        for command in (("run",), ("send", "-c", d.folder / "glossd.json")):
            said = gloss(*command, input=text).stderr.decode().splitlines()
            assert said[0].startswith(f"gloss {command[0]}: -:3:10: invalid_json: ") and "line" not in said[0], said
            assert said[1].startswith(f"gloss {command[0]}: -:4:10: bad_field: "), said
        whole = gloss("run", input=b'\n{\n"text": bad}').stderr.decode()
        assert whole.startswith("gloss run: -:3:9: invalid_json: "), whole
        plain = gloss("run", input=b"one\nt\xffwo").stderr.decode()
        assert plain.startswith("gloss run: -:2:2: invalid_utf8: "), plain


def test_a_folder_is_no_empty_file():
    ran = gloss("run", "/tmp")
    assert (ran.returncode, ran.stderr) == (1, b"gloss run: /tmp: Is a directory\n")


def test_a_byte_order_mark_is_no_text():
    for text in ("\ufeffPlain.", "\ufeff" + json.dumps({"text": "Plain."})):
        assert lines(gloss("run", input=text.encode()).stdout)[0]["text"] == "Plain."


def test_run_keeps_to_the_longest_document():
    with Daemon(autostart=False) as d:
        d.configure(limits={"document_bytes": 100})
        text = f"{json.dumps(GOOD)}\n{json.dumps(GOOD | {'more': 'x' * 100})}\n".encode()
        ran = gloss("run", "-c", d.folder / "glossd.json", input=text)
        assert ran.returncode == 1 and len(lines(ran.stdout)) == 1
        assert ran.stderr == b"gloss run: -:2: too_large: more than 100 bytes (limits.document_bytes)\n", ran.stderr


def test_send_counts_the_empty_file_and_names_its_bounds():
    with Daemon() as d:
        empty = d.folder / "empty.txt"
        empty.write_text("")
        sent = gloss("send", "-c", d.folder / "glossd.json", empty, SAMPLE)
        assert sent.returncode == 1 and b"\n1 accepted, 1 rejected, " in sent.stderr, sent.stderr
        sent = gloss("send", "-w", "2000000", empty)
        assert sent.returncode == 2 and b"a whole number from 1 to 999999" in sent.stderr, sent.stderr


def test_an_endpoint_that_is_none_is_told():
    for command in (("send",), ("tail",), ("dead", "list")):
        for address in ("foo", "udp://x", "tcp://127.0.0.1", "tcp://127.0.0.1:*"):
            done = gloss(*command, "-e", address, input=b"x")
            said = f'gloss {command[0]}: endpoint "{address}": must be tcp://ADDRESS:PORT or ipc://FILE\n'
            assert (done.returncode, done.stderr.decode()) == (2, said), done
    with Daemon(autostart=False) as d:
        d.configure(endpoints={"pull": "", "ack": "", "publish": "", "replay": ""})
        for command in (("send",), ("tail",), ("dead", "list")):
            done = gloss(*command, "-c", d.folder / "glossd.json", input=b"x")
            assert done.returncode == 2 and b'the configuration has ""' in done.stderr, done


def test_a_spool_that_is_not_there():
    for what in (("check", "nope.db"), ("export", "nope.db"), ("salvage", "nope.db", "new.db")):
        done = gloss("spool", *what)
        assert (done.returncode, done.stderr) == (2, b"gloss spool: nope.db: No such file or directory\n"), done


def test_a_word_that_is_none_has_a_neighbour():
    for args, said in (
        (("snd",), 'gloss: there is no command "snd", did you mean "send"?; `gloss --help` lists them.'),
        (("dead", "lst"), 'gloss dead: there is no "lst"; did you mean "list"?'),
        (("spool", "exprt"), 'gloss spool: there is no "exprt"; did you mean "export"?'),
        (("dead",), "gloss dead: say what to do: list, show, retry or purge"),
        (("spool", "xyz"), "gloss spool: say what to do: check, salvage or export"),
    ):
        done = gloss(*args)
        assert done.returncode == 2 and done.stderr.decode().splitlines()[0] == said, done
    assert gloss("help", "run").stdout == gloss("run", "--help").stdout != gloss("help").stdout
    assert gloss("help", "nothing").returncode == 2


def on_terminal(columns, *args):
    """What it shows on a terminal of that width, without colours, as lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([BUILD / "gloss", *args], stdout=theirs, env=os.environ | {"NO_COLOR": "1"})
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # its end, on Linux
        pass
    os.close(ours)
    assert process.wait(60) == 0
    return shown.decode().splitlines()


def test_pretty_keeps_to_the_terminal():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "long.json")
        names = "Anna Keller, Maria Silva, Peter Novak, Ivan Petrov, Carlos Mendes, John Miller and Grace Okafor"
        file.write_text(json.dumps({"id": "x", "title": "Seven people of seven countries met in the capital of an eighth " * 3, "text": f"{names} met in Vienna on Monday."}))
        for columns in (36, 60, 100):
            shown = on_terminal(columns, "run", "--pretty", file)
            assert max(map(len, shown)) <= columns, shown
            assert max(map(len, shown)) > columns - 20, shown
            persons = " ".join(shown)
            assert "Grace Okafor" in persons and sum(line.startswith("  persons") for line in shown) == 1, shown
            assert " ".join(" ".join(shown).split()).count("Seven people of seven countries met") == 3, shown


COMPLETE = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gloss; printf '%s\n' "${COMPREPLY[@]}" """


def test_completion():
    def complete(*words):
        done = subprocess.run(["bash", "-c", COMPLETE, "bash", SOURCE / "tools/gloss.bash", "gloss", *words], cwd=SOURCE,
                              env=os.environ | {"PATH": f"{BUILD}:{os.environ['PATH']}"}, capture_output=True, text=True, timeout=60)
        assert done.stderr == "", done
        return done.stdout.split()

    assert {"run", "send", "dead", "--version"} <= set(complete(""))
    assert complete("run", "--pr") == ["--pretty"] and complete("help", "sp") == ["spool"]
    assert complete("bogus", "--") == [] and complete("dead", "l") == ["list"]
    assert complete("dead", "list", "--reason", "plug") == ["plugin_failed"]
    assert complete("dead", "list", "--plugin", "lang") == ["language"] == complete("plugins", "lang")
    for words in (("dead", "list", "--id"), ("send", "-e"), ("send", "--window"), ("tail", "--topic"), ("spool", "--from")):
        assert complete(*words, "") == [], words
    for words in (("run",), ("run", "--pretty"), ("send", "-v"), ("tail", "--config"), ("spool", "check"), ("check",)):
        assert complete(*words, "READ") == ["README.md"], words


if __name__ == "__main__":
    main(sys.modules[__name__])
