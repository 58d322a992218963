package kafka

import (
	"slices"

	"jcheck/history"
	"jcheck/internal/edn"
)

// lag is how long a consumer had been behind when it polled: the time from when somebody first knew of a message beyond
// the last offset that it has seen, to when its poll was invoked.
type lag struct {
	ns, at  int64
	process history.ProcID
	key     int32
}

// horizon is the highest offset of a key that anybody knew of at a time.
type horizon struct {
	offset, at int64
}

// tracked is how far a consumer has come in its keys, in the order in which it got them.
type tracked struct {
	keys    []int32
	offsets []int64
}

// see notes that the consumer saw an offset.
func (t *tracked) see(key int32, offset int64) {
	i := slices.Index(t.keys, key)
	if i < 0 {
		i = len(t.keys)
		t.keys, t.offsets = append(t.keys, key), append(t.offsets, -1)
	}
	t.offsets[i] = max(t.offsets[i], offset)
}

// assign gives the consumer other keys. It goes on where it was in those that it keeps, unless it begins anew; keys that
// it subscribes to it has only once it sees something of them.
func (t *tracked) assign(op *operation) {
	old := *t
	*t = tracked{}
	if op.f == subscribeF {
		return
	}
	for _, k := range op.keys {
		t.see(k, -1)
		if i := slices.Index(old.keys, k); i >= 0 && !op.reset {
			t.see(k, old.offsets[i])
		}
	}
}

// worstLag is the first of the longest lags; false if nobody polled anything.
func (c *checker) worstLag() (worst lag, any bool) {
	horizons := make([][]horizon, len(c.keys))
	for i := range c.ops {
		for _, m := range c.farthest(&c.ops[i]) {
			if h := horizons[m.key]; len(h) == 0 || h[len(h)-1].offset < m.offset {
				horizons[m.key] = append(h, horizon{m.offset, c.time(c.ops[i].id)})
			}
		}
	}
	consumers, steps := make(map[history.ProcID]*tracked), 0
	for i := range c.ops {
		op := &c.ops[i]
		if op.t != history.OK || op.f == sendF {
			continue
		}
		p := c.h.Proc(op.id)
		t := consumers[p]
		if t == nil {
			t = &tracked{}
			consumers[p] = t
		}
		if op.f >= assignF {
			t.assign(op)
			continue
		}
		for _, m := range c.farthest(op) {
			t.see(m.key, m.offset)
		}
		at := c.time(c.h.Pair(op.id))
		if steps += len(t.keys); steps > maxLagSteps {
			break
		}
		for j, k := range t.keys {
			l := lag{at: at, process: p, key: k}
			h := horizons[k]
			next, _ := slices.BinarySearchFunc(h, t.offsets[j], func(x horizon, offset int64) int {
				if x.offset <= offset {
					return -1
				}
				return 1
			})
			if next < len(h) {
				l.ns = max(0, at-h[next].at)
			}
			if !any || l.ns > worst.ns {
				worst, any = l, true
			}
		}
	}
	return worst, any
}

// maxLagSteps bounds how many keys of consumers are looked at, once for each operation. Beyond that the lag is that of the
// beginning of the history.
const maxLagSteps = 100_000_000

// farthest are the highest offsets that an ok operation sent or polled, of each key. A key of which it doesn't know the last
// one is left out.
func (c *checker) farthest(op *operation) []message {
	if op.t != history.OK {
		return nil
	}
	var all []message
	place := make(map[int32]int)
	for _, list := range [...][]message{op.sends, op.polls} {
		for _, m := range list {
			i, seen := place[m.key]
			if !seen {
				i = len(all)
				place[m.key] = i
				all = append(all, message{key: m.key, offset: -1})
			}
			if m.placed {
				all[i].offset = max(all[i].offset, m.offset)
			}
			all[i].placed = m.placed
		}
	}
	return slices.DeleteFunc(all, func(m message) bool { return !m.placed })
}

// time is an operation's time, -1 if it has none.
func (c *checker) time(id history.ID) int64 {
	if id == history.None || c.h.Time(id) == history.NoTime {
		return -1
	}
	return c.h.Time(id)
}

// lagValue is the worst lag as the original prints it, in seconds.
func (c *checker) lagValue() history.Value {
	l, any := c.worstLag()
	pairs := []history.Value{edn.NewKeyword("time"), edn.NewFloat(float64(l.at) / 1e9)}
	if any {
		pairs = append(pairs, edn.NewKeyword("process"), c.h.ProcName(l.process), edn.NewKeyword("key"), c.keys[l.key].key)
	}
	return edn.NewMap(append(pairs, edn.NewKeyword("lag"), edn.NewFloat(float64(l.ns)/1e9)))
}
