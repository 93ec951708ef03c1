# SPDX-License-Identifier: Apache-2.0
"""The main job, `make run`: it shows what the daemon it has started publishes, or fails
and says why."""
import json
import re
import subprocess
import sys

from harness import BUILD, SANITIZED, SOURCE, Daemon, free_ports, main


def demo_daemon(**config):
    """Not started, on free ports, and else as it comes."""
    ends = dict(zip(("pull", "ack", "publish", "replay"), free_ports(4)))
    d = Daemon(autostart=False)
    d.config = {"endpoints": {name: f"tcp://127.0.0.1:{port}" for name, port in ends.items()}, "drop_in": []} | config
    d.configure()
    return d


def make_run(d):
    command = ["make", "-s", "-C", SOURCE, "run", f"B={BUILD}", f"CONFIG={d.folder}/glossd.json"] + ["SANITIZE=address,undefined"] * SANITIZED
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_it_shows_every_sample_enriched():
    with demo_daemon() as d:
        ran = make_run(d)
        assert ran.returncode == 0, ran
        assert re.search(r"^\S+ info supervisor: glossd \S+ ready: ", ran.stdout, re.M), ran.stdout
        samples = [json.loads(line) for line in (SOURCE / "docs/samples/news.ndjson").read_text().splitlines()]
        assert f"{len(samples) + 1} accepted, 0 rejected" in ran.stderr, ran.stderr
        for sample in samples:
            assert sample["title"] in ran.stdout and sample["id"] in ran.stdout, (sample, ran.stdout)
        for shown in ("persons ", "places ", "tone ", "Reuters · BELGRADE", "negative -", "AFP · 2026-05-14"):
            assert shown in ran.stdout, (shown, ran.stdout)
        assert ran.stdout.rstrip().splitlines()[-1].startswith("or, without a daemon: "), ran.stdout


def test_a_daemon_of_others_is_not_taken_for_its_own():
    with demo_daemon() as d:
        d.start()
        ran = make_run(d)
        assert ran.returncode != 0 and "glossd did not start" in ran.stderr, ran
        assert "in use" in ran.stderr and "accepted" not in ran.stderr and "tone" not in ran.stdout, ran


def test_a_daemon_that_can_not_start_is_told():
    with demo_daemon(workerz=1) as d:
        ran = make_run(d)
        assert ran.returncode != 0 and 'did you mean "workers"?' in ran.stderr and "accepted" not in ran.stderr, ran


main(sys.modules[__name__])
