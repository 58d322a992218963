package client

import (
	"context"
	"errors"
	"sync"

	"jcheck/history"
)

// An op is how an operation of an object is done on a connection.
type op[C link] struct {
	reads func(c Call) bool // does the call change nothing?
	run   func(ctx context.Context, conn C, c Call) (history.Value, error)
}

// A link is a connection to a database.
type link interface {
	usable() bool // may it be asked something?
	close()
}

// A linkSession is a session of one connection, opened anew by the next call after it broke.
type linkSession[C link] struct {
	object string
	ops    map[string]op[C]
	open   func(ctx context.Context) (C, error)
	stale  func(f *failure) bool // does an answer mean that this connection is the wrong one by now? nil: none does

	mu     sync.Mutex // Close may come while a call hangs
	conn   C
	opened bool
	closed bool
}

// begin opens the connection for the first time.
func (s *linkSession[C]) begin(ctx context.Context) (Session, error) {
	if _, err := s.connect(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// errClosed is the answer to a call whose session was closed meanwhile.
var errClosed = errors.New("the session was closed")

// connect opens a connection, unless the session is closed by then.
func (s *linkSession[C]) connect(ctx context.Context) (C, error) {
	conn, err := s.open(ctx)
	if err != nil {
		return conn, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.close()
		return conn, errClosed
	}
	s.conn, s.opened = conn, true
	return conn, nil
}

// connection is the one that there is, if it can be used, or a new one.
func (s *linkSession[C]) connection(ctx context.Context) (C, error) {
	s.mu.Lock()
	conn, opened := s.conn, s.opened
	s.mu.Unlock()
	if opened && conn.usable() {
		return conn, nil
	}
	s.drop()
	return s.connect(ctx)
}

// Invoke performs one operation.
func (s *linkSession[C]) Invoke(ctx context.Context, c Call) Outcome {
	o, ok := s.ops[c.F]
	if !ok {
		return finish(true, history.Value{}, unknownCall(c, s.object))
	}
	conn, err := s.connection(ctx)
	if err != nil {
		return finish(true, history.Value{}, fail("no-client", err.Error()))
	}
	v, err := o.run(ctx, conn, c)
	if f := asFailure(err); f != nil && (!f.answered || s.stale != nil && s.stale(f)) {
		s.drop()
	}
	return finish(o.reads(c), v, err)
}

// drop ends the connection.
func (s *linkSession[C]) drop() {
	s.mu.Lock()
	conn, opened := s.conn, s.opened
	s.opened = false
	s.mu.Unlock()
	if opened {
		conn.close()
	}
}

// Close ends the session.
func (s *linkSession[C]) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.drop()
	return nil
}

// reading and writing tell of operations that always do.
func reading(Call) bool { return true }
func writing(Call) bool { return false }
