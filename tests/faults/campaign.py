# SPDX-License-Identifier: GPL-2.0-or-later
"""Every fault on every firewall, as a table; the exit status is 1 where a
promise was broken.

    campaign.py [--firewall NAME]... [--kills NUMBER] [--rounds NUMBER]
                [--seed NUMBER] [WORD]...

WORDs choose the faults that have one of them in their name."""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

import flush  # noqa: E402
import kills  # noqa: E402
import lab as lab_  # noqa: E402
import overload  # noqa: E402
from conftest import Stage  # noqa: E402
from outcome import HEAD, Outcome, line  # noqa: E402
from priority import Pulse, foremost  # noqa: E402
from scene import Scene  # noqa: E402

FIREWALLS = {"nft": "ipt-nft", "legacy": "ipt-legacy",
             "nftables": "nftables", "enforce": "enforce"}


# Campaigns that are tests of the suite, too: all tests of these files.
SUITES = {
    "reload and revocation": ("reload", "revocation"),
    "failing calls, log and upstreams": ("kernel_faults", "log_faults",
                                         "upstream_faults"),
}
SYSTEM = Path(__file__).resolve().parents[1] / "system"


class Campaign:
    def __init__(self, given):
        self.given, self.broken, self.rows = given, 0, 0
        print(line(HEAD), "  (times and gaps in ms, the worst)", flush=True)

    def wants(self, name):
        return not self.given.words or any(w in name
                                           for w in self.given.words)

    def on_stage(self, lab, work):
        """On an empty one; what fails is a row too."""
        lab.reset()
        directory = Path(tempfile.mkdtemp(prefix="dfw-test-"))
        directory.chmod(0o755)
        stage = Stage(lab, directory)
        try:
            with Pulse() as pulse:
                rows = work(stage)
            for row in rows:
                row.machine_ms = pulse.worst_ms
            stage.clear()
            return rows
        except Exception as why:  # whatever it is, the others go on
            row = Outcome(getattr(work, "title", "?"))
            text = str(why).strip().splitlines() or [type(why).__name__]
            row.complain(f"{type(why).__name__}: {text[0]}")
            if self.given.verbose:
                traceback.print_exc()
            for d in stage.daemons:
                d.kill([p.pid for p in d.processes()])
            stage.clear()
            return [row]
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def say(self, lab, rows):
        for row in rows:
            self.rows += 1
            self.broken += bool(row.verdict())
            print(row.row(FIREWALLS[lab.flavour]), flush=True)

    def one(self, lab, title, work):
        if self.wants(title):
            work.title = title
            self.say(lab, self.on_stage(lab, work))

    def flush(self, lab, fault):
        def work(stage):
            scene, row = Scene(stage), Outcome(
                fault.name, notice_most=11000 if fault.slow else 1000,
                repair_most=12000 if fault.slow else 2000)
            for _ in range(1 if fault.slow else self.given.rounds):
                done, course = flush.run(scene, fault)
                row.times += 1
                row.absent += course.early
                row.seen(course.noticed, course.repaired)
                if not done:
                    row.complain(course.difference or course.answer)
                    break
                time.sleep(random.uniform(0, 0.3))
            row.complain(kills.audit(scene.d))
            return [row]
        self.one(lab, fault.name, work)

    def under_load(self, lab):
        few = max(3, self.given.kills // 30)
        for title, work, times in (
                ("kill -9", kills.kill_each, self.given.kills),
                ("kill -9 supervisor, start", kills.kill_supervisor, few),
                ("SIGTERM, start", kills.end_and_start, few),
                ("SIGSTOP warden, SIGCONT", kills.stop_warden, few // 2 + 2),
                ("set flushed under load", kills.flush_under_load, few)):
            self.one(lab, title, lambda stage, work=work, times=times:
                     work(stage, times, self.given.seed))

    def overload(self, lab):
        for title, work, times in overload.works(self.given.kills):
            self.one(lab, title, lambda stage, work=work, times=times:
                     work(stage, times, self.given.seed))

    def suite(self, lab, title, files):
        if not self.wants(title):
            return
        row = Outcome(title)
        paths = [SYSTEM / f"test_{name}.py" for name in files]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-rf", "-p",
             "no:cacheprovider", *(p for p in paths if p.exists())],
            env={**os.environ, "DNSFW_LAB": lab.flavour}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        passed = re.search(r"(\d+) passed", done.stdout)
        row.times = int(passed[1]) if passed else 0
        for failed in re.findall(r"^FAILED \S*::(.*)$", done.stdout, re.M):
            row.complain(failed)
        if done.returncode and not row.broken:
            row.complain(done.stdout.strip().splitlines()[-1])
        if self.given.verbose and row.broken:
            print(done.stdout)
        self.say(lab, [row])

    def run(self):
        for flavour in self.given.firewall or FIREWALLS:
            lab = lab_.Lab(flavour)
            try:
                self.under_load(lab)
                self.overload(lab)
                for fault in flush.faults_of(flavour):
                    self.flush(lab, fault)
                for title, files in SUITES.items():
                    self.suite(lab, title, files)
            finally:
                lab.remove()
        print(f"{self.rows} rows, {self.broken} broken promises, "
              f"seed {self.given.seed}")
        return 1 if self.broken or not self.rows else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firewall", action="append", choices=FIREWALLS)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("words", nargs="*")
    return parser.parse_args()


if __name__ == "__main__":
    lab_.remove_stale()
    with foremost():
        sys.exit(Campaign(arguments()).run())
