#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""plugins/README.md as a stranger reads it: every ```c block is compiled, every
```sh block run from top to bottom in one folder, with glossd installed and again with a
checkout, and the ```json or ```text block below a command is what it must print."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", SOURCE / "build")).resolve()
GUIDE = SOURCE / "plugins" / "README.md"
WARNINGS = ["-Wall", "-Wextra", "-Werror"]

# What stands round a piece of process() that is no plugin by itself.
FRAGMENT = """#include <gloss/plugin.h>
#include <math.h>
static int process(const struct gloss_host *h, void *self, struct gloss_doc *doc)
{
%s
(void)self;
(void)doc;
return GLOSS_OK;
}
GLOSS_PLUGIN(.name = "x", .version = "1", .summary = "x", .process = process);
"""


def install(prefix):
    """What `make install` puts where, as far as the guide needs it."""
    for folder in ("bin", "include", "lib/gloss/drop-in", "share/gloss/models", "share/pkgconfig"):
        (prefix / folder).mkdir(parents=True)
    shutil.copy(BUILD / "glossd", prefix / "bin/gloss")
    shutil.copytree(BUILD / "plugins", prefix / "lib/gloss/plugins")
    shutil.copytree(SOURCE / "include/gloss", prefix / "include/gloss")
    pc = (SOURCE / "tools/gloss.pc.in").read_text().replace("@PREFIX@", str(prefix)).replace("@VERSION@", "0")
    (prefix / "share/pkgconfig/gloss.pc").write_text(pc)


def check_out(root):
    """A checkout in which `make` was said. What make writes there names it."""
    build = root / "build"
    shutil.copytree(SOURCE / "include", root / "include")
    (build / "models").mkdir(parents=True)
    (build / "drop-in").mkdir()
    shutil.copy(BUILD / "glossd", build / "gloss")
    shutil.copytree(BUILD / "plugins", build / "plugins")
    pc = (BUILD / "gloss.pc").read_text().replace(str(BUILD), str(build)).replace(str(SOURCE), str(root))
    (build / "gloss.pc").write_text(pc)
    return build


def blocks(text):
    """(line, language, body) of each fenced block."""
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S):
        yield text.count("\n", 0, found.start()) + 1, found.group(1), found.group(2)


def compile_c(folder, line, body):
    named = re.match(r"/\* (\w+\.c) ", body)
    name = named.group(1) if named else f"fragment_{line}.c"
    (folder / name).write_text(body if named else FRAGMENT % body)
    loose = [] if named else ["-Wno-unused"]
    for compiler in ("gcc", "clang"):
        subprocess.run([compiler, "-std=c11", *WARNINGS, *loose, "-fPIC", "-fvisibility=hidden", f"-I{SOURCE}/include", "-shared",
                        "-o", "/dev/null", name, "-lm"], cwd=folder, check=True)


class Shell:
    """The one shell in which a reader types: `cd` lasts."""

    def __init__(self, folder, bin_folder, pc_folder):
        self.folder = folder
        self.env = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "PKG_CONFIG_LIBDIR": str(pc_folder)}

    def run(self, body):
        script = body + "\npwd >&3\n"
        read, write = os.pipe()
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", f"exec 3>&{write}\n{script}"], cwd=self.folder, env=self.env,
                              pass_fds=[write], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        os.close(write)
        where = os.read(read, 4096).decode().strip()
        os.close(read)
        assert done.returncode == 0, f"status {done.returncode}: {done.stdout}"
        self.folder = pathlib.Path(where)
        return done.stdout


def missing(body):
    """A debugger that is not here, or can't be used on what was built with sanitizers."""
    for tool in ("gdb", "valgrind", "LD_PRELOAD"):
        if re.search(rf"^{tool}\b", body, re.M):
            if "address" in BUILD.name or (tool != "LD_PRELOAD" and not shutil.which(tool)):
                return tool
    return None


def same(language, printed, wanted):
    if language == "json":
        return json.loads(printed) == json.loads(wanted)
    return printed == wanted


def check(folder, line, language, body, state):
    if language == "c":
        compile_c(folder, line, body)
    elif language == "cpp":
        (state["shell"].folder / re.match(r"// (\w+\.cpp) ", body).group(1)).write_text(body)
    elif language == "sh":
        lacking = missing(body)
        if lacking:
            print(f"line {line}: skipped, {lacking} can't be used here")
            return
        state["printed"] = state["shell"].run(body)
    elif language in ("json", "text"):
        assert same(language, state["printed"], body), f"printed:\n{state['printed']}"
    else:
        raise AssertionError(f"nobody checks a block of {language}")


def read(folder, bin_folder, pc_folder):
    """From top to bottom; how many blocks do not hold."""
    failed = 0
    folder.mkdir()
    state = {"shell": Shell(folder, bin_folder, pc_folder), "printed": ""}
    for line, language, body in blocks(GUIDE.read_text()):
        try:
            check(folder, line, language, body, state)
            print(f"ok {folder.name}, line {line}: {language}")
        except (AssertionError, OSError, ValueError, subprocess.CalledProcessError) as why:
            failed += 1
            print(f"not ok {folder.name}, {GUIDE.relative_to(SOURCE)}:{line}: {language}: {why}")
    return failed


def main():
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        prefix = work / "prefix"
        install(prefix)
        build = check_out(work / "checkout")
        failed = read(work / "installed", prefix / "bin", prefix / "share/pkgconfig") + read(work / "in_checkout", build, build)
    sys.exit(1 if failed else 0)


main()
