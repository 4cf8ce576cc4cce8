# SPDX-License-Identifier: GPL-2.0-or-later
"""What a test starts, before what others run: where times are measured they
shall be the daemon's, not those of whoever else has the CPUs. Where that is
not allowed, nothing is changed."""

import contextlib
import os
import threading
import time


@contextlib.contextmanager
def foremost():
    """This thread, and all that it starts meanwhile."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, *before)


def put_first(process):
    """One that has little to do, so that others' work does not make it
    late."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(process.pid, os.SCHED_RR, os.sched_param(1))


class Pulse:
    """How long the machine lets an ordinary process wait: the kernel's own
    threads, which nobody puts first, wait as long. That is the machine's
    delay, and is told beside the daemon's."""

    def __init__(self):
        self.worst_s, self.over = 0.0, threading.Event()
        self.thread = threading.Thread(target=self.beat, daemon=True)

    def beat(self):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        while not self.over.is_set():
            due = time.monotonic() + 0.005
            time.sleep(0.005)
            self.worst_s = max(self.worst_s, time.monotonic() - due)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self.over.set()
        self.thread.join()

    @property
    def worst_ms(self):
        return round(self.worst_s * 1000)
