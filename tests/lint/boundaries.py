#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the rooms apart: each may include only the rooms above it in this table
and the libraries named beside it. Prints every include that does not fit."""
import pathlib, re, sys

LIBRARIES = {"jansson": "jansson", "uv": "uv", "zmq": "zmq", "sqlite3": "sqlite3", "xxhash": "xxhash", "dlfcn": "dlfcn", "systemd": "systemd", "seccomp": "seccomp"}

# room: (what of core it may include, {library: files that may, or None for all})
ROOMS = {
    "log": (["log"], {}),
    "text": (["log", "text"], {}),
    "config": (["log", "text", "config"], {"jansson": None}),
    "wire": (["log", "text", "config", "wire"], {}),
    "object": (["log", "object"], {}),
    "plugin": (["log", "text", "config", "wire", "object", "plugin"], {"dlfcn": {"plugin.c"}}),
    "worker": (["log", "text", "config", "wire", "plugin", "worker"], {"seccomp": {"confine.c"}}),
    "spool": (["log", "text", "wire", "spool"], {"sqlite3": None, "xxhash": None}),
    "daemon": (["log", "text", "config", "wire", "object", "spool", "daemon"],
               {"uv": None, "zmq": None, "systemd": {"notify.c"}}),
    "cli": (["log", "text", "config", "wire", "plugin", "worker", "spool", "daemon", "cli"], dict.fromkeys(LIBRARIES)),
    "main": (["cli", "daemon", "worker"], {}),
}


def room_of(path):
    """The room of a file of core/, or of an include below core/."""
    first = pathlib.PurePath(path).parts[0]
    return re.sub(r"(_\w+)?\.[ch]$|(_\w+)?\.inc$", "", first)


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1), found.group(2)


def check_core(core):
    for path in sorted(core.rglob("*.[ch]")):
        own = path.relative_to(core)
        rooms, libraries = ROOMS[room_of(own)]
        for number, quote, name in includes(path):
            library = LIBRARIES.get(pathlib.PurePath(name).parts[0].removesuffix(".h"))
            if quote == '"' and (path.parent / name).exists() and name.endswith(".inc"):
                continue
            if quote == '"' and room_of(name) not in rooms:
                yield f"{path}:{number}: {room_of(own)} must not include {name}"
            if library and libraries.get(library, set()) is not None and path.name not in libraries.get(library, set()):
                yield f"{path}:{number}: {own} must not use {library}"


def check_plugins(plugins):
    """A plugin includes <gloss/*.h>, libc, libm and its own files."""
    for path in sorted(plugins.rglob("*.[ch]")):
        for number, quote, name in includes(path):
            if quote == '"' and not (path.parent / name).exists():
                yield f"{path}:{number}: a plugin includes its own files only, not {name}"
            if pathlib.PurePath(name).parts[0].removesuffix(".h") in LIBRARIES:
                yield f"{path}:{number}: a plugin uses libc and libm only, not {name}"


def main():
    faults = list(check_core(pathlib.Path("core"))) + list(check_plugins(pathlib.Path("plugins")))
    print("\n".join(faults) if faults else "boundaries: held")
    sys.exit(1 if faults else 0)


main()
