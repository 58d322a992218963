package generator

import (
	"testing"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// usual is a generator as tests have them, for so many clients.
func usual() Generator {
	write := Repeat(Draw(func(d *Dice) Template { return Template{F: "write", Value: edn.NewInt(int64(d.IntN(5)))} }))
	g := Limit(1<<40, Stagger(time.Microsecond, Mix(Repeat(Do(Template{F: "read"})), write)))
	return TimeLimit(1<<62, Any(ForClients(g), ForNemesis(Stagger(10*time.Second, Cycle(Concat(do("start"), do("stop")))))))
}

// BenchmarkOp would miss a generator that can't give 50,000 operations per second beside all else that a run has to do.
// An operation is asked for, begun and completed.
func BenchmarkOp(b *testing.B) {
	perKey := Concurrent(10, CountedKeys(-1), func(history.Value) Generator {
		return ProcessLimit(20, Limit(100, Mix(forever("read"), forever("write"))))
	})
	for _, c := range []struct {
		name    string
		clients int
		g       Generator
	}{
		{"usual-10", 10, usual()},
		{"usual-100", 100, usual()},
		{"usual-1000", 1000, usual()},
		{"keys-100", 100, Stagger(time.Microsecond, perKey)},
		{"each-thread-100", 100, ForClients(EachThread(forever("a")))},
		{"reserve-100", 100, ForClients(Reserve(forever("a"), Share{50, forever("b")}))},
		{"phases-100", 100, Phases(Limit(1<<40, forever("a")), do("b"))},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx, g := NewContext(c.clients, true, 1), Validate(c.g)
			busy := make([]Op, 0, c.clients+1)
			next := 0
			b.ReportAllocs()
			for b.Loop() {
				op, status, after := g.Op(ctx)
				if status == Ready {
					ctx, g = ctx.Begin(op), after
					g = g.Update(ctx, op)
					busy = append(busy, op)
				}
				if status != Ready || len(busy)-next > c.clients/2 { // half of them are always busy
					op = busy[next]
					next++
					op.Type, op.TimeNS = history.OK, ctx.TimeNS+100
					ctx = ctx.End(op)
					g = g.Update(ctx, op)
				}
				if next == cap(busy)/2 {
					busy = append(busy[:0], busy[next:]...)
					next = 0
				}
			}
		})
	}
}
