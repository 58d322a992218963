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
	keyCDF  []float64 // nil if uniform
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
	switch o.KeyDist {
	case Exponential:
		g.keyCDF = exponentialCDF(o.KeyCount, o.KeyDistBase)
	case Zipf:
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
	if g.keyCDF == nil {
		return g.rng.IntN(g.o.KeyCount)
	}
	return sample(g.keyCDF, g.rng.Float64())
}

// exponentialCDF is the cumulative distribution of P(i) ~ base^i over [0, n). The greatest weight is 1, so that none
// overflows however many there are.
func exponentialCDF(n int, base float64) []float64 {
	weights := make([]float64, n)
	for i, w := n-1, 1.0; i >= 0; i-- {
		weights[i] = w
		w /= base
	}
	return cumulate(weights)
}

// zipfCDF is the cumulative distribution of P(i) ~ (i+1)^-skew over [0, n).
func zipfCDF(n int, skew float64) []float64 {
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -skew)
	}
	return cumulate(weights)
}

// cumulate makes weights a cumulative distribution, in place.
func cumulate(weights []float64) []float64 {
	sum := 0.0
	for i, w := range weights {
		sum += w
		weights[i] = sum
	}
	for i := range weights {
		weights[i] /= sum
	}
	return weights
}

// sample is the place of u in a cumulative distribution.
func sample(cdf []float64, u float64) int {
	return min(sort.SearchFloat64s(cdf, u), len(cdf)-1)
}
