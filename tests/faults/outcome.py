# SPDX-License-Identifier: GPL-2.0-or-later
"""One row of the table, and the table."""

from daemon import SLOW

HEAD = ("fault", "firewall", "times", "noticed", "repaired", "gap", "machine",
        "lost", "unacked", "verdict")
WIDTHS = (37, 10, 5, 8, 9, 7, 8, 5, 8, 0)


def line(words):
    return " ".join(str(word).ljust(width) if n < 2 else
                    str(word).rjust(width)
                    for n, (word, width) in enumerate(zip(words, WIDTHS)))


class Outcome:
    """What was seen of one fault: the worst times of all, in milliseconds,
    grants lost, and answers that were ahead of their acknowledgement; and
    what the machine let others wait meanwhile, by which the daemon may be
    late."""

    def __init__(self, fault, gap_most=None, notice_most=1000,
                 repair_most=2000):
        self.fault, self.times = fault, 0
        self.noticed_ms = self.repaired_ms = None
        self.gap_ms = self.machine_ms = 0
        self.limits = {"noticed": notice_most, "repaired": repair_most,
                       "gap": gap_most}
        self.lost = self.absent = 0
        self.broken = []

    def complain(self, what):
        if what and what not in self.broken:
            self.broken.append(what)

    def seen(self, noticed_s, repaired_s):
        for name, value in (("noticed_ms", noticed_s),
                            ("repaired_ms", repaired_s)):
            if value is not None:
                setattr(self, name, max(getattr(self, name) or 0,
                                        round(value * 1000)))

    def verdict(self):
        wrong = list(self.broken)
        for name, value in (("noticed", self.noticed_ms),
                            ("repaired", self.repaired_ms),
                            ("gap", self.gap_ms)):
            most = self.limits[name]
            if most is not None and value is not None and \
                    value > most * SLOW + self.machine_ms:
                wrong.append(f"{name} after {value} ms, promised {most}")
        if self.lost:
            wrong.append(f"{self.lost} grants lost")
        if self.absent:
            wrong.append(f"{self.absent} answers without their element")
        return "; ".join(wrong)

    def row(self, firewall):
        def ms(value):
            return "-" if value is None else value
        return line((self.fault, firewall, self.times, ms(self.noticed_ms),
                     ms(self.repaired_ms),
                     self.gap_ms if self.limits["gap"] else "-",
                     self.machine_ms, self.lost, self.absent,
                     " " + ("BROKEN: " + self.verdict() if self.verdict()
                            else "kept")))
