# SPDX-License-Identifier: GPL-2.0-or-later
"""What make install-service lays down, and what it leaves alone."""

import os
import subprocess

import pytest

from daemon import BUILD, environment, once


def install(directory):
    env = {k: v for k, v in environment().items() if k != "MAKEFLAGS"}
    subprocess.run(["make", "-s", "-C", BUILD, "install-service",
                    f"DESTDIR={directory}", "prefix=/usr/local"],
                   check=True, env=env, stdout=subprocess.PIPE,
                   stderr=subprocess.STDOUT, timeout=60)


@pytest.mark.skipif(not (BUILD / "Makefile").exists(), reason="not built here")
def test_install_service(directory):
    settings = directory / "etc/dns-firewall"
    lib = directory / "usr/local/lib"
    install(directory)
    unit = (lib / "systemd/system/dns-firewall.service").read_text()
    assert "ExecStart=/usr/local/sbin/dns-firewall\n" in unit
    assert os.access(directory / "usr/local/sbin/dns-firewall", os.X_OK)
    assert (lib / "sysusers.d/dns-firewall.conf").exists()
    assert (lib / "tmpfiles.d/dns-firewall.conf").exists()
    assert once("--check", settings / "acl") == (0, "", "")
    (settings / "acl").write_text("any ~> a.test\n")
    install(directory)
    assert (settings / "acl").read_text() == "any ~> a.test\n"
