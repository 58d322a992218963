package remote

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"
)

// server is a node of ours: an SSH server on loopback that runs commands with /bin/sh.
type server struct {
	t      *testing.T
	config ssh.ServerConfig
	port   int
	frozen atomic.Bool  // says nothing any more, as a node that is cut off
	dials  atomic.Int32 // connections that it took
	jumps  atomic.Int32 // connections that it passed on
	runs   atomic.Int32 // commands that it started
	mu     sync.Mutex
	conns  []net.Conn
}

// newServer starts a server that has one host key of each kind that is given, and that a test may set up before.
func newServer(t *testing.T, set func(*ssh.ServerConfig), hostKeys ...ssh.Signer) *server {
	t.Helper()
	s := &server{t: t}
	set(&s.config)
	for _, k := range hostKeys {
		s.config.AddHostKey(k)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.dials.Add(1)
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			go s.serve(conn)
		}
	}()
	t.Cleanup(func() { _ = l.Close(); s.cut() })
	return s
}

// cut breaks all connections.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

func (s *server) serve(conn net.Conn) {
	c, channels, requests, err := ssh.NewServerConn(conn, &s.config)
	if err != nil {
		_ = conn.Close()
		return
	}
	defer func() { _ = c.Close() }()
	go func() {
		for r := range requests {
			if !s.frozen.Load() {
				_ = r.Reply(false, nil)
			}
		}
	}()
	for n := range channels {
		switch {
		case s.frozen.Load():
		case n.ChannelType() == "direct-tcpip":
			go s.pass(n)
		default:
			go s.session(n)
		}
	}
}

// pass is what a jump host does.
func (s *server) pass(n ssh.NewChannel) {
	var to struct {
		Host  string
		Port  uint32
		From  string
		FromP uint32
	}
	if err := ssh.Unmarshal(n.ExtraData(), &to); err != nil {
		return
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		_ = n.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	ch, requests, err := n.Accept()
	if err != nil {
		return
	}
	s.jumps.Add(1)
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(conn, ch); _ = conn.Close() }()
	_, _ = io.Copy(ch, conn)
	_ = ch.Close()
}

func (s *server) session(n ssh.NewChannel) {
	ch, requests, err := n.Accept()
	if err != nil {
		return
	}
	defer func() { _ = ch.Close() }()
	for r := range requests {
		var line struct{ Text string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &line) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		s.runs.Add(1)
		_ = r.Reply(true, nil)
		s.run(ch, line.Text)
		return
	}
}

func (s *server) run(ch ssh.Channel, line string) {
	cmd := exec.Command("/bin/sh", "-c", line)
	ownGroup(cmd)
	cmd.Cancel = nil
	cmd.Stdout, cmd.Stderr = ch, ch.Stderr()
	in, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return
	}
	go func() { _, _ = io.Copy(in, ch); _ = in.Close() }()
	_ = cmd.Wait()
	exit, signal := ending(cmd.ProcessState)
	if signal != "" {
		_, _ = ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Name string
			Core bool
			Msg  string
			Lang string
		}{"KILL", false, "", ""}))
		return
	}
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(exit)}))
}

// newKey makes a key of a kind.
func newKey(t *testing.T, kind string) (private any, signer ssh.Signer) {
	t.Helper()
	var err error
	switch kind {
	case "rsa":
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ecdsa":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ed25519":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = errors.New("no such kind of key: " + kind)
	}
	if err == nil {
		signer, err = ssh.NewSignerFromKey(private)
	}
	if err != nil {
		t.Fatal(err)
	}
	return private, signer
}

// keyFile writes a key to a file, encrypted if there is a passphrase.
func keyFile(t *testing.T, private any, passphrase string) string {
	t.Helper()
	var block *pem.Block
	var err error
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(private, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "id key")
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
