package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// A link is one connection, through all its jump hosts.
type link struct {
	client *ssh.Client
	hops   []io.Closer // the machines before, nearest first
	once   sync.Once
	broken chan struct{}
}

// alive tells whether the link isn't known to be broken.
func (l *link) alive() bool {
	select {
	case <-l.broken:
		return false
	default:
		return true
	}
}

// close ends the link and all sessions on it. What closing says is of no use to anyone: the link is given up.
func (l *link) close() {
	l.once.Do(func() {
		close(l.broken)
		if l.client != nil {
			_ = l.client.Close()
		}
		for i := len(l.hops) - 1; i >= 0; i-- {
			_ = l.hops[i].Close()
		}
	})
}

// dial connects to the node, through one machine after another.
func (s *SSH) dial(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	l := &link{broken: make(chan struct{})}
	var last *ssh.Client
	for _, h := range append(append([]Hop{}, s.o.Jump...), s.o.Hop) {
		client, err := s.login(ctx, last, h)
		if err != nil {
			l.close()
			return nil, fmt.Errorf("ssh %s@%s: %w", h.user(), h.addr(), err)
		}
		if last != nil {
			l.hops = append(l.hops, last)
		}
		last = client
		l.client = client
	}
	go l.keep(s.o.Alive, s.o.AliveTimeout)
	return l, nil
}

// login connects to one machine, from the one before if there is one.
func (s *SSH) login(ctx context.Context, from *ssh.Client, h Hop) (*ssh.Client, error) {
	config, tried, err := s.clientConfig(h)
	if err != nil {
		return nil, err
	}
	defer tried.close()
	dial := new(net.Dialer).DialContext
	if from != nil {
		dial = from.DialContext
	} else if s.o.Dial != nil {
		dial = s.o.Dial
	}
	conn, err := dial(ctx, "tcp", h.addr())
	if err != nil {
		return nil, err
	}
	// A machine that accepts and says nothing would hold the handshake for ever.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	c, channels, requests, err := ssh.NewClientConn(conn, h.addr(), config)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, cause(ctx, tried.explain(err))
	}
	return ssh.NewClient(c, channels, requests), nil
}

// keep asks again and again whether the other side is there, and closes the link when it doesn't answer.
func (l *link) keep(every, patience time.Duration) {
	defer l.close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-l.broken:
			return
		case <-tick.C:
		}
		silent := time.AfterFunc(patience, l.close)
		_, _, err := l.client.SendRequest("keepalive@openssh.com", true, nil)
		silent.Stop()
		if err != nil {
			return
		}
	}
}

// run runs the command's line in a session. An error that is no *ExitError means that its end is not known.
func (c Command) run(node string, session *ssh.Session, line string, stdin io.Reader) (r Result, started bool, err error) {
	defer func() { _ = session.Close() }() // closed already if the command ended
	stdout, kept, stderr := c.outputs()
	session.Stdout, session.Stderr = stdout, stderr
	pipe, err := session.StdinPipe()
	if err != nil {
		return Result{}, false, err
	}
	// The request may have arrived although its answer didn't.
	if err := session.Start(line); err != nil {
		return Result{}, true, err
	}
	if stdin == nil {
		stdin = strings.NewReader("")
	}
	// Not by session.Stdin: Wait would wait for an input that never ends although the command has.
	read := &failing{r: stdin}
	go func() {
		_, _ = io.Copy(pipe, read) // a command that doesn't read all of its input is none the worse
		_ = pipe.Close()
	}()
	err = session.Wait()
	if failed := read.failure(); failed != nil {
		return Result{}, true, fmt.Errorf("read its input: %w", failed)
	}
	var exit *ssh.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Result{Stdout: kept.kept, Stderr: stderr.kept}, true, err
	}
	if exit != nil {
		r, err = c.ended(node, exit.ExitStatus(), exit.Signal(), kept, stderr)
		return r, true, err
	}
	r, err = c.ended(node, 0, "", kept, stderr)
	return r, true, err
}

// failing remembers why reading failed, for a command that ended well on half of its input.
type failing struct {
	r   io.Reader
	mu  sync.Mutex
	err error
}

// Read reads on.
func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.mu.Lock()
		f.err = err
		f.mu.Unlock()
	}
	return n, err
}

// failure is why reading failed, if it did.
func (f *failing) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}
