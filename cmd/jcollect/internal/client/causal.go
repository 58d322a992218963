package client

import (
	"context"

	"jcheck/history"
	"jcheck/internal/edn"
)

// A causalSession is one of registers whose operations tell their place among those of this session on the same key, and
// which one they follow: what a client did before is what its next operation depends on. A register begins as 0.
type causalSession struct {
	Session
	done map[string]int64 // by key: how many operations succeeded
}

// inOrder is a session as the load wants it.
func (o load) inOrder(s Session, err error) (Session, error) {
	if err != nil || !o.causal {
		return s, err
	}
	return &causalSession{s, make(map[string]int64)}, nil
}

// Invoke performs one operation.
func (s *causalSession) Invoke(ctx context.Context, c Call) Outcome {
	asked := c
	if c.F == "read-init" {
		asked.F = "read"
	}
	out := s.Session.Invoke(ctx, asked)
	if out.Type != history.OK {
		return out
	}
	if out.Value.IsNil() {
		out.Value = edn.NewInt(0)
	}
	key := ""
	if c.Key != nil {
		key = stored(*c.Key)
	}
	follows := edn.NewKeyword("init")
	if n := s.done[key]; n > 0 {
		follows = edn.NewInt(n)
	}
	s.done[key]++
	out.Extra = append(out.Extra, history.Field{Name: "position", Value: edn.NewInt(s.done[key])}, history.Field{Name: "link", Value: follows})
	return out
}
