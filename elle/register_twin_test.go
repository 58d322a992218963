package elle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"jcheck/history"
	"jcheck/internal/edn"
)

// regOp is one operation of a random history of registers, small enough to reason about literally. Values are small
// integers; 0 stands for nil.
type regOp struct {
	typ  history.Type
	proc int
	mops []regMop
	inv  int // place of the invocation, or -1
}

type regMop struct {
	write bool
	key   int
	val   int
}

// randomRegisters makes a history of txns ops by procs processes over keys keys. Reads show anything that was or will be
// written, so that versions get into all sorts of orders. bare is the chance that an invocation isn't recorded.
func randomRegisters(rng *rand.Rand, txns, procs, keys int, bare float64) []regOp {
	var ops []regOp
	open := make([]int, procs) // place of the open invocation + 1
	next := make([]int, keys)
	for range txns * 2 {
		p := rng.IntN(procs)
		if open[p] == 0 {
			mops := make([]regMop, rng.IntN(4))
			for i := range mops {
				k := rng.IntN(keys)
				mops[i] = regMop{key: k, write: rng.IntN(2) == 0}
				if mops[i].write {
					next[k]++
					mops[i].val = next[k]
				}
			}
			open[p] = len(ops) + 1
			ops = append(ops, regOp{history.Invoke, p, mops, -1})
			continue
		}
		inv := open[p] - 1
		open[p] = 0
		op := regOp{[]history.Type{history.OK, history.OK, history.OK, history.Info, history.Fail}[rng.IntN(5)], p, slices.Clone(ops[inv].mops), inv}
		for i := range op.mops {
			if m := &op.mops[i]; !m.write && op.typ == history.OK {
				m.val = max(0, rng.IntN(next[m.key]+2)-1)
			}
		}
		ops = append(ops, op)
	}
	return dropInvocations(rng, ops, bare)
}

// dropInvocations makes a history in which some completions stand alone.
func dropInvocations(rng *rand.Rand, ops []regOp, bare float64) []regOp {
	var out []regOp
	place := make([]int, len(ops))
	for i, op := range ops {
		place[i] = -1
		if op.typ == history.Invoke && rng.Float64() < bare {
			continue
		}
		if op.inv >= 0 {
			op.inv = place[op.inv]
		}
		place[i] = len(out)
		out = append(out, op)
	}
	return out
}

// registerHistory is the history of such operations.
func registerHistory(t testing.TB, ops []regOp) *history.History {
	t.Helper()
	out := make([]history.Op, len(ops))
	for i, op := range ops {
		mops := make([]edn.Value, len(op.mops))
		for j, m := range op.mops {
			f, v := "r", edn.NewInt(int64(m.val))
			if m.write {
				f = "w"
			}
			if m.val == 0 {
				v = edn.Value{}
			}
			mops[j] = edn.NewVector([]edn.Value{edn.NewKeyword(f), edn.NewInt(int64(m.key)), v})
		}
		out[i] = history.Op{Index: int64(i), Time: history.NoTime, Type: op.typ, Process: edn.NewInt(int64(op.proc)),
			F: edn.NewKeyword("txn"), Value: edn.NewVector(mops)}
	}
	h, err := history.FromOps(out)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// external is what an operation touches externally, literally as the rules say.
func (op *regOp) external() (reads, writes map[int]int) {
	reads, writes = map[int]int{}, map[int]int{}
	seen := map[int]bool{}
	for _, m := range op.mops {
		if m.write {
			writes[m.key] = m.val
		} else if !seen[m.key] && op.typ == history.OK {
			reads[m.key] = m.val
		}
		seen[m.key] = true
	}
	return reads, writes
}

func (op *regOp) touches(k int) bool {
	if op.typ != history.OK && op.typ != history.Info {
		return false
	}
	reads, writes := op.external()
	_, r := reads[k]
	_, w := writes[k]
	return r || w
}

// realtimeReduction is the transitive reduction of the realtime order, built with an explicit buffer.
func realtimeReduction(ops []regOp) map[int]map[int]bool {
	succ := map[int]map[int]bool{}
	var buffer []int
	completion := map[int]int{}
	for i, op := range ops {
		if op.inv >= 0 {
			completion[op.inv] = i
		}
	}
	for i, op := range ops {
		if op.typ == history.Invoke {
			if c, ok := completion[i]; ok {
				for _, b := range buffer {
					if succ[b] == nil {
						succ[b] = map[int]bool{}
					}
					succ[b][c] = true
				}
			}
		}
		if op.typ == history.OK {
			buffer = append(slices.DeleteFunc(buffer, func(b int) bool { return succ[b][i] }), i)
		}
	}
	return succ
}

// processChains links the ok operations of each process.
func processChains(ops []regOp) map[int]map[int]bool {
	succ, last := map[int]map[int]bool{}, map[int]int{}
	for i, op := range ops {
		if op.typ != history.OK {
			continue
		}
		if l, ok := last[op.proc]; ok {
			succ[l] = map[int]bool{i: true}
		}
		last[op.proc] = i
	}
	return succ
}

// literalVersionEdges goes from a graph of operations to edges [key v1 v2] between versions: from each operation that
// touches a key to the first ones on each path that touch it, too.
func literalVersionEdges(ops []regOp, succ map[int]map[int]bool, keys int) map[[3]int]bool {
	edges := map[[3]int]bool{}
	for k := range keys {
		for a, down := range downstream(ops, succ, k) {
			for b := range down {
				if v1, v2 := source(&ops[a], k), target(&ops[b], k); v1 > 0 && v2 >= 0 && v1 != v2 {
					edges[[3]int{k, v1, v2}] = true
				}
			}
		}
	}
	return edges
}

// downstream lists for each operation the first ones on each path that touch k. It goes backwards, since edges lead to
// later completions.
func downstream(ops []regOp, succ map[int]map[int]bool, k int) []map[int]bool {
	down := make([]map[int]bool, len(ops))
	for a := len(ops) - 1; a >= 0; a-- {
		down[a] = map[int]bool{}
		for s := range succ[a] {
			if ops[s].touches(k) {
				down[a][s] = true
				continue
			}
			for d := range down[s] {
				down[a][d] = true
			}
		}
	}
	return down
}

// source is the version that operation a stands for before others, or 0; target what b stands for after others, or -1.
func source(a *regOp, k int) int {
	if !a.touches(k) {
		return 0
	}
	reads, writes := a.external()
	if v, ok := writes[k]; ok {
		return v
	}
	return reads[k]
}

func target(b *regOp, k int) int {
	reads, writes := b.external()
	if v := reads[k]; v > 0 {
		return v
	}
	if v, ok := writes[k]; ok {
		return v
	}
	if _, ok := reads[k]; ok {
		return 0
	}
	return -1
}

// prepared is a register whose versions are numbered.
func prepared(t testing.TB, h *history.History, o Options) *register {
	t.Helper()
	r := &register{premises: newPremises(h, o, nil)}
	scan := r.scan()
	if reasons := r.readInitial(); len(reasons) > 0 {
		t.Fatal(reasons)
	}
	r.layOut(scan)
	r.numberVersions()
	r.indexVersions()
	r.preds, r.linkMax = rowsOf(int(r.versionOff[r.numKeys()]), nil), len(r.nodes)
	return r
}

// readableEdges turns version edges to [key v1 v2].
func (r *register) readableEdges(t testing.TB, edges []versionEdge) map[[3]int]bool {
	t.Helper()
	if !slices.IsSorted(edges) || len(slices.Compact(slices.Clone(edges))) != len(edges) {
		t.Error("edges aren't sorted or repeat")
	}
	out := map[[3]int]bool{}
	for _, e := range edges {
		k := r.keyOf(e.to())
		out[[3]int{int(r.keyValue(k).Int()), r.small(k, e.from()), r.small(k, e.to())}] = true
	}
	return out
}

func (r *register) small(k int32, v uint32) int {
	if val := r.versionValue(k, int32(v)); val.Kind == edn.Int {
		return int(val.Int())
	}
	return 0
}

// Without this, the scan that never builds the realtime reduction could miss or invent version edges, and so could the
// one for processes: both are compared with a literal walk over an explicit graph.
func TestVersionEdgesAsLiteral(t *testing.T) {
	total := 0
	for seed := range uint64(1500) {
		rng := rand.New(rand.NewPCG(seed, 1))
		keys := 1 + rng.IntN(4)
		bare := []float64{0, 0, 0.1, 1}[rng.IntN(4)]
		ops := randomRegisters(rng, 5+rng.IntN(40), 1+rng.IntN(8), keys, bare)
		if seed%50 == 0 {
			keys = longTouches + 10
			writeAll(ops, keys)
		}
		h := registerHistory(t, ops)
		for _, workers := range []int{1, 3} {
			r := prepared(t, h, Options{Workers: workers})
			realtime, ok := r.realtimeEdges(context.Background())
			if !ok {
				t.Fatal("too many edges")
			}
			name := fmt.Sprintf("seed %d, %d workers, ", seed, workers)
			want := literalVersionEdges(ops, realtimeReduction(ops), keys)
			compareEdges(t, name+"linearizable", r.readableEdges(t, realtime), want)
			total += len(want)
			process, _ := r.eachKey((*register).processEdges)(context.Background())
			compareEdges(t, name+"sequential", nonInitial(r.readableEdges(t, process)), literalVersionEdges(ops, processChains(ops), keys))
		}
		if t.Failed() {
			return
		}
	}
	if total < 10000 {
		t.Errorf("got %d edges in all, want a fair number", total)
	}
}

// writeAll makes the middle completion write all keys, so that it's beyond what's looked through one by one.
func writeAll(ops []regOp, keys int) {
	for i := len(ops) / 2; i < len(ops); i++ {
		if op := &ops[i]; op.typ == history.OK {
			op.mops = nil
			for k := range keys {
				op.mops = append(op.mops, regMop{write: true, key: k, val: 1000 + k})
			}
			return
		}
	}
}

// nonInitial drops edges that start from the initial version: both ways of counting may have them, and they say nothing.
func nonInitial(edges map[[3]int]bool) map[[3]int]bool {
	for e := range edges {
		if e[1] == 0 {
			delete(edges, e)
		}
	}
	return edges
}

func compareEdges(t *testing.T, name string, got, want map[[3]int]bool) {
	t.Helper()
	for e := range got {
		if !want[e] {
			t.Errorf("%s: got edge [key v1 v2] %v, want none", name, e)
		}
	}
	for e := range want {
		if !got[e] {
			t.Errorf("%s: got no edge [key v1 v2] %v, want it", name, e)
		}
	}
}
