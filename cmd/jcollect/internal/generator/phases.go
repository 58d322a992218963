package generator

// synchronize waits until nobody is busy.
type synchronize struct{ g Generator }

// Synchronize waits until every thread of the context is free, and then is g.
func Synchronize(g Generator) Generator { return &synchronize{g} }

func (s *synchronize) Op(ctx Context) (Op, Status, Generator) {
	if !ctx.AllFree() {
		return Op{}, Pending, s
	}
	return s.g.Op(ctx)
}

func (s *synchronize) Update(ctx Context, op Op) Generator {
	next := s.g.Update(ctx, op)
	if same(next, s.g) {
		return s
	}
	return &synchronize{next}
}

// Phases gives what each generator gives, one after the other; each waits until every thread is free.
func Phases(gs ...Generator) Generator {
	waiting := make([]Generator, len(gs))
	for i, g := range gs {
		waiting[i] = Synchronize(g)
	}
	return Concat(waiting...)
}

// Then is a, and b when a is done and every thread is free. The order of the arguments is that of the words: b, after a,
// is Then(b, a).
func Then(b, a Generator) Generator { return Concat(a, Synchronize(b)) }
