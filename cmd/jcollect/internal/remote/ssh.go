package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
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
	killTime      = 5 * time.Second
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
	once  sync.Once
	ended chan struct{} // closed by Close

	failed   error // why the last command found no way to the node; nil if it found one
	failedAt time.Time
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
	s := &SSH{o: o, slots: make(chan struct{}, maxSessions), turn: make(chan struct{}, 1), ended: make(chan struct{})}
	s.turn <- struct{}{}
	return s
}

// A node that all dials of one command failed to reach is tried once for each command from then on, for a while: there
// may be many, and each would take as long to fail. Those that waited for that command fail with it.
const (
	justNow    = time.Second
	stillDead  = time.Minute
	longEnough = 5 * time.Second // after which no further dial of a command is begun
)

// errClosed is the end of every command after Close.
var errClosed = errors.New("the remote is closed")

// Close ends the connection, and all that uses it or waits for it.
func (s *SSH) Close() error {
	s.once.Do(func() { close(s.ended) })
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	if s.link != nil {
		s.link.close()
	}
	return nil
}

// closed tells whether Close was called.
func (s *SSH) closed() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// live is a connection that isn't known to be broken. One caller at a time dials; the others wait for its connection.
func (s *SSH) live(ctx context.Context) (*link, error) {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()
	ctx, cancel := s.untilClosed(ctx)
	defer cancel()
	wait, tries, begun := firstBackOff, maxDials, time.Now()
	if s.failed != nil {
		since := time.Since(s.failedAt)
		if since < justNow {
			return nil, s.failed // of whom we waited for
		}
		if since < stillDead {
			tries = 1
		}
	}
	for try := 1; ; try++ {
		if s.closed() {
			return nil, errClosed
		}
		if s.link != nil && s.link.alive() {
			return s.link, nil
		}
		l, err := s.dial(ctx)
		if err == nil {
			s.link, s.failed = l, nil
			return l, nil
		}
		var refused *RefusedError
		if time.Since(begun) > longEnough {
			tries = try
		}
		if try >= tries && ctx.Err() == nil {
			s.failed, s.failedAt = err, time.Now()
		}
		if errors.As(err, &refused) || try >= tries || ctx.Err() != nil {
			return nil, cause(ctx, err) // asking again would get the same answer, or lock the account
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, cause(ctx, err)
		}
		wait *= 2
	}
}

// untilClosed is a context that Close ends too.
func (s *SSH) untilClosed(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		select {
		case <-s.ended:
			cancel(errClosed)
		case <-done:
		}
	}()
	return ctx, func() { close(done); cancel(nil) }
}

// Exec runs a command in a session of its own. A command that certainly didn't start is tried again; one that may have
// started never is. When its time is up, what it started is looked for and killed; if the node doesn't answer to that
// either, the connection is closed, with whatever else uses it: a node that is cut off answers nothing, not even the end
// of one session, and sshd counts a session until its command ends.
func (s *SSH) Exec(ctx context.Context, c Command) (Result, error) {
	c.mark = newMark()
	line, stdin, err := c.shell(s.o.SudoPassword)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", s.o.Node, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit())
	defer cancel()
	lost := &LostError{Node: s.o.Node, Command: c.String()}
	l, session, free, err := s.session(ctx)
	if err != nil {
		lost.Err = cause(ctx, err)
		return Result{}, lost
	}
	defer free()
	ended := make(chan struct{})
	killed := make(chan bool, 1)
	stop := context.AfterFunc(ctx, func() { killed <- s.abandon(l, c, ended) })
	r, started, err := c.run(s.o.Node, session, line, stdin)
	close(ended)
	inTime := stop()
	var exit *ExitError
	if inTime && (err == nil || errors.As(err, &exit)) {
		return r, err
	}
	lost.Started, lost.Err = started, cause(ctx, err)
	if inTime {
		l.close()
	} else {
		lost.Killed = <-killed
	}
	return Result{Stdout: r.Stdout, Stderr: r.Stderr, Cut: r.Cut}, lost
}

// cause is why something failed: that the time was up, if it was, and what went wrong until then.
func cause(ctx context.Context, err error) error {
	why := context.Cause(ctx)
	switch {
	case why == nil, err != nil && errors.Is(err, why):
		return err
	case err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF):
		return why // what we closed ourselves is no news
	}
	return fmt.Errorf("%w: %w", why, err)
}

// session opens a session when a slot is free. It tries again while it is certain that nothing was started: on a new
// connection if this one is broken, and a moment later if sshd says that it has enough of them.
func (s *SSH) session(ctx context.Context) (*link, *ssh.Session, func(), error) {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, nil, ctx.Err()
	}
	free := func() { <-s.slots }
	for try := 1; ; try++ {
		l, err := s.live(ctx)
		if err != nil {
			free()
			return nil, nil, nil, err // it has tried often enough
		}
		stop := context.AfterFunc(ctx, l.close)
		session, err := l.client.NewSession()
		if stop() && err == nil {
			return l, session, free, nil
		}
		var refused *ssh.OpenChannelError
		crowded := errors.As(err, &refused)
		if !crowded {
			l.close()
		}
		// Where others hold sessions, one will be free; where none does, it is no use to wait for long.
		if ctx.Err() != nil || try >= maxDials && (!crowded || len(s.slots) == 1) {
			free()
			if crowded {
				err = fmt.Errorf("sshd opens no session: %w (hint: MaxSessions in its sshd_config)", err)
			}
			return nil, nil, nil, cause(ctx, err)
		}
		select {
		case <-time.After(50*time.Millisecond + rand.N(100*time.Millisecond)):
		case <-ctx.Done():
		}
	}
}

// abandon ends a command whose time is up: it kills what the command started, and closes the connection if that doesn't
// end the session. It tells whether something was killed.
func (s *SSH) abandon(l *link, c Command, ended <-chan struct{}) bool {
	ctx, cancel := context.WithTimeout(context.Background(), killTime)
	defer cancel()
	stop := context.AfterFunc(ctx, l.close)
	defer stop()
	session, err := l.client.NewSession()
	if err != nil {
		l.close()
		return false
	}
	k := c.killer()
	line, stdin, err := k.shell(s.o.SudoPassword)
	if err != nil {
		l.close()
		return false
	}
	r, _, err := k.run(s.o.Node, session, line, stdin)
	select {
	case <-ended:
	case <-ctx.Done(): // something that was not found holds the session
		l.close()
	}
	return err == nil && killedSome(r)
}

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
