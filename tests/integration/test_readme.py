#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the very snippets of README.md against the real daemon: what feeds is
answered, what subscribes prints what was fed."""
import pathlib, re, shutil, subprocess, sys, tempfile, time

from harness import BUILD, SOURCE as ROOT, free_ports


# Other ports than the README's, so that a daemon of the user's own may run.
PORTS = dict(zip(("7101", "7102", "7103"), map(str, free_ports(3))))


def snippets():
    """Name to code, with the ports changed."""
    text = (ROOT / "README.md").read_text()
    found = dict(re.findall(r"<!-- runs: (\S+) -->\n```\w+\n(.*?)```", text, re.S))
    return {name: re.sub(r"\b710[1-3]\b", lambda m: PORTS[m.group()], code) for name, code in found.items()}


def node_modules(folder):
    """The zeromq package, installed once beside the build."""
    home = BUILD / "node"
    if not (home / "node_modules" / "zeromq").exists():
        home.mkdir(exist_ok=True)
        shutil.copy(ROOT / "tests/integration/node/package.json", home)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=home, check=True)
    (folder / "node_modules").symlink_to(home / "node_modules")


def command(path):
    return ["node", str(path)] if path.suffix == ".mjs" else ["/usr/bin/python3", "-u", str(path)]


def start_daemon(folder):
    config = folder / "glossd.json"
    names = {"pull": PORTS["7101"], "ack": PORTS["7102"], "publish": PORTS["7103"]}
    config.write_text('{"endpoints": {"replay": "", %s}}' % ", ".join(f'"{k}": "tcp://127.0.0.1:{v}"' for k, v in names.items()))
    daemon = subprocess.Popen([BUILD / "glossd", "-c", config], stderr=subprocess.PIPE, text=True)
    for line in daemon.stderr:
        if " ready: " in line:
            return daemon
    sys.exit("the daemon did not start")


def check(good, what):
    print("ok" if good else "not ok", what)
    return good


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        code = snippets()
        assert set(code) == {"feed.py", "feed.mjs", "subscribe.py", "subscribe.mjs"}, sorted(code)
        node_modules(folder)
        for file, text in code.items():
            (folder / file).write_text(text)
        daemon = start_daemon(folder)
        outputs = {s: open(folder / f"{s}.out", "w+") for s in ("subscribe.py", "subscribe.mjs")}
        subscribers = [subprocess.Popen(command(folder / s), stdout=out) for s, out in outputs.items()]
        good = True
        try:
            time.sleep(2)  # for the subscriptions to arrive: a subscriber has no sign of it
            for feeder, own in (("feed.py", "py-1"), ("feed.mjs", "js-1")):
                reply = subprocess.run(command(folder / feeder), capture_output=True, text=True, timeout=60)
                good &= check("accepted" in reply.stdout and own in reply.stdout, f"{feeder}: {reply.stdout.strip()}{reply.stderr}")
            for s, out in outputs.items():
                lines = wait_for_lines(folder / f"{s}.out", 2)
                good &= check(len(lines) == 2 and all(line.startswith("en.demo.") for line in lines), f"{s}: {lines}")
        finally:
            for process in subscribers + [daemon]:
                process.terminate()
        good &= check(daemon.wait(20) == 0, "the daemon stops with status 0")
        sys.exit(0 if good else 1)


def wait_for_lines(path, n):
    for _ in range(100):
        lines = path.read_text().splitlines()
        if len(lines) >= n:
            break
        time.sleep(0.1)
    return lines


main()
