package generator

// sequence gives the operations of its elements in order.
type sequence struct {
	first Generator
	rest  []Generator // shared by all that follow, so that going on costs nothing that grows with its length
}

// Concat gives what each generator gives, one after the other. Updates go to the first that isn't done.
func Concat(gs ...Generator) Generator {
	switch len(gs) {
	case 0:
		return nothing{}
	case 1:
		return gs[0]
	}
	return &sequence{gs[0], gs[1:]}
}

func (s *sequence) Op(ctx Context) (Op, Status, Generator) {
	op, status, next := s.first.Op(ctx)
	rest := s.rest
	for status == Done && len(rest) > 0 {
		op, status, next = rest[0].Op(ctx)
		rest = rest[1:]
	}
	if ended(status) || len(rest) == 0 {
		return op, status, next
	}
	if same(next, s.first) {
		return op, status, s
	}
	return op, status, &sequence{next, rest}
}

func (s *sequence) Update(ctx Context, op Op) Generator {
	next := s.first.Update(ctx, op)
	if same(next, s.first) {
		return s
	}
	return &sequence{next, s.rest}
}

// limit gives at most left operations of g.
type limit struct {
	left int
	g    Generator
}

// Limit gives at most n operations of g.
func Limit(n int, g Generator) Generator { return &limit{n, g} }

// Once gives one operation of g.
func Once(g Generator) Generator { return Limit(1, g) }

func (l *limit) Op(ctx Context) (Op, Status, Generator) {
	if l.left <= 0 {
		return Op{}, Done, nil
	}
	op, status, next := l.g.Op(ctx)
	switch {
	case ended(status):
		return op, status, next
	case status == Ready:
		return op, Ready, &limit{l.left - 1, next}
	case same(next, l.g):
		return op, status, l
	}
	return op, status, &limit{l.left, next}
}

func (l *limit) Update(ctx Context, op Op) Generator {
	next := l.g.Update(ctx, op)
	if same(next, l.g) {
		return l
	}
	return &limit{l.left, next}
}

// repeat asks g again and again.
type repeat struct {
	left int // -1 is for ever
	g    Generator
}

// Repeat asks the unchanged g for ever: it never moves on to what follows g's first operation.
func Repeat(g Generator) Generator { return &repeat{-1, g} }

// RepeatN asks the unchanged g for n operations.
func RepeatN(n int, g Generator) Generator { return &repeat{max(n, 0), g} }

func (r *repeat) Op(ctx Context) (Op, Status, Generator) {
	if r.left == 0 {
		return Op{}, Done, nil
	}
	op, status, next := r.g.Op(ctx)
	switch {
	case ended(status):
		return op, status, next
	case status == Ready && r.left > 0:
		return op, Ready, &repeat{r.left - 1, r.g}
	}
	return op, status, r
}

func (r *repeat) Update(ctx Context, op Op) Generator {
	next := r.g.Update(ctx, op)
	if same(next, r.g) {
		return r
	}
	return &repeat{r.left, next}
}
