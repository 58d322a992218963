package all

import (
	"context"

	"jcheck/check"
	"jcheck/check/causalreverse"
	"jcheck/check/monotonic"
	"jcheck/check/pncounter"
	"jcheck/check/sequential"
	"jcheck/history"
	"jcheck/set"
)

// replicas are the checkers of what replicas come to agree on, or show in some order: those of Maelstrom, elle-cli and
// Jecci that Jepsen has not.
func replicas() []Checker {
	return []Checker{commentsRow(), sequentialRow(), monotonicRow(), pnCounterRow(), gSetRow(), broadcastRow()}
}

func commentsRow() Checker {
	return Checker{
		Name: "comments",
		Doc:  "comments on a page, which is causal-reverse by its name in elle-cli",
		About: `Operations are write of a value, each value once, and read of all values so far, as a
set or a list. A read that shows a write must show all those that had been
acknowledged when it was invoked. jcheck causal-reverse is the same.`,
		Functions: causalreverse.Functions(),
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			r := causalreverse.Check(ctx, h, causalreverse.Options{JepsenCompat: v.Compat()})
			r.Checker = "comments"
			return r
		},
	}
}

func sequentialRow() Checker {
	return Checker{
		Name: "sequential",
		Doc:  "the order of a client's own writes: who finds a later one finds all earlier ones",
		About: `Operations are write of a key, which inserts its subkeys one after another, and read
of a key, which looks for them in the opposite order and shows a list of what it
found, nil for what wasn't there. No nil may come after something else.`,
		Functions: sequential.Functions(),
		Recognise: func(s *Shape) (Fit, string) {
			reads, writes := s.Of("read").Answered, s.Of("write").Asked
			switch {
			case !s.Only(sequential.Functions()...) || !reads.Any(history.KindList) || !reads.All(history.KindList):
			case s.H.Keyed() && writes.All():
				return Likely, "clients write keys without values, and read lists"
			case !s.H.Keyed() && writes.All(history.KindScalar) && readsKeyedLists(s):
				return Certain, "clients write keys, and read lists of subkeys by key"
			}
			return No, ""
		},
		Check: func(ctx context.Context, h *history.History, _ Values) check.Result {
			return sequential.Check(ctx, h, sequential.Options{})
		},
	}
}

// maxLooked is how many operations are looked at for what reads show.
const maxLooked = 1000

// readsKeyedLists tells whether the first ok reads show [key list].
func readsKeyedLists(s *Shape) bool {
	seen := false
	for i := range min(s.H.Size(), maxLooked) {
		id := s.H.At(i)
		if s.H.Type(id) != history.OK || s.H.Value(s.H.F(id)).Text != "read" || s.H.Kind(id) != history.KindList {
			continue
		}
		elems := s.H.Elems(id)
		if len(elems) != 2 || !s.H.Value(elems[1]).Sequential() {
			return false
		}
		seen = true
	}
	return seen
}

func monotonicRow() Checker {
	return Checker{
		Name: "monotonic",
		Doc:  "values that only grow: no two observations in contradictory orders",
		About: `Operations are inc, answered by {key value}, and read, answered by {key value ...}.
Values of a key only ever grow. Who saw a smaller value came before who saw a
greater one, and who had ended came before who had not begun: there must be no circle.`,
		Functions: monotonic.Functions(),
		Recognise: func(s *Shape) (Fit, string) {
			if s.Has("inc", "read") && s.Only(monotonic.Functions()...) && s.Of("read").Answered.All(history.KindMap) {
				return Certain, "clients increment keys, and read maps of them"
			}
			return No, ""
		},
		Check: func(ctx context.Context, h *history.History, _ Values) check.Result {
			return monotonic.Check(ctx, h, monotonic.Options{})
		},
	}
}

func pnCounterRow() Checker {
	return Checker{
		Name: "pn-counter",
		Doc:  "a counter that replicas agree on in the end: the last reads show a sum that can be",
		About: `Operations are add of an integer, which may be negative, and read. Reads with the
field :final? true must show the sum of all that was acknowledged and some of what
is unknown. Other reads may show anything. It is for Maelstrom's g-counter, too.`,
		Functions: pncounter.Functions(),
		Recognise: func(s *Shape) (Fit, string) {
			if s.Has("add", "read") && s.Only(pncounter.Functions()...) && s.Of("read").Scalars.Integers > 0 && hasFinalReads(s) {
				return Certain, "clients add numbers, and the last reads are marked as final"
			}
			return No, ""
		},
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return pncounter.Check(ctx, h, pncounter.Options{JepsenCompat: v.Compat()})
		},
	}
}

// hasFinalReads tells whether there is a final read among the last operations.
func hasFinalReads(s *Shape) bool {
	n := s.H.Size()
	for i := max(0, n-maxLooked); i < n; i++ {
		for _, f := range s.H.Op(s.H.At(i)).Extra {
			if f.Name == "final?" && f.Value.Bool() {
				return true
			}
		}
	}
	return false
}

func gSetRow() Checker {
	return Checker{
		Name: "g-set",
		Doc:  "a set that replicas agree on, which is set-full by its name in Maelstrom",
		About: `Operations are add (of an element) and read, which shows all elements. No element
may be lost: jcheck set-full is the same.`,
		Functions: set.Functions(),
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			r := set.CheckFull(ctx, h, set.FullOptions{JepsenCompat: v.Compat()})
			r.Checker = "g-set"
			return r
		},
	}
}

func broadcastRow() Checker {
	return Checker{
		Name: "broadcast",
		Doc:  "messages to all nodes: every node comes to show each of them",
		About: `Operations are broadcast (of a message) and read, which shows all messages that a
node has seen. They are judged like the elements of a set by jcheck set-full: no
message may be lost.`,
		Functions: []string{"broadcast", "read"},
		Recognise: func(s *Shape) (Fit, string) {
			if s.Has("broadcast") && s.Only("broadcast", "read") {
				return Certain, "clients broadcast messages, and read lists"
			}
			return No, ""
		},
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			r := set.CheckFull(ctx, h, set.FullOptions{JepsenCompat: v.Compat(), Add: "broadcast"})
			r.Checker = "broadcast"
			return r
		},
	}
}
