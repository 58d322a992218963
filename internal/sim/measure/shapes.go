//go:build unix

package main

import (
	"bufio"
	"fmt"

	"jcheck/history"
	"jcheck/internal/sim"
)

// shapes are histories that are hard for one stage or another, each at several sizes so that growth shows.
func shapes() []group {
	return []group{
		{name: "one cycle of all, in real time", make: ring(10), cases: sizes(1, 25*k, 50*k, 100*k)},
		{name: "one cycle of all, all at once", make: ring(0), cases: sizes(1, 25*k, 50*k, 100*k)},
		{name: "stale reads: one component", make: simulated(sim.Options{Level: sim.Serializable, StaleLag: 50 * k, StaleRate: 0.01}),
			cases: sizes(1, 25*k, 50*k, 100*k)},
		{name: "dirty database: anomalies everywhere", make: simulated(sim.Options{Level: sim.Dirty}), cases: sizes(1, 25*k, 50*k, 100*k)},
		{name: "a key for each write: lists", make: simulated(sim.Options{MaxWritesPerKey: 1, FixedWrites: true}),
			cases: sizes(0, 250*k, 500*k, m)},
		{name: "a key for each write: registers", make: simulated(sim.Options{Workload: sim.RWRegister, MaxWritesPerKey: 1, FixedWrites: true}),
			cases: sizes(0, 250*k, 500*k, m)},
		{name: "a string for each key and element", make: ids, cases: sizes(0, 250*k, 500*k, m)},
		{name: "one key, 400 long reads", make: longReads(400), cases: sizes(0, 25*k, 50*k, 100*k)},
		{name: "one key, reads that show nothing", make: longReads(0), cases: sizes(1, 25*k, 50*k, 100*k)},
		{name: "1,000 processes", make: simulated(sim.Options{Concurrency: k}), cases: sizes(0, 250*k, 500*k, m)},
		{name: "30 % indeterminate", make: simulated(sim.Options{FailRate: 0.01, InfoRate: 0.3}), cases: sizes(0, 250*k, 500*k, m)},
		{name: "separate anomalies: lists", make: anomalies(sim.ListAppend), cases: sizes(1, 2500, 5*k, 10*k)},
		{name: "separate anomalies: registers", make: anomalies(sim.RWRegister), cases: sizes(1, 2500, 5*k, 10*k)},
	}
}

// sizes are the cases of a shape. No shape may take more memory than the usual history of a million transactions.
func sizes(want int, txns ...int) []oneCase {
	cases := make([]oneCase, len(txns))
	for i, n := range txns {
		cases[i] = oneCase{txns: n, format: edn, once: true, args: []string{"elle", "-q"}, want: want, memory: 700 * mega}
	}
	return cases
}

// recorder writes operations with their indices and times.
type recorder struct {
	w        *bufio.Writer
	f        format
	workload sim.Workload
	buf      []byte
	index    int64
	err      error
}

func (r *recorder) op(t history.Type, process int, mops ...sim.Mop) {
	op := sim.Op{Index: r.index, Time: 1000 * r.index, Type: t, Process: int64(process), Workload: r.workload, Mops: mops}
	r.buf = append(r.f.encode(r.buf[:0], &op), '\n')
	r.index++
	if _, err := r.w.Write(r.buf); err != nil {
		r.err = err
	}
}

// txn writes a transaction that nothing else overlaps.
func (r *recorder) txn(process int, mops ...sim.Mop) {
	r.op(history.Invoke, process, unread(mops)...)
	r.op(history.OK, process, mops...)
}

// unread are the micro-ops as invoked.
func unread(mops []sim.Mop) []sim.Mop {
	asked := append([]sim.Mop(nil), mops...)
	for i := range asked {
		if !asked[i].Write {
			asked[i] = sim.Mop{Key: asked[i].Key}
		}
	}
	return asked
}

func write(key, value int) sim.Mop { return sim.Mop{Write: true, Key: int64(key), Value: int64(value)} }

// read is a read that showed these elements, the last of which is a register's value.
func read(key int, list ...int64) sim.Mop {
	m := sim.Mop{Key: int64(key), Known: true, List: list}
	if len(list) > 0 {
		m.Value = list[len(list)-1]
	}
	return m
}

// ring makes n transactions of which each reads what the one before it wrote, and the first what the last did. So all of
// them are one component, whose one cycle is as long as the history. With clients they run one after another, and real
// time gives short cycles as well; without, all run at the same time.
func ring(clients int) func(*bufio.Writer, format, int) error {
	return func(w *bufio.Writer, f format, n int) error {
		r := recorder{w: w, f: f}
		mops := func(i int) []sim.Mop { return []sim.Mop{read((i+n-1)%n, 1), write(i, 1)} }
		for i := range n {
			if clients > 0 {
				r.txn(i%clients, mops(i)...)
			} else {
				r.op(history.Invoke, i, unread(mops(i))...)
			}
		}
		for i := 0; i < n && clients == 0; i++ {
			r.op(history.OK, i, mops(i)...)
		}
		return r.err
	}
}

// longReads makes a list of n elements, appended one after another, and that many reads of all that there was by then;
// with 0, each append is followed by a read that shows nothing, as of a database that lost everything.
func longReads(reads int) func(*bufio.Writer, format, int) error {
	return func(w *bufio.Writer, f format, n int) error {
		r := recorder{w: w, f: f}
		var list []int64
		for i := range n {
			list = append(list, int64(i))
			r.txn(i%10, write(0, i))
			switch {
			case reads == 0:
				r.txn((i+1)%10, read(0))
			case i%max(n/reads, 1) == 0:
				r.txn((i+1)%10, read(0, list...))
			}
		}
		return r.err
	}
}

// anomalies makes n pairs of transactions, each pair an anomaly of its own: by turns each missed what the other wrote,
// both updated the same version, or each read what the other wrote.
func anomalies(workload sim.Workload) func(*bufio.Writer, format, int) error {
	return func(w *bufio.Writer, f format, n int) error {
		r := recorder{w: w, f: f, workload: workload}
		for i := range n {
			x, y := 2*i, 2*i+1
			var a, b []sim.Mop
			switch {
			case workload == sim.RWRegister || i%3 == 0:
				a, b = []sim.Mop{read(x, 1), write(y, 1)}, []sim.Mop{read(y, 1), write(x, 1)}
			case i%3 == 1:
				a, b = []sim.Mop{read(x), write(y, 1)}, []sim.Mop{read(y), write(x, 1)}
			default:
				a, b = []sim.Mop{read(x), write(x, 1)}, []sim.Mop{read(x), write(x, 2)}
			}
			r.op(history.Invoke, 0, unread(a)...)
			r.op(history.Invoke, 1, unread(b)...)
			r.op(history.OK, 0, a...)
			r.op(history.OK, 1, b...)
			if a[1].Key == b[1].Key {
				r.txn(2, read(x, 1, 2))
			} else {
				r.txn(2, read(x, 1), read(y, 1))
			}
		}
		return r.err
	}
}

// ids makes transactions whose keys and elements are all different strings, as a database with generated ids has
// them: nothing of them fits into a number, and every piece of the file brings a table of its own.
func ids(w *bufio.Writer, _ format, n int) error {
	for i := range n {
		const op = "{:index %d, :type :%s, :process %d, :f :txn, :value [[:append \"user/%016x\" \"order-%d\"] [:r \"user/%016x\" %s]]}\n"
		before := max(i-5, 0)
		shown := fmt.Sprintf("[\"order-%d\"]", before)
		fmt.Fprintf(w, op, 2*i, "invoke", i%10, i, i, before, "nil")
		if _, err := fmt.Fprintf(w, op, 2*i+1, "ok", i%10, i, i, before, shown); err != nil {
			return err // a Writer keeps its first error
		}
	}
	return nil
}
