# SPDX-License-Identifier: GPL-2.0-or-later
"""What was refused becomes an access list, which opens just that."""

import pytest

from daemon import once
from dnsclient import OPEN, REFUSED, addresses, until
from test_why import GROUP, log_refusals

learning = pytest.mark.parametrize("lab", ["nft", "enforce"], indirect=True)
ACL = """\
10.1.0.0/24 -> allowed.test:TCP:443
10.1.0.0/24 -| bad.test
10.1.0.2 ~> dns.test
"""


@pytest.fixture
def watched(stage, up):
    up.add("new.test", "A", "203.0.113.80", ttl=300)
    log_refusals(stage.lab)

    def start(acl=ACL, **options):
        return stage.daemon(acl, **{"nflog": GROUP, **options})
    return start


def suggest(d, *words):
    """The rules, without their comments, and the comments alone."""
    text = d.ctl("suggest", *words)
    lines = text.splitlines()
    rules = [line.split("  #")[0] for line in lines
             if line and not line.startswith("#")]
    assert all("  # learned: " in line for line in lines
               if line and not line.startswith("#"))
    path = d.directory / "learned.acl"
    path.write_text(text)
    path.chmod(0o644)
    status, _, err = once("--check", path)
    assert status == 0, (err, text)
    return rules, [line for line in lines if line.startswith("#")]


def test_lines_of_what_was_refused(stage, watched):
    d = watched()
    client, other = stage.client(2), stage.client(3)
    for name, kind in (("new.test", "A"), ("new.test", "A"),
                       ("text.test", "TXT"), ("bad.test", "A"),
                       ("x.onion", "A"), ("allowed.test", "TXT")):
        client.ask(name, kind)
    other.ask("b.test", "AAAA")
    client.ask("dns.test")
    client.ask("allowed.test")
    for port in (80, 8080):
        assert client.connect("203.0.113.7", port) == REFUSED
    assert client.connect("203.0.113.5", 22) == REFUSED
    assert client.reach("203.0.113.5", 443) == REFUSED
    assert client.connect("203.0.113.99") == REFUSED
    rules = ["10.1.0.2 -> allowed.test:TCP:22",
             "10.1.0.2 -> allowed.test:UDP:443",
             "10.1.0.2 -> dns.test:TCP:80,8080",
             "10.1.0.2 -> new.test:TCP:443",
             "10.1.0.2 ~> text.test",
             "10.1.0.3 -> b.test:TCP:443"]
    assert until(lambda: sorted(suggest(d)[0]) == sorted(rules)), suggest(d)
    comments = "\n".join(suggest(d)[1])
    assert "# 10.1.0.2 bad.test.: blocked on purpose by" in comments
    assert "# 10.1.0.2 [203.0.113.99]:TCP:443: no name leads" in comments
    assert "the port is a guess" in d.ctl("suggest")
    assert ".onion" not in d.ctl("suggest")
    assert d.acl.read_text() == ACL


def test_what_was_learned_and_loaded_opens(stage, watched):
    d = watched(ACL + "10.1.0.2 ~> new.test\n")
    client = stage.client()
    client.ask("new.test")
    assert client.connect("203.0.113.80", 8443) == REFUSED
    assert until(lambda: suggest(d)[0] == ["10.1.0.2 -> new.test:TCP:8443"])
    d.reload(ACL + d.ctl("suggest"))
    assert suggest(d)[0] == []
    assert addresses(client.ask("new.test")) == ["203.0.113.80"]
    assert client.connect("203.0.113.80", 8443) == OPEN


def test_since(stage, watched):
    d = watched()
    stage.client().ask("new.test")
    assert until(lambda: suggest(d)[0])
    assert suggest(d, "--since", "1h")[0] == ["10.1.0.2 -> new.test:TCP:443"]
    assert suggest(d, "--since", "2d")[0]
    assert until(lambda: not suggest(d, "--since", "1s")[0])
    for bad in (("--since",), ("--since", "x"), ("1h",), ("--since", "1y"),
                ("--since", "1hh"), ("--since", "-1")):
        assert d.ctl("suggest", *bad, check=False)[0] == 1, bad


def test_without_nflog(stage, up):
    d = stage.daemon(ACL)
    stage.client().ask("new.test")
    assert until(lambda: suggest(d)[0] == ["10.1.0.2 -> new.test:TCP:443"])
    assert any("Without --nflog" in line for line in suggest(d)[1])
    stage.stranger().ask("other.test")
    stage.client().ask("last.test")
    assert until(lambda: len(suggest(d)[0]) == 2)


def test_names_that_no_rule_can_have(stage, up):
    """Whatever a client asks for, the list is right and has no line of it."""
    d = stage.daemon(ACL)
    client = stage.client()
    for name in (r"a\010b.test", r"a\.b.test", r"*.test", r"a\032b.test",
                 r"#.test", "."):
        client.ask(name)
    client.ask("seen.test")
    assert until(lambda: suggest(d)[0] == ["10.1.0.2 -> seen.test:TCP:443"]), \
        d.ctl("suggest")
    assert len([c for c in suggest(d)[1] if "no rule can have" in c]) == 6


@learning
def test_learning_in_audit_mode(stage, up):
    """The chain lets all pass, the log tells what would have been refused,
    and with what was learned nothing is refused any more."""
    lab = stage.lab
    up.add("new.test", "A", "203.0.113.80", ttl=300)
    if lab.flavour != "enforce":
        lab.router.run(lab.tool(), "-w", "-R", "FORWARD", "3", "-j", "NFLOG",
                       "--nflog-group", str(GROUP))
    d = stage.daemon("10.1.0.0/24 -> allowed.test:TCP:443\n", mode="audit",
                     nflog=GROUP)
    client = stage.client()
    for name, port in (("allowed.test", 443), ("new.test", 8443),
                       ("dns.test", 443)):
        address = addresses(client.ask(name))[0]
        assert client.connect(address, port) == OPEN
    learned = ["10.1.0.2 -> dns.test:TCP:443",
               "10.1.0.2 -> new.test:TCP:8443"]
    assert until(lambda: suggest(d)[0] == learned), d.ctl("suggest")
    d.err.wait(r"Would be refused: 10\.1\.0\.2 -> "
               r"\[203\.0\.113\.80\]:TCP:8443: NO "
               r"RULE .*name=new\.test\. "
               r'line="10\.1\.0\.2 -> new\.test:TCP:8443"')
    text = d.ctl("suggest")
    d.stop()
    lab.filter()
    d = stage.daemon("10.1.0.0/24 -> allowed.test:TCP:443\n" + text)
    for name, port in (("allowed.test", 443), ("new.test", 8443),
                       ("dns.test", 443)):
        address = addresses(client.ask(name))[0]
        assert client.connect(address, port) == OPEN
    assert client.connect("203.0.113.80", 443) == REFUSED
