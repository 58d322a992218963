package shrink

import (
	"context"
	"maps"
	"slices"

	"jcheck/history"
	"jcheck/internal/edn"
)

// reduceUnits leaves out units. Where the last part's own anomaly names fewer than are left, those are tried first.
func (s *shrinker) reduceUnits(ctx context.Context) {
	s.reduce(ctx, func() []int32 { return s.best.units }, func(left []int32) bool {
		kept := s.needs.close(left, s.best.units)
		return len(kept) < len(s.best.units) && s.try(ctx, candidate{units: kept, mops: s.best.mops, elements: s.best.elements})
	})
}

// reduce leaves out items, half of them at a time, then quarters, and so on down to each by itself. without tries what
// would be left, and tells whether the anomaly is still there; items are then fewer.
func (s *shrinker) reduce(ctx context.Context, items func() []int32, without func(left []int32) bool) {
	for size := (len(items()) + 1) / 2; size >= 1; size /= 2 {
		// From the end, as what came after the anomaly is the least likely to matter.
		for end := len(items()); end > 0 && s.more(ctx); {
			now := items()
			end = min(end, len(now))
			from := max(0, end-size)
			if from == 0 && end == len(now) {
				break
			}
			without(slices.Concat(now[:from], now[end:]))
			end = from
		}
	}
}

// mopCut is what is left out of a transaction: all of its micro-ops on a key. Part of them could make those that are left
// contradict each other.
type mopCut struct {
	unit int32
	key  string
}

// reduceMops leaves micro-ops out of transactions.
func (s *shrinker) reduceMops(ctx context.Context) {
	if s.o.Trust != Facts {
		return
	}
	var cuts []mopCut
	for _, u := range s.best.units {
		seen := make(map[string]bool)
		for _, op := range s.ops(u) {
			for _, m := range mopsOf(s.h, op) {
				if k := term(nil, m.Items[1]); !seen[k] && !s.best.mops[mopCut{u, k}] {
					seen[k] = true
					cuts = append(cuts, mopCut{u, k})
				}
			}
		}
	}
	s.reduceCuts(ctx, len(cuts), func(c *candidate, left map[int32]bool) {
		c.mops = maps.Clone(c.mops)
		if c.mops == nil {
			c.mops = make(map[mopCut]bool)
		}
		for i, cut := range cuts {
			c.mops[cut] = c.mops[cut] || !left[int32(i)]
		}
	})
}

// reduceElements leaves elements out of lists and sets that were read, and out of what is appended to them, everywhere.
// Whatever explains a history explains it without an element, too.
func (s *shrinker) reduceElements(ctx context.Context) {
	var all []string
	seen := make(map[string]bool)
	for _, u := range s.best.units {
		for _, op := range s.ops(u) {
			for _, e := range elementsOf(s.h, op) {
				if !seen[e] && !s.best.elements[e] {
					seen[e] = true
					all = append(all, e)
				}
			}
		}
	}
	s.reduceCuts(ctx, len(all), func(c *candidate, left map[int32]bool) {
		c.elements = maps.Clone(c.elements)
		if c.elements == nil {
			c.elements = make(map[string]bool)
		}
		for i, e := range all {
			c.elements[e] = c.elements[e] || !left[int32(i)]
		}
	})
}

// reduceCuts leaves out as many of n things as possible; cut makes the candidate that has only those that are left.
func (s *shrinker) reduceCuts(ctx context.Context, n int, cut func(c *candidate, left map[int32]bool)) {
	items := make([]int32, n)
	for i := range items {
		items[i] = int32(i)
	}
	without := func(left []int32) bool {
		c := candidate{units: s.best.units, mops: s.best.mops, elements: s.best.elements}
		kept := make(map[int32]bool, len(left))
		for _, i := range left {
			kept[i] = true
		}
		cut(&c, kept)
		if !s.try(ctx, c) {
			return false
		}
		items = left
		return true
	}
	if n > 0 && !without(nil) {
		s.reduce(ctx, func() []int32 { return items }, without)
	}
}

// ops are a unit's operations.
func (s *shrinker) ops(u int32) []history.Op {
	var ops []history.Op
	for _, id := range s.units[u].ids {
		if id != history.None {
			ops = append(ops, s.h.Op(id))
		}
	}
	return ops
}

// mopsOf are the micro-ops of a transaction that have a key.
func mopsOf(h *history.History, op history.Op) []history.Value {
	if h.Kind(op.ID) != history.KindTxn {
		return nil
	}
	var mops []history.Value
	for _, m := range op.Value.Items {
		if hasKey(m) {
			mops = append(mops, m)
		}
	}
	return mops
}

func hasKey(m history.Value) bool { return m.Sequential() && len(m.Items) >= 2 }

// elementsOf are the elements of the lists and sets that an operation read, each a term of its key and itself.
func elementsOf(h *history.History, op history.Op) []string {
	var terms []string
	switch h.Kind(op.ID) {
	case history.KindTxn:
		for _, m := range mopsOf(h, op) {
			if len(m.Items) == 3 && (m.Items[2].Sequential() || isAppend(m)) {
				terms = appendTerms(terms, &m.Items[1], m.Items[2])
			}
		}
	case history.KindList, history.KindSet:
		if op.Type == history.OK {
			terms = appendTerms(terms, op.Key, op.Value)
		}
	}
	return terms
}

func isAppend(m history.Value) bool { return m.Items[0].Text == "append" }

// appendTerms appends the terms of a list's elements, or of a single one.
func appendTerms(dst []string, key *history.Value, v history.Value) []string {
	if !v.Sequential() && v.Kind != edn.Set {
		return append(dst, term(key, v))
	}
	for _, e := range v.Items {
		dst = append(dst, term(key, e))
	}
	return dst
}

// term is a text that two values of the same key share just when they are equal.
func term(key *history.Value, v history.Value) string {
	var text []byte
	if key != nil {
		text = edn.AppendCanonical(text, *key)
	}
	return string(edn.AppendCanonical(text, v))
}
