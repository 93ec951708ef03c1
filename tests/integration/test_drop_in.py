#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A plugin dropped into a folder of a running daemon: a good one joins at the next
reload, a broken one changes nothing and is named, one taken out goes."""
import os
import shutil
import signal
import sys

from harness import BUILD, Daemon, main, receive, wait


class DropIns(Daemon):
    def __init__(self):
        super().__init__(autostart=False)
        self.drop_in = self.folder / "drop-in"
        self.drop_in.mkdir()
        self.config["drop_in"] = [str(self.drop_in)]

    def drop(self, source, name):
        """As `make install` of a plugin does it: copied, then renamed."""
        shutil.copy(source, self.drop_in / ".new")
        os.rename(self.drop_in / ".new", self.drop_in / name)

    def reload(self, says):
        before = len(self.log())
        self.kill(signal.SIGHUP)
        wait(says, lambda: says in self.log()[before:])
        return self.log()[before:]


def layers(sub, push):
    push.send_string("They said NO.")
    return receive(sub)[0][1]["gloss"]


def test_joins_and_goes():
    with DropIns() as d:
        d.start()
        sub, push = d.subscribe(), d.push()
        assert "shout" not in layers(sub, push)
        d.drop(BUILD / "plugins/shout.so", "shout.so")
        d.reload("serve the new")
        assert layers(sub, push)["shout"] == [{"start": 10, "end": 12, "text": "NO", "label": "caps"}]
        (d.drop_in / "shout.so").unlink()
        d.reload("serve the new")
        assert "shout" not in layers(sub, push)
        assert d.stop() == 0


def test_broken_one_changes_nothing():
    with DropIns() as d:
        d.drop(BUILD / "plugins/shout.so", "shout.so")
        d.start()
        sub, push = d.subscribe(), d.push()
        half = (BUILD / "tests/fixtures/newer_table.so").read_bytes()[:3000]
        (d.drop_in / "half.so").write_bytes(half)
        said = d.reload("nothing is changed")
        assert f"plugin {d.drop_in}/half.so is cut short: copy it again (to another name, then rename it)" in said, said
        assert "shout" in layers(sub, push)
        d.drop(BUILD / "tests/fixtures/newer_table.so", "half.so")
        d.reload("serve the new")
        assert layers(sub, push)["newer"] == {"label": "ran"}
        assert d.stop() == 0


main(sys.modules[__name__])
