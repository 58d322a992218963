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
	byHand string // the command that a user would type
}

// aptScript installs what is missing. Lists older than a day are fetched anew. Another apt may hold a lock for a while, as on
// a machine that has just started: for some of the locks apt waits by itself, for the rest we do. A package's own daemons
// must not start: the plan starts the database. What a run left that was killed here is mended first.
const aptScript = `export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C
lacks() {
  missing=
  for p; do
    name=${p%%=*}; v=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$name" 2>/dev/null || true)
    case "$p" in *=*) [ "$v" = "installed ${p#*=}" ] || missing="$missing $p";; *) [ "${v%% *}" = installed ] || missing="$missing $p";; esac
  done
}
lacks "$@"
policy=/usr/sbin/policy-rc.d
if grep -qs 'jcollect installs' $policy; then rm -f $policy; fi
[ -n "$missing" ] || exit 0
wait_lock='-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3'
install='-qq -y --no-install-recommends --allow-downgrades -o Dpkg::Options::=--force-confold install'
said=$(mktemp)
trap 'rm -f "$said"; if grep -qs "jcollect installs" $policy; then rm -f $policy; fi' EXIT
patient() { # a command, again while somebody else holds a lock
  for n in $(seq 100); do
    code=0; "$@" 2>"$said" || code=$?
    [ $code -ne 0 ] && grep -q -e 'Could not get lock' -e 'Unable to acquire' -e 'Unable to lock' "$said" || break
    sleep 3
  done
  cat "$said" >&2; return $code
}
if [ ! -e $policy ]; then printf '#!/bin/sh\n# while jcollect installs packages\nexit 101\n' >$policy && chmod 755 $policy; fi
if [ -n "$(ls /var/lib/dpkg/updates 2>/dev/null)" ]; then patient dpkg --force-confold --configure -a; fi
if [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_*' -mmin -1440 2>/dev/null | head -n 1)" ]; then
  patient apt-get $wait_lock -qq update || exit 1
fi
half=$(dpkg-query -W -f '${db:Status-Eflag} ${Package}\n' 2>/dev/null | sed -n 's/^reinstreq //p')
if [ -n "$half" ]; then patient apt-get $wait_lock --reinstall $install $half || exit 1; fi # apt takes them for installed
patient apt-get $wait_lock $install $missing || exit 1
lacks "$@"
[ -z "$missing" ] || { echo "E: apt-get says that all is well, but these aren't installed:$missing" >&2; exit 1; }`

// rpmScript installs what is missing with dnf, or yum where there is no dnf. What is missing then was in no repository, or
// in another version only, which yum takes for success.
const rpmScript = `export LC_ALL=C
lacks() {
  missing=
  for p; do
    p=$(printf %s "$p" | tr = -)
    rpm -q "$p" >/dev/null 2>&1 || rpm -q --whatprovides "$p" >/dev/null 2>&1 || missing="$missing $p"
  done
}
lacks "$@"
[ -n "$missing" ] || exit 0
install=
for by in dnf yum; do command -v $by >/dev/null 2>&1 && { install=$by; break; }; done
[ -n "$install" ] || { echo "Error: neither dnf nor yum is here" >&2; exit 1; }
$install -q -y --setopt=install_weak_deps=False install $missing || exit 1
lacks "$@"
[ -z "$missing" ] || { echo "Error: $install says that all is well, but these aren't installed:$missing" >&2; exit 1; }`

// installers are the families that we know.
var installers = []installer{
	{"debian", []string{"debian", "ubuntu"}, aptScript, "apt-get update && apt-get install --no-install-recommends"},
	{"ubuntu", []string{"ubuntu", "debian"}, aptScript, "apt-get update && apt-get install --no-install-recommends"},
	{"rhel", []string{"rhel", "fedora", "centos", "rocky", "almalinux", "ol", "amzn"}, rpmScript, "dnf install"},
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
			return d.notInstalled(n, in, err)
		}
		return nil
	})
}

// notInstalled says in a line what could not be installed; the script that tried says nothing to a user.
func (d *DB) notInstalled(n *node.Node, in installer, err error) error {
	var exit *remote.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("%s: install packages: %w", n.Name, err)
	}
	return fmt.Errorf("%s: can't install %s: %s (hint: install them there by hand; a lab's nodes have no way out, but what this machine "+
		"has is theirs too: %s %[2]s)", n.Name, strings.Join(d.plan.Packages, " "), reason(string(exit.Result.Stdout)+"\n"+string(exit.Result.Stderr)), in.byHand)
}

// reason is what apt and dnf say to why something failed, and dpkg on the standard output: lines with "E:", or all from
// "Error" on. Beside it stands whether they got no answer from a server, for what they say then is that there is no such
// package.
func reason(text string) string {
	var said []string
	errored, server := false, ""
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimSpace(line)
		errored = errored || strings.HasPrefix(line, "Error")
		switch {
		case strings.HasPrefix(line, "(try to"): // advice for who sits in front of it
		case errored || strings.HasPrefix(line, "E: ") || strings.HasPrefix(line, "dpkg: error "):
			said = append(said, line)
		case strings.HasPrefix(line, "W: Failed to fetch "):
			server = strings.TrimPrefix(line, "W: ")
		}
	}
	if len(said) == 0 {
		said = []string{lastLine(text)}
	}
	if server != "" {
		said = append(said, server)
	}
	const most = 500
	all := strings.Join(said, "; ")
	if len(all) > most {
		all = strings.ToValidUTF8(all[:most], "") + "..."
	}
	return all
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
