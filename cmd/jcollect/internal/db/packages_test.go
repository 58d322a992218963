//go:build linux

package db

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/lab/labtest"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// A station is a node of a lab, which is at hand for one system's packages.
type station struct {
	*testing.T
	node *node.Node
	os   string
}

// newStation makes a lab of one node for a system whose programs are there.
func newStation(t *testing.T, os string, programs ...string) *station {
	t.Helper()
	labtest.Need(t)
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%v (hint: apt-get install dnf rpm createrepo-c dpkg-dev apt-utils)", err)
		}
	}
	l := labtest.Up(t, 1)
	return &station{t, &node.Node{Name: "n1", Remote: labtest.Remote(t, l, "n1")}, os}
}

// do runs a script on the node.
func (s *station) do(script string, args ...string) string {
	s.Helper()
	res, err := s.node.Remote.Exec(s.Context(), remote.Command{Script: "set -e\n" + script, Args: args, Dir: "/", Timeout: 2 * time.Minute})
	if err != nil {
		s.Fatalf("%v\n%s\n%s", err, res.Stdout, res.Stderr)
	}
	return strings.TrimSpace(string(res.Stdout))
}

// install installs as a plan with these packages does, and wants an error with these words, or none.
func (s *station) install(want string, packages ...string) {
	s.Helper()
	began := time.Now()
	err := New(Plan{Packages: packages}, Options{Nodes: []*node.Node{s.node}, OS: s.os}).SetupOS(s.Context())
	s.Logf("%v in %v: %v", packages, time.Since(began), err)
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		s.Errorf("installing %v gave %v, want %q", packages, err, want)
	}
}

// rpmRepository makes a node one of the RHEL family, and packages for it: jc-tool 1.0 and 2.0, which provides jc-virtual,
// wants jc-library and recommends jc-extra; jc-broken, whose script fails.
const rpmRepository = `rm -f /etc/os-release
printf 'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9.3"\n' >/etc/os-release
mkdir -p /srv/build /srv/repo /etc/rpm /etc/yum.repos.d
printf '[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\n' >/etc/dnf/dnf.conf
printf '%%_dbpath /var/lib/rpm\n' >/etc/rpm/macros
make() { # name, version, lines
  printf 'Name: %s\nVersion: %s\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n%b\n%%description\nx\n%%files\n' "$1" "$2" "$3" >/srv/build/$1.spec
  rpmbuild -bb --quiet --define '_topdir /srv/build' --define '_rpmdir /srv/repo' /srv/build/$1.spec
}
for v in 1.0 2.0; do make jc-tool $v 'Provides: jc-virtual\nRequires: jc-library\nRecommends: jc-extra'; done
make jc-library 1.0 ''
make jc-extra 1.0 ''
make jc-broken 1.0 '%pre -p <lua>\nerror("it must not be")'
createrepo_c --quiet /srv/repo
printf '[local]\nname=local\nbaseurl=file:///srv/repo\nenabled=1\ngpgcheck=0\n' >/etc/yum.repos.d/local.repo`

// Without this packages of the RHEL family would be known from programs that pretend to be dnf and rpm: whether versions are
// kept, and what is said where there is no such package.
func TestRPMOnNodes(t *testing.T) {
	s := newStation(t, "", "dnf", "rpm", "rpmbuild", "createrepo_c")
	s.do(rpmRepository)
	there := func(want string) {
		t.Helper()
		if got := s.do(`rpm -qa --qf '%{NAME}-%{VERSION}\n' | sort | tr '\n' ' '`); got != want {
			t.Errorf("installed are %q, want %q", got, want)
		}
	}
	s.install("no-such-package", "jc-tool", "no-such-package")
	there("")
	s.install("", "jc-tool=1.0")
	there("jc-library-1.0 jc-tool-1.0")
	s.install("", "jc-tool") // any version will do
	s.install("", "jc-tool=1.0-1")
	there("jc-library-1.0 jc-tool-1.0")
	s.install("", "jc-tool=2.0")
	there("jc-library-1.0 jc-tool-2.0")
	s.install("", "jc-tool=1.0") // an older one
	there("jc-library-1.0 jc-tool-1.0")
	s.install("3.0", "jc-tool=3.0")
	s.install("scriptlet in rpm package jc-broken", "jc-broken")
	s.do("mv /srv/repo /srv/away; rm -rf /var/cache/dnf")
	s.install("", "jc-tool", "jc-library=1.0", "jc-virtual") // what is there needs no repository
	s.install("repo", "jc-extra")
	there("jc-library-1.0 jc-tool-1.0")
}

// debRepository makes a repository: jc-tool 1.0 and 2.0, which depends on jc-library and recommends jc-extra; jc-slow, which
// takes its time; jc-broken, whose script fails. jc-server would start a daemon.
const debRepository = `mkdir -p /srv/repo /etc/apt
rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*
echo 'deb [trusted=yes] file:/srv/repo ./' >/etc/apt/sources.list
rm -f /usr/sbin/policy-rc.d
make() { # name, version, lines, script
  rm -rf /srv/build; mkdir -p /srv/build/DEBIAN
  printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: x <x@y>\nDescription: x\n%b' "$1" "$2" "$3" >/srv/build/DEBIAN/control
  printf '#!/bin/sh\n%s\n' "$4" >/srv/build/DEBIAN/postinst; chmod 755 /srv/build/DEBIAN/postinst
  dpkg-deb --build /srv/build /srv/repo/$1_$2_all.deb >/dev/null
  dpkg-deb -f /srv/repo/$1_$2_all.deb
  echo "Filename: ./$1_$2_all.deb"; echo "Size: $(stat -c %s /srv/repo/$1_$2_all.deb)"; echo "SHA256: $(sha256sum </srv/repo/$1_$2_all.deb | cut -d' ' -f1)"; echo
}
{ for v in 1.0 2.0; do make jc-tool $v 'Depends: jc-library\nRecommends: jc-extra\n'; done
  make jc-library 1.0; make jc-extra 1.0; make jc-broken 1.0 '' 'echo it must not be >&2; exit 1'
  make jc-slow 1.0 '' 'sleep 3'
  make jc-server 1.0 '' 'invoke-rc.d jc-server start; exit 0'; } >/srv/repo/Packages
printf '#!/bin/sh\ntouch /started\n' >/etc/init.d/jc-server; chmod 755 /etc/init.d/jc-server`

// Without this Debian's packages would be known from programs that pretend to be apt: whether versions are kept, whether
// another apt, one that was killed, or no network end a test, and whether a package's daemon starts before the plan's.
func TestDebOnNodes(t *testing.T) {
	s := newStation(t, "", "apt-get", "dpkg-deb", "python3")
	s.do(debRepository)
	there := func(want string) {
		t.Helper()
		if got := s.do(`dpkg-query -W -f '${db:Status-Status}:${Package}-${Version}\n' 'jc-*' 2>/dev/null | sed -n 's/^installed://p' | tr '\n' ' '`); got != want {
			t.Errorf("installed are %q, want %q", got, want)
		}
	}
	s.install("Unable to locate package no-such-package", "jc-tool", "no-such-package")
	s.install("", "jc-tool=1.0")
	there("jc-library-1.0 jc-tool-1.0")
	s.install("", "jc-tool")
	there("jc-library-1.0 jc-tool-1.0")
	s.install("", "jc-tool=2.0")
	s.install("", "jc-tool=1.0") // an older one
	there("jc-library-1.0 jc-tool-1.0")
	s.install("Version '3.0' for 'jc-tool' was not found", "jc-tool=3.0")
	s.install("", "jc-server")
	if got := s.do("ls /started /usr/sbin/policy-rc.d 2>/dev/null || true"); got != "" {
		t.Errorf("after a package with a daemon there are %q", got)
	}
	// Another apt, at all that it does.
	s.do(`rm -rf /var/lib/apt/lists/*_*
python3 -c 'import fcntl, sys, time
held = [open(name, "w") for name in sys.argv[1:]]
for f in held: fcntl.lockf(f, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(4)' /var/lib/dpkg/lock-frontend /var/cache/apt/archives/lock /var/lib/apt/lists/lock >/srv/held 2>&1 </dev/null &
until grep -q held /srv/held; do sleep 0.1; done`)
	s.install("", "jc-extra")
	// Somebody killed a run while it installed.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := New(Plan{Packages: []string{"jc-slow"}}, Options{Nodes: []*node.Node{s.node}}).SetupOS(ctx); err == nil {
		t.Error("a slow package was there at once")
	}
	// Where dpkg may have been just then: it notes what it does in numbered files first.
	s.do(`dpkg-query -s jc-library >/srv/note; n=$(ls /var/lib/dpkg/updates | grep -c '^[0-9]*$' || true)
mv /srv/note "/var/lib/dpkg/updates/$(printf %04d "$n")"`)
	s.install("", "jc-slow", "jc-extra")
	// Or it was unpacking.
	s.do(`sed -i '/^Package: jc-slow$/,/^$/s/^Status: .*/Status: install reinstreq half-installed/' /var/lib/dpkg/status`)
	s.install("", "jc-slow")
	if got := s.do("ls /usr/sbin/policy-rc.d /var/lib/dpkg/updates/* 2>/dev/null || true"); got != "" {
		t.Errorf("a run that was killed while it installed left %q", got)
	}
	s.install("error processing package jc-broken", "jc-broken")
	s.do("dpkg --purge --force-all jc-broken jc-extra; rm -rf /var/lib/apt/lists/*_*; echo 'deb [trusted=yes] http://192.0.2.1/debian ./' >/etc/apt/sources.list")
	s.install("", "jc-tool", "jc-slow") // what is there needs no network
	s.install("Failed to fetch http://192.0.2.1/debian", "jc-extra")
}
