package client

import (
	"context"
	"testing"

	"jcheck/history"
)

// noted is a connection that notes its end.
type noted struct{ closed chan struct{} }

func (noted) usable() bool { return true }
func (n noted) close()     { close(n.closed) }

// Without this a session that was given up while it connected could send its operation all the same, long after it was
// called unknown, and leave its connection behind.
func TestClosedWhileConnecting(t *testing.T) {
	asked, proceed := make(chan struct{}), make(chan struct{})
	conn := noted{make(chan struct{})}
	s := &linkSession[noted]{object: "x", ops: map[string]op[noted]{"write": {writing, func(context.Context, noted, Call) (history.Value, error) {
		t.Error("the operation was sent")
		return history.Value{}, nil
	}}}, open: func(context.Context) (noted, error) {
		close(asked)
		<-proceed
		return conn, nil
	}}
	out := make(chan Outcome)
	go func() { out <- s.Invoke(context.Background(), Call{F: "write"}) }()
	<-asked
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	close(proceed)
	if got := <-out; got.Type != history.Fail {
		t.Errorf("got %v %v, want fail: nothing was sent", got.Type, got.Error)
	}
	<-conn.closed
}
