package bank

import (
	"math"
	"slices"

	"jcheck/history"
	"jcheck/internal/edn"
)

// amount is an amount of money: an integer, or a 64-bit float once one of its summands was.
type amount struct {
	fraction bool
	n        int64
	f        float64
}

func whole(n int64) amount { return amount{n: n} }

// maxAmount bounds integers, so that two of them can be added.
const maxAmount = math.MaxInt64 / 2

// amountOf is the amount that a value says; false if it is none.
func amountOf(h *history.History, s history.Sym) (amount, bool) {
	if n, ok := s.Int(); ok {
		return whole(n), true
	}
	switch v := h.Value(s); v.Kind {
	case edn.Int:
		return whole(v.Int()), v.Int() >= -maxAmount && v.Int() <= maxAmount
	case edn.Float:
		f := v.Float()
		return amount{fraction: true, f: f}, !math.IsNaN(f) && !math.IsInf(f, 0)
	default:
		return amount{}, false
	}
}

// plus is the sum; false if it is too large.
func (a amount) plus(b amount) (amount, bool) {
	if a.fraction || b.fraction {
		return amount{fraction: true, f: a.float() + b.float()}, true
	}
	n := a.n + b.n
	return whole(n), n >= -maxAmount && n <= maxAmount
}

func (a amount) float() float64 {
	if a.fraction {
		return a.f
	}
	return float64(a.n)
}

// plain is the same amount as an integer if it is one.
func (a amount) plain() amount {
	const exact = 1 << 53 // up to which floats are exact
	if a.fraction && a.f == math.Trunc(a.f) && math.Abs(a.f) < exact {
		return whole(int64(a.f))
	}
	return a
}

func (a amount) negative() bool { return a.n < 0 || a.f < 0 }

// distance is how far a total is from the right one; by the original's measure a share of it, in 32 bits.
func (a amount) distance(right amount, compat bool) float64 {
	d := math.Abs(a.float() - right.float())
	if compat && right.float() != 0 {
		return float64(float32(d / math.Abs(right.float())))
	}
	return d
}

// value is the amount as it is printed.
func (a amount) value() history.Value {
	if a.fraction {
		return edn.NewFloat(a.f)
	}
	return edn.NewInt(a.n)
}

// isAccount tells whether the options name the account.
func (o Options) isAccount(account history.Value) bool {
	if o.Accounts == nil {
		return !o.JepsenCompat
	}
	name := account.Text
	switch account.Kind {
	case edn.String, edn.Keyword, edn.Symbol:
	default:
		name = account.String()
	}
	return slices.Contains(o.Accounts, name)
}
