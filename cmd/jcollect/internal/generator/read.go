package generator

import (
	"fmt"
	"slices"
	"strings"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/amount"
	"jcheck/internal/edn"
)

// scope is who does the operations of a part of a generator.
type scope uint8

const (
	anybody scope = iota // nobody said: clients
	byClients
	byNemesis
	byThreads // those that were named
)

// Said is an operation that a plan's generator has.
type Said struct {
	F       string
	At      plan.Pos
	Nemesis bool // whether it is for the nemesis
}

// reader reads the generator of a plan.
type reader struct {
	p     *plan.Problems
	said  *[]Said
	scope scope
	again bool // an operation that stands alone comes again and again
}

// Read reads a generator as `generator:` of a plan has it; docs/generators.md tells the keys. A list at the top is phases.
// An operation outside clients and nemesis is for clients. A nil node gives no generator.
func Read(n *plan.Node, p *plan.Problems) Generator {
	g, _ := ReadSaid(n, p)
	return g
}

// ReadSaid is Read, and tells which operations the generator has, as they stand in the plan.
func ReadSaid(n *plan.Node, p *plan.Problems) (Generator, []Said) {
	if n == nil {
		return nil, nil
	}
	var said []Said
	r := reader{p: p, said: &said}
	if n.Kind == plan.List {
		return Phases(r.list(n, 1)...), said
	}
	return r.generator(n), said
}

// Mentions tells whether a generator of a plan has a key of that name somewhere: nemesis, say.
func Mentions(n *plan.Node, name string) bool {
	if n == nil {
		return false
	}
	return slices.ContainsFunc(n.Items, func(item *plan.Node) bool { return Mentions(item, name) }) ||
		slices.ContainsFunc(n.Pairs, func(pair plan.Pair) bool { return pair.Key == name || Mentions(pair.Value, name) })
}

// generator reads whatever may stand where a generator is wanted.
func (r reader) generator(n *plan.Node) Generator {
	switch n.Kind {
	case plan.Scalar:
		return r.operation(n, []plan.Pair{{Key: "f", Pos: n.Pos, Value: n}})
	case plan.List:
		r.again = false
		return Concat(r.list(n, 1)...)
	case plan.Map:
		return r.keys(n)
	}
	r.p.Add(n.Pos, "{f: read}, say", "a generator is missing here")
	return Concat()
}

// list reads the generators of a list, of which there must be at least so many.
func (r reader) list(n *plan.Node, least int) []Generator {
	if n.Kind != plan.List {
		r.p.Add(n.Pos, "[{f: read}, {f: write, value: 1}]", "%s, want a list of generators", n.Kind)
		return nil
	}
	var gs []Generator
	for _, item := range n.Items {
		gs = append(gs, r.generator(item))
	}
	if len(gs) < least {
		r.p.Add(n.Pos, "", "%s, want at least %d", amount.Of(len(gs), "generator"), least)
	}
	return gs
}

// keys reads a map: one key says what is done, the others, from the outermost to the innermost, how.
func (r reader) keys(n *plan.Node) Generator {
	var wraps []func(Generator) Generator
	var bodies []plan.Pair
	var op []plan.Pair
	inner := r
	for _, pair := range n.Pairs {
		row, known := findKey(pair.Key)
		switch {
		case opKeys[pair.Key] != "":
			op = append(op, pair)
		case !known:
			r.p.Add(pair.Pos, plan.Suggest(pair.Key, keyNames(), "keys:"), "a generator has no key %q", pair.Key)
		case row.wrap != nil && (row.body == nil || pair.Value.Tag == "!!int"):
			if pair.Key == "on-threads" {
				inner.scope = byThreads
			}
			wraps = append(wraps, row.wrap(r, pair))
		default:
			bodies = append(bodies, pair)
		}
	}
	g := inner.body(n, op, bodies)
	for _, wrap := range slices.Backward(wraps) {
		if wrap != nil {
			g = wrap(g)
		}
	}
	return g
}

// body reads the one key that says what is done; clients and nemesis may be two.
func (r reader) body(n *plan.Node, op, bodies []plan.Pair) Generator {
	switch {
	case len(op) > 0 && len(bodies) == 0:
		return r.operation(n, op)
	case len(op) == 0 && len(bodies) == 0:
		r.p.Add(n.Pos, "f: read, say, or one of "+strings.Join(bodyNames(), ", "), "nothing says what is to be done here")
		return Concat()
	}
	var names []string
	if len(op) > 0 {
		names = append(names, op[0].Key)
	}
	var gs []Generator
	both := true
	for _, pair := range bodies {
		row, _ := findKey(pair.Key)
		gs = append(gs, row.body(r, pair))
		names = append(names, pair.Key)
		both = both && (pair.Key == "clients" || pair.Key == "nemesis")
	}
	if len(names) > 1 && !(both && len(op) == 0) {
		r.p.Add(n.Pos, "any: [...], or a list of one after the other", "%s stand side by side", strings.Join(names, " and "))
	}
	if len(gs) == 1 {
		return gs[0]
	}
	return Any(gs...)
}

// opKeys are the keys of an operation, and what they say.
var opKeys = map[string]string{
	"f":     "its function",
	"value": "its value, of which parts may be drawn",
	"final": "true: one of the last operations, after all faults were healed; recorded as final?",
	"extra": "a map of further fields, which are recorded with it and its completion",
}

// operation reads an operation, once, or again and again where that is meant.
func (r reader) operation(n *plan.Node, pairs []plan.Pair) Generator {
	var t Template
	var v value
	var extra []history.Field
	fields := []plan.Field{
		{Key: "f", Doc: opKeys["f"], Required: true, Read: r.function(&t.F)},
		{Key: "value", Doc: opKeys["value"], Read: func(n *plan.Node, p *plan.Problems) { v = readValue(n, p) }},
		{Key: "final", Doc: opKeys["final"], Read: func(n *plan.Node, p *plan.Problems) {
			final := false
			plan.Bool(&final)(n, p)
			extra = append(extra, history.Field{Name: FinalField, Value: edn.NewBool(final)})
		}},
		{Key: "extra", Doc: opKeys["extra"], Read: func(n *plan.Node, p *plan.Problems) { extra = append(extra, readExtra(n, p)...) }},
	}
	section := &plan.Node{Pos: n.Pos, Kind: plan.Map}
	for _, pair := range pairs { // a value may be nothing, which Fields would refuse
		if pair.Key != "value" || pair.Value.Kind != plan.Null {
			section.Pairs = append(section.Pairs, pair)
		}
	}
	section.Fields(r.p, "an operation", fields...)
	t.Extra = extra
	*r.said = append(*r.said, Said{t.F, n.Pos, r.scope == byNemesis})
	g := v.operation(t)
	if r.again {
		g = Repeat(g)
	}
	if r.scope == anybody {
		g = ForClients(g)
	}
	return g
}

// operation is the one of a template with a value that may be drawn.
func (v value) operation(t Template) Generator {
	if v.draw == nil {
		t.Value = v.fixed
		return Do(t)
	}
	return &draw{func(ctx Context, d *Dice) (Template, []string) {
		w := drawing{ctx: ctx, d: d}
		t.Value = v.draw(&w)
		return t, w.used
	}}
}

// function reads the name of a function, which histories have as a keyword.
func (r reader) function(f *string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		name := ""
		plan.Str(&name)(n, p)
		name = strings.TrimPrefix(name, ":")
		switch {
		case name == "" && n.Kind == plan.Scalar:
			p.Add(n.Pos, "f: read, say", "an operation needs a function")
		case n.Kind == plan.Scalar && !isKeyword(name):
			p.Add(n.Pos, "f: read, say", "%q can't be the name of a function: it is one word", name)
		}
		*f = name
	}
}

// isKeyword tells whether a keyword of this name reads back as itself.
func isKeyword(name string) bool {
	text := []byte(":" + name)
	v, rest, err := edn.Parse(text)
	return err == nil && rest == len(text) && v.Kind == edn.Keyword && v.Text == name
}

// reserved are fields of which a history has its own.
var reserved = []string{"index", "time", "type", "process", "f", "value"}

// readExtra reads further fields.
func readExtra(n *plan.Node, p *plan.Problems) []history.Field {
	var fields []history.Field
	if n.Kind != plan.Map {
		p.Add(n.Pos, "{name: value}", "extra is %s, want a map", n.Kind)
	}
	for _, pair := range n.Pairs {
		if slices.Contains(reserved, pair.Key) {
			p.Add(pair.Pos, "", "the field %s of an operation can't be set", pair.Key)
		}
		v := readValue(pair.Value, p)
		if v.draw != nil {
			p.Add(pair.Value.Pos, "", "extra fields aren't drawn")
		}
		fields = append(fields, history.Field{Name: pair.Key, Value: v.fixed})
	}
	return fields
}

// placed says where in the plan a generator stands that may be broken.
type placed struct {
	at plan.Pos
	g  Generator
}

func (l *placed) Op(ctx Context) (Op, Status, Generator) {
	op, status, next := l.g.Op(ctx)
	switch {
	case status == Broken:
		return Op{}, Broken, &fault{fmt.Errorf("%s: %w", l.at, Err(next))}
	case status == Done:
		return op, status, next
	}
	return op, status, l.after(next)
}

func (l *placed) Update(ctx Context, op Op) Generator { return l.after(l.g.Update(ctx, op)) }

func (l *placed) after(next Generator) Generator {
	if same(next, l.g) {
		return l
	}
	return &placed{l.at, next}
}
