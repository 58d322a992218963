package sim

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"

	"jcheck/history"
)

// Simulated durations, in nanoseconds: a step of a transaction or a message takes up to twice this.
const (
	stepNS  = 100_000
	thinkNS = 200_000
)

// maxWaits is how often a write finds its key locked before its transaction gives up (and so ends a deadlock).
const maxWaits = 50

// finalKeys is how many keys a final read transaction reads.
const finalKeys = 8

// Run simulates one run and hands every operation of its history to emit, in order; the operation is emit's to keep.
// An error of emit ends the run.
func Run(o Options, emit func(*Op) error) error {
	if err := o.Validate(); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	o = o.withDefaults()
	rng := newRand(o.Seed)
	r := &run{
		o: o, rules: levels[o.Level], rng: rng, gen: newGenerator(o, rng), emit: emit,
		store:   store{cells: make(map[int64]*cell), keep: o.FinalReads},
		clients: make([]client, o.Concurrency), foreign: make(map[int64]bool),
	}
	for i := range r.clients {
		r.clients[i].process = int64(i)
	}
	var err error
	if r.pending, err = o.injections(); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	if o.Workload == ClosedPredicate {
		r.rows = newRows(o, rng)
		r.initialise()
	}
	r.loop()
	if o.FinalReads && r.err == nil {
		r.final = true
		r.loop()
	}
	return r.err
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x6a636865636b)) }

// Ops is the history of one run, for tests.
func Ops(o Options) ([]*Op, error) {
	var ops []*Op
	err := Run(o, func(op *Op) error {
		ops = append(ops, op)
		return nil
	})
	return ops, err
}

// Write writes the history of one run, one operation a line, each encoded by format (AppendEDN or AppendJSON).
func Write(w io.Writer, o Options, format func([]byte, *Op) []byte) error {
	const flush = 1 << 16
	buf := make([]byte, 0, 2*flush)
	err := Run(o, func(op *Op) error {
		buf = append(format(buf, op), '\n')
		if len(buf) < flush {
			return nil
		}
		_, err := w.Write(buf)
		buf = buf[:0]
		return err
	})
	if err == nil {
		_, err = w.Write(buf)
	}
	if err != nil {
		return fmt.Errorf("write simulated history: %w", err)
	}
	return nil
}

// EDN is the history of one run as text, for tests.
func EDN(o Options) ([]byte, error) {
	var b bytes.Buffer
	err := Write(&b, o, AppendEDN)
	return b.Bytes(), err
}

// run is a simulation under way.
type run struct {
	o       Options
	rules   rules
	rng     *rand.Rand
	gen     *generator
	rows    *rows // closed-predicate only
	store   store
	clients []client
	turns   queue
	now     int64
	index   int64
	invoked int
	final   bool           // reading all keys at the end
	read    int64          // keys that final reads have taken
	pending []*play        // to be woven in, by start
	spent   bool           // no transactions are left to invoke
	foreign map[int64]bool // keys of plays, which the store knows nothing of
	emit    func(*Op) error
	err     error
}

type client struct {
	process int64
	seen    int64 // the newest instant that the process has seen
}

// fate is how the scheduler lets a transaction end.
type fate uint8

const (
	commits fate = iota
	aborts
	vanishes // stops for ever, without a word to the client
)

// txn is a transaction in flight.
type txn struct {
	client  int
	process int64
	want    []Mop // as invoked
	got     []Mop // as executed so far
	writes  []Mop // not yet visible to others
	snap    int64
	begun   bool
	fate    fate
	stopAt  int // number of micro-ops executed when an abort or a vanishing strikes
	waits   int
	info    bool // the client won't wait for the outcome
	outcome history.Type
}

// loop runs turns until nothing is left to happen.
func (r *run) loop() {
	for i := range r.clients {
		r.turns.push(turn{at: r.now + r.delay(thinkNS), kind: invoke, client: i})
	}
	for r.err == nil {
		e, ok := r.turns.pop()
		if !ok {
			return
		}
		r.now = e.at
		switch e.kind {
		case invoke:
			r.invoke(e.client)
		case step:
			r.step(e.txn)
		case report:
			r.report(e.txn)
		case act:
			r.act(e.play)
		}
	}
}

func (r *run) delay(meanNS int64) int64 { return 1 + r.rng.Int64N(2*meanNS) }

// record emits one operation.
func (r *run) record(t *txn, typ history.Type, mops []Mop) {
	op := &Op{Index: r.index, Time: r.now, Type: typ, Process: t.process, Workload: r.o.Workload, Mops: mops}
	r.index++
	r.err = r.emit(op)
}

// mops is the next transaction to invoke; nil when there is none left.
func (r *run) mops() []Mop {
	if !r.final {
		if r.invoked == r.o.Txns {
			return nil
		}
		r.invoked++
		if r.rows != nil {
			return r.rows.txn()
		}
		return r.gen.txn()
	}
	var mops []Mop
	for ; r.read < r.gen.next && len(mops) < finalKeys; r.read++ {
		if !r.foreign[r.read] {
			mops = append(mops, Mop{Key: r.read})
		}
	}
	return mops
}

func (r *run) invoke(c int) {
	if r.due() {
		r.lend(c)
		return
	}
	mops := r.mops()
	if mops == nil {
		if r.spent = true; r.due() {
			r.lend(c)
		}
		return // else this client is done
	}
	t := &txn{client: c, process: r.clients[c].process, want: mops, got: make([]Mop, 0, len(mops))}
	r.store.hold(mops)
	for _, k := range r.gen.retired {
		r.store.retire(k)
	}
	r.gen.retired = r.gen.retired[:0]
	r.decide(t)
	r.record(t, history.Invoke, mops)
	r.turns.push(turn{at: r.now + r.delay(stepNS), kind: step, txn: t})
	if t.info {
		// The client gives up at some time that has nothing to do with the transaction's progress: the effect may come
		// before, after, or never.
		t.outcome = history.Info
		r.turns.push(turn{at: r.now + r.delay(stepNS*int64(len(mops)+2)), kind: report, txn: t})
	}
}

// decide draws the transaction's fate.
func (r *run) decide(t *txn) {
	if r.final {
		return
	}
	switch u := r.rng.Float64(); {
	case u < r.o.FailRate:
		t.fate = aborts
	case u < r.o.FailRate+r.o.InfoRate:
		t.info = true
		if r.rng.IntN(2) == 0 {
			t.fate = vanishes
		}
	}
	t.stopAt = r.rng.IntN(len(t.want) + 1)
}

// begin fixes the state that the transaction's reads show.
func (r *run) begin(t *txn) {
	t.begun = true
	t.snap = r.store.clock
	if !r.rules.stale || r.final || r.rng.Float64() >= r.o.StaleRate {
		return
	}
	for i := range t.want {
		if t.want[i].Write {
			return
		}
	}
	t.snap = max(0, t.snap-int64(r.rng.IntN(r.o.StaleLag+1)))
	if r.rules.session {
		t.snap = max(t.snap, r.clients[t.client].seen)
	}
}

// step executes the next micro-op of a transaction, or all of it if the level says so.
func (r *run) step(t *txn) {
	if !t.begun {
		r.begin(t)
	}
	for {
		if t.fate != commits && len(t.got) >= t.stopAt {
			r.finish(t, false)
			return
		}
		if len(t.got) == len(t.want) {
			r.finish(t, r.commit(t))
			return
		}
		if !r.mop(t) {
			if t.waits++; t.waits > maxWaits {
				r.finish(t, false)
				return
			}
		}
		if !r.rules.atOnce {
			r.turns.push(turn{at: r.now + r.delay(stepNS), kind: step, txn: t})
			return
		}
	}
}

// mop executes one micro-op; false if it has to wait for a lock.
func (r *run) mop(t *txn) bool {
	m := t.want[len(t.got)]
	c := r.store.cells[m.Key]
	switch {
	case m.Pred != nil:
		m = r.readRows(t, m)
	case !m.Write:
		m = r.readCell(t, m, c)
	case r.rules.dirty:
		r.store.install([]Mop{m})
	case r.rules.lock && c.owner != nil && c.owner != t:
		return false
	default:
		if r.rules.lock {
			c.owner = t
		}
		t.writes = append(t.writes, m)
	}
	t.got = append(t.got, m)
	return true
}

// readCell is the read m as t sees it.
func (r *run) readCell(t *txn, m Mop, c *cell) Mop {
	list := r.versions(t, m.Key, c)
	m.Known = true
	switch {
	case r.o.Workload == ListAppend:
		m.List = list
	case len(list) > 0 && list[len(list)-1] != dead:
		m.Value = list[len(list)-1]
	default:
		m.Absent = r.o.Workload == ClosedPredicate
	}
	return m
}

// versions are those of a key that t sees, oldest first: the committed ones and its own on top.
func (r *run) versions(t *txn, key int64, c *cell) []int64 {
	instant := r.store.clock
	if r.rules.snapshot {
		instant = t.snap
	}
	n := c.asOf(instant)
	list := c.elems[:n:n] // full: appending copies
	if r.rules.peek && c.owner != nil && c.owner != t && !c.owner.info {
		// Not of one that may vanish: who sees a write takes its transaction for committed, all its other writes included.
		list = c.owner.written(list, key)
	}
	return t.written(list, key)
}

// written appends what the transaction wrote of a key to a list.
func (t *txn) written(list []int64, key int64) []int64 {
	for _, w := range t.writes {
		if w.Key == key {
			list = append(list, w.Value)
		}
	}
	return list
}

// commit makes the transaction's writes visible, unless another committer was first.
func (r *run) commit(t *txn) bool {
	if r.rules.first {
		for _, w := range t.writes {
			if c := r.store.cells[w.Key]; c.asOf(t.snap) < len(c.elems) {
				return false
			}
		}
	}
	if len(t.writes) > 0 {
		r.store.install(t.writes)
		t.snap = r.store.clock
	}
	return true
}

// finish ends the transaction in the database; the client hears of it later, if it still listens.
func (r *run) finish(t *txn, committed bool) {
	for _, w := range t.writes {
		if c := r.store.cells[w.Key]; c.owner == t {
			c.owner = nil
		}
	}
	r.store.drop(t.want)
	if t.info {
		return
	}
	t.outcome = history.Fail
	if committed {
		t.outcome = history.OK
		r.clients[t.client].seen = max(r.clients[t.client].seen, t.snap)
	}
	r.turns.push(turn{at: r.now + r.delay(stepNS), kind: report, txn: t})
}

// report tells the client the outcome and lets it go on, under a new process if it doesn't know it.
func (r *run) report(t *txn) {
	mops := t.want
	if t.outcome == history.OK {
		mops = t.got
	}
	r.record(t, t.outcome, mops)
	if t.outcome == history.Info {
		r.clients[t.client] = client{process: t.process + int64(r.o.Concurrency)}
	}
	r.turns.push(turn{at: r.now + r.delay(thinkNS), kind: invoke, client: t.client})
}
