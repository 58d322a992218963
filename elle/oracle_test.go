package elle_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/internal/sim"
)

// The dumb twin: it tries every total order of the transactions of a tiny history, and every choice of which
// indeterminate ones took effect, against the plain meaning of appends, writes and reads. It shares no line and no idea
// with the checker: no versions, no edges, no cycles.

// order is what a serial order must respect besides the values.
type order uint8

const (
	anyOrder     order = iota // serializable
	sessionOrder              // strong-session-serializable: a process's committed transactions in its order
	realtime                  // strict-serializable: whoever was acknowledged before another was invoked
)

// twinModels are the models that the twin decides.
var twinModels = [...]string{
	anyOrder:     "serializable",
	sessionOrder: "strong-session-serializable",
	realtime:     "strict-serializable",
}

// tinyTxn is a transaction that may have taken effect.
type tinyTxn struct {
	invoked, completed int // positions of its operations; completed is -1 if unknown to the client for ever
	process            int64
	ok                 bool // else indeterminate
	lists, rows        bool // list-append, closed-predicate
	mops               []sim.Mop
	after              []int // transactions that must come before
}

// tinyTxns pairs a tiny history's operations, leaving out what surely had no effect.
func tinyTxns(ops []*sim.Op, o order) []tinyTxn {
	open := make(map[int64]int)
	var txns []tinyTxn
	for i, op := range ops {
		if op.Init != nil {
			continue // what was there before all else
		}
		if op.Type == history.Invoke {
			open[op.Process] = len(txns)
			txns = append(txns, tinyTxn{invoked: i, completed: -1, process: op.Process, mops: op.Mops,
				lists: op.Workload == sim.ListAppend, rows: op.Workload == sim.ClosedPredicate})
			continue
		}
		t := &txns[open[op.Process]]
		t.ok = op.Type == history.OK
		t.mops = op.Mops
		t.completed = i
		if op.Type == history.Fail {
			t.mops = nil // no effect, and nothing learned: as good as never having been
		}
	}
	for i := range txns {
		for j, a := range txns {
			b := txns[i]
			before := a.ok && (o == realtime && a.completed < b.invoked ||
				o == sessionOrder && b.ok && a.process == b.process && a.completed < b.completed)
			if before {
				txns[i].after = append(txns[i].after, j)
			}
		}
	}
	return txns
}

// twin tells whether some serial order explains everything that was read.
func twin(ops []*sim.Op, o order) bool {
	txns := tinyTxns(ops, o)
	state := make(map[int64][]int64)
	for _, row := range ops[0].Init {
		state[row.Key] = []int64{row.Value}
	}
	return explain(txns, make([]bool, len(txns)), state)
}

// explain tries each transaction that may come next. The recursion is as deep as there are transactions: a handful.
func explain(txns []tinyTxn, placed []bool, state map[int64][]int64) bool {
	missing := false
	for i := range txns {
		missing = missing || txns[i].ok && !placed[i]
	}
	if !missing {
		return true // indeterminate ones that are left had no effect
	}
	for i, t := range txns {
		if placed[i] || slices.ContainsFunc(t.after, func(j int) bool { return !placed[j] }) {
			continue
		}
		next := execute(t, state)
		if next == nil {
			continue
		}
		placed[i] = true
		if explain(txns, placed, next) {
			return true
		}
		placed[i] = false
	}
	return false
}

// execute is the state after t ran alone in the state before; nil if t would have read something else. A register's
// state, or a row's, is kept as the list of all its values: its value is the last, and -1 is a deleted row.
func execute(t tinyTxn, before map[int64][]int64) map[int64][]int64 {
	state := make(map[int64][]int64, len(before))
	for k, v := range before {
		state[k] = v
	}
	for _, m := range t.mops {
		if m.Write {
			state[m.Key] = append(slices.Clip(state[m.Key]), m.Value)
			continue
		}
		if !m.Known {
			continue
		}
		want := state[m.Key]
		last, there := newest(want)
		ok := there && last == m.Value
		switch {
		case m.Pred != nil:
			ok = matching(state, m.Pred, m.Rows)
		case m.Absent:
			ok = !there
		case t.lists || m.Value == 0 && !t.rows: // a list, or a register's initial state
			ok = slices.Equal(m.List, want)
		}
		if !ok {
			return nil
		}
	}
	return state
}

// newest is the current value of a register or row, if there is one.
func newest(values []int64) (int64, bool) {
	if len(values) == 0 || values[len(values)-1] == -1 {
		return 0, false
	}
	return values[len(values)-1], true
}

// matching tells whether the rows are exactly those of the state that match the predicate.
func matching(state map[int64][]int64, p *sim.Predicate, rows []sim.Row) bool {
	n := 0
	for key, values := range state {
		v, there := newest(values)
		switch {
		case !there:
		case p.Equal != nil && v != *p.Equal, p.Equal == nil && p.Mod > 0 && v%p.Mod != p.Rest:
		case !slices.Contains(rows, sim.Row{Key: key, Value: v}):
			return false
		default:
			n++
		}
	}
	return n == len(rows)
}

// judge runs the checker on a simulated history.
func judge(t testing.TB, ops []*sim.Op, o elle.Options) check.Result {
	t.Helper()
	return elle.Check(context.Background(), parse(t, text(ops)), o)
}

func parse(t testing.TB, edn string) *history.History {
	t.Helper()
	h, err := history.Read(context.Background(), "test.edn", []byte(edn), history.Options{Workers: 1})
	if err != nil {
		t.Fatalf("%v\n%s", err, edn)
	}
	return h
}

// text is a history as EDN, an operation a line.
func text(ops []*sim.Op) string {
	var b []byte
	for _, op := range ops {
		b = append(sim.AppendEDN(b, op), '\n')
	}
	return string(b)
}

// kinds are the names of a result's anomalies.
func kinds(r check.Result) []string {
	var names []string
	for _, a := range r.Anomalies {
		names = append(names, a.Kind)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// compare holds the checker's verdict against the twin's, who says whether some order explains the history. An invalid verdict must always be right: there is no order.
// Where the history is recoverable (see recoverable), any other verdict must be right too: there is an order.
func compare(t *testing.T, ops []*sim.Op, o elle.Options, asked order, explained, complete bool) {
	t.Helper()
	o.Models = []string{twinModels[asked]}
	o.Workers = 1
	r := judge(t, ops, o)
	switch {
	case r.Verdict == check.Invalid && explained:
		t.Fatalf("invalid under %s (%v), but a serial order explains it:\n%s", twinModels[asked], kinds(r), text(ops))
	case r.Verdict != check.Invalid && !explained && complete:
		t.Fatalf("%v under %s, but no serial order explains it:\n%s", r.Verdict, twinModels[asked], text(ops))
	}
}

// recoverable tells whether a list-append history shows its whole version order, so that the checker must find every
// violation: of all appends that took effect as far as anyone can tell (those of committed transactions, and of
// indeterminate ones of which some element was read), at most one per key is missing from the longest committed read of
// the key. That one can only have come last; two could have come in either order.
//
// Indeterminate transactions nobody saw anything of may as well not have been, and the checker treats them so.
//
// One thing a whole version order shows that the checker, like the original, doesn't look for: a transaction's own
// appends side by side in the wrong order. Such histories don't count as recoverable.
func recoverable(ops []*sim.Op) bool {
	longest := make(map[int64][]int64)
	seen := make(map[[2]int64]bool)
	for _, op := range ops {
		for _, m := range op.Mops {
			if op.Type != history.OK || m.Write {
				continue
			}
			if len(m.List) > len(longest[m.Key]) {
				longest[m.Key] = m.List
			}
			for _, v := range m.List {
				seen[[2]int64{m.Key, v}] = true
			}
		}
	}
	missing := make(map[int64]int)
	for _, op := range ops {
		if reversed(op.Mops, longest) {
			return false
		}
		effect := op.Type == history.OK || op.Type == history.Info && slices.ContainsFunc(op.Mops, func(m sim.Mop) bool {
			return m.Write && seen[[2]int64{m.Key, m.Value}]
		})
		for _, m := range op.Mops {
			if effect && m.Write && !slices.Contains(longest[m.Key], m.Value) {
				missing[m.Key]++
			}
		}
	}
	for _, n := range missing {
		if n > 1 {
			return false
		}
	}
	return true
}

// reversed tells whether two appends of one transaction to one key stand the other way round in the key's order.
func reversed(mops []sim.Mop, order map[int64][]int64) bool {
	for i, a := range mops {
		for _, b := range mops[i+1:] {
			if !a.Write || !b.Write || a.Key != b.Key {
				continue
			}
			x, y := slices.Index(order[a.Key], a.Value), slices.Index(order[b.Key], b.Value)
			if y >= 0 && x > y {
				return true
			}
		}
	}
	return false
}

// chained tells whether a register history shows its whole version order under wfr-keys: nothing is indeterminate or
// failed, each write comes after a read of its key in the same transaction, one write a key, and each value read was
// written by another transaction (that nobody wrote a value, or a transaction read what it wrote later, is no anomaly of
// this workload).
func chained(ops []*sim.Op) bool {
	writer := make(map[[2]int64]*sim.Op)
	for _, op := range ops {
		for _, m := range op.Mops {
			if m.Write && op.Type == history.OK {
				writer[[2]int64{m.Key, m.Value}] = op
			}
		}
	}
	for _, op := range ops {
		if op.Type == history.Info || op.Type == history.Fail {
			return false
		}
		read, written := make(map[int64]bool), make(map[int64]bool)
		for _, m := range op.Mops {
			if m.Write && (!read[m.Key] || written[m.Key]) {
				return false
			}
			if by := writer[[2]int64{m.Key, m.Value}]; m.Known && m.Value != 0 && (by == nil || by == op && !written[m.Key]) {
				return false
			}
			read[m.Key] = true
			written[m.Key] = written[m.Key] || m.Write
		}
	}
	return true
}

// tiny is a run of at most 6 transactions on 2 keys.
func tiny(seed uint64, w sim.Workload) sim.Options {
	levels := sim.Levels()
	return sim.Options{Seed: seed, Level: levels[seed%uint64(len(levels))], Workload: w,
		Txns: 3 + int(seed/7%3), Concurrency: 2 + int(seed%3), KeyDist: sim.Uniform, KeyCount: 2, MaxTxnLen: 3,
		MaxWritesPerKey: 1000, FixedWrites: true, FailRate: 0.1, InfoRate: 0.15, StaleLag: 3,
		FinalReads: seed%2 == 0}
}

// spoil changes one read of a committed transaction: shorter, swapped, nothing, or something else that was written.
func spoil(ops []*sim.Op, rng *rand.Rand) {
	var reads []*sim.Mop
	var written []int64
	for _, op := range ops {
		for i := range op.Mops {
			if m := &op.Mops[i]; op.Type == history.OK && !m.Write {
				reads = append(reads, m)
			} else if m.Write {
				written = append(written, m.Value)
			}
		}
	}
	if len(reads) == 0 {
		return
	}
	m := reads[rng.IntN(len(reads))]
	if op := ops[0]; op.Workload == sim.RWRegister {
		m.Value = 0
		if len(written) > 0 && rng.IntN(3) > 0 {
			m.Value = written[rng.IntN(len(written))]
		}
		return
	}
	list := slices.Clone(m.List)
	switch n := len(list); {
	case n > 0 && rng.IntN(2) == 0:
		list = list[:rng.IntN(n)]
	case n > 1:
		i := rng.IntN(n - 1)
		list[i], list[i+1] = list[i+1], list[i]
	}
	m.List = list
}

// fresh copies the micro-ops of completions, which share memory with others.
func fresh(ops []*sim.Op) []*sim.Op {
	for _, op := range ops {
		op.Mops = slices.Clone(op.Mops)
	}
	return ops
}

// Without this the checker could call a history invalid that a serial order explains, or miss a violation that a
// history shows in full: nothing else tries all orders.
func TestTwinAgreesOnRandomHistories(t *testing.T) {
	cases := 6000
	if testing.Short() {
		cases = 600
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var invalid, complete int
	for seed := range uint64(cases) {
		ops, err := sim.Ops(tiny(seed, sim.ListAppend))
		if err != nil {
			t.Fatal(err)
		}
		fresh(ops)
		if seed%3 == 0 {
			spoil(ops, rng)
		}
		whole := recoverable(ops)
		if whole {
			complete++
		}
		for o := range twinModels {
			explained := twin(ops, order(o))
			if !explained {
				invalid++
			}
			compare(t, ops, elle.Options{Workload: elle.ListAppend}, order(o), explained, whole)
		}
	}
	t.Logf("%d histories under %d models: %d complete, %d violations", cases, len(twinModels), complete, invalid)
	if complete < cases/3 || invalid < cases/3 || invalid > 2*cases {
		t.Errorf("the cases are lopsided: %d of %d complete, %d violations", complete, cases, invalid)
	}
}

// Without this the register's version orders, which are inferred and not read, could rest on an assumption too many:
// each option may only refute a model in which the assumption it names is true.
func TestTwinAgreesOnRandomRegisters(t *testing.T) {
	cases := 6000
	if testing.Short() {
		cases = 600
	}
	rng := rand.New(rand.NewPCG(3, 4))
	options := []struct {
		elle.Options
		from order // the weakest model whose histories keep the assumption
	}{
		{elle.Options{}, anyOrder},
		{elle.Options{WFRKeys: true}, anyOrder},
		{elle.Options{SequentialKeys: true}, sessionOrder},
		{elle.Options{LinearizableKeys: true}, realtime},
		{elle.Options{WFRKeys: true, SequentialKeys: true, LinearizableKeys: true}, realtime},
	}
	var invalid, complete int
	for seed := range uint64(cases) {
		run := tiny(seed, sim.RWRegister)
		if seed%4 < 2 {
			run.ReadFirst, run.FailRate, run.InfoRate = true, 0, 0
		}
		ops, err := sim.Ops(run)
		if err != nil {
			t.Fatal(err)
		}
		fresh(ops)
		if seed%3 == 0 {
			spoil(ops, rng)
		}
		whole := chained(ops)
		if whole {
			complete++
		}
		for o := range twinModels {
			explained := twin(ops, order(o))
			if !explained {
				invalid++
			}
			for _, opts := range options {
				if opts.Workload = elle.RWRegister; order(o) >= opts.from {
					compare(t, ops, opts.Options, order(o), explained, whole && opts.WFRKeys)
				}
			}
		}
	}
	t.Logf("%d histories: %d complete, %d violations", cases, complete, invalid)
	if complete < cases/10 || invalid < cases/3 {
		t.Errorf("the cases are lopsided: %d of %d complete, %d violations", complete, cases, invalid)
	}
}

// Without this reads by predicate, whose dependencies rest on what was not returned, could refute what a serial order
// explains. Only claims of a violation are held against the twin: which rows a predicate could have missed is often open.
func TestTwinAgreesOnRandomPredicates(t *testing.T) {
	cases := 4000
	if testing.Short() {
		cases = 400
	}
	rng := rand.New(rand.NewPCG(5, 6))
	var invalid, found int
	for seed := range uint64(cases) {
		run := tiny(seed, sim.ClosedPredicate)
		run.KeyCount, run.Txns = 9, 6
		ops, err := sim.Ops(run)
		if err != nil {
			t.Fatal(err)
		}
		fresh(ops)
		if seed%3 == 0 {
			dropRow(ops, rng)
		}
		for o := range twinModels {
			explained := twin(ops, order(o))
			if !explained {
				invalid++
				if judge(t, ops, elle.Options{Models: []string{twinModels[o]}, Workers: 1}).Verdict == check.Invalid {
					found++
				}
			}
			compare(t, ops, elle.Options{Workload: elle.ClosedPredicate}, order(o), explained, false)
		}
	}
	t.Logf("%d histories: %d violations, %d of them found", cases, invalid, found)
	if invalid < cases/5 || found < invalid/2 {
		t.Errorf("%d violations in %d histories, %d found: want more", invalid, cases, found)
	}
}

// dropRow takes the first row out of a committed predicate read.
func dropRow(ops []*sim.Op, rng *rand.Rand) {
	for _, i := range rng.Perm(len(ops)) {
		for j := range ops[i].Mops {
			if m := &ops[i].Mops[j]; ops[i].Type == history.OK && len(m.Rows) > 0 {
				m.Rows = slices.Clone(m.Rows[1:])
				return
			}
		}
	}
}

// shape enumerates all histories of some transactions of some micro-ops each.
type shape struct {
	txns, mops int
	keys       int64
	types      []history.Type // outcomes to try for each transaction
	overlaps   []overlap
}

// overlap is how the transactions lie in time.
type overlap uint8

const (
	concurrent overlap = iota // all invoked before any completes
	inTurn                    // one after the other, each by a process of its own
	oneProcess                // one after the other, by one process
)

// each calls f with every history of the shape, but for those that differ from another by the names of their keys, or by
// the numbering of transactions where nothing tells them apart. Every append has a value of its own, numbered per key; a
// read shows any sequence of distinct values that are appended to its key anywhere. It says how many there were.
func (s shape) each(f func(ops []*sim.Op)) int {
	n := 0
	slots := s.txns * s.mops
	for skeleton := range pow(2*int(s.keys), slots) {
		mops, appended := s.skeleton(skeleton, slots)
		if mops[0].Key != 0 || s.alike() && !s.sorted(mops) {
			continue
		}
		choices := make([][][]int64, slots)
		for i, m := range mops {
			choices[i] = [][]int64{nil}
			if !m.Write {
				choices[i] = arrangements(appended[m.Key])
			}
		}
		odometer(choices, func(lists [][]int64) {
			for i := range mops {
				mops[i].List = lists[i]
			}
			for outcome := range pow(len(s.types), s.txns) {
				for _, o := range s.overlaps {
					f(s.history(mops, outcome, o))
					n++
				}
			}
		})
	}
	return n
}

// alike tells whether the shape's transactions differ by their micro-ops only.
func (s shape) alike() bool {
	return len(s.types) == 1 && len(s.overlaps) == 1 && s.overlaps[0] == concurrent
}

// sorted tells whether the transactions are in order by their micro-ops' keys and kinds.
func (s shape) sorted(mops []sim.Mop) bool {
	rank := func(m sim.Mop) int { return int(2*m.Key) + b2i(!m.Write) }
	for i := s.mops; i < len(mops); i += s.mops {
		if slices.CompareFunc(mops[i-s.mops:i], mops[i:i+s.mops], func(a, b sim.Mop) int { return rank(a) - rank(b) }) > 0 {
			return false
		}
	}
	return true
}

// skeleton decodes a number into kinds and keys of micro-ops, and says how many appends each key has.
func (s shape) skeleton(code, slots int) ([]sim.Mop, map[int64]int) {
	mops := make([]sim.Mop, slots)
	appended := make(map[int64]int)
	for i := range mops {
		digit := code % (2 * int(s.keys))
		code /= 2 * int(s.keys)
		m := sim.Mop{Write: digit%2 == 0, Known: true, Key: int64(digit / 2)}
		if m.Write {
			appended[m.Key]++
			m.Value = int64(appended[m.Key])
		}
		mops[i] = m
	}
	return mops, appended
}

// history makes operations of micro-ops, outcomes and an overlap.
func (s shape) history(mops []sim.Mop, outcome int, o overlap) []*sim.Op {
	var invokes, ends []*sim.Op
	for i := range s.txns {
		typ := s.types[outcome%len(s.types)]
		outcome /= len(s.types)
		part := slices.Clone(mops[i*s.mops : (i+1)*s.mops])
		unknown := slices.Clone(part)
		for j := range unknown {
			unknown[j].Known, unknown[j].List = false, nil
		}
		if typ != history.OK {
			part = unknown
		}
		process := int64(i)
		if o == oneProcess {
			process = 0
		}
		invokes = append(invokes, &sim.Op{Process: process, Type: history.Invoke, Mops: unknown})
		ends = append(ends, &sim.Op{Process: process, Type: typ, Mops: part})
	}
	var ops []*sim.Op
	if o == concurrent {
		ops = append(invokes, ends...)
	} else {
		for i := range invokes {
			ops = append(ops, invokes[i], ends[i])
		}
	}
	for i, op := range ops {
		op.Index, op.Time = int64(i), int64(i)
	}
	return ops
}

// arrangements are all sequences of distinct values out of 1..n, the empty one first.
func arrangements(n int) [][]int64 {
	all := [][]int64{nil}
	for i := 0; i < len(all); i++ {
		for v := int64(1); v <= int64(n); v++ {
			if !slices.Contains(all[i], v) {
				all = append(all, append(slices.Clip(all[i]), v))
			}
		}
	}
	return all
}

// odometer calls f with every combination of one choice for each wheel.
func odometer(wheels [][][]int64, f func([][]int64)) {
	at := make([]int, len(wheels))
	now := make([][]int64, len(wheels))
	for {
		for i := range wheels {
			now[i] = wheels[i][at[i]]
		}
		f(now)
		i := 0
		for ; i < len(at); i++ {
			if at[i]++; at[i] < len(wheels[i]) {
				break
			}
			at[i] = 0
		}
		if i == len(at) {
			return
		}
	}
}

func pow(base, exp int) int {
	n := 1
	for range exp {
		n *= base
	}
	return n
}

// Without this a shape of history that no random run happens to draw could be judged wrongly. Two transactions of two
// micro-ops on two keys, in all outcomes and overlaps; three, all committed, overlapping.
func TestTwinAgreesOnAllSmallHistories(t *testing.T) {
	shapes := []shape{
		{txns: 2, mops: 2, keys: 2, types: []history.Type{history.OK, history.Info, history.Fail},
			overlaps: []overlap{concurrent, inTurn, oneProcess}},
		{txns: 3, mops: 2, keys: 2, types: []history.Type{history.OK}, overlaps: []overlap{concurrent}},
	}
	if testing.Short() {
		shapes = []shape{{txns: 2, mops: 2, keys: 2, types: []history.Type{history.OK},
			overlaps: []overlap{concurrent, inTurn}}}
	}
	for _, s := range shapes {
		t.Run(fmt.Sprintf("%dx%dx%d", s.txns, s.mops, s.keys), func(t *testing.T) {
			t.Parallel()
			n := s.each(func(ops []*sim.Op) {
				whole := recoverable(ops)
				for o := range twinModels {
					if s.alike() && order(o) != anyOrder {
						continue // nothing to order in time
					}
					compare(t, ops, elle.Options{Workload: elle.ListAppend}, order(o), twin(ops, order(o)), whole)
				}
			})
			t.Logf("%d histories", n)
		})
	}
}

// Without this the twin itself could accept everything, and agree with a checker that finds nothing.
func TestTwinKnowsTheTextbook(t *testing.T) {
	op := func(p int64, typ history.Type, mops ...sim.Mop) *sim.Op {
		return &sim.Op{Process: p, Type: typ, Mops: mops}
	}
	w := func(k, v int64) sim.Mop { return sim.Mop{Write: true, Key: k, Value: v} }
	r := func(k int64, list ...int64) sim.Mop { return sim.Mop{Known: true, Key: k, List: list} }
	a, b := []sim.Mop{r(1), w(2, 1)}, []sim.Mop{r(2), w(1, 1)}
	skew := []*sim.Op{op(0, history.Invoke, a...), op(1, history.Invoke, b...), op(0, history.OK, a...), op(1, history.OK, b...)}
	stale := []*sim.Op{op(0, history.Invoke, w(1, 1)), op(0, history.OK, w(1, 1)), op(1, history.Invoke, r(1)), op(1, history.OK, r(1))}
	own := []*sim.Op{op(0, history.Invoke, w(1, 1)), op(0, history.OK, w(1, 1)), op(0, history.Invoke, r(1)), op(0, history.OK, r(1))}
	aborted := []*sim.Op{op(0, history.Invoke, w(1, 1)), op(0, history.Fail, w(1, 1)), op(1, history.Invoke, r(1, 1)), op(1, history.OK, r(1, 1))}
	unsure := []*sim.Op{op(0, history.Invoke, w(1, 1)), op(0, history.Info, w(1, 1)), op(1, history.Invoke, r(1, 1)), op(1, history.OK, r(1, 1))}
	for _, c := range []struct {
		name string
		ops  []*sim.Op
		want string // serializable, strong session, strict: y or n each
	}{
		{"write skew", skew, "nnn"}, {"stale read", stale, "yyn"}, {"own write missed", own, "ynn"},
		{"aborted read", aborted, "nnn"}, {"indeterminate write read", unsure, "yyy"},
	} {
		var got strings.Builder
		for o := range twinModels {
			got.WriteByte("ny"[b2i(twin(c.ops, order(o)))])
		}
		if got.String() != c.want {
			t.Errorf("%s: the twin says %s, want %s", c.name, got.String(), c.want)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Without this the simulator could break what its levels promise, and the tests that lean on it would blame the checker,
// or worse, agree.
func TestTwinBelievesTheSimulator(t *testing.T) {
	promised := map[sim.Level]order{sim.StrictSerializable: realtime, sim.StrongSessionSerializable: sessionOrder, sim.Serializable: anyOrder}
	var broken [3]int
	for seed := range uint64(3000) {
		for _, w := range []sim.Workload{sim.ListAppend, sim.RWRegister} {
			o := tiny(seed, w)
			ops, err := sim.Ops(o)
			if err != nil {
				t.Fatal(err)
			}
			for asked := range twinModels {
				explained := twin(ops, order(asked))
				if promise, ok := promised[o.Level]; ok && order(asked) <= promise && !explained {
					t.Fatalf("seed %d: %v isn't %s:\n%s", seed, o.Level, twinModels[asked], text(ops))
				}
				if !explained {
					broken[asked]++
				}
			}
		}
	}
	for asked, n := range broken {
		if n < 100 {
			t.Errorf("%s is broken in %d of 6000 runs: too few to test anything", twinModels[asked], n)
		}
	}
}
