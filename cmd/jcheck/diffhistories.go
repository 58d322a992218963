package main

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sort"
	"strings"

	"jcheck/history"
)

// side is one of two histories that are compared.
type side struct {
	h      *history.History
	ignore []string
	texts  []uint64 // what is compared of each operation, hashed: all fields but the index and those that are ignored
}

// newSide hashes each operation. Both sides of a comparison have the same seed.
func newSide(h *history.History, ignore []string, seed maphash.Seed) (side, error) {
	s := side{h: h, ignore: ignore, texts: make([]uint64, h.Len())}
	var b bytes.Buffer
	w := history.NewWriter(&b, history.FormatEDN)
	for id := range h.All() {
		b.Reset()
		op := s.compared(id)
		op.Index = -1
		if err := w.Write(op); err != nil {
			return s, err
		}
		if err := w.Flush(); err != nil {
			return s, err
		}
		s.texts[id] = maphash.Bytes(seed, b.Bytes())
	}
	return s, nil
}

// compared is an operation without the fields that are ignored.
func (s side) compared(id history.ID) history.Op {
	op := s.h.Op(id)
	for _, name := range s.ignore {
		switch strings.TrimPrefix(name, ":") {
		case "time":
			op.Time = history.NoTime
		case "process":
			op.Process = history.Value{}
		case "f":
			op.F = history.Value{}
		case "value":
			op.Value, op.Key = history.Value{}, nil
		}
	}
	op.Extra = slices.DeleteFunc(op.Extra, func(f history.Field) bool {
		return slices.Contains(s.ignore, f.Name) || slices.Contains(s.ignore, ":"+f.Name)
	})
	return op
}

// text is an operation as it was recorded, without the end of the line.
func (s side) text(id int, f history.Format) (string, error) {
	if id < 0 {
		return "", nil
	}
	var b bytes.Buffer
	w := history.NewWriter(&b, f)
	if err := w.Write(s.h.Op(history.ID(id))); err != nil {
		return "", err
	}
	err := w.Flush()
	return strings.TrimSuffix(b.String(), "\n"), err
}

// difference tells of two operations that differ, or of one that the other side lacks.
func (s side) difference(other side, p alignment) (difference, error) {
	var x difference
	var parts []string
	for i, one := range []struct {
		s  side
		id int
	}{{s, p.a}, {other, p.b}} {
		text, err := one.s.text(one.id, history.FormatEDN)
		if err != nil {
			return x, err
		}
		asJSON, err := one.s.text(one.id, history.FormatJSON)
		if err != nil {
			return x, err
		}
		if i == 0 {
			x.a = text
		} else {
			x.b = text
		}
		if asJSON == "" {
			asJSON = "null"
		}
		parts = append(parts, asJSON)
	}
	x.json = `{"a":` + parts[0] + `,"b":` + parts[1] + `}`
	return x, nil
}

// alignment is a place in both histories: an operation of each, or -1 where one has none.
type alignment struct{ a, b int }

// align finds which operations belong together. Indices tell, if most that both have stand for the same; else the order.
func align(a, b side) ([]alignment, string) {
	byIndex := alignByIndex(a, b)
	shared, equal := 0, 0
	for _, p := range byIndex {
		if p.a >= 0 && p.b >= 0 {
			shared++
			if a.texts[p.a] == b.texts[p.b] {
				equal++
			}
		}
	}
	if 2*equal >= shared && 2*shared >= min(len(a.texts), len(b.texts)) {
		return byIndex, "index"
	}
	return alignByOrder(a.texts, b.texts), "order"
}

// alignByIndex puts operations with the same index together.
func alignByIndex(a, b side) []alignment {
	as, bs := a.sorted(), b.sorted()
	var list []alignment
	for len(as) > 0 || len(bs) > 0 {
		switch {
		case len(bs) == 0 || len(as) > 0 && a.index(as[0]) < b.index(bs[0]):
			list, as = append(list, alignment{as[0], -1}), as[1:]
		case len(as) == 0 || b.index(bs[0]) < a.index(as[0]):
			list, bs = append(list, alignment{-1, bs[0]}), bs[1:]
		default:
			list, as, bs = append(list, alignment{as[0], bs[0]}), as[1:], bs[1:]
		}
	}
	return list
}

func (s side) index(id int) int64 { return s.h.Index(history.ID(id)) }

// sorted is the operations by index. They mostly are in that order already.
func (s side) sorted() []int {
	ids := make([]int, len(s.texts))
	for i := range ids {
		ids[i] = i
	}
	sort.SliceStable(ids, func(i, j int) bool { return s.index(ids[i]) < s.index(ids[j]) })
	return ids
}

// alignByOrder finds operations that both have in the same order: those that each has once (the longest sequence of them
// that keeps its order: patience diff), and what is equal next to them. O(n log n), where the shortest possible list of
// differences may take n²; a history's operations are mostly unique, by time or value.
func alignByOrder(a, b []uint64) []alignment {
	var list []alignment
	i, j := 0, 0
	for _, anchor := range append(anchors(a, b), alignment{len(a), len(b)}) {
		for i < anchor.a && j < anchor.b && a[i] == b[j] {
			list = append(list, alignment{i, j})
			i, j = i+1, j+1
		}
		tail := 0
		for anchor.a-tail > i && anchor.b-tail > j && a[anchor.a-tail-1] == b[anchor.b-tail-1] {
			tail++
		}
		for ; i < anchor.a-tail; i++ {
			list = append(list, alignment{i, -1})
		}
		for ; j < anchor.b-tail; j++ {
			list = append(list, alignment{-1, j})
		}
		for ; i < anchor.a; i, j = i+1, j+1 {
			list = append(list, alignment{i, j})
		}
		if i < len(a) && j < len(b) {
			list = append(list, anchor)
			i, j = i+1, j+1
		}
	}
	return list
}

// once gives the place of each text that occurs once.
func once(texts []uint64) map[uint64]int {
	const twice = -1
	place := make(map[uint64]int, len(texts))
	for i, t := range texts {
		if _, ok := place[t]; ok {
			place[t] = twice
		} else {
			place[t] = i
		}
	}
	for t, at := range place {
		if at == twice {
			delete(place, t)
		}
	}
	return place
}

// anchors are the operations that each history has once, as many of them as are in the same order in both.
func anchors(a, b []uint64) []alignment {
	inA, inB := once(a), once(b)
	var common []alignment
	for i, t := range a {
		_, mine := inA[t]
		if at, ok := inB[t]; ok && mine {
			common = append(common, alignment{i, at})
		}
	}
	return longestRising(common)
}

// longestRising is the longest part of pairs, which rise in a, that rises in b too (patience sorting).
func longestRising(pairs []alignment) []alignment {
	before := make([]int, len(pairs))
	var tops []int // tops[n]: the pair with the smallest b that ends a rising part of length n+1
	for i, p := range pairs {
		n := sort.Search(len(tops), func(k int) bool { return pairs[tops[k]].b >= p.b })
		before[i] = -1
		if n > 0 {
			before[i] = tops[n-1]
		}
		if n == len(tops) {
			tops = append(tops, i)
		} else {
			tops[n] = i
		}
	}
	if len(tops) == 0 {
		return nil
	}
	rising := make([]alignment, 0, len(tops))
	for i := tops[len(tops)-1]; i >= 0; i = before[i] {
		rising = append(rising, pairs[i])
	}
	slices.Reverse(rising)
	return rising
}
