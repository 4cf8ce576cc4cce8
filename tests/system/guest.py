# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual machine on a tap device: Debian's kernel, busybox, and a script
that says on the serial console what it could reach."""

import gzip
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

UNPACKED = Path(os.environ["DNSFW_BUILD"]) / "tests" / "unpacked"
# The network driver, in the order its parts need each other; quickstart
# unpacks these and no others.
MODULES = (Path(__file__).parent / "guest.modules").read_text().split()
INIT = """\
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /etc
/bin/busybox mount -t proc none /proc
/bin/busybox mount -t devtmpfs none /dev
for module in %(modules)s; do /bin/busybox insmod /$module.ko; done
/bin/busybox ip addr add %(address)s/24 dev eth0
/bin/busybox ip link set eth0 up
/bin/busybox ip route add default via %(router)s
resolve() {
	echo "GUEST resolve $1 $(/bin/busybox nslookup -type=a $1 %(router)s 2>&1 |
		/bin/busybox tr '\\n' ' ')"
}
connect() {
	if [ "$(echo hello | /bin/busybox nc -w 3 $1 $2 2>/dev/null)" = hello ]
	then echo "GUEST connect $1 $2 open"
	else echo "GUEST connect $1 $2 shut"
	fi
}
%(story)s
echo GUEST over
/bin/busybox poweroff -f
"""


def kernel():
    """The newest that was unpacked, or None."""
    found = sorted(UNPACKED.glob("boot/vmlinuz-*"))
    return found[-1] if found else None


def missing():
    """What stands in the way of a guest, or None."""
    if not shutil.which("qemu-system-x86_64"):
        return "there is no qemu-system-x86_64"
    if not busybox():
        return "there is no static busybox"
    return None if kernel() else "there is no kernel to boot"


def busybox():
    for path in ("/bin/busybox", "/usr/bin/busybox"):
        if os.path.exists(path):
            return path
    return None


def initramfs(path, **words):
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "bin").mkdir()
        shutil.copy(busybox(), root / "bin" / "busybox")
        version = kernel().name.removeprefix("vmlinuz-")
        home = UNPACKED / "lib" / "modules" / version
        for module in MODULES:
            file, = home.glob(f"**/{module}.ko")
            shutil.copy(file, root / file.name)
        init = root / "init"
        init.write_text(INIT % {"modules": " ".join(MODULES), **words})
        init.chmod(0o755)
        files = "\n".join(str(p.relative_to(root))
                          for p in sorted(root.rglob("*"))) + "\n"
        packed = subprocess.run([busybox(), "cpio", "-o", "-H", "newc"],
                                cwd=root, input=files.encode(), check=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL).stdout
    path.write_bytes(gzip.compress(packed, 1))


def play(namespace, directory, tap, **words):
    """Boots it in the namespace, on that tap device; the lines that it said,
    each without its first word."""
    image = directory / "initramfs"
    initramfs(image, **words)
    with namespace.entered():
        done = subprocess.run(
            ["qemu-system-x86_64", "-m", "256", "-nodefaults", "-no-reboot",
             "-display", "none", "-serial", "stdio", "-accel", "tcg",
             "-kernel", str(kernel()), "-initrd",
             str(image), "-append", "console=ttyS0 quiet panic=-1",
             "-netdev", f"tap,id=n,ifname={tap},script=no,downscript=no",
             "-device", "virtio-net-pci,netdev=n"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=120, check=False)
    text = done.stdout.decode(errors="replace")
    lines = [line.split("GUEST ", 1)[1].strip()
             for line in text.splitlines() if "GUEST " in line]
    assert lines and lines[-1] == "over", text
    return lines
