package elle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/edn"
)

// The twin infers from lists literally, with maps of strings and no thought of cost: rule by rule of the specification.

// twinMop is a micro-op; a read's list is nil, empty or not.
type twinMop struct {
	append bool
	key    string
	el     string   // appended
	list   []string // read; nil is nil
}

type twinOp struct {
	typ  history.Type
	proc int
	mops []twinMop
}

// twin is a history as the rules see it.
type twin []twinOp

func (o twinOp) possible() bool { return o.typ == history.OK || o.typ == history.Info }

// reads calls f for every read micro-op of the operations that keep accepts.
func (h twin) reads(keep func(twinOp) bool, f func(i int, m twinMop)) {
	for i, o := range h {
		for _, m := range o.mops {
			if keep(o) && !m.append {
				f(i, m)
			}
		}
	}
}

// order is the version order of a key: the longest list read by an operation that keep accepts, the earliest of several,
// without what comes again.
func (h twin) order(key string, keep func(twinOp) bool) []string {
	var longest []string
	h.reads(keep, func(_ int, m twinMop) {
		if m.key == key && len(m.list) > len(longest) {
			longest = m.list
		}
	})
	var order []string
	for _, e := range longest {
		if !slices.Contains(order, e) {
			order = append(order, e)
		}
	}
	return order
}

// init is the name of the version before the first append.
const initName = "INIT"

// edges are the data edges as "type from to".
func (h twin) edges() []string {
	writer := make(map[[2]string]int)
	readers := make(map[[2]string][]int)
	for i, o := range h {
		for _, m := range o.mops {
			switch {
			case !o.possible():
			case m.append:
				writer[[2]string{m.key, m.el}] = i
			case len(m.list) > 0:
				readers[[2]string{m.key, m.list[len(m.list)-1]}] = append(readers[[2]string{m.key, m.list[len(m.list)-1]}], i)
			case m.list != nil || o.typ == history.OK:
				readers[[2]string{m.key, initName}] = append(readers[[2]string{m.key, initName}], i)
			}
		}
	}
	var all []string
	add := func(kind string, from, to int) {
		if from != to {
			all = append(all, fmt.Sprintf("%s %d %d", kind, from, to))
		}
	}
	for i, o := range h {
		for _, m := range o.mops {
			if !o.possible() {
				continue
			}
			if !m.append {
				if n := len(m.list); n > 0 {
					if w, ok := writer[[2]string{m.key, m.list[n-1]}]; ok {
						add("wr", w, i)
					}
				}
				continue
			}
			order, before := h.order(m.key, twinOp.possible), initName
			at := slices.Index(order, m.el)
			if at < 0 {
				at = len(order)
			}
			if at > 0 {
				before = order[at-1]
			}
			if w, ok := writer[[2]string{m.key, before}]; ok && before != initName {
				add("ww", w, i)
			}
			for _, r := range readers[[2]string{m.key, before}] {
				add("rw", r, i)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// reads that are wrong by themselves, as "kind op key what".
func (h twin) badReads() []string {
	failed, midway, known := make(map[[2]string]int), make(map[[2]string]int), make(map[[2]string]bool)
	for i, o := range h {
		for j, m := range o.mops {
			if !m.append {
				continue
			}
			known[[2]string{m.key, m.el}] = true
			if o.typ == history.Fail {
				failed[[2]string{m.key, m.el}] = i
			}
			for _, later := range o.mops[j+1:] {
				if later.append && later.key == m.key {
					midway[[2]string{m.key, m.el}] = i
				}
			}
		}
	}
	var all []string
	ok := func(o twinOp) bool { return o.typ == history.OK }
	h.reads(ok, func(i int, m twinMop) {
		for _, e := range m.list {
			if w, bad := failed[[2]string{m.key, e}]; bad {
				all = append(all, fmt.Sprintf("G1a %d %s %s by %d", i, m.key, e, w))
			}
		}
		if n := len(m.list); n > 0 {
			if w, bad := midway[[2]string{m.key, m.list[n-1]}]; bad && w != i {
				all = append(all, fmt.Sprintf("G1b %d %s %s by %d", i, m.key, m.list[n-1], w))
			}
		}
	})
	h.reads(twinOp.possible, func(i int, m twinMop) {
		for _, e := range m.list {
			if !known[[2]string{m.key, e}] {
				known[[2]string{m.key, e}] = true
				all = append(all, fmt.Sprintf("garbage-read %d %s %s", i, m.key, e))
			}
		}
		sorted := slices.Clone(m.list)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) < len(m.list) {
			all = append(all, fmt.Sprintf("duplicate-elements %d %s", i, m.key))
		}
	})
	slices.Sort(all)
	return all
}

// badTxns are transactions that contradict themselves: the first read that does, with what it should have shown, and the
// first read that shows what the transaction appends only later.
func (h twin) badTxns() []string {
	var all []string
	for i, o := range h {
		if o.typ != history.OK {
			continue
		}
		internal, future := "", ""
		expect := make(map[string][]string)
		for j, m := range o.mops {
			want, known := expect[m.key]
			switch {
			case m.append && future == "":
				for _, r := range o.mops[:j] {
					if !r.append && r.key == m.key && slices.Contains(r.list, m.el) {
						future = fmt.Sprintf("future-read %d %s %s", i, m.key, m.el)
					}
				}
				fallthrough
			case m.append:
				if !known {
					want = []string{"..."}
				}
				expect[m.key] = append(slices.Clone(want), m.el)
			default:
				if known && internal == "" && !fits(m.list, want) {
					internal = fmt.Sprintf("internal %d %s %s", i, m.key, strings.Join(want, " "))
				}
				expect[m.key] = m.list
			}
		}
		for _, s := range []string{internal, future} {
			if s != "" {
				all = append(all, s)
			}
		}
	}
	slices.Sort(all)
	return all
}

// fits tells whether a read shows what is expected: a list, nil, or "..." and the end of a list.
func fits(list, want []string) bool {
	if len(want) > 0 && want[0] == "..." {
		end := want[1:]
		return len(list) >= len(end) && slices.Equal(list[len(list)-len(end):], end)
	}
	return slices.Equal(list, want) && (list == nil) == (want == nil)
}

// forks are the keys with two reads neither of which continues the other.
func (h twin) forks() []string {
	var all []string
	reads := make(map[string][][]string)
	h.reads(twinOp.possible, func(_ int, m twinMop) { reads[m.key] = append(reads[m.key], m.list) })
	for key, lists := range reads {
		for _, a := range lists {
			for _, b := range lists {
				if len(a) <= len(b) && !slices.Equal(a, b[:len(a)]) {
					all = append(all, "incompatible-order "+key)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// dirty are the dirty updates: an aborted version that a committed one follows, with only undecided and further aborted
// ones between.
func (h twin) dirty(keys []string) []string {
	var all []string
	for _, key := range keys {
		first, pending := "", false
		for _, e := range h.order(key, func(twinOp) bool { return true }) {
			decided, typ := false, history.Info
			for _, o := range h {
				for _, m := range o.mops {
					if o.typ != history.Invoke && m.append && m.key == key && m.el == e {
						decided, typ = true, o.typ
					}
				}
			}
			switch {
			case !decided || typ == history.Info:
			case typ == history.Fail && !pending:
				first, pending = e, true
			case typ == history.OK && pending:
				all = append(all, fmt.Sprintf("dirty-update %s %s to %s", key, first, e))
				pending = false
			}
		}
	}
	slices.Sort(all)
	return all
}

// lost are the lost updates: two or more ok transactions that read the same and then appended.
func (h twin) lost() []string {
	groups := make(map[string][]int)
	for i, o := range h {
		filed := make(map[string]bool)
		for j, m := range o.mops {
			if o.typ != history.OK || !m.append || filed[m.key] {
				continue
			}
			for _, r := range o.mops[:j] {
				if !r.append && r.key == m.key {
					group := fmt.Sprintf("lost-update %s %v %q", m.key, r.list == nil, r.list)
					groups[group] = append(groups[group], i)
					filed[m.key] = true
					break
				}
			}
		}
	}
	var all []string
	for group, txns := range groups {
		if len(txns) > 1 {
			all = append(all, fmt.Sprintf("%s %d", group, txns))
		}
	}
	slices.Sort(all)
	return all
}

// value is the transaction as a history has it.
func (o twinOp) value() history.Value {
	var mops []history.Value
	for _, m := range o.mops {
		name, arg := "append", edn.Value{}
		if m.append {
			arg = element(m.el)
		} else if name = "r"; m.list != nil {
			items := []history.Value{}
			for _, e := range m.list {
				items = append(items, element(e))
			}
			arg = edn.NewVector(items)
		}
		mops = append(mops, edn.NewVector([]history.Value{edn.NewKeyword(name), edn.NewString(m.key), arg}))
	}
	return edn.NewVector(mops)
}

// element is an element's value: whatever EDN it spells.
func element(text string) history.Value {
	v, _, err := edn.Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return v
}

// history is the twin's history as ours.
func (h twin) history(t *testing.T) *history.History {
	t.Helper()
	var all []history.Op
	for _, o := range h {
		all = append(all, history.Op{Time: history.NoTime, Type: o.typ, Process: edn.NewInt(int64(o.proc)),
			F: edn.NewKeyword("txn"), Value: o.value()})
	}
	got, err := history.FromOps(all)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// randomTwin makes a history in which anything may go wrong: reads are mostly prefixes of what was appended, sometimes
// cut, crossed, repeated or made up. spell makes an element of a number.
func randomTwin(rng *rand.Rand, spell func(int) string) (h twin, keys []string) {
	keys = []string{"x", "y", "z"}[:1+rng.IntN(3)]
	state := make(map[string][]string)
	next := 0
	for i := range 3 + rng.IntN(12) {
		var o twinOp
		o.proc = 2 * i
		o.typ = []history.Type{history.OK, history.OK, history.OK, history.Info, history.Fail}[rng.IntN(5)]
		for range 1 + rng.IntN(4) {
			key := keys[rng.IntN(len(keys))]
			m := twinMop{append: rng.IntN(2) == 0, key: key}
			if m.append {
				next++
				m.el = spell(next)
				if o.typ != history.Fail || rng.IntN(3) == 0 {
					state[key] = append(slices.Clone(state[key]), m.el)
				}
			} else {
				m.list = randomRead(rng, state[key], spell)
			}
			o.mops = append(o.mops, m)
		}
		if rng.IntN(6) == 0 {
			slices.Reverse(o.mops) // sees its own future
		}
		if rng.IntN(4) > 0 {
			invocation := twinOp{typ: history.Invoke, proc: o.proc}
			for _, m := range o.mops {
				m.list = nil
				invocation.mops = append(invocation.mops, m)
			}
			h = append(h, invocation)
		}
		if rng.IntN(20) > 0 {
			h = append(h, o)
		}
	}
	return h, keys
}

func randomRead(rng *rand.Rand, state []string, spell func(int) string) []string {
	switch rng.IntN(12) {
	case 0:
		return nil
	case 1:
		return []string{}
	case 2:
		if len(state) > 1 { // crossed
			list := slices.Clone(state)
			i := rng.IntN(len(list) - 1)
			list[i], list[i+1] = list[i+1], list[i]
			return list
		}
	case 3:
		if len(state) > 0 { // repeated
			return append(slices.Clone(state), state[rng.IntN(len(state))])
		}
	case 4:
		if rng.IntN(8) == 0 {
			return append(slices.Clone(state), spell(1000+rng.IntN(3))) // made up
		}
	case 5, 6:
		return slices.Clone(state[:rng.IntN(len(state)+1)])
	}
	if len(state) == 0 {
		return nil
	}
	return slices.Clone(state)
}

// ourEdges and ourAnomalies say what we inferred in the twin's words.
func ourEdges(p *premises, inf inference) []string {
	var all []string
	for v := range uint32(inf.in.Len()) {
		from, rels := inf.in.Row(v)
		for i, u := range from {
			for rel, name := range map[cycle.Rel]string{cycle.WW: "ww", cycle.WR: "wr", cycle.RW: "rw"} {
				if rels[i]&uint8(rel) != 0 {
					all = append(all, fmt.Sprintf("%s %d %d", name, p.nodes[u], p.nodes[v]))
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

func ourAnomalies(h *history.History, inf inference) []string {
	var all []string
	for _, a := range inf.anomalies {
		f := make(map[string]history.Value)
		for _, x := range a.Fields {
			f[x.Name] = x.Value
		}
		mopKey := func() string { return f["mop"].Items[1].Text }
		switch a.Kind {
		case "G1a", "G1b":
			all = append(all, fmt.Sprintf("%s %d %s %s by %d", a.Kind, a.Ops[0], mopKey(), f["element"], a.Ops[1]))
		case "garbage-read", "future-read":
			all = append(all, fmt.Sprintf("%s %d %s %s", a.Kind, a.Ops[0], mopKey(), f["element"]))
		case "duplicate-elements":
			all = append(all, fmt.Sprintf("%s %d %s", a.Kind, a.Ops[0], mopKey()))
		case "internal":
			all = append(all, fmt.Sprintf("internal %d %s %s", a.Ops[0], mopKey(), strings.Join(spelled(f["expected"].Items), " ")))
		case "incompatible-order":
			all = append(all, "incompatible-order "+f["key"].Text)
		case "dirty-update":
			v := spelled(f["values"].Items)
			all = append(all, fmt.Sprintf("dirty-update %s %s to %s", f["key"].Text, v[0], v[len(v)-1]))
		case "lost-update":
			all = append(all, fmt.Sprintf("lost-update %s %v %q %d", f["key"].Text, f["value"].Kind == edn.Nil,
				spelled(f["value"].Items), a.Ops))
		}
	}
	slices.Sort(all)
	return all
}

func spelled(items []history.Value) []string {
	var all []string
	for _, v := range items {
		all = append(all, v.String())
	}
	return all
}

// TestListAppendTwin would miss an inference that only holds for small integers, for one list a key, or for histories
// like those of the corpus.
func TestListAppendTwin(t *testing.T) {
	spellings := []func(int) string{
		func(i int) string { return fmt.Sprint(i) },
		func(i int) string { return fmt.Sprint(i * 1_000_003) },
		func(i int) string { return fmt.Sprintf("%q", fmt.Sprint(i%7, i)) },
		func(i int) string {
			return []string{fmt.Sprint(i), fmt.Sprint(-i), fmt.Sprintf(":k%d", i), fmt.Sprintf("[%d]", i)}[i%4]
		},
	}
	runs := 8000
	if testing.Short() {
		runs = 1000
	}
	found := make(map[string]int)
	for seed := range runs {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		twin, keys := randomTwin(rng, spellings[seed%len(spellings)])
		h := twin.history(t)
		p := premisesOf(h, Options{Workers: 1 + seed%3})
		inf := inferListAppend(context.Background(), p)
		if len(inf.reasons) > 0 {
			t.Fatalf("seed %d: %v", seed, inf.reasons)
		}
		want := slices.Concat(twin.badReads(), twin.badTxns(), twin.forks(), twin.dirty(keys), twin.lost())
		slices.Sort(want)
		if d := cmp.Diff(ourAnomalies(h, inf), want); d != "" {
			t.Fatalf("seed %d: anomalies (-got +want): %s\n%s", seed, d, spelledOps(h))
		}
		if d := cmp.Diff(ourEdges(p, inf), twin.edges()); d != "" {
			t.Fatalf("seed %d: edges (-got +want): %s\n%s", seed, d, spelledOps(h))
		}
		for _, w := range want {
			kind, _, _ := strings.Cut(w, " ")
			found[kind]++
		}
	}
	for _, kind := range []string{"G1a", "G1b", "garbage-read", "duplicate-elements", "internal", "future-read",
		"incompatible-order", "dirty-update", "lost-update"} {
		if found[kind] < runs/100 {
			t.Errorf("only %d of %s in %d histories: the test shows little", found[kind], kind, runs)
		}
	}
}

func spelledOps(h *history.History) string {
	var b strings.Builder
	for id := range h.All() {
		fmt.Fprintf(&b, "%d %s %s\n", id, h.Type(id), h.Op(id).Value)
	}
	return b.String()
}

// TestExplainEveryEdge would miss an edge that no micro-op explains, which is an internal error when a cycle is told.
func TestExplainEveryEdge(t *testing.T) {
	for seed := range 500 {
		twin, _ := randomTwin(rand.New(rand.NewPCG(uint64(seed), 2)), func(i int) string { return fmt.Sprint(i) })
		p := premisesOf(twin.history(t), Options{})
		inf := inferListAppend(context.Background(), p)
		for v := range uint32(inf.in.Len()) {
			from, rels := inf.in.Row(v)
			for i, u := range from {
				for _, rel := range inf.prefer {
					if rels[i]&uint8(rel) != 0 {
						testStep(t, p, edge{u, v, rel, "T1", "T2"}, inf.explain(edge{u, v, rel, "T1", "T2"}))
					}
				}
			}
		}
	}
}

// testStep checks that the micro-ops that a step points at are there.
func testStep(t *testing.T, p *premises, e edge, s check.Step) {
	t.Helper()
	for _, f := range s.Fields {
		node := e.a
		switch f.Name {
		case "b-mop-index":
			node = e.b
		case "a-mop-index":
		default:
			continue
		}
		if i := f.Value.Int(); i < 0 || i >= int64(len(p.h.Mops(p.nodes[node]))) {
			t.Errorf("%s edge: %s is %d", s.Type, f.Name, i)
		}
	}
	if !strings.Contains(s.Text, "T1") || !strings.Contains(s.Text, "T2") {
		t.Errorf("%q does not speak of both transactions", s.Text)
	}
}
