package main

import (
	"testing"

	"jcheck/check"
)

func TestCauseKeepsHowFarItGot(t *testing.T) {
	// Without this, a limit could be named, and how far a check had come by then be lost.
	tests := []struct{ code, text, want string }{
		{"interrupted", "The check was stopped; linearizable through operation 5", "not finished; linearizable through operation 5"},
		{"timeout", "The time ran out", "not finished"},
		{"memory", "The search would have taken more; done", "The search would have taken more; done"},
	}
	for _, tt := range tests {
		inner := check.Result{Reasons: []check.Reason{{Code: tt.code, Text: tt.text}}}
		r := check.Result{Reasons: inner.Reasons, Parts: []check.Part{{Result: inner}}}
		nameCause(&r, check.Reason{Code: "timeout", Text: "not finished"})
		for _, got := range []check.Reason{r.Reasons[0], r.Parts[0].Result.Reasons[0]} {
			if got.Text != tt.want {
				t.Errorf("%s: reason is %q, want %q", tt.code, got.Text, tt.want)
			}
		}
	}
}
