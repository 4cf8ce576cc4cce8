/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel does beside the firewall: forwarding, wrong sources,
 * bridges, and the memory of connections.
 */
#include <dirent.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/findings.h"

enum { PATH_SIZE = 320, NEARLY_FULL = 90 /* per cent */ };

static bool
is_bridge(int fd, const char *name)
{
	struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ask = { .ifr_data = (char *)&driver };

	snprintf(ask.ifr_name, sizeof(ask.ifr_name), "%s", name);
	return ioctl(fd, SIOCETHTOOL, &ask) == 0 &&
	       strcmp(driver.driver, "bridge") == 0;
}

static bool
has_bridge(void)
{
	struct if_nameindex *nets = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found = false;

	for (unsigned i = 0; nets && nets[i].if_index != 0; i++)
		found |= is_bridge(fd, nets[i].if_name);
	if (nets != NULL)
		if_freenameindex(nets);
	if (fd != -1)
		close(fd);
	return found;
}

/* The kernel takes the larger of `all` and the interface's own; 2 is loose. */
static bool
sources_are_checked(void)
{
	long all = number_in("/proc/sys/net/ipv4/conf/all/rp_filter");
	DIR *conf = opendir("/proc/sys/net/ipv4/conf");
	const struct dirent *e;
	bool checked = conf != NULL;
	char path[PATH_SIZE];

	while (conf && (e = readdir(conf)) != NULL) {
		long own;

		if (e->d_name[0] == '.' || strcmp(e->d_name, "lo") == 0 ||
		    strcmp(e->d_name, "all") == 0 ||
		    strcmp(e->d_name, "default") == 0)
			continue;
		snprintf(path, sizeof(path),
			 "/proc/sys/net/ipv4/conf/%s/rp_filter", e->d_name);
		own = number_in(path);
		checked &= (own > all ? own : all) == 1;
	}
	if (conf)
		closedir(conf);
	return checked;
}

/* Bridged packets meet the rules for what is forwarded where br_netfilter
 * hands them on. */
static void
see_bridge(struct doctor *d)
{
	static const struct {
		const char *path, *name, *family;
	} hands[] = {
		{ "/proc/sys/net/bridge/bridge-nf-call-iptables",
		  "net.bridge.bridge-nf-call-iptables", "IPv4" },
		{ "/proc/sys/net/bridge/bridge-nf-call-ip6tables",
		  "net.bridge.bridge-nf-call-ip6tables", "IPv6" },
	};

	for (size_t i = 0; i < sizeof(hands) / sizeof(hands[0]); i++) {
		if (number_in(hands[i].path) == 1)
			say(d, PASS, "%s: bridged packets meet the rules",
			    hands[i].family);
		else
			say(d, WARN,
			    "%s: guests on one bridge reach each other past "
			    "the rules: modprobe br_netfilter; sysctl %s=1",
			    hands[i].family, hands[i].name);
	}
}

/* Every firewall of ours lets open connections pass by it. */
static void
see_connections(struct doctor *d)
{
	long most = number_in("/proc/sys/net/netfilter/nf_conntrack_max");
	long count = number_in("/proc/sys/net/netfilter/nf_conntrack_count");

	if (d->kind == KIND_NONE)
		return;
	if (most < 0)
		say(d, FAIL,
		    "the kernel does not track connections, so that no answer "
		    "passes: modprobe nf_conntrack");
	else if (count >= most / 100 * NEARLY_FULL)
		say(d, WARN,
		    "the kernel tracks %ld connections of %ld at most: new "
		    "ones will be dropped; sysctl "
		    "net.netfilter.nf_conntrack_max=%ld",
		    count, most, most * 2);
	else
		say(d, PASS, "connections are tracked");
}

void
see_kernel(struct doctor *d)
{
	if (is_forwarded(&families[0]))
		say(d, PASS, "IPv4 is forwarded");
	else
		say(d, WARN,
		    "IPv4 is not forwarded; on a router: sysctl "
		    "net.ipv4.ip_forward=1");
	if (sources_are_checked())
		say(d, PASS, "packets with a wrong source are dropped");
	else
		say(d, WARN,
		    "packets from outside may carry an address of "
		    "the inside: sysctl "
		    "net.ipv4.conf.all.rp_filter=1");
	see_connections(d);
	if (has_bridge())
		see_bridge(d);
}
