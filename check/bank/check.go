// Package bank checks a bank: clients move money between accounts and read all balances at once. Whatever is moved, what
// the accounts hold together never changes, and no account is overdrawn.
package bank

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/history"
)

// Checker is the name of this checker in its results.
const Checker = "bank"

// The kinds of anomalies that Check finds, in the order in which it looks for them: a read has the first that applies.
const (
	UnexpectedKey = "unexpected-key" // an account that the bank does not have
	NilBalance    = "nil-balance"    // an account without a balance
	WrongTotal    = "wrong-total"    // money appeared or vanished
	NegativeValue = "negative-value" // an account is overdrawn
)

// Functions are those of a bank's operations. Only reads are looked at: whatever the transfers did, they moved money.
func Functions() []string { return []string{"read", "transfer"} }

// Options says what the bank is like.
type Options struct {
	// Accounts are the names of all accounts, as they are printed without colon or quotes. nil means that any will do.
	Accounts []string
	// Total is what the accounts hold together. nil means what most reads show.
	Total *int64
	// NegativeBalances says that an account may be overdrawn.
	NegativeBalances bool
	// JepsenCompat takes an absent value for an empty map, 1.0 for another amount than 1, and compares how wrong totals
	// are in 32 bits, as the original does. Without Accounts it expects none.
	JepsenCompat bool
}

// Check reports whether each ok read, a map of balances by account, shows the whole money. It takes one pass, and one
// before that if the options don't say what the total is.
//
// Fields are the original's: read-count, error-count, first-error, and errors by kind, each with count, first, last, worst,
// and for wrong totals lowest and highest.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	b := bank{h: h, o: o, fs: check.NewFunctions(h, Functions()...), accounts: make(map[history.Sym]bool)}
	if o.Total != nil {
		b.total, b.knownTotal = whole(*o.Total), true
	} else if !b.infer(ctx) {
		return check.Stopped(Checker)
	}
	if !check.Each(ctx, h, b.judge) {
		return check.Stopped(Checker)
	}
	return b.result()
}

// bank is what is known of the bank.
type bank struct {
	h          *history.History
	o          Options
	fs         *check.Functions
	accounts   map[history.Sym]bool // whether the bank has the account, for those that were met
	total      amount
	knownTotal bool
	usual      history.ID // the first read with the usual total, if that was inferred
	shared     int        // how many reads show the usual total
	reads      int
	foundByKind
	silent  check.Tally // reads without a value
	halves  int         // wrong totals that were told so far
	reasons []check.Reason
	strange int // reads that make no sense
}

// isRead tells whether a client was told balances.
func (b *bank) isRead(id history.ID) bool { return b.h.Type(id) == history.OK && b.fs.Of(id) == 0 }

// infer takes the total that most reads show for the right one, the earlier of two that are shown as often. It is false if
// it was interrupted.
func (b *bank) infer(ctx context.Context) bool {
	type seen struct {
		first history.ID
		count int
	}
	totals := make(map[amount]*seen)
	b.usual = history.None
	whole := check.Each(ctx, b.h, func(id history.ID) {
		if !b.isRead(id) || b.h.Kind(id) == history.KindNil {
			return
		}
		r, bad := b.sum(id)
		if bad != "" || len(r.nils) > 0 {
			return
		}
		total := r.total.plain()
		s := totals[total]
		if s == nil {
			s = &seen{first: id}
			totals[total] = s
		}
		s.count++
	})
	for total, s := range totals {
		if s.count > b.shared || s.count == b.shared && s.first < b.usual {
			b.total, b.usual, b.shared, b.knownTotal = total, s.first, s.count, true
		}
	}
	return whole
}

// balances is what a read shows.
type balances struct {
	total      amount
	unexpected []history.Sym // accounts
	nils       []history.Sym // accounts
	negative   []history.Sym // balances
}

// sum adds up what a read shows; bad says what about it makes no sense. Elements of a map are keys and values in turn.
func (b *bank) sum(id history.ID) (r balances, bad string) {
	switch b.h.Kind(id) {
	case history.KindMap, history.KindNil:
	default:
		return r, fmt.Sprintf("a read shows a map of balances by account, not %s", b.h.Op(id).Value)
	}
	pairs := b.h.Elems(id)
	for i := 0; i+1 < len(pairs); i += 2 {
		account, balance := pairs[i], pairs[i+1]
		if !b.has(account) {
			r.unexpected = append(r.unexpected, account)
		}
		if balance == history.Nil {
			r.nils = append(r.nils, account)
			continue
		}
		n, ok := amountOf(b.h, balance)
		if ok {
			r.total, ok = r.total.plus(n)
		}
		if !ok {
			bad = fmt.Sprintf("account %s holds %s, which is no number of at most 62 bits", b.h.Value(account), b.h.Value(balance))
			continue
		}
		if n.negative() {
			r.negative = append(r.negative, balance)
		}
	}
	return r, bad
}

// has tells whether the bank has the account.
func (b *bank) has(account history.Sym) bool {
	known, met := b.accounts[account]
	if !met {
		known = b.o.isAccount(b.h.Value(account))
		b.accounts[account] = known
	}
	return known
}

// judge finds the first thing that is wrong with an operation, if it is a read.
func (b *bank) judge(id history.ID) {
	if !b.isRead(id) {
		return
	}
	if b.h.Kind(id) == history.KindNil && !b.o.JepsenCompat {
		b.silent.Add(id)
		return
	}
	b.reads++
	r, bad := b.sum(id)
	f := finding{id: id, total: r.total}
	switch {
	case len(r.unexpected) > 0:
		f.kind, f.syms, f.badness = unexpectedKey, r.unexpected, float64(len(r.unexpected))
	case len(r.nils) > 0:
		f.kind, f.syms, f.badness = nilBalance, r.nils, float64(len(r.nils))
	case bad != "":
		b.complain(id, bad)
		return
	case b.knownTotal && !b.right(r.total):
		f.kind, f.badness = wrongTotal, r.total.distance(b.total, b.o.JepsenCompat)
	case len(r.negative) > 0 && !b.o.NegativeBalances:
		f.kind, f.syms = negativeValue, r.negative
		for _, s := range r.negative {
			n, _ := amountOf(b.h, s)
			f.badness -= n.float()
		}
	default:
		return
	}
	b.add(f)
}

// right tells whether the total is what it should be.
func (b *bank) right(total amount) bool {
	if b.o.JepsenCompat {
		return total == b.total
	}
	return total.float() == b.total.float() && (total.fraction || b.total.fraction || total == b.total)
}

// maxReasons is how many reads that make no sense are told of.
const maxReasons = 5

func (b *bank) complain(id history.ID, bad string) {
	if b.strange++; b.strange <= maxReasons {
		b.reasons = append(b.reasons, check.Reason{Code: "no-balances", Text: bad, Ops: []history.ID{id}})
	}
}
