# SPDX-License-Identifier: Apache-2.0
"""The two schemas: that they are schemas, that they say what the programs do, and that
what is published is held by them. Needs Debian's python3-jsonschema."""
import json
import re
import subprocess
import sys
import tempfile

from harness import BUILD, SOURCE, Daemon, main, receive

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

# Refused by the program alone: a schema sees one key, and 2.0 is an integer to it.
BEYOND_SCHEMA = {"endpoint_twice", "key_twice", "spool_path", "spool_commit", "workers_real"}

NEWS = [
    {"title": "Sarkis wins in Wien 🌞", "text": "PARIS, Sept 29 (AFP) - Café owner Adem Sarkis was DELIGHTED.\n\nHe won.", "published": "2015-09-30"},
    {"id": "é-1", "text": "𝒜 NATO chief met Angela Merkel in Berlin on Monday, and it went badly.", "source": "x.y z"},
    {"title": None, "text": "Кто там? 東京は晴れ.", "url": "", "tags": ["a", {"b": None}]},
    {"title": "Flash", "text": ""},
]
UNITS = {
    "codepoint": lambda text, a, b: text[a:b],
    "byte": lambda text, a, b: text.encode()[a:b].decode(),
    "utf16": lambda text, a, b: text.encode("utf-16-le")[2 * a : 2 * b].decode("utf-16-le"),
}


def gloss(*arguments, **options):
    return subprocess.run([BUILD / "gloss", *arguments], capture_output=True, text=True, **options)


def schema(*arguments):
    found = json.loads(gloss("schema", *arguments, check=True).stdout)
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def keys_schema():
    """The configuration's, without the key that is for editors only."""
    found = schema().schema
    del found["properties"]["$schema"]
    return found


def faults(validator, value):
    return [f"{e.json_path}: {e.message}" for e in validator.iter_errors(value)]


def test_document_schema_is_the_file():
    shipped = (SOURCE / "docs/enriched.schema.json").read_text()
    assert gloss("schema", "--document").stdout == shipped


def test_configurations():
    """Every golden case: the schema takes what the program takes, and nothing else."""
    validator, cases = schema(), sorted((SOURCE / "tests/unit/config").glob("*.in"))
    assert len(cases) > 50
    for path in cases:
        accepted = path.with_suffix(".out").read_text() == "accepted\n"
        try:
            value = json.loads(path.read_bytes())
        except ValueError:
            assert not accepted, path
            continue
        if path.stem not in BEYOND_SCHEMA:
            assert (faults(validator, value) == []) == accepted, (path, faults(validator, value))


def test_shipped_configurations():
    validator = schema()
    for path in [SOURCE / "config/glossd.json", *(SOURCE / "config/examples").glob("*.json")]:
        assert faults(validator, json.loads(path.read_text())) == [], path


def test_defaults_of_the_schema_are_those_of_the_file():
    def check(schema, value, path):
        if "properties" in schema:
            assert set(schema["properties"]) == set(value), path
            for key, of_key in schema["properties"].items():
                check(of_key["anyOf"][0] | {"default": of_key["default"]}, value[key], f"{path}.{key}")
        else:
            assert schema["default"] == value, path

    check(keys_schema(), json.loads((SOURCE / "config/glossd.json").read_text()), "$")


def keys_of(schema):
    for key, of_key in schema.get("properties", {}).items():
        yield key
        for inner in of_key.get("anyOf", [of_key]):
            yield from keys_of(inner)
            yield from keys_of(inner.get("items", {}))


def test_manual_names_every_key():
    manual = (SOURCE / "docs/glossd.json.5").read_text()
    named = set(re.findall(r"^\.It Cm (\w+)$", manual, re.M))
    keys = set(keys_of(keys_schema()))
    assert named == keys, named ^ keys


def layers_of(gloss):
    return {name: layer for name, layer in gloss.items() if name not in ("log", "seq", "prev", "received", "run")}


def check_document(validator, document, unit):
    assert faults(validator, document) == [], (faults(validator, document), document)
    spans = 0
    for layer in layers_of(document["gloss"]).values():
        for annotation in layer if isinstance(layer, list) else [layer]:
            if "start" in annotation and "text" in annotation:
                field = document[annotation.get("field", "text")]
                assert UNITS[unit](field, annotation["start"], annotation["end"]) == annotation["text"], annotation
                spans += 1
    return spans


def every_plugin(**config):
    names = sorted(p.stem for p in (BUILD / "plugins").glob("*.so"))
    options = {"exec": {"command": ["/usr/bin/python3", str(SOURCE / "plugins/exec/example.py")]}}
    pipeline = [{"plugin": name, "allow": ["exec"] if name == "exec" else [], "options": options.get(name, {})} for name in names]
    return {"plugin_path": [str(BUILD / "plugins")], "pipeline": pipeline} | config


def test_gloss_run():
    validator = schema("--document")
    lines = "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in NEWS)
    for unit in UNITS:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as config:
            json.dump(every_plugin(offsets=unit), config)
            config.flush()
            ran = gloss("run", "-q", "-c", config.name, input=lines)
        assert ran.returncode == 0, ran.stderr
        documents = [json.loads(line) for line in ran.stdout.splitlines()]
        assert len(documents) == len(NEWS)
        assert sum(check_document(validator, document, unit) for document in documents) >= 4
        for document, came in zip(documents, NEWS):
            assert {k: v for k, v in document.items() if k in came} == came
            assert "log" not in document["gloss"]


def test_daemon():
    validator = schema("--document")
    with Daemon(**every_plugin()) as d:
        sub, push = d.subscribe(), d.push()
        for document in NEWS:
            push.send_string(json.dumps(document))
        for _, document in receive(sub, len(NEWS)):
            check_document(validator, document, "codepoint")
            assert document["gloss"]["seq"] >= 1


def test_failure_is_noted():
    validator = schema("--document")
    with Daemon(pipeline=[{"plugin": "faulty", "options": {"in": "process", "how": "segv"}}]) as d:
        sub, push = d.subscribe(), d.push()
        push.send_string('{"text":"x"}')
        [(_, document)] = receive(sub)
        check_document(validator, document, "codepoint")


def test_schema_refuses():
    """What must not be published is not valid: the schema is no rubber stamp."""
    validator = schema("--document")
    good = {"id": "1", "text": "x", "gloss": {"received": "2026-01-31T10:00:00.000Z", "run": {"worker_us": 1, "plugins": {}}}}
    assert faults(validator, good) == []
    for bad in (
        {"seq": 1},
        {"log": "a", "seq": 0, "prev": None},
        {"received": "today"},
        {"language": [{"label": "en"}]},
        {"language": {"label": "en", "start": 0, "end": 1}},
        {"entities": [{"label": "PER", "text": "x"}]},
        {"entities": [{"label": "NAME", "text": "x", "start": 0, "end": 1}]},
        {"sentiment": {"label": "positive"}},
        {"sentiment": {"label": "positive", "score": 2}},
        {"mine": {"start": 1}},
        {"mine": {"field": "body", "start": 1, "end": 2}},
        {"mine": "word"},
        {"mine": {"list": []}},
        {"Mine": {}},
        {"run": {"worker_us": 1}},
        {"run": {"worker_us": 1, "plugins": {}, "errors": []}},
    ):
        assert faults(validator, good | {"gloss": good["gloss"] | bad}), bad


main(sys.modules[__name__])
