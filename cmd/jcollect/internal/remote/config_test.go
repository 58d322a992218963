package remote

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Without this a node's own settings in ~/.ssh/config could be overlooked, or win over what was asked for.
func TestFromConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	writeFile(t, file, `
Host n1
  HostName db-%h.example
  Port 2201
  User admin
  IdentityFile ~/.ssh/id_%r
  IdentityFile "/keys/%n %p"
  IdentityAgent none
  UserKnownHostsFile ~/a /b
  StrictHostKeyChecking accept-new
  ProxyJump gate, last@inner:23
Host gate
  HostName 192.0.2.1
  User keeper
  ProxyJump [2001:db8::1]:24
Host loop
  ProxyJump loop
Host odd
  ProxyCommand nc %h %p
Host port
  Port x
Host *
  User everyone
  IdentityFile ~/.ssh/any
`)
	got, err := FromConfig(file, "/home/me", SSHOptions{Hop: Hop{Host: "n1"}, Agent: "/run/agent"})
	want := SSHOptions{Node: "n1", Hop: Hop{Host: "db-n1.example", Port: 2201, User: "admin"},
		Jump:       []Hop{{Host: "2001:db8::1", Port: 24, User: "everyone"}, {Host: "192.0.2.1", User: "keeper"}, {Host: "inner", Port: 23, User: "last"}},
		Keys:       []string{"/home/me/.ssh/id_admin", "/keys/n1 2201", "/home/me/.ssh/any"},
		KnownHosts: []string{"/home/me/a", "/b"}, AcceptNew: true}
	if diff := cmp.Diff(got, want); err != nil || diff != "" {
		t.Errorf("n1 is (-got +want)\n%s%v", diff, err)
	}
	asked := SSHOptions{Node: "x", Hop: Hop{Host: "n1", Port: 9, User: "me"}, Jump: []Hop{}, Keys: []string{"k"}, KnownHosts: []string{"h"}}
	got, err = FromConfig(file, "/home/me", asked)
	asked.Host, asked.AcceptNew = "db-n1.example", true
	if diff := cmp.Diff(got, asked); err != nil || diff != "" {
		t.Errorf("with settings of its own (-got +want)\n%s%v", diff, err)
	}
	for host, want := range map[string]string{"loop": "through itself", "odd": "ProxyCommand", "port": "no port"} {
		if _, err := FromConfig(file, "/home/me", SSHOptions{Hop: Hop{Host: host}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gave %v, want %q", host, err, want)
		}
	}
	if got, err := FromConfig(file+"-missing", "/home/me", asked); err != nil || !cmp.Equal(got, asked) {
		t.Errorf("a file that isn't there gave %+v, %v", got, err)
	}
	writeFile(t, file, "Match exec \"true\"\n  User x\n")
	if _, err := FromConfig(file, "/home/me", asked); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a broken file gave %v, want its name", err)
	}
}

// Without this a host could be taken apart wrongly, above all an address of IPv6.
func TestParseHop(t *testing.T) {
	for text, want := range map[string]Hop{"n1": {Host: "n1"}, "u@n1:22": {Host: "n1", Port: 22, User: "u"}, "ssh://u@x@n1": {Host: "n1", User: "u@x"},
		"2001:db8::1": {Host: "2001:db8::1"}, "[2001:db8::1]:23": {Host: "2001:db8::1", Port: 23}, "[::1]": {Host: "::1"}} {
		if got, err := ParseHop(text); err != nil || got != want {
			t.Errorf("%s is %+v, want %+v; %v", text, got, want, err)
		}
	}
	for _, text := range []string{"", "u@", ":22", "a b", "n1:0", "n1:65536", "n1:x", "[::1]22", "-oProxyCommand=x", "a\nb"} {
		if got, err := ParseHop(text); err == nil {
			t.Errorf("%q is %+v, want an error", text, got)
		}
	}
}
