package generator

import (
	"slices"

	"jcheck/internal/amount"
)

// each gives every thread, or every process, its own copy of a generator.
type each struct {
	g         Generator
	byProcess bool
	copies    table // by thread
}

// EachThread gives each thread a copy of g, the nemesis included. While a thread is busy it isn't done.
func EachThread(g Generator) Generator { return &each{g: g} }

// EachProcess gives each process a copy of g: after a crash the next process begins anew.
func EachProcess(g Generator) Generator { return &each{g: g, byProcess: true} }

// copyOf is the copy that thread t goes on with.
func (e *each) copyOf(ctx Context, copies table, t int) entry {
	c := copies.get(t)
	if p := ctx.Process(t); c.g == nil && !c.done || e.byProcess && c.process != p {
		return entry{g: e.g, process: p}
	}
	return c
}

// Op asks from a random free thread on: an operation for now can't be outdone, so that the others needn't be asked.
func (e *each) Op(ctx Context) (Op, Status, Generator) {
	n := ctx.free.Len()
	best := soonest{dice: ctx.Dice()}
	copies := e.copies
	start := best.dice.IntN(n)
	for i := range n {
		t := ctx.free.at((start + i) % n)
		c := e.copyOf(ctx, copies, t)
		if c.done {
			continue
		}
		op, status, next := c.g.Op(ctx.onThread(t).Split(t))
		switch {
		case status == Broken:
			return op, status, next
		case status == Done:
			copies = copies.set(t, entry{process: c.process, done: true})
		case status == Pending && !same(c.g, next):
			copies = copies.set(t, entry{g: next, process: c.process})
		}
		best.offer(t, 1, op, status, next)
		if status == Ready && op.TimeNS <= ctx.TimeNS {
			break
		}
	}
	switch {
	case best.status == Ready:
		copies = copies.set(best.i, entry{g: best.next, process: ctx.Process(best.i)})
	case best.status == Done && ctx.AllFree():
		return Op{}, Done, nil
	default:
		best.status = Pending
	}
	return best.op, best.status, &each{e.g, e.byProcess, copies}
}

func (e *each) Update(ctx Context, op Op) Generator {
	t := ctx.Thread(op.Process)
	c := e.copyOf(ctx, e.copies, t)
	if !ctx.all.Has(t) || c.done || e.byProcess && c.process != op.Process {
		return e
	}
	next := c.g.Update(ctx.onThread(t), op)
	if same(next, c.g) {
		return e
	}
	return &each{e.g, e.byProcess, e.copies.set(t, entry{g: next, process: c.process})}
}

// entry is what a table has for one thread or group.
type entry struct {
	g       Generator // nil before the first operation, and after the last
	process int32     // whose copy it is
	done    bool
}

// chunk is how many entries are copied when one changes.
const chunk = 16

// table is a list of entries, an immutable value, of which a changed one shares all but a chunk. The zero value is full
// of zero entries.
type table struct{ chunks []*[chunk]entry }

func (t table) get(i int) entry {
	if i/chunk >= len(t.chunks) || t.chunks[i/chunk] == nil {
		return entry{}
	}
	return t.chunks[i/chunk][i%chunk]
}

func (t table) set(i int, e entry) table {
	chunks := make([]*[chunk]entry, max(len(t.chunks), i/chunk+1))
	copy(chunks, t.chunks)
	var c [chunk]entry
	if old := chunks[i/chunk]; old != nil {
		c = *old
	}
	c[i%chunk] = e
	chunks[i/chunk] = &c
	return table{chunks}
}

// A Share is a number of threads that have a generator of their own.
type Share struct {
	Threads int
	G       Generator
}

// reserve gives each generator threads of its own.
type reserve struct {
	shares []Share     // the last has the rest
	gs     []Generator // what they go on with; nil if done; never changed
	all    Threads     // the threads for which sets was computed
	sets   []Threads
}

// Reserve gives the first threads of the context to the first share, the next ones to the second, and so on; the rest
// have rest. Of operations at one time, each has the chance of its number of threads.
func Reserve(rest Generator, shares ...Share) Generator {
	r := &reserve{shares: append(slices.Clone(shares), Share{G: rest})}
	for _, s := range r.shares {
		r.gs = append(r.gs, s.G)
	}
	return r
}

// ranges is the threads of each share; false if there are too few.
func (r *reserve) ranges(ctx Context) ([]Threads, bool) {
	if r.sets != nil && r.all.Equal(ctx.all) {
		return r.sets, true
	}
	sets := make([]Threads, len(r.shares))
	i, taken := 0, 0
	for t := range ctx.all.All() {
		for i < len(sets)-1 && taken == r.shares[i].Threads {
			i, taken = i+1, 0
		}
		sets[i] = sets[i].with(t)
		taken++
	}
	full := i == len(sets)-1 || i == len(sets)-2 && taken == r.shares[i].Threads
	return sets, full
}

func (r *reserve) Op(ctx Context) (Op, Status, Generator) {
	sets, ok := r.ranges(ctx)
	if !ok {
		wanted := 0
		for _, s := range r.shares {
			wanted += s.Threads
		}
		return broken("reserve wants %s, there are %d (hint: a higher concurrency)", amount.Of(wanted, "thread"), ctx.all.Len())
	}
	best := soonest{dice: ctx.Dice()}
	gs := replaced{old: r.gs}
	for i, g := range r.gs {
		if g == nil || sets[i].Empty() {
			continue
		}
		op, status, next := g.Op(ctx.On(sets[i]).Split(i))
		switch status {
		case Broken:
			return op, status, next
		case Done, Pending:
			gs.put(i, next)
		}
		best.offer(i, sets[i].Len(), op, status, next)
	}
	switch best.status {
	case Done:
		return Op{}, Done, nil
	case Ready:
		gs.put(best.i, best.next)
	}
	return best.op, best.status, &reserve{r.shares, gs.now(), ctx.all, sets}
}

func (r *reserve) Update(ctx Context, op Op) Generator {
	sets, ok := r.ranges(ctx)
	t := ctx.Thread(op.Process)
	i := slices.IndexFunc(sets, func(s Threads) bool { return s.Has(t) })
	if !ok || i < 0 || r.gs[i] == nil {
		return r
	}
	gs := replaced{old: r.gs}
	gs.put(i, r.gs[i].Update(ctx.On(sets[i]), op))
	if gs.new == nil {
		return r
	}
	return &reserve{r.shares, gs.new, ctx.all, sets}
}
