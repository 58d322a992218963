package sim

import (
	"math/rand/v2"
	"slices"
	"strings"

	"jcheck/history"
)

// script is a small history to be woven into a larger one. Its keys and clients are numbered from 0, and time is in
// phases: within one, all operations that are invoked in it are invoked, in any order, and then all that complete in it
// complete, in any order.
type script struct {
	parts []part
	rows  []Row // closed-predicate's rows that are there from the beginning
}

// part is one operation of a script.
type part struct {
	actor    int // which client
	from, to int // the phases in which it's invoked and completes
	typ      history.Type
	mops     []Mop // as completed
}

// actors is the number of clients that take part.
func (s *script) actors() int {
	n := 0
	for _, p := range s.parts {
		n = max(n, p.actor+1)
	}
	return n
}

// keys is the number of keys.
func (s *script) keys() int {
	n := int64(len(s.rows))
	for _, p := range s.parts {
		for _, m := range p.mops {
			n = max(n, m.Key+1)
		}
	}
	return int(n)
}

// newScript reads a script: phases with / between, in each the operations with | between: the client, "f" if it fails,
// a colon, and micro-ops: ax1 (append 1 to x), wx1 (write), rx12 (read the list [1 2]), =x1 (read 1), rx (read nil), px1
// (read all rows with the version 1, and find none). A phase +x1 is no phase but says that row x is 1 from the beginning.
func newScript(notation string, w Workload) script {
	var s script
	phase := 0
	for text := range strings.SplitSeq(notation, " / ") {
		if row, ok := strings.CutPrefix(text, "+"); ok {
			m := newMop("w"+row, w)
			s.rows = append(s.rows, Row{m.Key, m.Value})
			continue
		}
		for op := range strings.SplitSeq(text, " | ") {
			who, what, _ := strings.Cut(op, ":")
			p := part{actor: int(who[0] - '0'), from: phase, to: phase, typ: history.OK}
			if strings.HasSuffix(who, "f") {
				p.typ = history.Fail
			}
			for _, m := range strings.Fields(what) {
				p.mops = append(p.mops, newMop(m, w))
			}
			s.parts = append(s.parts, p)
		}
		phase++
	}
	return s
}

// newMop reads one micro-op of the notation.
func newMop(text string, w Workload) Mop {
	m := Mop{Key: int64(text[1] - 'x')}
	for _, d := range text[2:] {
		m.Value = int64(d - '0')
		m.List = append(m.List, m.Value)
	}
	switch text[0] {
	case 'a', 'w':
		m.Write, m.List = true, nil
		return m
	case 'p':
		value := m.Value
		return Mop{Pred: &Predicate{Equal: &value}, Known: true}
	}
	m.Known = true
	m.Absent = w == ClosedPredicate && m.List == nil
	if w == ListAppend {
		m.Value = 0
	} else {
		m.List = nil
	}
	return m
}

// The steps of a cycle: from a transaction to one that wrote the next version (ww), that read what it wrote (wr), that
// wrote the next version of what it read (rw) or of what it missed by a predicate (rwp), that its own client ran later,
// or that began after it had finished.
const (
	stepWW   = 'w'
	stepWR   = 'r'
	stepRW   = 'a'
	stepRWP  = 'p'
	stepNext = 's'
	stepTime = 't'
)

// thrifty instead of a number of extra steps asks for the cycle that needs the fewest clients: ww takes one more, to tell
// the order of versions.
const thrifty = -1

// drawCycle draws the steps around a cycle of that name, with the given number more than it takes.
func drawCycle(name string, w Workload, extra int, rng *rand.Rand) []byte {
	kind, suffix := cutOrder(name)
	antis, gaps := 0, 1 // steps of rw, and the gaps after the last of them that other steps must fill
	switch strings.TrimSuffix(kind, "-item") {
	case "G-single":
		antis = 1
	case "G-nonadjacent":
		antis, gaps = 2, 2
	case "G2":
		antis, gaps = 2, 0
	}
	fill := make([][]byte, max(gaps, 1))
	put := func(step byte) {
		i := rng.IntN(len(fill))
		fill[i] = slices.Insert(fill[i], rng.IntN(len(fill[i])+1), step)
	}
	dependency := func() byte {
		if kind == "G0" || w == ListAppend && extra != thrifty && rng.IntN(2) == 0 {
			return stepWW
		}
		return stepWR
	}
	if suffix == processSuffix {
		put(stepNext)
	} else if suffix == realtimeSuffix {
		put(stepTime)
	}
	more := max(extra, 0)
	if antis == 0 && suffix == "" {
		more++ // a cycle takes two steps
	}
	switch kind {
	case "G0":
		put(stepWW)
	case "G1c":
		put(stepWR)
	}
	for i := range gaps {
		if len(fill[i]) == 0 {
			fill[i] = append(fill[i], dependency())
		}
	}
	for range more {
		put(dependency())
	}
	return aroundCycle(fill, antis, !strings.HasSuffix(kind, "-item"), rng)
}

// aroundCycle puts the steps of rw before the last gaps; at least one is by a predicate if predicates is set.
func aroundCycle(fill [][]byte, antis int, predicates bool, rng *rand.Rand) []byte {
	var steps []byte
	n := max(antis, 1)
	sure := rng.IntN(n)
	for i := range n {
		if i < antis {
			step := byte(stepRW)
			if predicates && (i == sure || rng.IntN(2) == 0) {
				step = stepRWP
			}
			steps = append(steps, step)
		}
		if gap := i - (n - len(fill)); gap >= 0 {
			steps = append(steps, fill[gap]...)
		}
	}
	return steps
}

// newCycle builds the script of one cycle. Each step has a key of its own, so that there is no other dependency between
// its transactions; all run at the same time, but for the two that must not.
func newCycle(name string, w Workload, extra int, rng *rand.Rand) script {
	steps := drawCycle(name, w, extra, rng)
	n := len(steps)
	parts := make([]part, n)
	last := 0
	for i, step := range steps {
		if step == stepNext || step == stepTime {
			last = 1
		}
		parts[i].actor = i
	}
	for i := range parts {
		parts[i].typ, parts[i].to = history.OK, last
	}
	c := cycleScript{w: w, rng: rng, before: make([]int64, n)}
	if w == ListAppend && extra > 0 && rng.IntN(2) == 0 {
		c.fillKeys(steps)
	}
	for i, step := range steps {
		c.add(&parts[i], &parts[(i+1)%n], int64(i), step)
	}
	return c.finish(parts, last)
}

// cycleScript is a cycle under construction.
type cycleScript struct {
	w        Workload
	rng      *rand.Rand
	before   []int64 // by key: the element that the list has already, or 0
	first    []Mop   // the appends of those elements
	observed []Mop   // the reads that tell in which order elements were appended
}

// fillKeys lets some keys have an element before the cycle begins.
func (c *cycleScript) fillKeys(steps []byte) {
	for k := range steps {
		if c.rng.IntN(2) == 0 && steps[k] != stepNext && steps[k] != stepTime {
			c.before[k] = 1
			c.first = append(c.first, Mop{Write: true, Key: int64(k), Value: 1})
		}
	}
}

// add makes one step of the cycle, from a to b, by what they do to the key.
func (c *cycleScript) add(a, b *part, key int64, step byte) {
	var list []int64
	if c.before[key] > 0 {
		list = append(list, c.before[key])
	}
	v := c.before[key] + 1
	if c.w == ClosedPredicate {
		v = key + 1 // a predicate must tell the keys apart
	}
	write := Mop{Write: true, Key: key, Value: v}
	unread := Mop{Known: true, Key: key, List: list, Absent: c.w == ClosedPredicate}
	read := Mop{Known: true, Key: key, Value: v}
	if c.w == ListAppend {
		read = Mop{Known: true, Key: key, List: append(slices.Clip(list), v)}
	}
	switch step {
	case stepWW:
		next := Mop{Write: true, Key: key, Value: v + 1}
		a.mops, b.mops = append(a.mops, write), append(b.mops, next)
		c.observed = append(c.observed, Mop{Known: true, Key: key, List: append(read.List, v+1)})
	case stepWR:
		a.mops, b.mops = append(a.mops, write), append(b.mops, read)
	case stepRW:
		a.mops, b.mops = append(a.mops, unread), append(b.mops, write)
	case stepRWP:
		a.mops = append(a.mops, Mop{Pred: &Predicate{Equal: &v}, Known: true})
		b.mops = append(b.mops, write)
	case stepNext:
		b.actor = a.actor
		a.to, b.from = 0, 1
	case stepTime:
		a.to, b.from = 0, 1
	}
}

// finish adds the transactions around the cycle, and numbers the clients without gaps.
func (c *cycleScript) finish(parts []part, last int) script {
	for i := range parts {
		mops := parts[i].mops
		c.rng.Shuffle(len(mops), func(a, b int) { mops[a], mops[b] = mops[b], mops[a] })
	}
	if len(c.observed) > 0 {
		parts = append(parts, part{actor: len(parts), to: last, typ: history.OK, mops: c.observed})
	}
	if len(c.first) > 0 {
		for i := range parts {
			parts[i].from++
			parts[i].to++
		}
		parts = append(parts, part{actor: parts[0].actor, typ: history.OK, mops: c.first})
	}
	var numbers []int
	for i := range parts {
		if !slices.Contains(numbers, parts[i].actor) {
			numbers = append(numbers, parts[i].actor)
		}
		parts[i].actor = slices.Index(numbers, parts[i].actor)
	}
	return script{parts: parts}
}
