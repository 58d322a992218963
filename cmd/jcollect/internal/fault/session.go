package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/history"
	"jcheck/internal/edn"
)

// healF is the operation that heals everything. A plan may use it whatever its faults are.
const healF = "heal"

// Operations are the functions that the nemesis of a plan knows, whichever faults it injects by itself.
func (f Plan) Operations() []string {
	names := []string{healF}
	for _, k := range kinds(f) {
		for _, m := range k.moves {
			names = append(names, m.f)
		}
	}
	slices.Sort(names)
	return names
}

// Session is what the nemesis's thread uses. Every call ends as Info: a fault is no operation of the database.
func (n *Nemesis) Session() client.Session { return session{n} }

type session struct{ n *Nemesis }

// Invoke injects or heals, and says what was done to whom.
func (s session) Invoke(ctx context.Context, c client.Call) client.Outcome {
	ctx, cancel := context.WithTimeout(ctx, s.n.plan.timeout())
	defer cancel()
	value, err := s.n.play(ctx, c)
	out := client.Outcome{Type: history.Info, Value: value}
	if value.IsNil() {
		out.Value = c.Value
	}
	if m := s.n.scheme[c.F]; m.extra != nil {
		out.Extra = m.extra(ctx, s.n)
	}
	if err != nil {
		s.n.log.Warn("a fault went wrong", "f", c.F, "error", err)
		out.Error = edn.NewVector([]history.Value{edn.NewKeyword("nemesis"), edn.NewString(err.Error())})
	} else {
		s.n.log.Debug("nemesis", "f", c.F, "value", out.Value.String())
	}
	return out
}

// Close heals nothing: Heal does, which a run calls whatever happened.
func (s session) Close() error { return nil }

// play performs one operation.
func (n *Nemesis) play(ctx context.Context, c client.Call) (history.Value, error) {
	if c.F == healF {
		errs := n.healAll(ctx)
		return outcomes(n.names, "healed", errs), joinNodes("heal", errs)
	}
	m, ok := n.scheme[c.F]
	if !ok {
		return history.Value{}, fmt.Errorf("no fault has the operation %s (hint: one of %s)", c.F, strings.Join(append(sortedKeys(n.scheme), healF), ", "))
	}
	n.mu.Lock()
	for _, l := range n.skipped {
		if l.Fault == m.kind {
			n.mu.Unlock()
			return history.Value{}, errors.New("skipped: " + l.String())
		}
	}
	n.mu.Unlock()
	return m.do(ctx, n, c)
}
