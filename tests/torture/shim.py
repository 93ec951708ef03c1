# SPDX-License-Identifier: Apache-2.0
"""The other side of shim.c: arms it, moves the clock, counts calls. The hard rule: the
layout is shim.c's struct control."""
import errno
import mmap
import os
import struct

KINDS = ("write", "sync", "truncate", "read", "map", "memory", "send")
SHORT = -1
KIND, ERROR, STICKY, UPTIME, LEFT, FIRED, CLOCK, CALLS = 0, 4, 8, 12, 16, 24, 32, 40
SIZE = CALLS + 8 * len(KINDS)

# What a call of the kind may come to: its name and its code.
FAULTS = {
    "write": (("EIO", errno.EIO), ("ENOSPC", errno.ENOSPC), ("short", SHORT)),
    "sync": (("EIO", errno.EIO), ("ENOSPC", errno.ENOSPC)),
    "truncate": (("EIO", errno.EIO),),
    "read": (("EIO", errno.EIO), ("short", SHORT)),
    "map": (("ENOMEM", errno.ENOMEM),),
    "memory": (("ENOMEM", errno.ENOMEM),),
    "send": (("short", SHORT),),
}


class Shim:
    def __init__(self, library, path, workers=False):
        with open(path, "wb") as f:
            f.write(bytes(4096))
        with open(path, "r+b") as f:
            self.memory = mmap.mmap(f.fileno(), 4096)
        self.environment = {"LD_PRELOAD": str(library), "GLOSS_SHIM": str(path), "GLOSS_SHIM_PARENT": str(os.getpid())}
        if workers:
            self.environment["GLOSS_SHIM_WORKERS"] = "1"

    def get(self, at):
        return struct.unpack_from("<q", self.memory, at)[0]

    def arm(self, kind, error, n, sticky=False):
        """From now on, the n-th call of the kind comes to error; sticky: and all after it."""
        self.disarm()
        struct.pack_into("<iii", self.memory, KIND, KINDS.index(kind), error, sticky)
        struct.pack_into("<q", self.memory, LEFT, n)

    def disarm(self):
        struct.pack_into("<q", self.memory, LEFT, 0)

    def take_fired(self):
        """How often it struck since the last time."""
        n = self.get(FIRED)
        struct.pack_into("<q", self.memory, FIRED, 0)
        return n

    def calls(self, kind):
        return self.get(CALLS + 8 * KINDS.index(kind))

    def forget_calls(self):
        self.memory[CALLS:SIZE] = bytes(SIZE - CALLS)

    def set_clock(self, ms):
        struct.pack_into("<q", self.memory, CLOCK, ms)

    def set_uptime(self, seconds):
        """What the clock that timers go by is ahead; it must not go back."""
        struct.pack_into("<i", self.memory, UPTIME, seconds)
