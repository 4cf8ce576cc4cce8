# SPDX-License-Identifier: GPL-2.0-or-later
"""The example of a VM host with a real machine behind it, word for word as
it stands in acl-examples/vm-host.acl."""

import shlex

import pytest

import guest
from test_examples import EMPTY, EXAMPLES, LIBVIRT, Example, address, answer

STORY = """\
connect {debian} 80
connect {github} 443
resolve deb.debian.org
connect {debian} 80
connect {debian} 22
resolve github.com
connect {github} 443
"""


@pytest.mark.slow
@pytest.mark.parametrize("before", [EMPTY, LIBVIRT], ids=["bare", "libvirt"])
def test_a_guest_on_a_tap_device(stage, directory, before):
    if guest.missing():
        pytest.skip(guest.missing())
    router = stage.lab.router
    router.run("ip", "tuntap", "add", "virbr0", "mode", "tap")
    try:
        router.run("ip", "addr", "add", "192.168.122.1/24", "dev", "virbr0")
        router.run("ip", "link", "set", "virbr0", "up")
        router.run(f"iptables-{stage.lab.flavour}-restore",
                   stdin=before.replace("10.1.0.", "192.168.122.")
                   .replace("lan0", "virbr0"))
        text = (EXAMPLES / "vm-host.acl").read_text()
        example = Example("vm-host")
        for line in text.splitlines():
            if line.startswith("#: "):
                tool, *rest = shlex.split(line[3:])
                router.run(f"{tool}-{stage.lab.flavour}", "-w", *rest)
        stage.upstream().fallback = answer
        d = stage.daemon(text, **{**dict.fromkeys(("bind", "bind_port")),
                                  **example.options,
                                  "bind": "192.168.122.1@53"})
        debian, github = address("deb.debian.org"), address("github.com")
        told = guest.play(router, directory, "virbr0",
                          address="192.168.122.12", router="192.168.122.1",
                          story=STORY.format(debian=debian, github=github))
    finally:
        router.run("ip", "link", "del", "virbr0")
    assert told[0] == f"connect {debian} 80 shut", told
    assert told[1] == f"connect {github} 443 shut", told
    assert debian in told[2], told
    assert told[3] == f"connect {debian} 80 open", told
    assert told[4] == f"connect {debian} 22 shut", told
    assert "REFUSED" in told[5].upper(), told
    assert told[6] == f"connect {github} 443 shut", told
    d.out.says("192.168.122.12 <- ")
