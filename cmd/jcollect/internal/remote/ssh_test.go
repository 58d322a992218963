package remote

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// byPassword lets in who knows the password.
func byPassword(password string) func(*ssh.ServerConfig) {
	return func(c *ssh.ServerConfig) {
		c.PasswordCallback = func(_ ssh.ConnMetadata, p []byte) (*ssh.Permissions, error) {
			if string(p) != password {
				return nil, errors.New("wrong password")
			}
			return nil, nil
		}
	}
}

// byKey lets in who has a key.
func byKey(key ssh.PublicKey) func(*ssh.ServerConfig) {
	return func(c *ssh.ServerConfig) {
		c.PublicKeyCallback = func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
			if !bytes.Equal(k.Marshal(), key.Marshal()) {
				return nil, errors.New("another key")
			}
			return nil, nil
		}
	}
}

// reach are options for the server, with its host key accepted.
func reach(t *testing.T, s *server) SSHOptions {
	return SSHOptions{Node: "n1", Hop: Hop{Host: "127.0.0.1", Port: s.port}, Password: "open",
		KnownHosts: []string{filepath.Join(t.TempDir(), "new", "known_hosts")}, AcceptNew: true}
}

// node is a remote that is closed with the test.
func node(t *testing.T, o SSHOptions) *SSH {
	t.Helper()
	r := NewSSH(o)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// try runs a command that does nothing.
func try(t *testing.T, o SSHOptions) error {
	t.Helper()
	_, err := node(t, o).Exec(t.Context(), Command{Args: []string{"true"}})
	return err
}

// Without this SSH could treat values, endings, input, files or sudo otherwise than local processes.
func TestSSH(t *testing.T) {
	_, hostKey := newKey(t, "ed25519")
	s := newServer(t, byPassword("open"), hostKey)
	checkRemote(t, node(t, reach(t, s)))
	fakeSudo(t, "pass")
	o := reach(t, s)
	o.SudoPassword = "pass"
	checkSudo(t, node(t, o))
}

// Without this a way to log in could be broken unnoticed, or a refused login not say what was tried.
func TestLogins(t *testing.T) {
	_, hostKey := newKey(t, "ed25519")
	private, signer := newKey(t, "ed25519")
	rsaKey, rsaSigner := newKey(t, "rsa")
	asked := func(c *ssh.ServerConfig) {
		c.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			got, err := ask("", "", []string{"Name: ", "Password: "}, []bool{true, false})
			if err != nil || got[0] != "" || got[1] != "open" {
				return nil, errors.New("wrong answer")
			}
			return nil, nil
		}
	}
	missing := filepath.Join(t.TempDir(), "missing")
	for _, c := range []struct {
		name  string
		needs func(*ssh.ServerConfig)
		give  SSHOptions
		want  string
	}{
		{"key", byKey(signer.PublicKey()), SSHOptions{Keys: []string{missing, keyFile(t, private, "")}}, ""},
		{"rsa key", byKey(rsaSigner.PublicKey()), SSHOptions{Keys: []string{keyFile(t, rsaKey, "")}}, ""},
		{"encrypted key", byKey(signer.PublicKey()), SSHOptions{Keys: []string{keyFile(t, private, "word")}, Passphrase: "word"}, ""},
		{"encrypted key, no passphrase", byKey(signer.PublicKey()), SSHOptions{Keys: []string{keyFile(t, private, "word")}}, "is encrypted"},
		{"agent", byKey(signer.PublicKey()), SSHOptions{Agent: agentOf(t, private)}, ""},
		{"agent that isn't there", byKey(signer.PublicKey()), SSHOptions{Agent: missing}, "agent: "},
		{"password", byPassword("open"), SSHOptions{Password: "open"}, ""},
		{"wrong password", byPassword("open"), SSHOptions{Password: "shut"}, "tried password"},
		{"questions", asked, SSHOptions{Password: "open"}, ""},
		{"nothing", byPassword("open"), SSHOptions{}, "neither a key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, c.needs, hostKey)
			o := reach(t, s)
			o.Keys, o.Passphrase, o.Agent, o.Password = c.give.Keys, c.give.Passphrase, c.give.Agent, c.give.Password
			err := try(t, o)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var refused *RefusedError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "shut") {
				t.Errorf("the error is %v, want %q", err, c.want)
			}
			if n := s.dials.Load(); n != 1 {
				t.Errorf("a refused login was tried %d times", n)
			}
		})
	}
}

// agentOf serves an agent that has a key.
func agentOf(t *testing.T, private any) string {
	t.Helper()
	ring := agent.NewKeyring()
	key := private.(ed25519.PrivateKey)
	if err := ring.Add(agent.AddedKey{PrivateKey: &key}); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "agent") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(); _ = os.RemoveAll(dir) })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, conn) }()
		}
	}()
	return socket
}

// Without this a changed key could pass, a known one of any kind be refused, or a message not say which line to mend.
func TestKnownHosts(t *testing.T) {
	kinds := make(map[string]ssh.Signer)
	var all []ssh.Signer
	for _, kind := range []string{"rsa", "ecdsa", "ed25519"} {
		_, k := newKey(t, kind)
		kinds[kind], all = k, append(all, k)
	}
	s := newServer(t, byPassword("open"), all...)
	_, other := newKey(t, "ed25519")
	o := reach(t, s)
	o.AcceptNew = false
	o.KnownHosts = []string{filepath.Join(t.TempDir(), "known hosts")}
	host := knownhosts.Normalize(o.addr())
	for kind, k := range kinds {
		for _, name := range []string{host, knownhosts.HashHostname(host)} {
			writeFile(t, o.KnownHosts[0], "# comment\n"+name+" "+string(ssh.MarshalAuthorizedKey(k.PublicKey())))
			if err := try(t, o); err != nil {
				t.Errorf("a known %s key as %s: %v", kind, name, err)
			}
		}
	}
	writeFile(t, o.KnownHosts[0], "# comment\n"+knownhosts.Line([]string{host}, other.PublicKey())+"\n")
	o.AcceptNew = true // it accepts no changed ones
	wantRefused(t, try(t, o), o.KnownHosts[0]+":2 says", "ssh-keygen -f '"+o.KnownHosts[0]+"' -R '"+host+"'")
	o.AcceptNew = false
	writeFile(t, o.KnownHosts[0], "")
	wantRefused(t, try(t, o), "is unknown", "hint")
	writeFile(t, o.KnownHosts[0], "@revoked * "+string(ssh.MarshalAuthorizedKey(kinds["ecdsa"].PublicKey())))
	o.AcceptNew = true
	only := newServer(t, byPassword("open"), kinds["ecdsa"])
	o.Port = only.port
	wantRefused(t, try(t, o), "is revoked by "+o.KnownHosts[0]+":1")
}

// Without this an accepted key could be forgotten, or glued to a last line that has no end.
func TestAcceptNewRemembers(t *testing.T) {
	_, k := newKey(t, "ed25519")
	s := newServer(t, byPassword("open"), k)
	o := reach(t, s)
	if err := try(t, o); err != nil {
		t.Fatal(err)
	}
	o.AcceptNew = false
	if err := try(t, o); err != nil {
		t.Errorf("the second time: %v", err)
	}
	o.AcceptNew = true
	writeFile(t, o.KnownHosts[0], "other "+strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k.PublicKey()))))
	if err := try(t, o); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(o.KnownHosts[0])
	if err != nil || strings.Count(string(text), "\n") != 2 {
		t.Errorf("the file is %q, want two lines; %v", text, err)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wantRefused wants a final error that says all of the words.
func wantRefused(t *testing.T, err error, words ...string) {
	t.Helper()
	var refused *RefusedError
	if !errors.As(err, &refused) {
		t.Errorf("got %v, want a refusal", err)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error is %v, want %q in it", err, w)
		}
	}
}

// Without this a jump host could be passed by, or its own key go unverified.
func TestJumpHosts(t *testing.T) {
	_, k1 := newKey(t, "ed25519")
	_, k2 := newKey(t, "ecdsa")
	jump, jump2 := newServer(t, byPassword("open"), k1), newServer(t, byPassword("open"), k2)
	s := newServer(t, byPassword("open"), k2)
	o := reach(t, s)
	o.Jump = []Hop{{Host: "127.0.0.1", Port: jump.port}, {Host: "127.0.0.1", Port: jump2.port}}
	if err := try(t, o); err != nil {
		t.Fatal(err)
	}
	if jump.jumps.Load() != 1 || jump2.jumps.Load() != 1 {
		t.Errorf("the jump hosts passed on %d and %d connections, want 1 and 1", jump.jumps.Load(), jump2.jumps.Load())
	}
	_, changed := newKey(t, "ed25519")
	writeFile(t, o.KnownHosts[0], knownhosts.Line([]string{o.Jump[0].addr()}, changed.PublicKey())+"\n")
	wantRefused(t, try(t, o), "another machine")
}

// Without this a node that restarted would be lost for the rest of a run, or a command that may have run be run twice.
func TestReconnects(t *testing.T) {
	_, k := newKey(t, "ed25519")
	s := newServer(t, byPassword("open"), k)
	r := node(t, reach(t, s))
	for i := range 3 {
		if _, err := r.Exec(t.Context(), Command{Args: []string{"true"}}); err != nil {
			t.Fatalf("after %d cuts: %v", i, err)
		}
		s.cut()
	}
	before := s.runs.Load()
	time.AfterFunc(300*time.Millisecond, s.cut)
	_, err := r.Exec(t.Context(), Command{Script: "sleep 2"})
	var lost *LostError
	if !errors.As(err, &lost) || !lost.Started {
		t.Errorf("a command whose connection broke gave %v", err)
	}
	if n := s.runs.Load() - before; n != 1 {
		t.Errorf("it was started %d times", n)
	}
}

// Without this a node that is cut off would block a run for ever.
func TestSilentNode(t *testing.T) {
	_, k := newKey(t, "ed25519")
	s := newServer(t, byPassword("open"), k)
	o := reach(t, s)
	o.Alive, o.AliveTimeout = 50*time.Millisecond, 200*time.Millisecond
	r := node(t, o)
	if _, err := r.Exec(t.Context(), Command{Args: []string{"true"}}); err != nil {
		t.Fatal(err)
	}
	s.frozen.Store(true)
	var lost *LostError
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := r.Exec(ctx, Command{Args: []string{"true"}, Timeout: time.Second}); !errors.As(err, &lost) {
		t.Errorf("a silent node gave %v", err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	s.frozen.Store(false)
	if _, err := r.Exec(t.Context(), Command{Args: []string{"true"}}); err != nil {
		t.Errorf("when the node came back: %v", err)
	}
}

// Without this commands at the same time could exceed what sshd allows, or use a remote that is closed.
func TestManyCommandsAndClose(t *testing.T) {
	_, k := newKey(t, "ed25519")
	s := newServer(t, byPassword("open"), k)
	r := node(t, reach(t, s))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := r.Exec(t.Context(), Command{Args: []string{"true"}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.dials.Load(); n != 1 {
		t.Errorf("20 commands took %d connections, want 1", n)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Exec(t.Context(), Command{Args: []string{"true"}}); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// mute is a port that takes connections and says nothing.
func mute(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// Without this the end of a run would wait for every node that doesn't answer.
func TestCloseWhileDialling(t *testing.T) {
	r := NewSSH(SSHOptions{Hop: Hop{Host: "127.0.0.1", Port: mute(t)}})
	ended := make(chan error, 1)
	go func() {
		_, err := r.Exec(t.Context(), Command{Args: []string{"true"}})
		ended <- err
	}()
	time.Sleep(50 * time.Millisecond)
	start := time.Now()
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-ended; !errors.Is(err, errClosed) || strings.Contains(err.Error(), "\n") {
		t.Errorf("the command gave %v", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("closing took %v", took)
	}
}

// Without this a node that can't be reached in time would show as a lack of time alone, in two lines or in none.
func TestTooSlowToReach(t *testing.T) {
	r := node(t, SSHOptions{Node: "n1", Hop: Hop{Host: "127.0.0.1", Port: mute(t)}})
	_, err := r.Exec(t.Context(), Command{Args: []string{"true"}, Timeout: 200 * time.Millisecond})
	var lost *LostError
	if !errors.As(err, &lost) || lost.Started || !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "\n") ||
		!strings.Contains(err.Error(), "n1: true: not started: ") {
		t.Errorf("it gave %v", err)
	}
}
