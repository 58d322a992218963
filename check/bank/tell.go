package bank

import (
	"fmt"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// kind is the place of a kind of anomaly among kinds.
type kind uint8

const (
	unexpectedKey kind = iota
	nilBalance
	wrongTotal
	negativeValue
	numKinds
)

// kinds are the names by place.
func (k kind) name() string {
	return [...]string{UnexpectedKey, NilBalance, WrongTotal, NegativeValue}[k]
}

// finding is a read that is wrong.
type finding struct {
	kind    kind
	id      history.ID
	total   amount
	syms    []history.Sym // accounts, or balances that are negative
	badness float64       // how wrong it is, among those of its kind
}

// foundByKind gathers findings in the order of the history.
type foundByKind struct {
	all [numKinds]group
}

// group is what is told of the findings of one kind.
type group struct {
	count                               int
	first, last, worst, lowest, highest finding
	listed                              []finding
}

// add takes note of a finding. The first of several that are as bad stays the worst.
func (f *foundByKind) add(x finding) {
	g := &f.all[x.kind]
	g.count++
	if g.count == 1 {
		g.first, g.worst, g.lowest, g.highest = x, x, x, x
	}
	g.last = x
	if x.badness > g.worst.badness {
		g.worst = x
	}
	if x.total.float() < g.lowest.total.float() {
		g.lowest = x
	}
	if x.total.float() > g.highest.total.float() {
		g.highest = x
	}
	if len(g.listed) < check.MaxListed {
		g.listed = append(g.listed, x)
	}
}

// result is the verdict on all reads.
func (b *bank) result() check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid, Reasons: b.reasons, Notes: b.notes()}
	if b.strange > 0 {
		r.Verdict = check.Unknown
	}
	errors, count := []history.Value(nil), 0
	first := history.Value{}
	firstID := history.None
	for k := range numKinds {
		g := &b.all[k]
		if g.count == 0 {
			continue
		}
		count += g.count
		errors = append(errors, edn.NewKeyword(k.name()), b.groupValue(k, g))
		if firstID == history.None || g.first.id < firstID {
			first, firstID = b.findingValue(g.first), g.first.id
		}
	}
	if count > 0 {
		r.Verdict, r.Reasons = check.Invalid, nil
	}
	r.Fields = []history.Field{
		{Name: "read-count", Value: edn.NewInt(int64(b.reads))},
		{Name: "error-count", Value: edn.NewInt(int64(count))},
		{Name: "first-error", Value: first},
		{Name: "errors", Value: edn.NewMap(errors)},
	}
	for _, k := range [...]kind{wrongTotal, negativeValue, nilBalance, unexpectedKey} {
		for _, f := range b.all[k].listed {
			r.Anomalies = append(r.Anomalies, b.anomaly(f, b.all[k].count))
		}
	}
	return r
}

// notes are what a reader should know of the verdict.
func (b *bank) notes() []check.Note {
	var notes []check.Note
	if b.o.Total == nil && b.knownTotal {
		notes = append(notes, check.Note{Code: "inferred-total", Text: fmt.Sprintf(
			"The total wasn't given, so %s was taken for it, which %d of %s show", b.total.value(), b.shared, check.Plural(b.reads, "read", "reads")), Ops: []history.ID{b.usual}})
	}
	notes = append(notes, b.silent.ReadsWithoutValue()...)
	if b.reads == 0 {
		notes = append(notes, check.Note{Code: "never-read", Text: "The balances were never read, so there was nothing to contradict"})
	}
	return notes
}

// groupValue is what the original's errors say of a kind.
func (b *bank) groupValue(k kind, g *group) history.Value {
	pairs := []history.Value{
		edn.NewKeyword("count"), edn.NewInt(int64(g.count)),
		edn.NewKeyword("first"), b.findingValue(g.first),
		edn.NewKeyword("worst"), b.findingValue(g.worst),
		edn.NewKeyword("last"), b.findingValue(g.last),
	}
	if k == wrongTotal {
		pairs = append(pairs, edn.NewKeyword("lowest"), b.findingValue(g.lowest), edn.NewKeyword("highest"), b.findingValue(g.highest))
	}
	return edn.NewMap(pairs)
}

// findingValue is a finding as the original prints it.
func (b *bank) findingValue(f finding) history.Value {
	pairs := []history.Value{edn.NewKeyword("type"), edn.NewKeyword(f.kind.name())}
	for _, d := range b.details(f) {
		pairs = append(pairs, edn.NewKeyword(d.Name), d.Value)
	}
	return edn.NewMap(append(pairs, edn.NewKeyword("op"), check.OpRef(f.id)))
}

// details are the fields of a finding by its kind.
func (b *bank) details(f finding) []history.Field {
	switch f.kind {
	case unexpectedKey:
		return []history.Field{{Name: "unexpected", Value: edn.NewVector(b.values(f.syms))}}
	case nilBalance:
		var pairs []history.Value
		for _, account := range b.values(f.syms) {
			pairs = append(pairs, account, history.Value{})
		}
		return []history.Field{{Name: "nils", Value: edn.NewMap(pairs)}}
	case wrongTotal:
		return []history.Field{{Name: "total", Value: f.total.value()}}
	}
	return []history.Field{{Name: "negative", Value: edn.NewVector(b.values(f.syms))}}
}

func (b *bank) values(syms []history.Sym) []history.Value {
	vs := make([]history.Value, len(syms))
	for i, s := range syms {
		vs[i] = b.h.Value(s)
	}
	return vs
}

// names are values with commas between.
func names(vs []history.Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = v.String()
	}
	return strings.Join(parts, ", ")
}

// anomaly is a finding in words.
func (b *bank) anomaly(f finding, total int) check.Anomaly {
	a := check.Anomaly{Kind: f.kind.name(), Ops: []history.ID{f.id}, Total: total, Fields: b.details(f)}
	switch f.kind {
	case unexpectedKey:
		a.Text = fmt.Sprintf("T1 shows accounts that the bank does not have: %s", names(b.values(f.syms)))
	case nilBalance:
		a.Text = fmt.Sprintf("T1 shows no balance of these accounts: %s", names(b.values(f.syms)))
	case wrongTotal:
		b.tellWrong(&a, f)
	default:
		a.Text = fmt.Sprintf("T1 shows an overdrawn account: %s", names(b.values(f.syms)))
	}
	return a
}

// tellWrong says how a total is wrong.
func (b *bank) tellWrong(a *check.Anomaly, f finding) {
	what := "vanished"
	diff := b.total.float() - f.total.float()
	if diff < 0 {
		diff, what = -diff, "came from nowhere"
	}
	a.Text = fmt.Sprintf("The accounts in T1 hold %s together instead of %s: %.17g %s, although transfers don't change the total",
		f.total.value(), b.total.value(), diff, what)
	if b.o.Total == nil {
		a.Ops = append(a.Ops, b.usual)
		a.Text += ". T2 is the first read that shows the usual total"
	}
	if b.halves++; b.halves > maxHalves {
		return
	}
	if half := b.halfOf(f); half != history.None {
		a.Ops = append(a.Ops, half)
		a.Text += fmt.Sprintf(". T%d may have been under way then, and is of that amount: it looks as if T1 saw half of it", len(a.Ops))
	}
}
