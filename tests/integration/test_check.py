# SPDX-License-Identifier: Apache-2.0
"""gloss check: what would run, or what is wrong and where."""
import json
import pathlib
import subprocess
import sys
import tempfile

from harness import BUILD, FIXTURES, main


def check(config, text=None):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "c.json"
        file.write_text(text or json.dumps(config))
        ran = subprocess.run([BUILD / "gloss", "check", file], capture_output=True, text=True)
        return ran.returncode, ran.stdout.replace(folder, "F"), ran.stderr.replace(folder, "F")


def test_order_and_names():
    path = [str(BUILD / "plugins"), str(FIXTURES)]
    status, out, err = check({
        "plugin_path": path,
        "drop_in": [],
        "workers": 1,
        "pipeline": [{"plugin": "sentiment", "as": {"sentiment": "tone"}, "when": {"language": ["en", "und"]}}, {"plugin": "language"}],
    })
    assert (status, err) == (0, ""), err
    lines = out.splitlines()
    assert lines[0] == "F/c.json: good; 1 worker, each runs 2 plugins in this order:"
    assert lines[1].split()[:2] == ["1", "language"] and lines[1].endswith("-> language")
    assert lines[2].strip() == f"{BUILD}/plugins/language.so"
    assert lines[3].split()[:2] == ["2", "sentiment"] and "-> tone" in lines[3]
    assert lines[3].endswith("when language is en or und")


def test_defaults_are_good():
    ran = subprocess.run([BUILD / "gloss", "check"], capture_output=True, text=True)
    assert ran.returncode == 0 and ran.stdout.startswith("the defaults: good"), ran.stderr


def test_nothing_to_run():
    assert check({"pipeline": [], "drop_in": [], "workers": 2}) == (0, "F/c.json: good; 2 workers, each runs 0 plugins\n", "")


def test_faults_have_a_place():
    for text, why in (
        ('{\n "worker": 1}', 'F/c.json:2:2: worker: there is no such key; did you mean "workers"?'),
        ('{"plugin_path": ["gone"]}', "F/c.json:1:18: plugin_path[0]: the folder F/gone is not there; make it, or leave it out"),
        ('{"pipeline": [{"plugin": "shout",\n "options": {"loud": 1}}]}', "F/c.json:2:14: pipeline[0].options.loud: "),
        ('{"pipeline": [{"plugin": "gone"}]}', 'F/c.json:1:15: pipeline[0]: no plugin "gone"'),
    ):
        status, out, err = check(None, text)
        assert (status, out) == (2, "") and err.startswith("gloss check: " + why), err


def test_usage():
    ran = subprocess.run([BUILD / "gloss", "check", "a", "b"], capture_output=True, text=True)
    assert ran.returncode == 2 and "one CONFIG at most" in ran.stderr
    assert subprocess.run([BUILD / "gloss", "check", "--help"], capture_output=True, text=True).stdout.startswith("usage: gloss check")


main(sys.modules[__name__])
