# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion in the shells: made from the tables, and complete."""

import re
import shutil
import subprocess

import pytest

from daemon import BUILD, CTL, once, run_tool

BASH, ZSH = BUILD / "dns-firewall.bash", BUILD / "_dns-firewall"


def complete(line, function):
    """What bash offers behind that line."""
    words = line.split(" ")
    script = (f". {BASH}\nCOMP_WORDS=({' '.join(map(repr, words))})\n"
              f"COMP_CWORD={len(words) - 1}\n{function}\n"
              "printf '%s\\n' \"${COMPREPLY[@]}\"\n")
    done = subprocess.run(["bash", "-c", script], text=True, check=True,
                          stdout=subprocess.PIPE)
    return done.stdout.split()


def options():
    _, out, _ = once("--help")
    return set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", out, re.M))


def commands():
    _, out, _ = run_tool(CTL, "--help")
    return set(re.findall(r"^  ([a-z]+)(?: |$)", out, re.M))


def test_bash():
    subprocess.run(["bash", "-n", str(BASH)], check=True)
    assert len(options()) > 40
    assert options() <= set(complete("dns-firewall --", "_dns_firewall"))
    assert complete("dns-firewall --log-format j", "_dns_firewall") == ["json"]
    assert {"status", "doctor"} <= commands()
    assert commands() <= set(complete("dns-firewallctl ",
                                      "_dns_firewallctl"))
    assert complete("dns-firewallctl cache f", "_dns_firewallctl") == [
        "flush"]
    assert complete("dns-firewallctl reload --", "_dns_firewallctl") == [
        "--confirm"]
    assert complete("dns-firewallctl cache flush -", "_dns_firewallctl") == [
        "--all"]
    assert not complete("dns-firewallctl flush -", "_dns_firewallctl")
    assert "/etc/passwd" in complete("dns-firewallctl diff /etc/passw",
                                     "_dns_firewallctl")
    assert "/etc/passwd" in complete("dns-firewallctl check /etc/passw",
                                     "_dns_firewallctl")


def test_zsh():
    text = ZSH.read_text()
    assert text.startswith("#compdef dns-firewall dns-firewallctl\n")
    assert options() <= set(text.split())
    assert commands() <= set(text.split())
    if shutil.which("zsh"):
        subprocess.run(["zsh", "-n", str(ZSH)], check=True)
    else:
        pytest.skip("there is no zsh; the words were looked at")
