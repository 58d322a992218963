package generator

import (
	"slices"
	"time"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/amount"
	"jcheck/internal/edn"
)

// A key is one of a generator in a plan. One with wrap has a parameter and changes what its neighbours say; one with body
// says itself what is done; with both, a single value is a parameter, and anything else a generator.
type key struct {
	name, doc string
	wrap      func(r reader, pair plan.Pair) func(Generator) Generator
	body      func(r reader, pair plan.Pair) Generator
}

// keyTable is all keys, but for those of an operation.
func keyTable() []key {
	return slices.Concat(paceKeys(), countKeys(), threadKeys(), orderKeys(), changeKeys())
}

func findKey(name string) (key, bool) {
	for _, k := range keyTable() {
		if k.name == name {
			return k, true
		}
	}
	return key{}, false
}

// keyNames are all keys, those of operations first.
func keyNames() []string {
	names := []string{"f", "value", "final", "extra"}
	for _, k := range keyTable() {
		names = append(names, k.name)
	}
	return names
}

// bodyNames are the keys that say what is done.
func bodyNames() []string {
	var names []string
	for _, k := range keyTable() {
		if k.body != nil {
			names = append(names, k.name)
		}
	}
	return names
}

// spanned is a wrap whose parameter is a time above 0.
func spanned(wrap func(time.Duration, Generator) Generator) func(reader, plan.Pair) func(Generator) Generator {
	return func(r reader, pair plan.Pair) func(Generator) Generator {
		d := r.duration(pair.Value)
		return func(g Generator) Generator { return wrap(d, g) }
	}
}

// numbered is a wrap whose parameter is a number.
func numbered(least int, wrap func(int, Generator) Generator) func(reader, plan.Pair) func(Generator) Generator {
	return func(r reader, pair plan.Pair) func(Generator) Generator {
		n := least
		plan.Int(&n, least, maxRand)(pair.Value, r.p)
		return func(g Generator) Generator { return wrap(n, g) }
	}
}

// one is a body that is one generator.
func one(build func(Generator) Generator) func(reader, plan.Pair) Generator {
	return func(r reader, pair plan.Pair) Generator {
		r.again = false
		return build(r.generator(pair.Value))
	}
}

// several is a body that is a list of generators.
func several(least, most int, build func(...Generator) Generator) func(reader, plan.Pair) Generator {
	return func(r reader, pair plan.Pair) Generator {
		r.again = false
		gs := r.list(pair.Value, least)
		if len(gs) > most {
			r.p.Add(pair.Value.Pos, "", "%s of %s, want %d", pair.Key, amount.Of(len(gs), "generator"), most)
		}
		if len(gs) < least || len(gs) > most {
			return Concat()
		}
		return build(gs...)
	}
}

// maxSpan is the longest time that a generator has to do with.
const maxSpan = 10_000 * time.Hour

// duration reads a time above 0.
func (r reader) duration(n *plan.Node) time.Duration {
	d := time.Second
	plan.Duration(&d)(n, r.p)
	if d <= 0 || d > maxSpan {
		r.p.Add(n.Pos, "10s, say", "%s is no time that a test can take", n.Text)
		return time.Second
	}
	return d
}

func paceKeys() []key {
	return []key{
		{name: "time-limit", doc: "operations that come less than this time after the first", wrap: spanned(TimeLimit)},
		{name: "stagger", doc: "random gaps between operations, of all threads together; this long in the mean", wrap: spanned(Stagger)},
		{name: "rate", doc: "so many operations per second in the mean: stagger, said the other way round", wrap: rateKey},
		{name: "delay", doc: "gaps of just this time between operations, of all threads together; what is late is made up", wrap: spanned(Delay)},
		{name: "sleep", doc: "one thread does nothing for this time", body: func(r reader, pair plan.Pair) Generator { return SleepFor(r.duration(pair.Value)) }},
		{name: "log", doc: "a text for the log", body: func(r reader, pair plan.Pair) Generator {
			text := ""
			plan.Str(&text)(pair.Value, r.p)
			return Say(text)
		}},
		{name: "cycle-times", doc: "a list of generators, each with its time (for: 10s), one after the other and again; each goes on where it was", body: windowsKey},
		{name: "cache", doc: "an operation is kept for this time or until it is used", wrap: spanned(Cache)},
	}
}

func rateKey(r reader, pair plan.Pair) func(Generator) Generator {
	perSecond := 1.0
	plan.Rate(&perSecond)(pair.Value, r.p)
	return func(g Generator) Generator { return AtRate(perSecond, g) }
}

func windowsKey(r reader, pair plan.Pair) Generator {
	r.again = false
	var windows []Window
	plan.Each(func(n *plan.Node, p *plan.Problems) {
		w := Window{For: time.Second}
		said, rest := without(n, "for")
		if said == nil {
			p.Add(n.Pos, "{for: 10s, repeat: {f: read}}", "cycle-times: a generator without its time")
		} else {
			w.For = r.duration(said)
		}
		w.G = r.generator(rest)
		windows = append(windows, w)
	})(pair.Value, r.p)
	return CycleTimes(windows...)
}

// without is the value of a key of a map, nil if there is none, and the map without it.
func without(n *plan.Node, name string) (said, rest *plan.Node) {
	said = n.Get(name)
	if said == nil {
		return nil, n
	}
	other := *n
	other.Pairs = slices.DeleteFunc(slices.Clone(n.Pairs), func(pair plan.Pair) bool { return pair.Key == name })
	return said, &other
}

func countKeys() []key {
	return []key{
		{name: "limit", doc: "at most so many operations", wrap: numbered(0, Limit)},
		{name: "once", doc: "one operation", body: one(Once)},
		{name: "repeat", doc: "the same generator again and again: its first operation, that is, drawn anew. A number: so often", wrap: numbered(0, RepeatN), body: one(Repeat)},
		{name: "cycle", doc: "from the beginning again whenever it is done. A number: so often", wrap: numbered(0, CycleN), body: one(Cycle)},
		{name: "process-limit", doc: "ends when more than so many processes could have run: each crash makes a new one", wrap: numbered(1, ProcessLimit)},
		{name: "concurrency-limit", doc: "waits while so many threads are busy", wrap: numbered(1, ConcurrencyLimit)},
		{name: "until-ok", doc: "until one of its operations succeeds", body: one(UntilOK)},
	}
}

func threadKeys() []key {
	return []key{
		{name: "clients", doc: "for client threads alone", body: scoped(byClients, ForClients)},
		{name: "nemesis", doc: "for the nemesis alone", body: scoped(byNemesis, ForNemesis)},
		{name: "on-threads", doc: "for these threads alone: [0, 1, nemesis], counted from 0", wrap: onThreadsKey},
		{name: "each-thread", doc: "a copy for each thread; done when all are and no thread is busy", body: one(EachThread)},
		{name: "each-process", doc: "a copy for each process: a new one after each crash", body: one(EachProcess)},
		{name: "reserve", doc: "a list of generators, each with its number of threads (threads: 5); the last has the rest", body: reserveKey},
		{name: "independent", doc: "a generator for each of many independent keys: with threads, groups of so many clients work on a key each; without, all on one key after the other", body: independentKey},
	}
}

// scoped is a generator for clients or for the nemesis.
func scoped(s scope, build func(Generator) Generator) func(reader, plan.Pair) Generator {
	return func(r reader, pair plan.Pair) Generator {
		if r.scope != anybody && r.scope != byThreads && r.scope != s {
			r.p.Add(pair.Pos, "side by side, or one after the other", "%s stands inside the other: nobody would do it", pair.Key)
		}
		r.scope, r.again = s, false
		return build(r.generator(pair.Value))
	}
}

func onThreadsKey(r reader, pair plan.Pair) func(Generator) Generator {
	var names []string
	plan.Strs(&names)(pair.Value, r.p)
	wanted := make(map[int]bool)
	for i, name := range names {
		t := int(Nemesis)
		if name != "nemesis" {
			at := pair.Value
			if len(at.Items) > i {
				at = at.Items[i]
			}
			plan.Int(&t, 0, 1_000_000)(at, r.p)
		}
		wanted[t] = true
	}
	return func(g Generator) Generator { return OnThreads(func(t int) bool { return wanted[t] }, g) }
}

func reserveKey(r reader, pair plan.Pair) Generator {
	r.again = false
	var shares []Share
	plan.Each(func(n *plan.Node, p *plan.Problems) {
		var s Share
		said, rest := without(n, "threads")
		if said != nil {
			plan.Int(&s.Threads, 1, 1_000_000)(said, p)
		}
		s.G = r.generator(rest)
		shares = append(shares, s)
	})(pair.Value, r.p)
	for i, s := range shares {
		if last := i == len(shares)-1; last != (s.Threads == 0) {
			r.p.Add(pair.Value.Items[i].Pos, "[{threads: 5, repeat: {f: read}}, {repeat: {f: write}}]",
				"reserve: each generator but the last says how many threads it has")
			return Concat()
		}
	}
	if len(shares) == 0 {
		return Concat()
	}
	last := len(shares) - 1
	return &placed{pair.Pos, Reserve(shares[last].G, shares[:last]...)}
}

func independentKey(r reader, pair plan.Pair) Generator {
	r.again = false
	inner := r
	inner.scope = byClients
	threads := 0
	keys := CountedKeys(-1)
	var g Generator
	pair.Value.Fields(r.p, "independent",
		plan.Field{Key: "threads", Doc: "how many clients work on a key together; the concurrency is a multiple of it", Read: plan.Int(&threads, 1, 1_000_000)},
		plan.Field{Key: "keys", Doc: "how many keys there are, or a list of them (no end)", Read: func(n *plan.Node, p *plan.Problems) { keys = readKeys(n, p) }},
		plan.Field{Key: "generator", Doc: "what is done with each key", Required: true, Read: func(n *plan.Node, _ *plan.Problems) { g = inner.generator(n) }})
	if g == nil {
		return Concat()
	}
	if r.scope == byNemesis {
		r.p.Add(pair.Pos, "clients: {independent: ...}", "independent keys are for clients, not for the nemesis")
	}
	of := func(history.Value) Generator { return g }
	if threads == 0 {
		return &placed{pair.Pos, ForClients(Sequential(keys, of))}
	}
	return &placed{pair.Pos, Concurrent(threads, keys, of)}
}

// readKeys reads a number of keys, or a list of them.
func readKeys(n *plan.Node, p *plan.Problems) Keys {
	if n.Kind != plan.List {
		count := 1
		plan.Int(&count, 1, maxRand)(n, p)
		return CountedKeys(count)
	}
	var list []history.Value
	for _, item := range n.Items {
		v := readValue(item, p)
		if v.draw != nil {
			p.Add(item.Pos, "", "keys aren't drawn")
		}
		list = append(list, v.fixed)
	}
	return func(i int) (history.Value, bool) {
		if i >= len(list) {
			return history.Value{}, false
		}
		return list[i], true
	}
}

func orderKeys() []key {
	const many = maxRand
	return []key{
		{name: "sequence", doc: "one generator after the other, as a list by itself is", body: several(1, many, Concat)},
		{name: "phases", doc: "one generator after the other, each when all threads are free, as a list at the top is", body: several(1, many, Phases)},
		{name: "then", doc: "two generators: the second when the first is done and all threads are free", body: several(2, 2, phases2)},
		{name: "synchronize", doc: "when all threads are free", body: one(Synchronize)},
		{name: "any", doc: "of a list of generators whichever has an operation soonest; done when all are", body: several(1, many, Any)},
		{name: "shortest-any", doc: "as any, but done when one of them is", body: several(1, many, ShortestAny)},
		{name: "mix", doc: "one of a list of generators for each operation, each with the same chance. An operation in it comes again and again", body: mixKey},
		{name: "flip-flop", doc: "operations of two generators in turn, until one of them is done", body: several(2, 2, flipFlops)},
	}
}

// phases2 is Then in the order in which a plan has it.
func phases2(gs ...Generator) Generator { return Then(gs[1], gs[0]) }

func flipFlops(gs ...Generator) Generator { return FlipFlop(gs[0], gs[1]) }

func mixKey(r reader, pair plan.Pair) Generator {
	r.again = true
	return Mix(r.list(pair.Value, 1)...)
}

func changeKeys() []key {
	return []key{
		{name: "f-map", doc: "other functions for operations: {read: get} calls read get", wrap: fMapKey},
		{name: "filter", doc: "only operations of these functions: [read, write]", wrap: filterKey},
		{name: "map", doc: "other fields for operations: {value: 5, final: true}, and any other field", wrap: mapKey},
		{name: "trace", doc: "tells in the log, under this name, what the generator is asked and answers", wrap: func(r reader, pair plan.Pair) func(Generator) Generator {
			name := ""
			plan.Str(&name)(pair.Value, r.p)
			return func(g Generator) Generator { return Trace(name, g) }
		}},
	}
}

func fMapKey(r reader, pair plan.Pair) func(Generator) Generator {
	names := make(map[string]string)
	if pair.Value.Kind != plan.Map {
		r.p.Add(pair.Value.Pos, "f-map: {read: get}", "f-map is %s, want a map", pair.Value.Kind)
	}
	for _, n := range pair.Value.Pairs {
		to := ""
		r.function(&to)(n.Value, r.p)
		names[n.Key] = to
	}
	return func(g Generator) Generator { return FMap(names, g) }
}

func filterKey(r reader, pair plan.Pair) func(Generator) Generator {
	var names []string
	plan.Strs(&names)(pair.Value, r.p)
	return func(g Generator) Generator {
		return &placed{pair.Pos, Filter(func(op Op) bool { return slices.Contains(names, op.F) || op.Act != Perform }, g)}
	}
}

// mapKey changes fields of operations: the value, which may be drawn, and others.
func mapKey(r reader, pair plan.Pair) func(Generator) Generator {
	var v *value
	var extra []history.Field
	said, rest := without(pair.Value, "value")
	if said != nil {
		read := readValue(said, r.p)
		v = &read
	}
	final, rest := without(rest, "final")
	if final != nil {
		on := false
		plan.Bool(&on)(final, r.p)
		extra = append(extra, history.Field{Name: FinalField, Value: edn.NewBool(on)})
	}
	extra = append(extra, readExtra(rest, r.p)...)
	at := pair.Pos.Line<<12 + pair.Pos.Col // another draw than those of maps inside or around this one
	return func(g Generator) Generator {
		return Map(func(ctx Context, op Op) Op {
			if op.Act != Perform {
				return op
			}
			if v != nil {
				d := ctx.Split(at).Dice()
				w := drawing{ctx: ctx, d: &d, used: slices.Clip(op.counts)}
				op.Value, op.counts = v.of(&w), w.used
			}
			op.Extra = append(slices.Clip(op.Extra), extra...)
			return op
		}, g)
	}
}
