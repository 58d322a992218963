package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// packageLimit is how long installing packages may take.
const packageLimit = 20 * time.Minute

// An installer is how a family of systems installs packages. The script's arguments are the packages.
type installer struct {
	os     string
	like   []string // ID and ID_LIKE of /etc/os-release
	script string
}

// aptScript installs what is missing. Lists older than a day are fetched anew; another apt may hold the lock for a while,
// as on a machine that has just started. A package's own daemons must not start: the plan starts the database.
const aptScript = `export DEBIAN_FRONTEND=noninteractive LC_ALL=C
missing=
for p; do
  name=${p%%=*}; v=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$name" 2>/dev/null || true)
  case "$p" in *=*) [ "$v" = "installed ${p#*=}" ] || missing="$missing $p";; *) [ "${v%% *}" = installed ] || missing="$missing $p";; esac
done
[ -n "$missing" ] || exit 0
wait_lock='-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3'
if [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_*' -mmin -1440 2>/dev/null | head -n 1)" ]; then
  n=0; until apt-get $wait_lock -qq update; do n=$((n+1)); [ $n -lt 5 ] || exit 1; sleep 3; done
fi
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
fi
apt-get $wait_lock -qq -y --no-install-recommends --allow-downgrades -o Dpkg::Options::=--force-confold install $missing`

// rpmScript installs what is missing with dnf, or yum where there is no dnf.
const rpmScript = `missing=
for p; do rpm -q "$(printf %s "$p" | tr = -)" >/dev/null 2>&1 || missing="$missing $(printf %s "$p" | tr = -)"; done
[ -n "$missing" ] || exit 0
if command -v dnf >/dev/null 2>&1; then dnf -q -y install $missing; else yum -q -y install $missing; fi`

// installers are the families that we know.
var installers = []installer{
	{"debian", []string{"debian", "ubuntu"}, aptScript},
	{"ubuntu", []string{"ubuntu", "debian"}, aptScript},
	{"rhel", []string{"rhel", "fedora", "centos", "rocky", "almalinux", "ol", "amzn"}, rpmScript},
}

// osScript prints what /etc/os-release calls the system.
const osScript = `. /etc/os-release 2>/dev/null; echo "$ID $ID_LIKE"`

// SetupOS installs the packages of the plan on all nodes. With the system "none" it installs nothing.
func (d *DB) SetupOS(ctx context.Context) error {
	if d.os == "none" || len(d.plan.Packages) == 0 {
		return nil
	}
	return d.each(ctx, d.nodes, func(ctx context.Context, n *node.Node) error {
		in, err := d.installer(ctx, n)
		if err != nil {
			return err
		}
		if _, err := n.Remote.Exec(ctx, d.packages(n, in)); err != nil {
			return d.notInstalled(n, err)
		}
		return nil
	})
}

// notInstalled says in a line what could not be installed; the script that tried says nothing to a user.
func (d *DB) notInstalled(n *node.Node, err error) error {
	var exit *remote.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("%s: install packages: %w", n.Name, err)
	}
	return fmt.Errorf("%s: can't install %s: %s (hint: install them there by hand; a lab's nodes have no way out, but what this machine "+
		"has is theirs too: apt-get install %[2]s)", n.Name, strings.Join(d.plan.Packages, " "), lastLine(string(exit.Result.Stderr)))
}

// lastLine is the last line of a text that has something in it.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// packages is the command that installs.
func (d *DB) packages(n *node.Node, in installer) remote.Command {
	return remote.Command{Script: in.script, Args: d.plan.Packages, Dir: "/", User: n.User, Timeout: packageLimit}
}

// installer finds a node's.
func (d *DB) installer(ctx context.Context, n *node.Node) (installer, error) {
	for _, in := range installers {
		if in.os == d.os {
			return in, nil
		}
	}
	res, err := n.Remote.Exec(ctx, remote.Command{Script: osScript, Timeout: time.Minute})
	if err != nil {
		return installer{}, err
	}
	for _, id := range strings.Fields(string(res.Stdout)) {
		for _, in := range installers {
			for _, like := range in.like {
				if like == id {
					return in, nil
				}
			}
		}
	}
	return installer{}, fmt.Errorf("%s: its system calls itself %q, for which no installer is known (hint: os: none, and setup installs)",
		n.Name, strings.TrimSpace(string(res.Stdout)))
}
