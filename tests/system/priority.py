# SPDX-License-Identifier: GPL-2.0-or-later
"""What a test starts, before what others run: where times are measured they
shall be the daemon's, not those of whoever else has the CPUs. Where that is
not allowed, nothing is changed."""

import contextlib
import os


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
