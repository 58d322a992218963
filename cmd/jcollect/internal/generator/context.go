package generator

import "slices"

// Context is what a generator may know: the time, who is there, who is free. It is a value; its changes are new ones, and
// cost nothing that grows with the number of threads, but for a crash.
//
// Operations are done by threads, client threads and at most one nemesis. A thread runs one process at a time; when
// that crashes, the thread goes on as another process, whose number is higher by the number of client threads.
type Context struct {
	TimeNS int64
	// Seed is where all randomness of one question comes from, so that the same question has the same answer. Begin and
	// End change it; time alone doesn't.
	Seed uint64

	cast     *cast
	all      Threads // those that this part of a generator may use
	free     Threads // those of them without an operation
	counters []counter
	trace    func(string)
}

// cast is which process each client thread runs. It is never changed.
type cast struct {
	processes []int32 // by thread
}

// counter is how often a named counter was used.
type counter struct {
	name string
	next int64
}

// NewContext is the context at the start of a run: all client threads are free, thread t runs process t.
func NewContext(concurrency int, nemesis bool, seed uint64) Context {
	c := Context{Seed: seed, cast: &cast{make([]int32, concurrency)}}
	for t := range c.cast.processes {
		c.cast.processes[t] = int32(t)
	}
	c.all = span(0, concurrency)
	if nemesis {
		c.all = c.all.with(concurrency)
	}
	c.free = c.all
	return c
}

// At is the context at a later time; an earlier one changes nothing.
func (c Context) At(timeNS int64) Context {
	c.TimeNS = max(c.TimeNS, timeNS)
	return c
}

// Begin is the context after op began: its process is busy.
func (c Context) Begin(op Op) Context {
	c.TimeNS = max(c.TimeNS, op.TimeNS)
	c.Seed = scramble(c.Seed + 1)
	c.free = c.free.without(c.Thread(op.Process))
	if len(op.counts) > 0 {
		c.counters = counted(c.counters, op.counts)
	}
	return c
}

// End is the context after op, which is a completion, ended: its thread is free, and a crashed client gets a new number.
func (c Context) End(op Op) Context {
	c.TimeNS = max(c.TimeNS, op.TimeNS)
	c.Seed = scramble(c.Seed + 1)
	t := c.Thread(op.Process)
	if c.all.Has(t) {
		c.free = c.free.with(t)
	}
	if op.Crashed() && t < len(c.cast.processes) {
		next := slices.Clone(c.cast.processes)
		next[t] = op.Process + int32(len(next))
		c.cast = &cast{next}
	}
	return c
}

// Concurrency is the number of client threads of the run, whatever part of them this context has.
func (c Context) Concurrency() int { return len(c.cast.processes) }

// Thread is the thread that runs, or ran, a process.
func (c Context) Thread(process int32) int {
	if process < 0 || len(c.cast.processes) == 0 {
		return len(c.cast.processes)
	}
	return int(process) % len(c.cast.processes)
}

// Process is the process that a thread runs now.
func (c Context) Process(thread int) int32 {
	if thread < 0 || thread >= len(c.cast.processes) {
		return Nemesis
	}
	return c.cast.processes[thread]
}

// NemesisThread is the thread of the nemesis, be there one or not.
func (c Context) NemesisThread() int { return len(c.cast.processes) }

// All is the threads that this part of a generator may use.
func (c Context) All() Threads { return c.all }

// Free is the threads of All that have no operation.
func (c Context) Free() Threads { return c.free }

// AllFree tells whether no thread of All is busy.
func (c Context) AllFree() bool { return c.free.Equal(c.all) }

// On is the context with no other threads than those.
func (c Context) On(set Threads) Context {
	c.all = c.all.and(set)
	c.free = c.free.and(set)
	return c
}

// onThread is the context with one thread alone.
func (c Context) onThread(t int) Context {
	free := c.free.Has(t)
	c.all = Threads{}.with(t)
	c.free = Threads{}
	if free {
		c.free = c.all
	}
	return c
}

// Split is the context for the i-th of several generators that draw for the same question: each draws differently.
func (c Context) Split(i int) Context {
	c.Seed = scramble(c.Seed ^ scramble(uint64(i)+0x5eed))
	return c
}

// Dice is what a generator draws from. Each call gives the same dice: a generator that draws and asks others, too,
// gives them a Split.
func (c Context) Dice() Dice { return Dice{scramble(^c.Seed)} }

// Counter is how often the counter of that name was used so far.
func (c Context) Counter(name string) int64 {
	for _, n := range c.counters {
		if n.name == name {
			return n.next
		}
	}
	return 0
}

// WithTrace is the context whose traced generators tell f what they do. It says the same operations.
func (c Context) WithTrace(f func(string)) Context {
	c.trace = f
	return c
}

// counted is the counters after the named ones were used, a name for each time.
func counted(old []counter, names []string) []counter {
	next := slices.Clone(old)
	for _, name := range names {
		i := slices.IndexFunc(next, func(c counter) bool { return c.name == name })
		if i < 0 {
			i = len(next)
			next = append(next, counter{name: name})
		}
		next[i].next++
	}
	return next
}

// anyFree is a free process, each with the same chance.
func (c Context) anyFree(d *Dice) (int32, bool) {
	n := c.free.Len()
	if n == 0 {
		return 0, false
	}
	return c.Process(c.free.at(d.IntN(n))), true
}
