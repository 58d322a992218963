package client

import (
	"context"

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
	conn   C
	opened bool
}

// begin opens the connection for the first time.
func (s *linkSession[C]) begin(ctx context.Context) (Session, error) {
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// connect opens a connection.
func (s *linkSession[C]) connect(ctx context.Context) (err error) {
	s.conn, err = s.open(ctx)
	s.opened = err == nil
	return err
}

// Invoke performs one operation.
func (s *linkSession[C]) Invoke(ctx context.Context, c Call) Outcome {
	o, ok := s.ops[c.F]
	if !ok {
		return finish(true, history.Value{}, unknownCall(c, s.object))
	}
	if s.opened && !s.conn.usable() {
		s.drop()
	}
	if !s.opened {
		if err := s.connect(ctx); err != nil {
			return finish(true, history.Value{}, fail("no-client", err.Error()))
		}
	}
	v, err := o.run(ctx, s.conn, c)
	if f := asFailure(err); f != nil && (!f.answered || s.stale != nil && s.stale(f)) {
		s.drop()
	}
	return finish(o.reads(c), v, err)
}

// drop ends the connection.
func (s *linkSession[C]) drop() {
	if s.opened {
		s.conn.close()
		s.opened = false
	}
}

// Close ends the session.
func (s *linkSession[C]) Close() error {
	s.drop()
	return nil
}

// reading and writing tell of operations that always do.
func reading(Call) bool { return true }
func writing(Call) bool { return false }
