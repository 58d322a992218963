package all

import (
	"context"
	"slices"

	"jcheck/check"
	"jcheck/counter"
	"jcheck/history"
)

// sums are the checkers of numbers that are added to.
func sums() []Checker {
	return []Checker{{
		Name: "counter",
		Doc:  "a counter: no read is below what was confirmed, or above what was asked for",
		About: `Operations are add (of an integer, which may be negative), increment and decrement
(by their value, or 1), and read. A read must be at least what was confirmed
before it began, and at most what was asked for by its end; what failed never
counts, and what is unknown may.`,
		Functions: counter.Functions(),
		Recognise: recogniseCounter,
		Check: func(ctx context.Context, h *history.History, _ Values) check.Result {
			return counter.Check(ctx, h, counter.Options{})
		},
	}}
}

// recogniseCounter tells a counter from a set by what is read, or, if nothing is, by amounts that come again.
func recogniseCounter(s *Shape) (Fit, string) {
	const why = "clients add and subtract, and read a number"
	adds := slices.ContainsFunc(counter.Functions(), func(f string) bool { return f != "read" && s.Has(f) })
	switch reads := s.Of("read").Answered; {
	case !adds || !reads.All(history.KindScalar):
		return No, ""
	case reads.Any(history.KindScalar):
		return s.Graded(Likely, counter.Functions()...), why
	case !s.Has("add") || addsAgain(s.H):
		return s.Graded(Possible+1, counter.Functions()...), "clients add the same amounts again"
	}
	return No, ""
}

// addsAgain tells whether two adds were confirmed of the same value, which a test of sets avoids.
func addsAgain(h *history.History) bool {
	fs, numbers, seen := check.NewFunctions(h, "add"), check.NewNumbering(h), 0
	for id := range h.All() {
		if fs.Of(id) < 0 || h.Type(id) != history.OK {
			continue
		}
		if seen++; numbers.OfOp(id) != int32(seen-1) {
			return true
		}
	}
	return false
}
