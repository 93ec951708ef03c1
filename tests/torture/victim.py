# SPDX-License-Identifier: Apache-2.0
"""The daemon that is tortured: killed, starved, given a full disk, lied to about its calls
and its clock. The hard rule: it may end by itself only when something was done to it that
allows that, and then it says why."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import documents  # noqa: E402
from harness import BUILD, FIXTURES, Daemon, wait  # noqa: E402
from shim import FAULTS, Shim  # noqa: E402

LIBRARY = BUILD / "tests" / "torture" / "shim.so"
FOREVER = {"keep_hours": 87600, "keep_bytes": 1 << 40, "keep_dead_hours": 87600, "keep_dead_bytes": 1 << 40}


class Violation(Exception):
    """A promise is broken."""


class Disk:
    """A small one. mounted: whether it could be had."""

    def __init__(self, folder, megabytes):
        self.folder = folder
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
        self.mounted = subprocess.run(command, capture_output=True).returncode == 0
        self.full = False

    def fill(self, leave=0):
        """Leaves so many bytes, if there are."""
        room = os.statvfs(self.folder)
        size = room.f_bavail * room.f_frsize - leave
        with open(self.folder / "ballast", "wb") as ballast:
            try:
                os.posix_fallocate(ballast.fileno(), 0, max(1, size))
            except OSError:
                pass  # somebody was faster: there is little enough room now
        self.full = True

    def free(self):
        (self.folder / "ballast").unlink(missing_ok=True)
        self.full = False

    def unmount(self):
        """What is on it, but for the ballast, is then in the folder itself."""
        if self.mounted:
            self.free()
            kept = self.folder.with_name("kept-disk")
            shutil.copytree(self.folder, kept)
            subprocess.run(["umount", "-l", self.folder], check=True)
            shutil.copytree(kept, self.folder, dirs_exist_ok=True)
            shutil.rmtree(kept)
            self.mounted = False


class Victim(Daemon):
    def __init__(self, folder, disk=None, workers_too=False, keep={}, **config):
        config = {
            "topic": "{source}.",
            "pipeline": documents.PIPELINE,
            "plugin_path": [str(FIXTURES), str(BUILD / "plugins")],
            "limits": {"subscriber_documents": 2000},
            "drain_ms": 20000,
        } | config
        super().__init__(autostart=False, **config)
        shutil.rmtree(self.folder)
        self.folder = pathlib.Path(folder)
        self.config["endpoints"] = {n: f"ipc://{folder}/{n}" for n in ("pull", "ack", "publish", "replay")}
        self.disk = disk
        self.spool = (disk.folder if disk else self.folder) / "spool.db"
        self.config["spool"] = {"path": str(self.spool), "durability": "commit"} | FOREVER | keep
        self.shim = Shim(LIBRARY, self.folder / "shim", workers_too)
        self.lives, self.armed = 0, set()  # kinds of calls that may have failed in this life

    # ---- lives

    def start(self, wait_ready=True, **options):
        log = self.folder / "log"
        if log.exists():
            log.rename(self.folder / f"log-{self.lives}")
        self.lives += 1
        self.armed = set()
        super().start(False, env=os.environ | self.shim.environment, **options)
        if wait_ready:
            self.wait_ready()

    def wait_ready(self):
        """Until it serves, or has ended."""
        wait("ready", lambda: " ready: " in self.log() or self.process.poll() is not None, 60)

    def __exit__(self, *failure):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.context.destroy(linger=0)

    def die(self):
        self.process.kill()
        self.process.wait()

    def arm(self, kind, error, n, sticky=False):
        self.shim.arm(kind, error, n, sticky)
        self.armed.add(kind)

    def judge_end(self):
        """It has ended by itself: allowed, or a Violation."""
        status, log = self.process.returncode, self.log() if (self.folder / "log").exists() else ""
        # What can't be read is damage to SQLite, too.
        if (" is damaged" in log and "read" not in self.armed) or "is not pending" in log:
            raise Violation(f"the spool is called damaged, and nobody has touched it: {log[-1000:]}")
        if status in (-signal.SIGABRT, -signal.SIGSEGV) and "memory" in self.armed:
            # So end libzmq, libuv and libpgm; libzmq's own thread and glibc's
            # getprotobyname() go on with a NULL. Whose it was, the kernel's log says.
            return
        full = self.disk and self.disk.full
        if status in (1, 2) and (self.armed or full) and (log.strip() or "memory" in self.armed):
            return
        raise Violation(f"ended by itself with status {status}; calls that failed: {self.armed or 'none'}: {log[-1000:]}")

    def workers(self):
        try:
            return [int(pid) for pid in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]
        except OSError:
            return []

    def end_clean(self):
        """SIGTERM: it finishes what is in flight and ends with status 0."""
        self.wait_ready()
        self.kill(signal.SIGTERM)
        status = self.process.wait(60)
        if status != 0:
            raise Violation(f"did not end clean: status {status}: {self.log()[-1000:]}")
        (self.folder / "log").rename(self.folder / f"log-{self.lives}")


def random_fault(rng, kinds=tuple(FAULTS)):
    kind = rng.choice(kinds)
    return kind, *rng.choice(FAULTS[kind])
