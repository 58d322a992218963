package generator

import (
	"slices"
	"sync"
	"time"
)

// function is what a function gives, again and again.
type function struct {
	f   func(Context) Generator
	now Generator // nil when f is to be called
}

// Func is what f gives until that is done, then what f gives again, until f gives nil. f may keep no state: what is random
// is to come from its context.
func Func(f func(ctx Context) Generator) Generator { return &function{f, nil} }

func (f *function) Op(ctx Context) (Op, Status, Generator) {
	now := f.now
	for i := range maxFruitless {
		if now == nil {
			if now = f.f(ctx.Split(2 * i)); now == nil {
				return Op{}, Done, nil
			}
		}
		op, status, next := now.Op(ctx.Split(2*i + 1))
		switch {
		case status == Done:
			now = nil
			continue
		case status == Broken:
			return op, status, next
		}
		if _, done := next.(nothing); done {
			next = nil
		}
		return op, status, &function{f.f, next}
	}
	return broken("a function gave %d generators without an operation", maxFruitless)
}

func (f *function) Update(ctx Context, op Op) Generator {
	if f.now == nil {
		return f
	}
	next := f.now.Update(ctx, op)
	if same(next, f.now) {
		return f
	}
	return &function{f.f, next}
}

// lazy is a generator that isn't there before somebody asks for it, or before it arrives.
type lazy struct{ get func() (Generator, bool) }

// Lazily is what f gives, which is called once, when the first operation is asked for.
func Lazily(f func() Generator) Generator {
	get := sync.OnceValue(f)
	return &lazy{func() (Generator, bool) { return get(), true }}
}

// Await is pending until arrived has a generator, and then is that. What it gives after a test with the same seed depends
// on when it arrived.
func Await(arrived func() (Generator, bool)) Generator { return &lazy{arrived} }

func (l *lazy) Op(ctx Context) (Op, Status, Generator) {
	g, ok := l.get()
	switch {
	case !ok:
		return Op{}, Pending, l
	case g == nil:
		return Op{}, Done, nil
	}
	return g.Op(ctx)
}

func (l *lazy) Update(Context, Op) Generator { return l }

// cache keeps an operation until it is used.
type cache struct {
	ttlNS int64
	g     Generator
	kept  *answer
}

// answer is what g said last. It is the one thing in a generator that changes: it saves work, but for the seconds that
// it lives it says nothing else than what g said.
type answer struct {
	mu       sync.Mutex
	timeNS   int64
	cast     *cast
	counters []counter // as they were: a number that another operation has used is none for this one
	op       Op
	next     Generator
}

// Cache keeps an operation that is dear to find, for d or until it is used: whoever asks again meanwhile gets the same.
func Cache(d time.Duration, g Generator) Generator { return &cache{int64(d), g, &answer{}} }

func (c *cache) Op(ctx Context) (Op, Status, Generator) {
	c.kept.mu.Lock()
	defer c.kept.mu.Unlock()
	k := c.kept
	if k.fresh(ctx, c.ttlNS) {
		op := k.op
		op.TimeNS = max(op.TimeNS, ctx.TimeNS)
		return op, Ready, &cache{c.ttlNS, k.next, &answer{}}
	}
	op, status, next := c.g.Op(ctx)
	if ended(status) {
		return op, status, next
	}
	if status == Ready {
		k.timeNS, k.cast, k.counters, k.op, k.next = ctx.TimeNS, ctx.cast, ctx.counters, op, next
	}
	return op, status, &cache{c.ttlNS, next, &answer{}}
}

// fresh tells whether what was kept can still be done. After a crash, or in another run, it is forgotten.
func (k *answer) fresh(ctx Context, ttlNS int64) bool {
	return k.next != nil && k.cast == ctx.cast && ctx.TimeNS >= k.timeNS && ctx.TimeNS-k.timeNS < ttlNS &&
		ctx.free.Has(ctx.Thread(k.op.Process)) &&
		(len(k.op.counts) == 0 || slices.Equal(k.counters, ctx.counters))
}

// Update forgets what was kept: it may hold no longer.
func (c *cache) Update(ctx Context, op Op) Generator {
	next := c.g.Update(ctx, op)
	if same(next, c.g) {
		return c
	}
	return &cache{c.ttlNS, next, &answer{}}
}
