package elle

import (
	"context"
	"math"
	"slices"
	"sort"
	"sync/atomic"

	"jcheck/internal/cycle"
)

// Linearizable keys: the versions of a key follow each other as the txns that touch it do in realtime. As a rule on the
// transitive reduction of the realtime order (the original's): a leads to b, both touching k, if a path of the
// reduction goes from a to b through txns that don't touch k.
//
// The reduction isn't built. Number the ok completions 0, 1, ... in file order, and let Enter(t) be how many of them
// came before t's invocation. When m of them have happened, the ones that lead directly to whatever is invoked now are
// those numbered from PM(m) = max Enter of the first m on: an older one was followed by a txn that began after it and
// has completed. With U(k, m) for the txns that lead to what is invoked then and touches k:
//
//	U(k, m) = union of eff(k, x) for x in [PM(m), m);  eff(k, x) = {x} if x touches k, else U(k, Enter(x))
//
// From m to m+1, when x completes, this changes in two cases only:
//
//  1. x touches k. If Enter(x) <= PM(m), nothing drops out: x is added. Else U(k, m+1) is x and eff of [Enter(x), m).
//  2. x doesn't touch k, but a txn that does completed while x ran. Then x still leads here from what that one hid:
//     U(k, Enter(x)) is added. (Without such a txn it's all in U(k, m) already: what drops out for x is what x brings.)
//
// So the work is (touches) times (txns that complete while one runs), and each key needs U of the past only as far back
// as something that is still to complete, or that completes while that runs, was invoked. Sets hold the versions that
// the txns stand for; initial ones are left out, since they precede everything anyway.

// realtimeEdges is the source of linearizable keys. Workers share the keys among them and walk over all completions.
func (r *register) realtimeEdges(ctx context.Context) ([]versionEdge, bool) {
	c := r.completions()
	if c.asked[len(c.node)] <= 0 {
		return nil, true // nothing was invoked after a completion
	}
	rows := make([][]versionEdge, r.numKeys())
	shards := max(1, min(r.workers, r.numKeys()))
	var total atomic.Int64
	spread(shards, r.workers, func(i int) {
		w := &realtimeWalk{register: r, completions: c, rows: rows, total: &total, most: r.maxVersionEdges()}
		w.init(int32(i), int32(shards))
		w.run(ctx)
	})
	if total.Load() > r.maxVersionEdges() {
		return nil, false
	}
	return slices.Concat(rows...), true
}

// completions are the ok completions in file order, by rank.
type completions struct {
	node   []uint32 // rank → node
	enter  []int32  // node → Enter; 0 if the invocation wasn't recorded: nothing is known to come before
	needed []int32  // rank m → no look-up from m on goes back before this
	late   []uint32 // info nodes by Enter: they are targets, but no sources
	asked  []int32  // m → the greatest Enter up to m that a node has, -1 if none: nobody looks up between that and m
}

// times is the realtime order, also where the anomalies looked for have nothing to do with it.
func (r *register) times() *cycle.Order {
	if r.when == nil && r.order != nil {
		r.when = r.order
	}
	if r.when == nil {
		p := *r.premises
		p.orderByTime()
		r.when = p.order
	}
	return r.when
}

func (r *register) completions() *completions {
	c := &completions{enter: r.times().Enter}
	for v := range uint32(len(r.nodes)) {
		if r.ok(v) {
			c.node = append(c.node, v)
		} else {
			c.late = append(c.late, v)
		}
	}
	slices.SortStableFunc(c.late, func(a, b uint32) int { return int(c.enter[a]) - int(c.enter[b]) })
	c.findNeeded()
	c.asked = slices.Repeat([]int32{-1}, len(c.node)+1)
	for _, e := range c.enter {
		c.asked[e] = e
	}
	for m := 1; m < len(c.asked); m++ {
		c.asked[m] = max(c.asked[m], c.asked[m-1])
	}
	return c
}

// findNeeded finds how far back look-ups go: to the invocation of anything that completes later, and to those of
// anything that completed while such a one ran. U at 0 is empty, and never looked up.
func (c *completions) findNeeded() {
	n := len(c.node)
	earliest := make([]int32, n+1)
	earliest[n] = int32(n)
	for m := n - 1; m >= 0; m-- {
		earliest[m] = earliest[m+1]
		if e := c.enter[c.node[m]]; e > 0 {
			earliest[m] = min(earliest[m], e)
		}
	}
	c.needed = make([]int32, n+1)
	for m := range c.needed {
		c.needed[m] = earliest[min(earliest[m], int32(m))]
	}
}

// realtimeWalk computes the edges of every key of one shard.
type realtimeWalk struct {
	*register
	*completions
	shard, shards int32
	rows          [][]versionEdge // results, by key
	total         *atomic.Int64   // edges of all shards
	most          int64           // how many of them there may be
	work          int             // steps since the last look at the context
	past          []*keyPast      // by key; nil before the first touch and after the last
	left          []uint32        // touches of a key that are still to come
	free          []*keyPast
	mark          []uint32 // version → tick at which it was last put into set
	tick          uint32
	set           []uint32
	merged        []int32                     // key → rank+1 of the last txn whose case 2 was dealt with
	long          map[uint32]map[int32]*touch // of nodes with many touches, by key
	latest        int32                       // max Enter of the completions so far
}

// keyPast is U of a key over time: a set of versions from each of some numbers of completions on.
type keyPast struct {
	at   []int32  // ascending
	end  []int32  // where the set ends in data; it begins where the one before ends
	data []uint32 //
	row  []versionEdge
	fold int // length of row at which it's worth removing repetitions
	// counted is how many edges of row are in the walk's total. Repetitions never are, so the total only grows.
	counted int
}

func (w *realtimeWalk) init(shard, shards int32) {
	w.shard, w.shards = shard, shards
	w.long = make(map[uint32]map[int32]*touch)
	w.past = make([]*keyPast, w.numKeys())
	w.left = make([]uint32, w.numKeys())
	w.merged = make([]int32, w.numKeys())
	for k := shard; k < int32(w.numKeys()); k += shards {
		w.left[k] = uint32(len(w.keyTouches(int(k))))
	}
	w.mark = make([]uint32, w.versionOff[w.numKeys()])
}

func (w *realtimeWalk) mine(k int32) bool { return w.shards == 1 || k%w.shards == w.shard }

// workStride is how many steps pass between looks at the context and at the number of edges.
const workStride = 1 << 20

// enough tells, now and then, whether to give up.
func (w *realtimeWalk) enough(ctx context.Context) bool {
	if w.work++; w.work < workStride {
		return false
	}
	w.work = 0
	return ctx.Err() != nil || w.total.Load() > w.most
}

func (w *realtimeWalk) run(ctx context.Context) {
	late := w.late
	for m := range int32(len(w.node)) {
		if w.enough(ctx) {
			return
		}
		for len(late) > 0 && w.enter[late[0]] <= m {
			w.targets(late[0])
			late = late[1:]
		}
		x := w.node[m]
		w.targets(x)
		w.touched(x, m)
		w.passed(x, m)
		w.latest = max(w.latest, w.enter[x])
	}
	for _, v := range late {
		w.targets(v)
	}
}

// targets adds the edges that lead to what node y touches, and lets go of keys that nobody touches any more.
func (w *realtimeWalk) targets(y uint32) {
	ts := w.touchesOf(y)
	for i := range ts {
		t := &ts[i]
		if !w.mine(t.key) {
			continue
		}
		if p := w.past[t.key]; p != nil {
			if v := w.target(t); v != none {
				w.addEdges(p, p.lookup(w.enter[y]), v)
			}
		}
		if w.left[t.key]--; w.left[t.key] == 0 {
			w.release(t.key)
		}
	}
}

func (w *realtimeWalk) addEdges(p *keyPast, from []uint32, to int32) {
	w.work += len(from)
	for _, v := range from {
		if int32(v) != to {
			p.row = append(p.row, edgeOf(int32(v), to))
		}
	}
	if len(p.row) > p.fold {
		w.compact(p)
		p.fold = max(2*len(p.row), minFold)
	}
}

// minFold is the least number of edges of a key among which repetitions are looked for before the key is done.
const minFold = 1024

// compact removes repetitions, and counts the edges.
func (w *realtimeWalk) compact(p *keyPast) {
	slices.Sort(p.row)
	p.row = slices.Compact(p.row)
	w.total.Add(int64(len(p.row) - p.counted))
	p.counted = len(p.row)
}

// release finishes a key: its edges are complete.
func (w *realtimeWalk) release(k int32) {
	p := w.past[k]
	if p == nil {
		return
	}
	w.compact(p)
	w.rows[k] = slices.Clone(p.row)
	*p = keyPast{at: p.at[:0], end: p.end[:0], data: p.data[:0], row: p.row[:0], fold: minFold}
	w.free, w.past[k] = append(w.free, p), nil
}

// touched is case 1: x, number m, completes and touches keys.
func (w *realtimeWalk) touched(x uint32, m int32) {
	enter := w.enter[x]
	ts := w.touchesOf(x)
	for i := range ts {
		k := ts[i].key
		if !w.mine(k) || w.left[k] == 0 {
			continue
		}
		p := w.pastOf(k)
		if enter <= w.latest && w.unseen(p, m) {
			p.append(m, w.source(&ts[i]), int32(w.versionOff[k]))
			continue
		}
		if enter <= w.latest {
			w.begin(p.lookup(m))
			w.extend(k, w.source(&ts[i]))
			w.push(p, m)
			continue
		}
		w.begin(nil)
		w.extend(k, w.source(&ts[i]))
		for z := enter; z < m; z++ {
			n := w.node[z]
			if t := w.touchOf(n, k); t != nil {
				w.extend(k, w.source(t))
			} else {
				w.unite(p.lookup(w.enter[n]))
			}
		}
		w.push(p, m)
	}
}

// passed is case 2: x completes, and others that completed while it ran touched keys that x doesn't.
func (w *realtimeWalk) passed(x uint32, m int32) {
	enter := w.enter[x]
	if enter == 0 {
		return // nothing led to x
	}
	w.work += int(m - enter)
	for z := enter; z < m; z++ {
		ts := w.touchesOf(w.node[z])
		for i := range ts {
			k := ts[i].key
			if !w.mine(k) || w.left[k] == 0 || w.merged[k] == m+1 {
				continue
			}
			w.merged[k] = m + 1
			p := w.past[k]
			if p == nil || w.touchOf(x, k) != nil {
				continue
			}
			w.begin(p.lookup(m))
			before := len(w.set)
			w.unite(p.lookup(enter))
			if len(w.set) > before {
				w.push(p, m)
			}
		}
	}
}

// longTouches is up to how many touches of a node looking through them beats an index.
const longTouches = 64

// touchOf is node n's touch of key k, or nil.
func (w *realtimeWalk) touchOf(n uint32, k int32) *touch {
	ts := w.touchesOf(n)
	if len(ts) > longTouches {
		if w.long[n] == nil {
			w.long[n] = touchesByKey(ts)
		}
		return w.long[n][k]
	}
	for i := range ts {
		if ts[i].key == k {
			return &ts[i]
		}
	}
	return nil
}

// touchesByKey finds touches by key.
func touchesByKey(ts []touch) map[int32]*touch {
	index := make(map[int32]*touch, len(ts))
	for i := range ts {
		index[ts[i].key] = &ts[i]
	}
	return index
}

// begin starts a set with those versions.
func (w *realtimeWalk) begin(versions []uint32) {
	w.set = w.set[:0]
	if w.tick++; w.tick == math.MaxUint32 {
		clear(w.mark)
		w.tick = 1
	}
	w.unite(versions)
}

// unite adds versions to the set.
func (w *realtimeWalk) unite(versions []uint32) {
	for _, v := range versions {
		if w.mark[v] != w.tick {
			w.mark[v] = w.tick
			w.set = append(w.set, v)
		}
	}
}

// extend adds one version, unless it's none or the initial one.
func (w *realtimeWalk) extend(k, v int32) {
	if v > int32(w.versionOff[k]) && w.mark[v] != w.tick {
		w.mark[v] = w.tick
		w.set = append(w.set, uint32(v))
	}
}

func (w *realtimeWalk) pastOf(k int32) *keyPast {
	if w.past[k] == nil {
		if n := len(w.free); n > 0 {
			w.past[k], w.free = w.free[n-1], w.free[:n-1]
		} else {
			w.past[k] = &keyPast{fold: minFold}
		}
	}
	return w.past[k]
}

// lookup is U when m completions had happened.
func (p *keyPast) lookup(m int32) []uint32 {
	i := len(p.at) - 1
	for back := 0; i >= 0 && p.at[i] > m; back++ {
		if back == 8 { // far back
			i = sort.Search(i, func(j int) bool { return p.at[j] > m }) - 1
			break
		}
		i--
	}
	if i < 0 {
		return nil
	}
	from := int32(0)
	if i > 0 {
		from = p.end[i-1]
	}
	return p.data[from:p.end[i]]
}

// push makes the set that of m+1 completions on.
func (w *realtimeWalk) push(p *keyPast, m int32) {
	if n := len(p.at); w.unseen(p, m) {
		p.at, p.end = p.at[:n-1], p.end[:n-1]
		p.data = p.data[:p.start()]
	}
	if n := len(p.at); n == cap(p.at) && n > 0 {
		p.forget(w.needed[m])
	}
	p.at = append(p.at, m+1)
	p.data = append(p.data, w.set...)
	p.end = append(p.end, int32(len(p.data)))
	w.work += len(w.set)
	if len(p.data) > maxPast {
		if p.forget(w.needed[m]); len(p.data) > maxPast {
			w.total.Add(w.most + 1) // that's too much, too
		}
	}
}

// maxPast is how many versions the sets of one key may hold that can still be looked up.
const maxPast = 1 << 24

// unseen tells whether nobody will look up the last set of p, so that it may make room for that of m+1.
func (w *realtimeWalk) unseen(p *keyPast, m int32) bool {
	n := len(p.at)
	return n > 0 && w.asked[m] < p.at[n-1]
}

// append makes the last set, extended by one version, that of m+1 on. A version may be in it twice: that costs less
// than to copy the set, which may be large where many txns overlap.
func (p *keyPast) append(m, version, zero int32) {
	p.at[len(p.at)-1] = m + 1
	if version > zero {
		p.data = append(p.data, uint32(version))
		p.end[len(p.end)-1]++
	}
}

// start is where the next set begins.
func (p *keyPast) start() int32 {
	if len(p.end) == 0 {
		return 0
	}
	return p.end[len(p.end)-1]
}

// forget drops the sets that no look-up at m or later can mean.
func (p *keyPast) forget(m int32) {
	drop := sort.Search(len(p.at), func(i int) bool { return p.at[i] > m }) - 1 // the last one that m can mean stays
	if drop <= 0 {
		return
	}
	from := p.end[drop-1]
	p.data = p.data[:copy(p.data, p.data[from:])]
	p.at = p.at[:copy(p.at, p.at[drop:])]
	p.end = p.end[:copy(p.end, p.end[drop:])]
	for i := range p.end {
		p.end[i] -= from
	}
}
