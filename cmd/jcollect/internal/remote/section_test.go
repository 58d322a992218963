package remote

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jcheck/cmd/jcollect/internal/plan"
)

// section reads a section from text.
func section(t *testing.T, text string) (Plan, []string) {
	t.Helper()
	var p plan.Problems
	r := Read(plan.Parse("plan.yaml", []byte(text), &p), &p)
	list, _ := p.Sorted()
	var problems []string
	for _, m := range list {
		problems = append(problems, m.String())
	}
	return r, problems
}

// Without this a key of the section could be read as another, or the files of ~/.ssh go unused.
func TestReadSection(t *testing.T) {
	home := t.TempDir()
	writeHome(t, home, "config", "Host n1\n  HostName 192.0.2.1\n  Port 2201\n")
	writeHome(t, home, "id_rsa", "key")
	t.Setenv("HOME", home)
	t.Setenv("SSH_AUTH_SOCK", "/run/agent")
	t.Setenv("PASS", "se cret")
	writeHome(t, home, "sudo", "other\nmore\n")
	r, problems := section(t, `{kind: ssh, user: admin, accept-new: true, password-env: PASS, sudo-password-file: ~/.ssh/sudo, jump: gate:23,
  hosts: {n2: "192.0.2.2"}, keepalive: 2s}`)
	if len(problems) > 0 {
		t.Fatalf("problems: %q", problems)
	}
	got, err := r.options("n1", "n1")
	want := SSHOptions{Node: "n1", Hop: Hop{Host: "192.0.2.1", Port: 2201, User: "admin"}, Jump: []Hop{{Host: "gate", Port: 23}},
		Keys: []string{filepath.Join(home, ".ssh/id_rsa")}, Agent: "/run/agent", Password: "se cret", AcceptNew: true, Alive: 2e9,
		KnownHosts: []string{filepath.Join(home, ".ssh/known_hosts"), "/etc/ssh/ssh_known_hosts"}}
	if diff := cmp.Diff(got, want); err != nil || diff != "" {
		t.Errorf("n1 is (-got +want)\n%s%v", diff, err)
	}
	n2, err := r.open("n2")
	if err != nil {
		t.Fatal(err)
	}
	user, ok := n2.(*as)
	if !ok || user.user != "root" || user.Remote.(*SSH).o.Host != "192.0.2.2" || user.Remote.(*SSH).o.SudoPassword != "other" {
		t.Errorf("n2 is %+v", n2)
	}
	if r, err := (Plan{Config: "none", Agent: "none", User: "root"}).open("n3"); err != nil || r.(*SSH).o.Agent != "" {
		t.Errorf("root on n3 is %+v, %v", r, err)
	}
	for _, text := range []string{"password-env", "PASS", "secret"} {
		if strings.Contains(r.Password.String(), "se cret") {
			t.Errorf("%s shows the secret", text)
		}
	}
}

func writeHome(t *testing.T, home, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(home, ".ssh", name), text)
}

// Without this a mistake in the section would show only when the first node is reached, as something else.
func TestSectionMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"{kind: telnet}":                       `plan.yaml:1:8: "telnet"`,
		"{kind: docker, port: 22}":             "port is for ssh, not for docker",
		"{kind: docker, sudo-password-env: X}": "docker runs commands as root, without sudo",
		"{kind: local, user: x}":               "local commands run as",
		"{user: -x}":                           `"-x" can't be the name of a user`,
		"{user: 'a b'}":                        "can't be the name of a user",
		"{port: 0}":                            "no whole number",
		"{password: x}":                        `no key "password"`,
		"{password-env: A, password-file: b}":  "both password-env and password-file",
		"{jump: [a, -oProxyCommand=x]}":        "is no host",
		"{hosts: {n1: -x}}":                    "can't be reached",
		"{hosts: x}":                           "want a map",
		"{sudo: perhaps}":                      "no truth value",
		"{keepalive: 5}":                       "5",
	} {
		if _, problems := section(t, text); len(problems) != 1 || !strings.Contains(problems[0], want) {
			t.Errorf("%s gave %q, want %q", text, problems, want)
		}
	}
}

// Without this a missing secret could become an empty password, or its value stand in the message.
func TestSecretSources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	writeFile(t, file, "\nx")
	t.Setenv("EMPTY", "")
	for _, s := range []Source{{Env: "NO_SUCH_VARIABLE_HERE"}, {Env: "EMPTY"}, {File: file}, {File: file + "-missing"}} {
		if got, err := s.Read(); err == nil {
			t.Errorf("%v gave %q, want an error", s, string(got))
		}
	}
}

// Without this a shell that talks before each command would spoil all that is read from the node, with no word why.
func TestConnectGreets(t *testing.T) {
	fakeEngine(t, "docker")
	p := Plan{Kind: KindDocker, Hosts: map[string]string{"n1": "db-1"}}
	r, err := p.Connect(t.Context(), "n1")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := p.Connect(t.Context(), "n2"); err == nil || !strings.Contains(err.Error(), "No such container") {
		t.Errorf("n2 gave %v", err)
	}
	talks := filepath.Join(t.TempDir(), "docker")
	if err := os.WriteFile(talks, []byte("#!/bin/sh\necho Welcome\nshift 6\nexec \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(talks)+":"+os.Getenv("PATH"))
	if _, err := p.Connect(t.Context(), "n1"); err == nil || !strings.Contains(err.Error(), `says "Welcome\n" before each command (hint`) {
		t.Errorf("a shell that talks gave %v", err)
	}
}
