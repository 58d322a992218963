package all

import (
	"context"

	"jcheck/check"
	"jcheck/check/causal"
	"jcheck/check/causalreverse"
	"jcheck/check/g2"
	"jcheck/check/longfork"
	"jcheck/history"
)

// orders are the checkers of the order in which clients see what others do. Their fits are better than those of
// linearizable, which knows some of their functions too.
func orders() []Checker {
	return []Checker{longForkRow(), causalRow(), causalReverseRow(), g2Row()}
}

func longForkRow() Checker {
	return Checker{
		Name: "long-fork",
		Doc:  "the order of independent writes: no two reads may see them in opposite orders",
		About: `Operations are write, [[:w key value]], where each key is written once, and read,
[[:r key value] ...] of all keys of a group. Of two reads of a group one must show
all that the other shows.`,
		Functions: longfork.Functions(),
		Options:   []Option{{Name: "group-size", Short: "g", Kind: Number, Doc: "how many keys a group has, `N`; without it as many as most reads have"}},
		Recognise: func(s *Shape) (Fit, string) {
			reads, writes := s.Of("read"), s.Of("write")
			if s.Only("read", "write") && (reads.Answered.Any(history.KindTxn) || reads.Asked.Any(history.KindTxn)) &&
				writes.Asked.Any(history.KindTxn) && writes.Asked.All(history.KindTxn) {
				return Likely + 10, "clients write single keys, and read groups of them, as micro-ops"
			}
			if s.Only("read") && reads.Answered.Any(history.KindTxn) && reads.Answered.All(history.KindTxn) {
				return Possible, "clients read groups of keys, as micro-ops"
			}
			return No, ""
		},
		Validate: func(v Values) error { return longForkOptions(v).Validate() },
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return longfork.Check(ctx, h, longForkOptions(v))
		},
	}
}

func longForkOptions(v Values) longfork.Options {
	size, _ := v.Number("group-size")
	return longfork.Options{GroupSize: int(size), JepsenCompat: v.Compat()}
}

func causalRow() Checker {
	return Checker{
		Name: "causal",
		Doc:  "a register in causal order: each operation follows the one that it links to",
		About: `Operations are read-init, write (of 1, 2, 3, ...) and read, usually by independent
keys. An ok operation has a field position, its own place, and a field link, the
position of the one that it followed, or :init.`,
		Functions: causal.Functions(),
		Recognise: func(s *Shape) (Fit, string) {
			if s.Has("read-init") && s.Only(causal.Functions()...) {
				return Certain, "clients read the initial value, write and read"
			}
			return No, ""
		},
		Check: func(ctx context.Context, h *history.History, _ Values) check.Result {
			return causal.Check(ctx, h, causal.Options{})
		},
	}
}

func causalReverseRow() Checker {
	return Checker{
		Name: "causal-reverse",
		Doc:  "the order of writes: who sees one sees all that were acknowledged before it began",
		About: `Operations are write of a value, each value once, and read of all values so far, as a
set or a list. A read that shows a write must show all those that had been
acknowledged when it was invoked.`,
		Functions: causalreverse.Functions(),
		Recognise: func(s *Shape) (Fit, string) {
			reads, writes := s.Of("read").Answered, s.Of("write").Asked
			if s.Only(causalreverse.Functions()...) && writes.Any(history.KindScalar) && writes.All(history.KindScalar) &&
				reads.Any(history.KindList, history.KindSet) && reads.All(history.KindList, history.KindSet) {
				return Likely + 10, "clients write values, and read lists of them"
			}
			return No, ""
		},
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return causalreverse.Check(ctx, h, causalreverse.Options{JepsenCompat: v.Compat()})
		},
	}
}

func g2Row() Checker {
	return Checker{
		Name: "g2",
		Doc:  "predicates that others' inserts falsify: at most one insert of a key commits",
		About: `Operations are insert of [key [a b]], where one of a and b is nil: a transaction that
looks for rows of the key in two tables, and inserts one into the first or the
second if there are none.`,
		Functions: g2.Functions(),
		OwnKeys:   true,
		Recognise: func(s *Shape) (Fit, string) {
			if s.Only(g2.Functions()...) && s.Has("insert") {
				return Likely + 10, "clients insert, and do nothing else"
			}
			return No, ""
		},
		Check: func(ctx context.Context, h *history.History, _ Values) check.Result {
			return g2.Check(ctx, h, g2.Options{})
		},
	}
}
