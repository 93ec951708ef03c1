# SPDX-License-Identifier: Apache-2.0
"""What a worker may do: nothing but compute and read, unless its pipeline asks for more."""
import ctypes
import os
import subprocess
import sys

from harness import BUILD, FIXTURES, SANITIZED, Daemon, main, receive

NETWORK = {"tcp", "udp", "unix_socket", "constructor"}
EXEC = {"fork_child", "run_program", "thread", "set_handler", "set_timer", "change_folder"}
FILES = {"create", "write_file", "delete_file", "make_folder", "make_memfd"}
ALWAYS = {"read_file", "signal_itself"}
# What sanitizers do themselves is not refused where they are.
THEIRS = {"fork_child", "run_program", "thread", "set_handler"} if SANITIZED else set()


def trespass(allow, others=(), only="", **start):
    """What a plugin with these words can do: {attempt: outcome}."""
    with Daemon(autostart=False) as d:
        entry = {"plugin": "trespass", "allow": allow, "options": {"folder": str(d.folder), "only": only}}
        d.configure(pipeline=[entry, *others])
        d.start(**start)
        sub, push = d.subscribe(), d.push()
        push.send_string("try it")
        [(_, out)] = receive(sub)
        assert "errors" not in out["gloss"]["run"], out
        assert d.stop() == 0
        return out["gloss"]["trespass"], d.log()


def has_landlock():
    """Of the second version or later: its number is asked for with flag 1."""
    return ctypes.CDLL(None).syscall(444, None, 0, 1) >= 2


def expect(outcome, allowed):
    for name, what in outcome.items():
        if name in THEIRS or ("_of_" in name and not has_landlock()):
            continue
        if name == "exec_here":
            assert what == ("ENOENT" if allowed & EXEC else "EPERM"), (name, what)
        elif name == "thread" and name not in allowed:
            assert what in ("EPERM", "EAGAIN"), what
        else:
            assert (what == "done") == (name in allowed), (name, what)
            assert what in ("done", "EACCES" if "_of_" in name else "EPERM"), (name, what)


def test_nothing_is_allowed_unless_asked_for():
    outcome, log = trespass([])
    expect(outcome, ALWAYS)
    assert "seccomp" not in log


def test_network():
    expect(trespass(["network"])[0], ALWAYS | NETWORK)


def test_exec():
    # A pair of sockets is no network; but interpreters need it.
    expect(trespass(["exec"])[0], ALWAYS | EXEC)


def test_files():
    expect(trespass(["files"])[0], ALWAYS | FILES)


def test_all_three():
    expect(trespass(["network", "exec", "files"])[0], ALWAYS | NETWORK | EXEC | FILES)


def test_a_worker_may_what_one_of_its_entries_asks_for():
    outcome, _ = trespass([], [{"plugin": "slow", "allow": ["files"], "options": {"word": "never"}}])
    expect(outcome, ALWAYS | FILES)


def test_listing_a_plugin_confines_its_constructors():
    """The fixture says what its constructor was told when it is asked for by this variable."""
    env = os.environ | {"TRESPASS_SAY": "1"}
    said = subprocess.run([BUILD / "gloss", "plugins", FIXTURES / "trespass.so"], capture_output=True, text=True, env=env)
    assert said.returncode == 0 and said.stderr == "constructor: EPERM\n", said


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def refuse_seccomp():
    """What makes a process believe that its kernel, or container, has no seccomp."""
    allow, einval, equal, set_seccomp = 0x7FFF0000, 0x00050016, 4, 22
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    ctx = ctypes.c_void_p(lib.seccomp_init(allow))
    first = Comparison(0, equal, set_seccomp, 0)
    lib.seccomp_rule_add_array(ctx, einval, lib.seccomp_syscall_resolve_name(b"seccomp"), 0, None)
    lib.seccomp_rule_add_array(ctx, einval, lib.seccomp_syscall_resolve_name(b"prctl"), 1, ctypes.byref(first))
    return lambda: lib.seccomp_load(ctx) and os._exit(99)


def test_a_kernel_without_seccomp_is_warned_of_once():
    outcome, log = trespass([], only="tcp", preexec_fn=refuse_seccomp())
    assert outcome == {"tcp": "done"}
    assert log.count("this kernel confines no calls") == 1, log


if __name__ == "__main__":
    main(sys.modules[__name__])
