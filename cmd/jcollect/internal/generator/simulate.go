package generator

import (
	"container/heap"
	"context"
	"errors"
	"fmt"

	"jcheck/history"
)

// Simulation plays a generator without a cluster, in an instant and always alike.
type Simulation struct {
	Concurrency int
	Nemesis     bool
	Seed        uint64
	// Complete says how an operation of a client ends; it is called when the operation begins. nil is ok with the value
	// that was asked for.
	Complete func(op Op, d *Dice) Op
	// LatencyNS says how long an operation takes; nil is 10 ns.
	LatencyNS func(op Op, d *Dice) int64
	MaxOps    int   // how many operations are begun at most; 0 is 250,000
	MaxTimeNS int64 // when no more are begun; 0 is never
	Trace     func(string)
}

// ErrLimit is a simulation that ended since it was to do no more operations.
var ErrLimit = errors.New("stopped")

// maxSimulated is how many operations a simulation begins if nothing else is said.
const maxSimulated = 250_000

// A Mode is a kind of simulation that has a name.
type Mode struct {
	Name, Doc string
	Complete  func(op Op, d *Dice) Op
	LatencyNS func(op Op, d *Dice) int64
}

// Modes are the kinds of simulation: how the operations of a run end.
func Modes() []Mode {
	return []Mode{
		{"quick", "every operation succeeds at once", nil, func(Op, *Dice) int64 { return 0 }},
		{"perfect", "every operation succeeds after 10 ns", nil, nil},
		{"perfect-info", "every operation crashes after 10 ns", func(op Op, _ *Dice) Op { op.Type = history.Info; return op }, nil},
		{"imperfect", "operations fail, crash and succeed, each a third of them, after 10 ns", imperfect, nil},
	}
}

// imperfect ends an operation in one of three ways.
func imperfect(op Op, d *Dice) Op {
	op.Type = [...]history.Type{history.Fail, history.Info, history.OK}[d.IntN(3)]
	return op
}

// play is a simulation under way.
type play struct {
	Simulation
	ctx  Context
	g    Generator
	ops  []Op
	open inFlight
}

// Run plays g to its end and gives its operations, invocations and completions, in the order of their times. An error
// tells why it didn't get to the end: then the operations are those up to there.
func (s Simulation) Run(ctx context.Context, g Generator) ([]Op, error) {
	if s.MaxOps == 0 {
		s.MaxOps = maxSimulated
	}
	p := play{Simulation: s, ctx: NewContext(s.Concurrency, s.Nemesis, s.Seed).WithTrace(s.Trace), g: Validate(g)}
	for begun := 0; ; {
		if err := ctx.Err(); err != nil {
			return p.ops, fmt.Errorf("simulate: %w", err)
		}
		op, status, next := p.g.Op(p.ctx)
		switch {
		case status == Broken:
			return p.ops, fmt.Errorf("simulate: %w", Err(next))
		case status == Done || status == Ready && s.MaxTimeNS > 0 && op.TimeNS >= s.MaxTimeNS && len(p.open.ops) == 0:
			for p.complete() {
			}
			return p.ops, nil
		case status == Ready && (len(p.open.ops) == 0 || op.TimeNS < p.open.ops[0].TimeNS):
			if begun++; begun > s.MaxOps {
				return p.ops, fmt.Errorf("simulate: %w after %d operations", ErrLimit, s.MaxOps)
			}
			p.g = next
			p.begin(op)
		case status == Pending && len(p.open.ops) == 0:
			return p.ops, fmt.Errorf("simulate: stuck at %d ns: the generator waits, and nothing is under way", p.ctx.TimeNS)
		default:
			if status == Pending {
				p.g = next
			}
			p.complete()
		}
	}
}

// begin begins an operation, and settles how it will end.
func (p *play) begin(op Op) {
	p.ctx = p.ctx.Begin(op)
	p.g = p.g.Update(p.ctx, op)
	p.ops = append(p.ops, op)
	d := p.ctx.Split(1).Dice()
	end := p.end(op, &d)
	end.TimeNS = op.TimeNS + p.latencyNS(op, &d)
	p.open.begun++
	heap.Push(&p.open, flying{end, p.open.begun})
}

// end is how an operation ends.
func (p *play) end(op Op, d *Dice) Op {
	switch {
	case op.Act != Perform || op.Process == Nemesis:
		return op
	case p.Complete == nil:
		op.Type = history.OK
		return op
	}
	return p.Complete(op, d)
}

func (p *play) latencyNS(op Op, d *Dice) int64 {
	switch {
	case op.Act == Sleep:
		return op.SleepNS
	case op.Act == Log:
		return 0
	case p.LatencyNS == nil:
		return 10
	}
	return p.LatencyNS(op, d)
}

// complete ends the operation that ends first; false if none is under way.
func (p *play) complete() bool {
	if len(p.open.ops) == 0 {
		return false
	}
	op := heap.Pop(&p.open).(flying).Op
	p.ctx = p.ctx.End(op)
	p.g = p.g.Update(p.ctx, op)
	p.ops = append(p.ops, op)
	return true
}

// flying is how an operation that is under way will end.
type flying struct {
	Op
	begun int // the how-manieth it was
}

// inFlight is the operations under way, a heap.
type inFlight struct {
	ops   []flying
	begun int
}

// Len, Less, Swap, Push and Pop are what container/heap wants.
func (f *inFlight) Len() int { return len(f.ops) }
func (f *inFlight) Less(i, j int) bool {
	a, b := f.ops[i], f.ops[j]
	return a.TimeNS < b.TimeNS || a.TimeNS == b.TimeNS && a.begun < b.begun
}
func (f *inFlight) Swap(i, j int) { f.ops[i], f.ops[j] = f.ops[j], f.ops[i] }
func (f *inFlight) Push(x any)    { f.ops = append(f.ops, x.(flying)) }
func (f *inFlight) Pop() any {
	last := f.ops[len(f.ops)-1]
	f.ops = f.ops[:len(f.ops)-1]
	return last
}

// History is the operations as a history has them: without those that only sleep or log.
func History(ops []Op) []history.Op {
	var hs []history.Op
	for _, op := range ops {
		if op.Act == Perform {
			hs = append(hs, op.Record(int64(len(hs))))
		}
	}
	return hs
}
