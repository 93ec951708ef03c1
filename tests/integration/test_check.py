# SPDX-License-Identifier: Apache-2.0
"""gloss check: what would run, or what is wrong and where."""
import json
import os
import pathlib
import shutil
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


def test_the_spool_has_a_place():
    def with_path(path):
        return check({"pipeline": [], "drop_in": [], "spool": {"path": str(path)}})

    assert with_path("gone/spool.db")[1:] == ("", "gloss check: F/c.json:1:43: spool.path: the folder F/gone is not there: "
                                              "make it, or give another path\n")
    assert with_path("spool.db")[0] == 0
    status, out, err = with_path("c.json")
    assert (status, out) == (2, "") and "spool.path: F/c.json is no spool of glossd" in err, err
    status, out, err = with_path("../")
    assert (status, out) == (2, "") and "is a folder" in err, err
    with tempfile.TemporaryDirectory() as folder:
        file, place = pathlib.Path(folder) / "c.json", pathlib.Path(folder) / "readonly"
        place.mkdir(mode=0o555)
        os.chmod(folder, 0o755)
        file.write_text(json.dumps({"pipeline": [], "drop_in": [], "spool": {"path": str(place / "spool.db")}}))
        gloss = shutil.copy(BUILD / "gloss", folder)  # root may write everywhere, nobody may not
        as_nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
        ran = subprocess.run([gloss, "check", file], capture_output=True, text=True, cwd="/", **as_nobody)
        assert ran.returncode == 2 and f"the folder {place} is not ours to write: Permission denied" in ran.stderr, ran


def test_endpoints_can_be_had():
    for address, why in (
        ("tcp://nohost.invalid:7101", "No such device: this machine has no such address or interface, and names are not looked up"),
        ("tcp://192.0.2.1:8000", "Cannot assign requested address: this machine has no such address"),
        ("ipc:///nope/x", "the folder /nope is not there"),
        ("ipc:///proc/x", "the folder /proc is not ours to write: "),
        ("ipc:///tmp/" + "x" * 120, "the path of a socket is 107 bytes long at most"),
        ("tcp://127.0.0.1:9", "is the address of endpoints.pull already"),
    ):
        status, out, err = check({"endpoints": {"pull": "tcp://127.0.0.1:9", "ack": address}, "pipeline": [], "drop_in": []})
        assert (status, out) == (2, "") and err.startswith("gloss check: F/c.json:1:45: endpoints.ack: ") and why in err, err
    taken = {"endpoints": {"pull": "tcp://*:*", "ack": "tcp://*:*", "publish": "tcp://[::1]:9", "replay": "ipc://@gloss"}}
    with tempfile.TemporaryDirectory() as folder:
        taken["endpoints"]["replay"] = f"ipc://{folder}/socket"
        assert check(taken | {"pipeline": [], "drop_in": []})[0] == 0
        assert os.listdir(folder) == []


def test_plugins_are_confined_as_in_the_daemon():
    def with_entry(**entry):
        return check({"pipeline": [{"plugin": "exec", "options": {"command": ["/bin/cat"]}} | entry], "drop_in": []})

    status, out, err = with_entry()
    assert (status, out) == (2, "") and 'give its entry "allow": ["exec"]' in err and err.count("\n") == 1, err
    assert with_entry(allow=["exec"])[0] == 0


def test_a_fault_in_open_is_told_once():
    status, out, err = check({"pipeline": [{"plugin": "language", "options": {"min_score": 5}}], "drop_in": []})
    assert status == 2 and err == "gloss check: F/c.json:1:15: pipeline[0]: plugin language did not start: min_score: must be from 0 to 1\n", err


def test_topics_can_be_made():
    for topic, why in (
        ("{lang}.", '{lang}: no plugin of the pipeline provides the layer "lang"'),
        ("{titles}.{source}", '{titles}: no plugin of the pipeline provides the layer "titles"'),
        ("{source}.{toness}", 'did you mean "tones"?'),
        ("~", "can't begin with ~, which is the topic of the beat"),
    ):
        status, out, err = check({"topic": topic, "pipeline": [{"plugin": "language"}, {"plugin": "sentiment", "as": {"sentences": "tones"}}], "drop_in": []})
        assert (status, out) == (2, "") and err.startswith("gloss check: F/c.json:1:2: topic: ") and why in err, err
    for topic in ("{source}.", "{language}.", "{tone}/x"):
        assert check({"topic": topic, "pipeline": [{"plugin": "sentiment", "as": {"sentiment": "tone"}}], "drop_in": []})[0] == 0


def test_a_file_is_no_drop_in_folder():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "plugins").mkdir()
        (folder / "drop-in").write_text("as cp leaves it where the folder is missing")
        ran = subprocess.run([shutil.copy(BUILD / "gloss", folder), "run"], input="x", capture_output=True, text=True)
        assert ran.returncode == 2, ran
        assert ran.stderr == f"gloss run: {folder}/drop-in is no folder: move it away, and make a folder of that name\n", ran.stderr


def test_usage():
    ran = subprocess.run([BUILD / "gloss", "check", "a", "b"], capture_output=True, text=True)
    assert ran.returncode == 2 and "one CONFIG at most" in ran.stderr
    assert subprocess.run([BUILD / "gloss", "check", "--help"], capture_output=True, text=True).stdout.startswith("usage: gloss check")


main(sys.modules[__name__])
