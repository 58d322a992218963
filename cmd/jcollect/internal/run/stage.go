package run

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// A stage is a part of a run that has an end: no node, however dead, holds a run up for ever.
type stage struct {
	name  string // what is being done: "connect to the nodes"
	limit time.Duration
	do    func(ctx context.Context) error
}

// grace is how long a stage may take to notice that its time is up.
const grace = 15 * time.Second

// The causes for which a stage ends early.
var (
	errInterrupted = errors.New("interrupted")
	errTooLong     = errors.New("took too long")
)

// panicError is our own bug. It must not keep a run from healing the cluster.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string {
	return fmt.Sprintf("internal error: %v\n%s", e.value, e.stack)
}

// guarded makes an error of a panic.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p, debug.Stack()}
		}
	}()
	return do()
}

// bounded runs a stage within its limit. One that doesn't end although its context did is left behind.
func (s stage) bounded(parent context.Context) error {
	if parent.Err() != nil {
		return fmt.Errorf("%s: %w", s.name, errInterrupted)
	}
	ctx, cancel := context.WithTimeoutCause(parent, s.limit, errTooLong)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- guarded(func() error { return s.do(ctx) }) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(grace):
			err = fmt.Errorf("gave up after %s, %s after its time was up", s.limit+grace, grace)
		}
	}
	switch {
	case err == nil:
		return nil
	case parent.Err() != nil:
		return fmt.Errorf("%s: %w", s.name, errInterrupted)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w (%s): %w", s.name, errTooLong, s.limit, err)
	}
	return fmt.Errorf("%s: %w", s.name, err)
}
