package generator

import (
	"math"
	"time"

	"jcheck/internal/edn"
)

// unset is a time that nobody settled yet.
const unset int64 = -1

// after is the time d after t, or the last there is: times of a century must not overflow into the past.
func after(t, d int64) int64 {
	if t > math.MaxInt64-d {
		return math.MaxInt64
	}
	return t + d
}

// timeLimit ends g at a time.
type timeLimit struct {
	limitNS  int64
	cutoffNS int64 // unset before the first operation
	g        Generator
}

// TimeLimit gives the operations of g that come less than d after the first. It ends when the time is over, or before if
// nobody is at work and whatever comes next would be too late.
func TimeLimit(d time.Duration, g Generator) Generator { return &timeLimit{int64(d), unset, g} }

func (l *timeLimit) Op(ctx Context) (Op, Status, Generator) {
	if l.cutoffNS != unset && ctx.TimeNS >= l.cutoffNS {
		return Op{}, Done, nil // so that whoever waits for something pending needn't wait longer
	}
	op, status, next := l.g.Op(ctx)
	switch {
	case ended(status):
		return op, status, next
	case status == Pending && same(next, l.g):
		return op, status, l
	case status == Pending:
		return op, status, &timeLimit{l.limitNS, l.cutoffNS, next}
	}
	cutoff := l.cutoffNS
	if cutoff == unset {
		cutoff = after(op.TimeNS, l.limitNS)
	}
	if op.TimeNS < cutoff {
		return op, status, &timeLimit{l.limitNS, cutoff, next}
	}
	if ctx.AllFree() {
		return Op{}, Done, nil
	}
	// This is merely the soonest of what can be done now: a thread that is at work may be free again in time.
	return Op{}, Pending, &timeLimit{l.limitNS, cutoff, l.g}
}

func (l *timeLimit) Update(ctx Context, op Op) Generator {
	next := l.g.Update(ctx, op)
	if same(next, l.g) {
		return l
	}
	return &timeLimit{l.limitNS, l.cutoffNS, next}
}

// paced spaces operations.
type paced struct {
	gapNS  int64 // in the mean
	random bool
	nextNS int64 // when the next operation is due; unset before the first
	g      Generator
}

// Stagger spaces the operations of g, of all threads together, by random gaps from nothing to twice d, d in the mean. An
// operation that comes late by less than d doesn't move those after it; what is lost beyond that isn't made up.
func Stagger(d time.Duration, g Generator) Generator { return &paced{int64(d), true, unset, g} }

// AtRate is Stagger, said the other way round: so many operations of g per second, in the mean. 0 is as fast as they go.
func AtRate(perSecond float64, g Generator) Generator {
	if perSecond <= 0 {
		return g
	}
	return Stagger(time.Duration(min(float64(time.Second)/perSecond, float64(maxSpan))), g)
}

// Delay spaces the operations of g, of all threads together, exactly d apart; those that are late are made up.
func Delay(d time.Duration, g Generator) Generator { return &paced{int64(d), false, unset, g} }

func (s *paced) Op(ctx Context) (Op, Status, Generator) {
	op, status, next := s.g.Op(ctx.Split(0))
	switch {
	case ended(status):
		return op, status, next
	case status == Pending:
		return op, status, s.after(s.nextNS, next)
	}
	due := s.nextNS
	if due == unset {
		due = op.TimeNS
	}
	late := op.TimeNS - due
	op.TimeNS = max(op.TimeNS, due)
	if !s.random {
		return op, status, s.after(after(due, s.gapNS), next)
	}
	d := ctx.Dice()
	due = after(due, d.Int64N(after(s.gapNS, s.gapNS)))
	return op, status, s.after(after(due, max(0, late-s.gapNS)), next)
}

func (s *paced) Update(ctx Context, op Op) Generator { return s.after(s.nextNS, s.g.Update(ctx, op)) }

func (s *paced) after(nextNS int64, next Generator) Generator {
	if nextNS == s.nextNS && same(next, s.g) {
		return s
	}
	return &paced{s.gapNS, s.random, nextNS, next}
}

// SleepFor makes one thread do nothing for d.
func SleepFor(d time.Duration) Generator {
	return Do(Template{F: "sleep", Act: Sleep, SleepNS: int64(d)})
}

// Say logs a text once.
func Say(text string) Generator {
	return Do(Template{F: "log", Act: Log, Value: edn.NewString(text)})
}

// A Window is a span of time that belongs to a generator.
type Window struct {
	For time.Duration
	G   Generator
}

// cycleTimes gives each generator its windows of time.
type cycleTimes struct {
	windows []Window
	gs      []Generator // what they go on with; never changed
	startNS int64
	totalNS int64
}

// CycleTimes gives the first window's generator its time, then the second's, and so on, and begins again; each goes on
// where it was. It ends when one of them does.
func CycleTimes(windows ...Window) Generator {
	c := &cycleTimes{windows: windows, startNS: unset}
	for _, w := range windows {
		c.gs = append(c.gs, w.G)
		c.totalNS += int64(w.For)
	}
	return c
}

// fit is when an operation of the i-th generator may come, that is ready at timeNS: then, or when its next window begins.
func (c *cycleTimes) fit(startNS int64, i int, timeNS int64) int64 {
	begin := startNS + (timeNS-startNS)/c.totalNS*c.totalNS
	for _, w := range c.windows[:i] {
		begin += int64(w.For)
	}
	if timeNS >= begin+int64(c.windows[i].For) {
		begin += c.totalNS
	}
	return max(timeNS, begin)
}

// window is whose time it is, and when that began.
func (c *cycleTimes) window(startNS, timeNS int64) (i int, beginNS int64) {
	begin := startNS + (timeNS-startNS)/c.totalNS*c.totalNS
	for i < len(c.windows)-1 && timeNS >= begin+int64(c.windows[i].For) {
		begin += int64(c.windows[i].For)
		i++
	}
	return i, begin
}

// Op asks the windows in the order of their times, from now on, until an operation lies in the window for which it was
// asked. If all lie far ahead, the one whose window comes first is given.
func (c *cycleTimes) Op(ctx Context) (Op, Status, Generator) {
	if c.totalNS <= 0 {
		return Op{}, Done, nil
	}
	start := c.startNS
	if start == unset {
		start = ctx.TimeNS
	}
	best := soonest{dice: ctx.Dice()}
	i, begin := c.window(start, ctx.TimeNS)
	for range c.windows {
		op, status, next := c.gs[i].Op(ctx.Split(i).At(begin))
		if ended(status) {
			return op, status, next
		}
		end := begin + int64(c.windows[i].For)
		if status == Ready {
			op.TimeNS = c.fit(start, i, op.TimeNS)
		}
		best.offer(i, 1, op, status, next)
		if status == Pending || op.TimeNS < end {
			break
		}
		begin, i = end, (i+1)%len(c.windows)
	}
	gs := replaced{old: c.gs}
	gs.put(best.i, best.next)
	return best.op, best.status, &cycleTimes{c.windows, gs.now(), start, c.totalNS}
}

func (c *cycleTimes) Update(ctx Context, op Op) Generator {
	gs := replaced{old: c.gs}
	for i, g := range c.gs {
		gs.put(i, g.Update(ctx.Split(i), op))
	}
	if gs.new == nil {
		return c
	}
	return &cycleTimes{c.windows, gs.new, c.startNS, c.totalNS}
}
