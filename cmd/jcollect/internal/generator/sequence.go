package generator

// sequence gives the operations of its elements in order.
type sequence []Generator

// Concat gives what each generator gives, one after the other. Updates go to the first that isn't done.
func Concat(gs ...Generator) Generator { return sequence(gs) }

func (s sequence) Op(ctx Context) (Op, Status, Generator) {
	for i, g := range s {
		op, status, next := g.Op(ctx)
		if status != Done {
			return op, status, s.from(i, next)
		}
	}
	return Op{}, Done, nil
}

func (s sequence) Update(ctx Context, op Op) Generator {
	if len(s) == 0 {
		return s
	}
	return s.from(0, s[0].Update(ctx, op))
}

// from is the sequence that begins with g in the place of its i-th element.
func (s sequence) from(i int, g Generator) Generator {
	if i == len(s)-1 {
		return g
	}
	return append(sequence{g}, s[i+1:]...)
}

// limit gives at most left operations of g.
type limit struct {
	left int
	g    Generator
}

// Limit gives at most n operations of g.
func Limit(n int, g Generator) Generator { return limit{n, g} }

func (l limit) Op(ctx Context) (Op, Status, Generator) {
	if l.left <= 0 {
		return Op{}, Done, nil
	}
	op, status, next := l.g.Op(ctx)
	if status == Done {
		return Op{}, Done, nil
	}
	if status == Ready {
		l.left--
	}
	return op, status, limit{l.left, next}
}

func (l limit) Update(ctx Context, op Op) Generator { return limit{l.left, l.g.Update(ctx, op)} }

// repeat asks g again and again.
type repeat struct{ g Generator }

// Repeat asks the unchanged g for ever: it never moves on to what follows g's first operation.
func Repeat(g Generator) Generator { return repeat{g} }

func (r repeat) Op(ctx Context) (Op, Status, Generator) {
	op, status, _ := r.g.Op(ctx)
	if status == Done {
		return Op{}, Done, nil
	}
	return op, status, r
}

func (r repeat) Update(ctx Context, op Op) Generator { return repeat{r.g.Update(ctx, op)} }
