package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// budgetSkew is the skew of the zipf distribution of writes per key.
const budgetSkew = 1.0001

// generator makes transactions of random micro-ops over a window of active keys. A key that took its budget of writes
// is retired for ever and a fresh one takes its slot, so that lists stay short however long the run.
type generator struct {
	o       Options
	rng     *rand.Rand
	slots   []slot
	next    int64     // the next fresh key
	keyCDF  []float64 // zipf only
	budgets []float64 // CDF of a key's budget
	retired []int64   // keys retired since the caller last looked
}

type slot struct {
	key    int64
	next   int64 // the next value to write, from 1
	budget int64
}

func newGenerator(o Options, rng *rand.Rand) *generator {
	g := &generator{o: o, rng: rng, slots: make([]slot, o.KeyCount)}
	if o.KeyDist == Zipf {
		g.keyCDF = zipfCDF(o.KeyCount, o.KeyDistBase)
	}
	if !o.FixedWrites {
		g.budgets = zipfCDF(o.MaxWritesPerKey, budgetSkew)
	}
	for i := range g.slots {
		g.renew(&g.slots[i])
	}
	return g
}

// renew gives the slot a fresh key and a budget.
func (g *generator) renew(s *slot) {
	budget := int64(g.o.MaxWritesPerKey)
	if !g.o.FixedWrites {
		budget = 1 + int64(sample(g.budgets, g.rng.Float64()))
	}
	*s = slot{key: g.next, next: 1, budget: budget}
	g.next++
}

// txn is the next transaction, its reads unknown.
func (g *generator) txn() []Mop {
	n := g.o.MinTxnLen + g.rng.IntN(g.o.MaxTxnLen-g.o.MinTxnLen+1)
	mops := make([]Mop, 0, n)
	for len(mops) < n {
		write := g.rng.IntN(2) == 1
		s := &g.slots[g.slot()]
		if g.o.ReadFirst && (!touched(mops, s.key, false) || touched(mops, s.key, true)) {
			write = false
		}
		if !write {
			mops = append(mops, Mop{Key: s.key})
			continue
		}
		if s.next > s.budget {
			g.retired = append(g.retired, s.key)
			g.renew(s)
			continue // drawn again: the fresh key may not be the one the distribution picks now
		}
		mops = append(mops, Mop{Write: true, Key: s.key, Value: s.next})
		s.next++
	}
	return mops
}

// touched tells whether one of the micro-ops reads, or writes, the key.
func touched(mops []Mop, key int64, write bool) bool {
	return slices.ContainsFunc(mops, func(m Mop) bool { return m.Key == key && m.Write == write })
}

// slot draws an active key.
func (g *generator) slot() int {
	n := g.o.KeyCount
	switch g.o.KeyDist {
	case Uniform:
		return g.rng.IntN(n)
	case Zipf:
		return sample(g.keyCDF, g.rng.Float64())
	}
	// Inverse of the geometric sum: slot i has base times the weight of slot i-1.
	b := g.o.KeyDistBase
	scale := (math.Pow(b, float64(n)) - 1) * b / (b - 1)
	i := math.Floor(math.Log(g.rng.Float64()*scale+b)/math.Log(b) - 1)
	return min(max(int(i), 0), n-1)
}

// zipfCDF is the cumulative distribution of P(i) ~ (i+1)^-skew over [0, n).
func zipfCDF(n int, skew float64) []float64 {
	cdf := make([]float64, n)
	sum := 0.0
	for i := range cdf {
		sum += math.Pow(float64(i+1), -skew)
		cdf[i] = sum
	}
	for i := range cdf {
		cdf[i] /= sum
	}
	return cdf
}

// sample is the place of u in a cumulative distribution.
func sample(cdf []float64, u float64) int {
	return min(sort.SearchFloat64s(cdf, u), len(cdf)-1)
}
