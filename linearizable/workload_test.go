package linearizable

import (
	"bytes"
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

// workload says what clients do to a simulated object, for benchmarks: the object is one that is linearizable, unless
// wrong. The same workload makes the same history always.
type workload struct {
	datatype string
	clients  int
	ops      int // invocations
	values   int // how many different values are written; 0: each is written once
	keys     int // of a kv or list-append; 0 means one
	crashes  int // how many operations nobody knows the outcome of
	seed     uint64
	wrong    bool // one answer, after nine tenths of the operations, is one that the object can't have given
}

// history is the workload as the checker gets it.
func (w workload) history(tb testing.TB) *history.History {
	tb.Helper()
	h, err := history.Read(context.Background(), w.datatype, w.text(), history.Options{Independent: history.IndependentOff})
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// text is the workload as EDN.
func (w workload) text() []byte {
	s := simulated{workload: w, r: rand.New(rand.NewPCG(uint64(w.ops)+w.seed<<32, uint64(w.clients))), objects: make([]simulatedObject, max(w.keys, 1))}
	for i := range s.objects {
		if w.datatype != "counter" {
			s.objects[i].value = unwritten
		}
	}
	process := make([]int, w.clients)
	now := make([]deed, w.clients)
	for i := range process {
		process[i] = i
	}
	every := w.ops
	if w.crashes > 0 {
		every = max(1, w.ops/(w.crashes+1))
	}
	for begun, open := 0, 0; begun < w.ops || open > 0; {
		i := s.r.IntN(w.clients)
		d := &now[i]
		switch {
		case d.f == "" && begun < w.ops:
			*d = s.draw()
			begun++
			open++
			d.crash = w.crashes > 0 && begun%every == 0 && begun/every <= w.crashes
			d.wrong = w.wrong && begun > w.ops/10*9 && !s.lied
			s.line(process[i], "invoke", d)
		case d.f == "":
		case !d.done && !(d.crash && s.r.IntN(2) == 0):
			s.do(d)
			d.done = true
		case d.crash:
			s.line(process[i], "info", d)
			process[i] += w.clients
			*d = deed{}
			open--
		default:
			s.line(process[i], "ok", d)
			*d = deed{}
			open--
		}
	}
	return s.b.Bytes()
}

// deed is one operation of a simulated client.
type deed struct {
	f                        string
	key, from, to, version   int
	list                     []int // what was read of a set or list
	done, fail, crash, wrong bool
}

// simulated is a workload that is being run.
type simulated struct {
	workload
	r       *rand.Rand
	b       bytes.Buffer
	last    int // value written
	lied    bool
	objects []simulatedObject // by key
}

// unwritten is the value that a register begins with, nil.
const unwritten = -1

// simulatedObject is the state of one object, whatever the datatype.
type simulatedObject struct {
	value, version int
	list           []int
}

// draw chooses what to do next.
func (s *simulated) draw() deed {
	d := deed{key: s.r.IntN(len(s.objects))}
	fresh := func() int {
		if s.values > 0 {
			return s.r.IntN(s.values)
		}
		s.last++
		return s.last
	}
	choice := s.r.IntN(100)
	pick := func(f string, share int, g string) {
		if d.f = g; choice < share {
			d.f, d.to = f, fresh()
		}
	}
	switch s.datatype {
	case "register", "versioned-register":
		pick("write", 50, "read")
	case "cas-register":
		if pick("write", 17, "read"); choice >= 50 && choice < 83 {
			d.f, d.from, d.to = "cas", s.objects[0].value, fresh()
			if s.values > 0 {
				d.from = s.r.IntN(s.values)
			}
		}
	case "kv":
		pick("put", 50, "get")
	case "fifo-queue":
		pick("enqueue", 52, "dequeue")
	case "stack":
		pick("push", 52, "pop")
	case "priority-queue":
		if pick("insert", 52, "delete-min"); s.values == 0 && d.f == "insert" {
			d.to = d.to*7919%1_000_003 + d.to/1_000_003*1_000_003 // a different one for each
		}
	case "set":
		pick("add", min(95, 60+s.ops/100), "read") // a history must not consist of what was read alone
	case "list-append":
		pick("append", 90, "read")
	case "counter":
		if pick("add", 50, "read"); d.f == "add" {
			d.to = 1
		}
	default:
		panic("no workload of " + s.datatype)
	}
	return d
}

// do lets an operation take effect.
func (s *simulated) do(d *deed) {
	o := &s.objects[d.key]
	switch d.f {
	case "write", "put":
		o.write(d)
	case "cas":
		if d.fail = o.value != d.from; !d.fail {
			o.write(d)
		}
	case "get", "read":
		s.read(d, o)
	case "enqueue", "push", "append":
		o.list = append(o.list, d.to)
	case "insert":
		heap.Push((*smallest)(&o.list), d.to)
	case "add":
		o.value += d.to
		if s.datatype == "set" {
			o.list = append(o.list, d.to)
		}
	default:
		s.take(d, o)
	}
}

func (o *simulatedObject) write(d *deed) {
	o.value = d.to
	o.version++
	d.version = o.version
}

// read answers what is there; wrongly, a value that was replaced.
func (s *simulated) read(d *deed, o *simulatedObject) {
	d.to, d.version, d.list = o.value, o.version, o.list
	if !d.wrong || d.crash || s.lied {
		return
	}
	switch n := len(o.list); {
	case s.datatype == "counter":
		d.to = -7
	case s.datatype == "set" || s.datatype == "list-append":
		if n == 0 {
			return
		}
		d.list = d.list[1:]
	case s.values > 0:
		d.to = s.values // one more than the largest
	case d.to <= 20*s.clients:
		return
	default:
		d.to -= 100 * s.clients
	}
	s.lied = true
}

// take answers what is next; wrongly, what lies deeper.
func (s *simulated) take(d *deed, o *simulatedObject) {
	n := len(o.list)
	if d.fail = n == 0; d.fail {
		return
	}
	deep := 0
	if d.wrong && !d.crash && !s.lied && n > 20*s.clients {
		s.lied, deep = true, 20*s.clients
	}
	switch {
	case s.datatype == "priority-queue":
		if deep > 0 {
			deep = n - 1 // some leaf of the heap
		}
		d.to = heap.Remove((*smallest)(&o.list), deep).(int)
	case s.datatype == "stack":
		at := n - 1 - deep
		d.to = o.list[at]
		o.list = slices.Delete(o.list, at, at+1)
	default:
		d.to = o.list[deep]
		copy(o.list[1:deep+1], o.list[:deep])
		o.list = o.list[1:]
	}
}

// smallest is a heap whose first element is the smallest.
type smallest []int

func (s smallest) Len() int           { return len(s) }
func (s smallest) Less(i, j int) bool { return s[i] < s[j] }
func (s smallest) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *smallest) Push(x any)        { *s = append(*s, x.(int)) }
func (s *smallest) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// line writes what a client invoked or was told.
func (s *simulated) line(process int, typ string, d *deed) {
	if typ == "ok" && d.fail {
		typ = "fail"
	}
	fmt.Fprintf(&s.b, "{:process %d :type :%s :f :%s :value %s}\n", process, typ, d.f, s.value(d, typ == "ok"))
}

// value is the value of an operation, with what it answered if it is ok.
func (s *simulated) value(d *deed, ok bool) string {
	value := "nil"
	switch d.f {
	case "read", "get":
		if ok {
			value = s.shown(d)
		}
	case "dequeue", "pop", "delete-min":
		if ok {
			value = strconv.Itoa(d.to)
		}
	case "cas":
		value = fmt.Sprintf("[%d %d]", d.from, d.to)
		if d.from == unwritten {
			value = fmt.Sprintf("[nil %d]", d.to)
		}
	default:
		value = strconv.Itoa(d.to)
	}
	switch version := "nil"; s.datatype {
	case "kv", "list-append":
		return fmt.Sprintf("[%d %s]", d.key, value)
	case "versioned-register":
		if ok {
			version = strconv.Itoa(d.version)
		}
		return fmt.Sprintf("[%s %s]", version, value)
	}
	return value
}

// shown is what a read answered.
func (s *simulated) shown(d *deed) string {
	switch {
	case s.datatype == "set":
		list := fmt.Sprint(d.list)
		return "#{" + list[1:len(list)-1] + "}"
	case s.datatype == "list-append":
		return fmt.Sprint(d.list)
	case d.to == unwritten:
		return "nil"
	}
	return strconv.Itoa(d.to)
}

func TestWorkloads(t *testing.T) {
	// Without this, a benchmark could measure histories that aren't what their names say.
	for _, w := range []workload{
		{datatype: "register", clients: 3, ops: 300},
		{datatype: "register", clients: 3, ops: 300, values: 5, crashes: 3},
		{datatype: "cas-register", clients: 5, ops: 300, values: 5, crashes: 5},
		{datatype: "kv", clients: 3, ops: 300, keys: 4},
		{datatype: "set", clients: 3, ops: 60},
		{datatype: "counter", clients: 3, ops: 300, crashes: 2},
		{datatype: "fifo-queue", clients: 2, ops: 3000},
		{datatype: "stack", clients: 2, ops: 3000},
		{datatype: "priority-queue", clients: 2, ops: 3000},
		{datatype: "list-append", clients: 3, ops: 100},
		{datatype: "versioned-register", clients: 3, ops: 300},
	} {
		for _, wrong := range []bool{false, true} {
			w.wrong = wrong
			want := check.Valid
			if wrong {
				want = check.Invalid
			}
			h := w.history(t)
			r := Check(context.Background(), h, Options{Datatype: w.datatype})
			if n := h.Len(); r.Verdict != want || n != 2*w.ops {
				t.Errorf("%+v has %d entries and is %s (%v), want %d and %s", w, n, r.Verdict, r.Reasons, 2*w.ops, want)
			}
		}
	}
}

// BenchmarkWorkloads measures Check, reading not counted.
func BenchmarkWorkloads(b *testing.B) {
	const million = 1_000_000
	for _, w := range []workload{
		{datatype: "register", clients: 20, ops: million},
		{datatype: "cas-register", clients: 20, ops: million},
		{datatype: "kv", clients: 20, ops: million, keys: 16},
		{datatype: "fifo-queue", clients: 20, ops: million},
		{datatype: "stack", clients: 20, ops: million},
		{datatype: "priority-queue", clients: 20, ops: million},
		{datatype: "set", clients: 20, ops: 20_000},
		{datatype: "list-append", clients: 20, ops: 20_000},
		{datatype: "versioned-register", clients: 20, ops: million},
		{datatype: "counter", clients: 20, ops: million},
	} {
		for _, wrong := range []bool{false, true} {
			w.wrong = wrong
			want := check.Valid
			if wrong {
				want = check.Invalid
			}
			b.Run(fmt.Sprintf("%s/%s/%d", w.datatype, want, w.ops), func(b *testing.B) {
				h := w.history(b)
				b.ReportAllocs()
				for b.Loop() {
					if r := Check(context.Background(), h, Options{Datatype: w.datatype}); r.Verdict != want {
						b.Fatal(r.Verdict, r.Reasons)
					}
				}
				b.ReportMetric(float64(w.ops)*float64(b.N)/b.Elapsed().Seconds(), "ops/s")
			})
		}
	}
}
