package workload

import (
	"testing"

	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Without this the final polls of a long log could end before its end: whatever is left counts as gone, and a correct
// database would look broken.
func TestFinalPollsGoToTheEnd(t *testing.T) {
	k := &kafka{keys: 1, maxLength: 4, via: "assign", polls: 3}
	g, ctx := k.final(), generator.NewContext(1, false, 7)
	answer := func(messages int) history.Value {
		var pairs []history.Value
		if messages > 0 {
			pairs = []history.Value{number(0), vector(vector(number(0), number(1)))}
		}
		return vector(vector(keyword("poll"), edn.NewMap(pairs)))
	}
	polls := 0
	for step := 0; ; step++ {
		op, status, next := g.Op(ctx)
		if status == generator.Done {
			break
		}
		if status != generator.Ready || step > 2000 {
			t.Fatalf("step %d: status %v", step, status)
		}
		ctx = ctx.At(op.TimeNS).Begin(op)
		g = next.Update(ctx, op)
		op.Type = history.OK
		if op.F == "poll" {
			polls++
			op.Value = answer(0)
			if polls <= 500 && polls%3 != 0 { // two in three show something, up to a point
				op.Value = answer(1)
			}
			if polls == 501 {
				op.Type = history.Fail
			}
		}
		ctx = ctx.End(op)
		g = g.Update(ctx, op)
	}
	if want := 504; polls != want {
		t.Errorf("%d polls, want %d: three after the last message, and the one that failed", polls, want)
	}
}
