# SPDX-License-Identifier: GPL-2.0-or-later
"""A systemd journal of our own, in a mount namespace that hides the system's."""

import json
import subprocess
from pathlib import Path

from dnsclient import until

JOURNALD = Path("/lib/systemd/systemd-journald")
ROOM = """\
mount --make-rprivate / && mount -t tmpfs tmpfs /run &&
mkdir -p /run/systemd/journal /run/log/journal /run/systemd/journald.conf.d &&
printf '[Journal]\\nStorage=volatile\\nAudit=no\\nReadKMsg=no\\n\
ForwardToSyslog=no\\nForwardToWall=no\\nRateLimitIntervalSec=0\\n' \
    >/run/systemd/journald.conf.d/test.conf &&
echo ready && exec sleep 600
"""


class Journal:
    def __init__(self):
        self.room = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", ROOM], text=True,
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert self.room.stdout.readline() == "ready\n"
        self.inside = ("nsenter", "-t", str(self.room.pid), "-m")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [*self.inside, str(JOURNALD)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        listening = [*self.inside, "sh", "-c",
                     "grep -q systemd/journal/socket /proc/net/unix && "
                     "test -S /run/systemd/journal/socket"]
        assert until(lambda: subprocess.run(listening, check=False)
                     .returncode == 0, 5)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def end(self):
        self.kill()
        self.room.kill()
        self.room.wait()
        self.room.stdout.close()

    def lines(self, form, *match):
        done = subprocess.run(
            [*self.inside, "journalctl", "-q", "-D", "/run/log/journal",
             "-o", form, "--no-pager", *match],
            text=True, capture_output=True, check=False)
        return done.stdout.splitlines()

    def entries(self, *match):
        """What journalctl finds, oldest first."""
        return [json.loads(line) for line in self.lines("json", *match)]

    def count(self, *match):
        return len(self.lines("cat", *match))
