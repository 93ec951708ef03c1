#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plugins dropped into a folder of a running daemon, with no signal sent: a good one joins,
a newer one replaces it, one taken out goes; a broken one is refused by its name, once, and
everything else goes on as it was."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from harness import FIXTURES, BUILD, SANITIZED, Daemon, main, receive, wait

VERSION = (FIXTURES / "version.so").read_bytes()


def version(number, layer="lay_aaaa"):
    """The bytes of a plugin that writes VERSION-number into this layer."""
    return VERSION.replace(b"lay_aaaa", layer.encode()).replace(b"VERSION-0000", b"VERSION-%04d" % number)


class DropIns(Daemon):
    def __init__(self, **config):
        super().__init__(autostart=False, **config)
        self.drop_in = self.folder / "drop-in"
        self.drop_in.mkdir()
        self.plugins_d = self.folder / "plugins.d"
        self.plugins_d.mkdir()
        self.config["drop_in"] = [str(self.drop_in)]
        self.sub = self.sock = None

    def drop(self, source, name, folder=None):
        """As `make install` of a plugin does it: copied, then renamed. source: bytes, or the
        name of a fixture."""
        folder = folder or self.drop_in
        (folder / ".new").write_bytes(source if isinstance(source, bytes) else (FIXTURES / f"{source}.so").read_bytes())
        os.rename(folder / ".new", folder / name)

    def entry(self, name, content):
        (self.plugins_d / ".new").write_text(content if isinstance(content, str) else json.dumps(content))
        os.rename(self.plugins_d / ".new", self.plugins_d / name)

    def gloss(self, text="They said NO."):
        """What is published of one document."""
        if not self.sub:
            self.sub, self.sock = self.subscribe(), self.push()
        self.sock.send_string(text)
        return receive(self.sub)[0][1]["gloss"]

    def layer(self, name="lay_aaaa"):
        """The label of a layer, or None."""
        gloss = self.gloss()
        assert "errors" not in gloss["run"], gloss
        return gloss.get(name, {}).get("label")

    def wait_layer(self, want, name="lay_aaaa"):
        wait(f"{name} is {want}", lambda: self.layer(name) == want)

    def refused(self, *words):
        """The line that refuses, once and once only."""
        def lines():
            return [line for line in self.log().splitlines() if all(word in line for word in ("error reload:", *words))]
        wait(f"a line with {words}", lines)
        assert len(lines()) == 1, lines()
        return lines()[0]

    def settle(self, number=[9000]):
        """Until a look later than whatever was done before has been had: a marker is in service."""
        number[0] += 1
        self.drop(version(number[0], "lay_zzzz"), "zzzz.so")
        self.wait_layer(f"VERSION-{number[0]}", "lay_zzzz")


def test_topic_of_a_layer_that_is_left_out():
    """A broken one costs its layer's place in the topic, not the daemon."""
    d = DropIns(topic="{lay_aaaa}.{source}.")
    d.drop(VERSION[: len(VERSION) // 2], "version.so")
    with d:
        d.start()
        sub, push = d.subscribe(), d.push()
        push.send_string("x")
        assert receive(sub)[0][0] == "und.-."
        assert d.log().count('topic: {lay_aaaa}: no plugin of the pipeline provides the layer "lay_aaaa"') == 1, d.log()
        d.drop(version(1), "version.so")

        def topic():
            push.send_string("x")
            return receive(sub)[0][0]

        wait("its layer is in the topic", lambda: topic() == "VERSION-0001.-.")


def test_joins_is_replaced_and_goes():
    with DropIns() as d:
        d.start()
        assert d.layer() is None
        d.drop(version(1), "version.so")
        d.wait_layer("VERSION-0001")
        d.drop(version(2), "version.so")
        d.wait_layer("VERSION-0002")
        (d.drop_in / "version.so").unlink()
        d.wait_layer(None)
        assert "error" not in d.log()
        assert d.stop() == 0


def test_entry_in_plugins_d():
    with DropIns() as d:
        d.start()
        d.entry("tone.json", {"plugin": str(FIXTURES / "version.so"), "as": "tone"})
        d.wait_layer("VERSION-0000", "tone")
        d.entry("tone.json", {"plugin": str(FIXTURES / "version.so"), "as": "hue"})
        d.wait_layer("VERSION-0000", "hue")
        (d.plugins_d / "tone.json").unlink()
        d.wait_layer(None, "hue")
        # With an entry of its name a dropped plugin is what the entry says.
        d.entry("mine.json", {"as": "named"})
        d.refused("plugins.d/mine.json", "no plugin \"mine\"", "left out")
        d.drop(version(3), "mine.so")
        d.wait_layer("VERSION-0003", "named")
        assert d.layer() is None
        assert d.stop() == 0


def test_plugin_path_file_is_replaced():
    with DropIns() as d:
        path = d.folder / "plugins"
        path.mkdir()
        d.drop(version(1), "version.so", path)
        d.config |= {"plugin_path": [str(path)], "pipeline": [{"plugin": "version"}]}
        d.start()
        d.wait_layer("VERSION-0001")
        d.drop(version(2), "version.so", path)
        d.wait_layer("VERSION-0002")
        # Broken, it stays as it was; and stands in nobody's way.
        d.drop("wrong_abi", "version.so", path)
        d.refused("version.so", "built for ABI 7", "stays as it was")
        d.drop(version(1, "lay_bbbb"), "other.so")
        d.wait_layer("VERSION-0001", "lay_bbbb")
        assert d.layer() == "VERSION-0002"


def test_broken_ones_are_refused_and_the_good_run():
    with DropIns() as d:
        d.drop(version(1), "a.so")
        d.start()
        d.wait_layer("VERSION-0001")
        d.drop("wrong_abi", "b.so")
        d.drop("undefined", "c.so")
        d.drop("no_table", "d.so")
        d.drop((FIXTURES / "slow.so").read_bytes()[:3000], "e.so")
        d.drop("reader", "f.so")
        d.drop(b"no object at all", "g.so")
        d.entry("h.json", '{"plugin": "shout",\n "when" {}}')
        d.entry("i.json", {"plugin": "options", "options": {"no_such": 1}})
        d.entry("j.json", {"plugin": "no_such_plugin"})
        d.entry("k.json", {"plugin": "faulty", "options": {"in": "open", "how": "segv"}})
        d.drop(version(7, "lay_cccc"), "z.so")
        d.wait_layer("VERSION-0007", "lay_cccc")
        d.refused("b.so", "is built for ABI 7, this daemon has ABI 1", "left out")
        d.refused("c.so", "undefined symbol: no_such_function", "left out")
        d.refused("d.so", "has no table", "left out")
        d.refused("e.so", "is cut short", "left out")
        d.refused("f.so", "needs the layer", "left out")
        d.refused("g.so", "is not a shared object", "left out")
        d.refused("plugins.d/h.json:2:9", "left out")
        d.refused("plugins.d/i.json", "options.no_such", "left out")
        d.refused("plugins.d/j.json", "no plugin \"no_such_plugin\"", "left out")
        d.refused("plugins.d/k.json", "plugin faulty crashed (SIGSEGV) while it was opened", "left out")
        assert d.layer() == "VERSION-0001"
        # Whatever else happens in the folder, none is said again; a signal says them all.
        d.settle()
        for file in "bcdefg":
            d.refused(f"{file}.so", "left out")
        before = len(d.log())
        d.kill(signal.SIGHUP)
        wait("said again", lambda: d.log()[before:].count("is left out") == 10)
        # Mended, it joins.
        d.drop(version(5, "lay_dddd"), "b.so")
        d.wait_layer("VERSION-0005", "lay_dddd")
        assert d.stop() == 0


def test_broken_successor_changes_nothing():
    with DropIns(workers=1) as d:
        d.drop(version(1), "a.so")
        d.entry("tone.json", {"plugin": str(BUILD / "plugins/shout.so"), "as": "tone"})
        d.start()
        workers = d.workers()
        assert d.layer() == "VERSION-0001"
        d.drop("undefined", "a.so")
        assert "no_such_function" in d.refused("a.so", "it stays as it was")
        d.entry("tone.json", "{")
        d.refused("tone.json:1:1", "it stays as it was")
        assert d.layer() == "VERSION-0001"
        assert d.gloss()["tone"][0]["text"] == "NO"
        wait("the same workers, and no others", lambda: d.workers() == workers)
        # One that is, has what served, not what lies there.
        os.kill(workers[0], signal.SIGKILL)
        wait("another worker", lambda: d.workers() not in ([], workers))
        assert d.layer() == "VERSION-0001"
        assert d.gloss()["tone"][0]["text"] == "NO"
        (d.drop_in / "a.so").unlink()
        d.wait_layer(None)


def test_start_goes_on_without_broken_ones():
    with DropIns() as d:
        d.drop(version(1), "a.so")
        d.drop("wrong_abi", "b.so")
        d.entry("c.json", "[")
        d.entry("d.json", {"plugin": "faulty", "options": {"in": "open", "how": "abort"}})
        d.drop(version(2), "d.so")  # named in a broken entry: must not run with defaults
        d.entry("e.json", "{")
        d.drop(version(2, "lay_eeee"), "e.so")
        d.start()
        assert d.layer() == "VERSION-0001"
        assert d.layer("lay_eeee") is None
        for name in ("b.so", "plugins.d/c.json", "plugins.d/d.json", "plugins.d/e.json"):
            d.refused(name, "left out")
        assert d.stop() == 0


def test_what_is_no_regular_file_is_refused():
    """Nobody writes into that FIFO: who waits for it, waits for good."""
    with DropIns() as d:
        os.mkfifo(d.plugins_d / "early.json")
        d.start()
        os.mkfifo(d.plugins_d / "fifo.json")
        (d.plugins_d / "folder.json").mkdir()
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(d.plugins_d / "socket.json"))
        os.mkfifo(d.drop_in / "other.so")
        d.drop(version(1), "z.so")
        d.wait_layer("VERSION-0001")
        for name in "early", "fifo", "folder", "socket":
            d.refused(f"plugins.d/{name}.json", "is not a regular file", "left out")
        d.refused("other.so", "is not a file", "left out")
        config = d.folder / "glossd.json"
        good = config.read_text()
        config.unlink()
        os.mkfifo(config)
        d.kill(signal.SIGHUP)
        d.refused(f"{config}: is not a regular file", "nothing is changed")
        assert d.layer() == "VERSION-0001"
        assert d.stop() == 0
        config.unlink()
        config.write_text(good)
        d.start()
        d.stop()


def test_start_on_a_fifo_is_refused():
    with DropIns() as d:
        os.mkfifo(d.folder / "fifo")
        for program, *arguments in ("glossd", "-c"), ("gloss", "check"):
            done = subprocess.run([BUILD / program, *arguments, d.folder / "fifo"], capture_output=True, text=True, timeout=10)
            assert done.returncode == 2 and "fifo: is not a regular file" in done.stderr, done


def test_file_too_large_is_refused():
    """Before it is copied: the daemon neither waits for it nor has it in memory."""
    with DropIns() as d:
        d.start()
        d.drop(version(1), "a.so")
        d.wait_layer("VERSION-0001")
        for name, size in ("a.so", 3 << 30), ("b.so", (64 << 20) + 1):
            (d.drop_in / ".large").write_bytes(version(2))
            os.truncate(d.drop_in / ".large", size)
            os.rename(d.drop_in / ".large", d.drop_in / name)
        d.refused("a.so", "has 3072 MiB, which is above the 64 a plugin's file may have", "stays as it was")
        d.refused("b.so", "which is above the 64", "left out")
        assert d.layer() == "VERSION-0001"
        assert SANITIZED or d.rss() < 200 << 20
        os.truncate(d.drop_in / "b.so", 0)
        with open(d.drop_in / "b.so", "wb") as f:  # the most it may have
            f.write(version(3, "lay_bbbb"))
            f.truncate(64 << 20)
        d.wait_layer("VERSION-0003", "lay_bbbb")
        assert d.stop() == 0


def test_start_is_refused_for_the_pipeline_itself():
    with DropIns(pipeline=[{"plugin": "wrong_abi"}]) as d:
        d.drop(version(1), "a.so")
        d.start(wait_ready=False)
        assert d.process.wait(10) == 2
        assert "glossd.json" in d.refused("wrong_abi.so", "ABI 7")


def test_quarrels_are_named():
    with DropIns() as d:
        d.drop(version(1), "m.so")
        d.drop("circle_a", "circle_a.so")
        d.drop("circle_b", "circle_b.so")
        d.start()
        assert d.layer() == "VERSION-0001"
        d.refused("circle_b.so is left out", "no order can be had", "circle_a needs \"b\" of circle_b")
        d.refused("circle_a.so is left out", "needs the layer \"b\"")
        # Another that provides the same, whatever its place in the order: who was there stays.
        d.drop(version(2), "a.so")
        d.refused("a.so", "both provide the layer \"lay_aaaa\"", "left out")
        d.settle()
        assert d.layer() == "VERSION-0001"
        # Whose layer goes lets in who provides the same.
        (d.drop_in / "m.so").unlink()
        d.wait_layer("VERSION-0002")
        assert d.stop() == 0


def write_slowly(d, path, data, order):
    """In ten pieces, each later than a look would come. Documents flow meanwhile, and what
    they get is what was there before."""
    size = -(-len(data) // 10)
    before = d.layer()
    for i in order:
        with open(path, "r+b" if path.exists() else "wb") as f:
            f.seek(i * size)
            f.write(data[i * size:(i + 1) * size])
        time.sleep(0.2)
        if i != order[-1]:
            assert d.layer() == before
    return d


def test_half_copied_is_never_loaded():
    with DropIns() as d:
        d.start()
        write_slowly(d, d.drop_in / "a.so", version(1), range(10))
        d.wait_layer("VERSION-0001")
        # The same once more over the file in service, and with the file held open.
        (d.drop_in / "a.so").write_bytes(b"")
        write_slowly(d, d.drop_in / "a.so", version(2), range(10))
        d.wait_layer("VERSION-0002")
        assert d.log().count("is cut short") <= 2, d.log()
        with open(d.drop_in / "b.so", "wb") as f:
            data = version(3, "lay_bbbb")
            f.write(data[len(data) - 100:])  # as long as it will be, and wrong
            f.truncate(len(data))
            f.flush()
            d.settle()
            f.seek(0)
            f.write(data)
            f.flush()
            d.settle()
            assert d.layer("lay_bbbb") is None
        d.wait_layer("VERSION-0003", "lay_bbbb")
        d.refused("b.so", "is being written to")
        assert d.stop() == 0


def test_copied_over_what_runs():
    with DropIns() as d:
        d.drop(version(1), "a.so")
        d.start()
        d.wait_layer("VERSION-0001")
        for n in range(2, 12):
            with open(d.drop_in / "a.so", "r+b") as f:  # the very inode
                f.truncate(0)
                assert d.layer() is not None
                f.write(version(n))
            d.wait_layer(f"VERSION-{n:04}")
        with open(d.drop_in / "a.so", "r+b") as f:
            f.write(os.urandom(len(VERSION)))
        d.refused("a.so", "is not a shared object", "stays as it was")
        for _ in range(100):
            assert d.layer() == "VERSION-0011"
        assert " died" not in d.log() and "crashed" not in d.log()
        assert d.stop() == 0


def test_folders_come_and_go():
    with DropIns() as d:
        late = d.folder / "not" / "yet"
        shelf = d.folder / "shelf"
        d.config["drop_in"] = [str(d.drop_in)]
        d.start()
        # A folder that is named must be there; one that goes changes nothing, and is said.
        shutil.move(d.drop_in, d.folder / "away")
        d.refused(f"the folder {d.drop_in} is not there", "nothing is changed")
        d.drop_in.mkdir()
        d.drop(version(1), "a.so")
        d.wait_layer("VERSION-0001")
        # A symbolic link in its place, then another.
        shelf.mkdir()
        d.drop(version(2), "a.so", shelf)
        late.mkdir(parents=True)
        d.drop(version(3), "a.so", late)
        shutil.rmtree(d.drop_in)
        d.drop_in.symlink_to(shelf)
        d.wait_layer("VERSION-0002")
        d.drop(version(4), "a.so")
        d.wait_layer("VERSION-0004")
        (d.folder / "link").symlink_to(late)
        os.rename(d.folder / "link", d.drop_in)
        d.wait_layer("VERSION-0003")
        # plugins.d need not be there at first.
        shutil.rmtree(d.plugins_d)
        d.settle()
        d.plugins_d.mkdir()
        d.entry("tone.json", {"plugin": str(FIXTURES / "version.so"), "as": "tone"})
        d.wait_layer("VERSION-0000", "tone")
        assert d.stop() == 0


class Stream:
    """Documents sent with an acknowledgement each, and what became of every one."""

    def __init__(self, d):
        self.d, self.dealer, self.sub = d, d.dealer(), d.subscribe()
        self.sent = self.accepted = 0
        self.published = {}

    def send(self, n):
        for _ in range(n):
            self.dealer.send_multipart([b"", json.dumps({"id": f"d{self.sent}", "text": "A steady stream of words."}).encode()])
            self.sent += 1
        self.drain(0)

    def drain(self, ms):
        while self.dealer.poll(ms and 1):
            reply = json.loads(self.dealer.recv_multipart()[-1])
            assert reply["status"] == "accepted" and "duplicate" not in reply, reply
            self.accepted += 1
        while self.sub.poll(ms):
            topic, body = self.sub.recv_multipart()
            if topic == b"~":
                continue
            document = json.loads(body)
            assert document["id"] not in self.published, document["id"]
            self.published[document["id"]] = document["gloss"]

    def finish(self):
        def all_there():
            self.drain(10)
            return self.accepted == self.sent and len(self.published) == self.sent
        wait(f"all of {self.sent}", all_there, 60)


class Churn:
    """Adds, replaces, removes and breaks plugins at random, one change at a time, and knows
    every state there has been."""

    def __init__(self, d, seed):
        self.d, self.random = d, random.Random(seed)
        self.state, self.broken, self.number = {}, set(), 0
        self.seen = {frozenset()}

    def path(self, layer):
        return self.d.drop_in / f"{layer}.so"

    def step(self, settle):
        layer = self.random.choice(("lay_aaaa", "lay_bbbb", "lay_cccc"))
        what = self.random.choice(("put", "put", "copy over", "remove", "break", "SIGHUP", "kill"))
        if what == "SIGHUP":
            self.d.kill(signal.SIGHUP)
        elif what == "kill":
            self.d.kill_worker()
        elif what == "remove" and self.path(layer).exists():
            self.path(layer).unlink()
            self.state.pop(layer, None)
        elif what == "break":
            settle(self.state)  # what stays is what serves
            self.d.drop(self.random.choice(("wrong_abi", "undefined")), f"{layer}.so")
        elif what in ("put", "copy over"):
            self.number += 1
            data = version(self.number, layer)
            if what == "put" or not self.path(layer).exists():
                self.d.drop(data, f"{layer}.so")
            else:
                self.path(layer).write_bytes(data)
            self.state[layer] = f"VERSION-{self.number:04}"
        self.seen.add(frozenset(self.state.items()))


def labels(gloss):
    return frozenset((name, layer["label"]) for name, layer in gloss.items() if name.startswith("lay_"))


def stream_while_plugins_change(seed, **config):
    with DropIns(**config) as d:
        d.start()
        stream, churn = Stream(d), Churn(d, seed)

        def settle(state):
            def settled():
                stream.send(5)
                stream.drain(20)
                last = stream.published.get(f"d{stream.sent - 1}")
                return last and labels(last) == frozenset(state.items())
            wait(f"{state} in service", settled, 30)

        for step in range(60):
            churn.step(settle)
            stream.send(50)
            stream.drain(churn.random.choice((0, 1, 50)))
            if step % 6 == 5:
                settle(churn.state)
        stream.finish()
        kills, hit = d.log().count("was killed (SIGKILL)"), 0
        for id, gloss in stream.published.items():
            if "errors" in gloss["run"]:  # the kill came when a plugin was at work on it
                assert {e["error"] for e in gloss["run"]["errors"]} == {"was killed (SIGKILL)"}, gloss
                hit += 1
            else:
                assert labels(gloss) in churn.seen, (id, labels(gloss))
        assert hit <= kills, (hit, kills)
        reloads = d.log().count("serve the new")
        assert reloads >= 10, reloads
        assert len({labels(g) for g in stream.published.values()}) >= 8
        assert d.stop() == 0
        print(f"{stream.sent} documents, {reloads} generations, {kills} workers killed")


def test_stream_while_plugins_change_in_memory():
    stream_while_plugins_change(1)


def test_stream_while_plugins_change_on_disk():
    with tempfile.TemporaryDirectory(prefix="gloss-") as folder:
        stream_while_plugins_change(2, spool={"path": f"{folder}/spool.db", "durability": "commit"})


main(sys.modules[__name__])
