package generator

// onThreads lets some threads alone see g.
type onThreads struct {
	f   func(ctx Context) Threads
	g   Generator
	all Threads // the threads for which set was computed last
	set Threads
}

// OnThreads gives g to the threads that f wants, and to no others; f is asked for the nemesis with -1.
func OnThreads(f func(thread int) bool, g Generator) Generator {
	return &onThreads{f: func(ctx Context) Threads {
		var set Threads
		for t := range ctx.all.All() {
			n := t
			if t == ctx.NemesisThread() {
				n = int(Nemesis)
			}
			if f(n) {
				set = set.with(t)
			}
		}
		return set
	}, g: g}
}

// ForClients gives g to the clients alone.
func ForClients(g Generator) Generator {
	return &onThreads{f: func(ctx Context) Threads { return ctx.all.without(ctx.NemesisThread()) }, g: g}
}

// ForNemesis gives g to the nemesis alone.
func ForNemesis(g Generator) Generator {
	return &onThreads{f: func(ctx Context) Threads { return ctx.all.and(Threads{}.with(ctx.NemesisThread())) }, g: g}
}

// threads are those that see g.
func (o *onThreads) threads(ctx Context) Threads {
	if !o.all.Empty() && o.all.Equal(ctx.all) {
		return o.set
	}
	return o.f(ctx)
}

// Op is done where there are no such threads: waiting for them would last for ever.
func (o *onThreads) Op(ctx Context) (Op, Status, Generator) {
	set := o.threads(ctx)
	if set.Empty() {
		return Op{}, Done, nil
	}
	op, status, next := o.g.Op(ctx.On(set))
	switch {
	case ended(status):
		return op, status, next
	case same(next, o.g) && !o.all.Empty():
		return op, status, o
	}
	return op, status, &onThreads{o.f, next, ctx.all, set}
}

func (o *onThreads) Update(ctx Context, op Op) Generator {
	set := o.threads(ctx)
	if !set.Has(ctx.Thread(op.Process)) {
		return o
	}
	next := o.g.Update(ctx.On(set), op)
	if same(next, o.g) {
		return o
	}
	return &onThreads{o.f, next, ctx.all, set}
}
