package all

import (
	"context"

	"jcheck/check"
	"jcheck/history"
	"jcheck/set"
)

// sets are the checkers of sets that elements are added to.
func sets() []Checker {
	return []Checker{{
		Name: "set",
		Doc:  "a set by its last read: whether it has all that was confirmed, and nothing else",
		About: `Operations are add (of an element) and read, which shows all elements. The last
read must hold each element whose add was confirmed before it began, and none
that nobody tried to add. What failed or is unknown may be there or not.`,
		Functions: set.Functions(),
		Recognise: recogniseSet,
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return set.Check(ctx, h, set.Options{JepsenCompat: v.Compat()})
		},
	}, {
		Name: "set-full",
		Doc:  "a set by all its reads: what became of each element, and how long it took",
		About: `Operations are add (of an element) and read, which shows all elements. Each
element is stable (the newest reads show it), lost (it was known to be there,
but the newest reads don't show it) or was never read. Lost elements are
invalid, and so are elements that a read shows twice, or before anybody asked
for them. A read that misses what was known before it began is stale: invalid
with --linearizable. Latencies tell how long elements took to become stable.`,
		Functions: set.Functions(),
		Options: []Option{{Name: "linearizable", Kind: Switch,
			Doc: "each read must show all that was known before it began"}},
		Recognise: recogniseSet,
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return set.CheckFull(ctx, h, set.FullOptions{Linearizable: v.On("linearizable"), JepsenCompat: v.Compat()})
		},
	}}
}

func recogniseSet(s *Shape) (Fit, string) {
	reads := s.Of("read").Answered
	elements := []history.Kind{history.KindList, history.KindSet, history.KindTxn}
	switch {
	case !s.Has("add") || !reads.All(elements...):
		return No, ""
	case reads.Any(elements...):
		return s.Graded(Likely, set.Functions()...), "clients add elements, and read lists or sets"
	}
	return s.Graded(Possible, set.Functions()...), "clients add elements"
}
