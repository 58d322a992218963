package generator

import (
	"jcheck/history"
	"jcheck/internal/edn"
)

// Keys is the i-th of a row of independent keys; false if there are no more.
type Keys func(i int) (history.Value, bool)

// CountedKeys are the keys 0, 1, ... below n; all of them if n is negative.
func CountedKeys(n int) Keys {
	return func(i int) (history.Value, bool) { return edn.NewInt(int64(i)), n < 0 || i < n }
}

// keyed gives operations of g a key.
type keyed struct {
	key *history.Value
	g   Generator
}

func (k *keyed) Op(ctx Context) (Op, Status, Generator) {
	op, status, next := k.g.Op(ctx)
	switch {
	case ended(status):
		return op, status, next
	case status == Ready && op.Act == Perform:
		op.Key = k.key
	}
	return op, status, k.after(next)
}

// Update hears of operations of its own key, as g knows them: without it.
func (k *keyed) Update(ctx Context, op Op) Generator {
	if op.Key == nil || op.Key != k.key && !edn.Equal(*op.Key, *k.key) {
		return k
	}
	op.Key = nil
	return k.after(k.g.Update(ctx, op))
}

func (k *keyed) after(next Generator) Generator {
	if same(next, k.g) {
		return k
	}
	return &keyed{k.key, next}
}

// perKey is one generator after the other, each of a key.
type perKey struct {
	keys Keys
	f    func(key history.Value) Generator
	i    int // the next key
}

// take is the generator of the next key, and what is left; nil if there are no more.
func (p perKey) take() (Generator, perKey) {
	key, ok := p.keys(p.i)
	if !ok {
		return nil, p
	}
	p.i++
	return &keyed{&key, p.f(key)}, p
}

// oneKey works on one key at a time.
type oneKey struct {
	keys perKey
	now  Generator // nil before the first
}

// Sequential works on one key after the other: when f's generator of a key is done, that of the next key begins.
func Sequential(keys Keys, f func(key history.Value) Generator) Generator {
	return &oneKey{perKey{keys: keys, f: f}, nil}
}

func (o *oneKey) Op(ctx Context) (Op, Status, Generator) {
	keys, now := o.keys, o.now
	for range maxFruitless {
		if now == nil {
			if now, keys = keys.take(); now == nil {
				return Op{}, Done, nil
			}
		}
		op, status, next := now.Op(ctx)
		if status == Broken {
			return op, status, next
		}
		if status != Done {
			return op, status, &oneKey{keys, next}
		}
		now = nil
	}
	return broken("%d independent keys have no operation", maxFruitless)
}

func (o *oneKey) Update(ctx Context, op Op) Generator {
	if o.now == nil {
		return o
	}
	next := o.now.Update(ctx, op)
	if same(next, o.now) {
		return o
	}
	return &oneKey{o.keys, next}
}

// groups work on a key each.
type groups struct {
	n      int
	keys   perKey
	states table // by group
	all    Threads
	sets   []Threads
}

// Concurrent splits the client threads into groups of n, each of which works on a key of its own, and takes the next
// key when f's generator of that is done. The number of threads must be a multiple of n.
func Concurrent(n int, keys Keys, f func(key history.Value) Generator) Generator {
	return ForClients(&groups{n: n, keys: perKey{keys: keys, f: f}})
}

// split is the threads of each group; nil if they don't divide.
func (g *groups) split(ctx Context) []Threads {
	if g.sets != nil && g.all.Equal(ctx.all) {
		return g.sets
	}
	if g.n <= 0 || ctx.all.Len()%g.n != 0 {
		return nil
	}
	sets := make([]Threads, ctx.all.Len()/g.n)
	i := 0
	for t := range ctx.all.All() {
		sets[i/g.n] = sets[i/g.n].with(t)
		i++
	}
	return sets
}

// Op asks from the group of a random free thread on: an operation for now can't be outdone.
func (g *groups) Op(ctx Context) (Op, Status, Generator) {
	sets := g.split(ctx)
	if sets == nil {
		return broken("%d client threads can't be split into groups of %d for independent keys (hint: a concurrency that is a multiple of %d)",
			ctx.all.Len(), g.n, g.n)
	}
	next := &groups{g.n, g.keys, g.states, ctx.all, sets}
	best := soonest{dice: ctx.Dice()}
	start := 0
	if n := ctx.free.Len(); n > 0 {
		t := ctx.free.at(best.dice.IntN(n))
		for !sets[start].Has(t) {
			start++
		}
	}
	open := false
	for i := range sets {
		i = (start + i) % len(sets)
		if next.states.get(i).done {
			continue
		}
		open = true
		sub := ctx.On(sets[i])
		if sub.free.Empty() {
			continue
		}
		op, status, after := next.ask(i, sub.Split(i))
		if status == Broken {
			return op, status, after
		}
		best.offer(i, sets[i].Len(), op, status, after)
		if status == Ready && op.TimeNS <= ctx.TimeNS {
			break
		}
	}
	if !open || best.status == Done && ctx.AllFree() {
		return Op{}, Done, nil
	}
	if best.status == Ready {
		next.states = next.states.set(best.i, entry{g: best.next})
		return best.op, Ready, next
	}
	return Op{}, Pending, next
}

// ask is what the i-th group does next, be it on its next key. Only g.states and g.keys change, which are this g's own.
func (g *groups) ask(i int, ctx Context) (Op, Status, Generator) {
	now := g.states.get(i).g
	for range maxFruitless {
		if now == nil {
			if now, g.keys = g.keys.take(); now == nil {
				g.states = g.states.set(i, entry{done: true})
				return Op{}, Done, nil
			}
			g.states = g.states.set(i, entry{g: now}) // its key is taken, even if another group's operation comes first
		}
		op, status, next := now.Op(ctx)
		if status == Pending && !same(next, now) {
			g.states = g.states.set(i, entry{g: next})
		}
		if status != Done {
			return op, status, next
		}
		now = nil
	}
	return broken("%d independent keys have no operation", maxFruitless)
}

func (g *groups) Update(ctx Context, op Op) Generator {
	t := ctx.Thread(op.Process)
	for i, set := range g.split(ctx) {
		now := g.states.get(i).g
		if !set.Has(t) || now == nil {
			continue
		}
		next := now.Update(ctx.On(set), op)
		if same(next, now) {
			return g
		}
		return &groups{g.n, g.keys, g.states.set(i, entry{g: next}), ctx.all, g.split(ctx)}
	}
	return g
}
