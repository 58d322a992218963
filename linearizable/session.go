package linearizable

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// Order is what the order of an object's operations must keep.
type Order uint8

const (
	// RealTime keeps the order of operations that don't overlap: linearizability.
	RealTime Order = iota
	// SessionOrder keeps the order of each process's own operations, and no other: sequential consistency (Lamport 1979).
	// One that crashed comes after those that its process did before it, at any time or never.
	//
	// It isn't local: a map whose keys are each sequentially consistent need not be. So an object isn't taken apart.
	SessionOrder
)

// orders are the names of the orders.
var orders = [...]string{RealTime: "realtime", SessionOrder: "session"}

// String is the order's name.
func (o Order) String() string { return orders[o] }

// ParseOrder is the order of the given name.
func ParseOrder(name string) (Order, error) {
	i := slices.Index(orders[:], name)
	if i < 0 {
		return 0, fmt.Errorf("unknown order %q (hint: %s)", name, strings.Join(orders[:], ", "))
	}
	return Order(i), nil
}

// NonSequential is the kind of the anomaly that Check finds with SessionOrder.
const NonSequential = "nonsequential"

// checkSessions judges one object by the order of its processes. What is linearizable is sequentially consistent, and
// that is most quickly shown; what isn't for a single key isn't at all; the rest is searched.
func (c *checker) checkSessions(ctx context.Context, h *history.History, obj *object, r *check.Result) []Linearization {
	r.Verdict = check.Valid
	if len(obj.calls) == 0 {
		r.Notes = []check.Note{nothingDone}
	}
	s := newSessions(h, obj, c.o)
	if c.o.Engine != SearchEngine {
		if order, ok := s.inRealTime(ctx, c.o); ok {
			return []Linearization{obj.ids(order)}
		}
		why, order, decided := s.byValues()
		switch {
		case why != nil:
			r.Verdict = check.Invalid
			r.Anomalies = []check.Anomaly{obj.nonSequential(why.calls, why.text)}
			return nil
		case decided:
			return []Linearization{obj.ids(order)}
		case c.o.Engine == FastEngine:
			r.Verdict = check.Unknown
			r.Reasons = []check.Reason{(&trial{search: &search{obj: obj}}).notFast()}
			return nil
		}
	}
	switch end := s.run(ctx); end {
	case reached:
		return []Linearization{obj.ids(s.order)}
	case stuck:
		r.Verdict = check.Invalid
		r.Anomalies = []check.Anomaly{s.anomaly()}
	default:
		r.Verdict = check.Unknown
		why := limitReason(ctx, end, s.maxTried, s.maxBytes)
		why.Text += fmt.Sprintf("; the longest order that was found explains %d of the %d operations that returned", s.most, s.returning)
		r.Reasons = []check.Reason{why}
	}
	return nil
}

// nonSequential is the anomaly that some calls show.
func (o *object) nonSequential(calls []int32, text string) check.Anomaly {
	return check.Anomaly{Kind: NonSequential, Total: 1, Ops: o.ids(calls).Ops, Text: text}
}

// inRealTime tells whether a few configurations suffice to show that the object is linearizable, and in which order its
// parts then are: each call at the first moment that those before it in its part allow.
func (s *sessions) inRealTime(ctx context.Context, o Options) (order []int32, ok bool) {
	o.Engine, o.MaxConfigurations = AutoEngine, min(o.maxConfigurations(), storyConfigurations)
	type moved struct{ moment, call int32 }
	var all []moved
	number := make(map[history.ID]int32)
	for x, c := range s.calls {
		number[c.id] = int32(x)
	}
	for _, part := range s.parts() {
		t := newTrial(ctx, part, o)
		t.round(ctx, 0, o)
		if t.end != reached || o.ordered && t.order == nil {
			return nil, false
		}
		moment := int32(-1)
		for _, x := range t.order {
			c := part.calls[x]
			moment = max(moment, c.inv)
			all = append(all, moved{moment, number[c.id]})
		}
	}
	slices.SortStableFunc(all, func(a, b moved) int { return cmp.Compare(a.moment, b.moment) })
	for _, m := range all {
		order = append(order, m.call)
	}
	return order, true
}
