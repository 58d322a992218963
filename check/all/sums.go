package all

import (
	"context"

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
		Recognise: func(s *Shape) (Fit, string) {
			reads := s.Of("read").Answered
			if !s.Only(counter.Functions()...) || s.Only("read") || !reads.All(history.KindScalar) || !reads.Any(history.KindScalar) {
				return No, ""
			}
			return Likely, "clients add and subtract, and read a number"
		},
		Check: func(ctx context.Context, h *history.History, _ Values) check.Result {
			return counter.Check(ctx, h, counter.Options{})
		},
	}}
}
