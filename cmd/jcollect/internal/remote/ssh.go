package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"
)

// Limits of a connection. OpenSSH allows ten sessions at a time, but frees one only a moment after it ended.
const (
	maxSessions   = 6
	maxDials      = 5
	firstBackOff  = 100 * time.Millisecond
	dialTimeout   = 15 * time.Second
	aliveInterval = 5 * time.Second
	aliveTimeout  = 15 * time.Second
)

// A Hop is one machine to log in to.
type Hop struct {
	Host string // name or address
	Port int    // 0 is 22
	User string // "" is root
}

// addr is where the machine listens; known_hosts knows it by that.
func (h Hop) addr() string {
	return net.JoinHostPort(h.Host, h.port())
}

// port is where it listens.
func (h Hop) port() string {
	if h.Port == 0 {
		return "22"
	}
	return strconv.Itoa(h.Port)
}

// user is who logs in.
func (h Hop) user() string {
	if h.User == "" {
		return "root"
	}
	return h.User
}

// A Dialer makes a connection, as net.Dialer does; other ways lead into networks of their own.
type Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// SSHOptions say how to reach a node, and as whom.
type SSHOptions struct {
	Node         string // its name in messages; "" is the host
	Hop                 // the node itself
	Jump         []Hop  // machines to go through, the nearest first; the same keys and passwords serve for all
	Keys         []string
	Passphrase   Secret // of keys that are encrypted
	Agent        string // the agent's socket; "" is none
	Password     Secret // also the answer to whatever a node asks without showing it
	SudoPassword Secret
	KnownHosts   []string // files; what isn't there counts as empty. New hosts go to the first
	AcceptNew    bool     // an unknown host is written there; a changed one never passes

	Dial Dialer // how to reach the first machine; nil is the network of this process

	Alive        time.Duration // how often a connection is tried; 0 is 5 s
	AliveTimeout time.Duration // how long it may be silent then; 0 is 15 s
}

// SSH is a node that is reached over SSH. It connects when it must, and again after the connection broke.
type SSH struct {
	o     SSHOptions
	slots chan struct{} // one for each session at a time
	turn  chan struct{} // holds one token: who has it may look at link and dial
	link  *link
	ended bool
}

// NewSSH is a node that isn't connected yet.
func NewSSH(o SSHOptions) *SSH {
	if o.Node == "" {
		o.Node = o.Host
	}
	if o.Alive <= 0 {
		o.Alive = aliveInterval
	}
	if o.AliveTimeout <= 0 {
		o.AliveTimeout = aliveTimeout
	}
	s := &SSH{o: o, slots: make(chan struct{}, maxSessions), turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// errClosed is the end of every command after Close.
var errClosed = errors.New("the remote is closed")

// Close ends the connection, and all that uses it.
func (s *SSH) Close() error {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	s.ended = true
	if s.link != nil {
		s.link.close()
	}
	return nil
}

// live is a connection that isn't known to be broken. One caller at a time dials; the others wait for its connection.
func (s *SSH) live(ctx context.Context) (*link, error) {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()
	wait := firstBackOff
	for try := 1; ; try++ {
		if s.ended {
			return nil, errClosed
		}
		if s.link != nil && s.link.alive() {
			return s.link, nil
		}
		l, err := s.dial(ctx)
		if err == nil {
			s.link = l
			return l, nil
		}
		var refused *RefusedError
		if errors.As(err, &refused) || try == maxDials || ctx.Err() != nil {
			return nil, err // asking again would get the same answer, or lock the account
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		}
		wait *= 2
	}
}

// Exec runs a command in a session of its own. When its time is up the connection is closed, with whatever else uses it:
// a node that is cut off answers nothing, not even the end of one session, and sshd counts the session until its command
// ends. A command that certainly didn't start is tried again on a new connection; one that may have started never is.
func (s *SSH) Exec(ctx context.Context, c Command) (Result, error) {
	line, stdin, err := c.shell(s.o.SudoPassword)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", s.o.Node, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit())
	defer cancel()
	lost := func(started bool, err error) error {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return &LostError{Node: s.o.Node, Command: c.String(), Started: started, Err: err}
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return Result{}, lost(false, ctx.Err())
	}
	for try := 1; ; try++ {
		l, err := s.live(ctx)
		if err != nil {
			return Result{}, lost(false, err)
		}
		stop := context.AfterFunc(ctx, l.close)
		session, err := l.client.NewSession()
		if err == nil {
			r, started, err := c.run(s.o.Node, session, line, stdin)
			stop()
			var exit *ExitError
			if err != nil && !errors.As(err, &exit) {
				l.close()
				return r, lost(started, err)
			}
			return r, err
		}
		stop()
		l.close()
		if try == 2 || ctx.Err() != nil {
			return Result{}, lost(false, err)
		}
	}
}

// Upload sends a file through the input of a command.
func (s *SSH) Upload(ctx context.Context, f File) error { return uploadByExec(ctx, s, f) }

// Download gets a file through the output of a command.
func (s *SSH) Download(ctx context.Context, f File) error { return downloadByExec(ctx, s, f) }

// A RefusedError is a node's answer, or ours to it, that a second try wouldn't change.
type RefusedError struct{ Err error }

// Error is what was refused.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap is the same.
func (e *RefusedError) Unwrap() error { return e.Err }

// refuse marks an error as final.
func refuse(format string, args ...any) error { return &RefusedError{fmt.Errorf(format, args...)} }

// clientConfig is how to log in to one machine, and what ends with the login.
func (s *SSH) clientConfig(h Hop) (config *ssh.ClientConfig, tried *logins, err error) {
	check, algorithms, err := s.hostKeys(h)
	if err != nil {
		return nil, nil, err
	}
	tried = s.logins()
	return &ssh.ClientConfig{User: h.user(), Auth: tried.methods, HostKeyCallback: check, HostKeyAlgorithms: algorithms}, tried, nil
}
