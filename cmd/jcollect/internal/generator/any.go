package generator

import "slices"

// anyOf takes whichever operation is soonest.
type anyOf struct {
	gs       []Generator // never changed
	shortest bool        // ends with the first that ends
}

// Any gives whichever operation of the generators is soonest, at random where several are; it ends when all have.
func Any(gs ...Generator) Generator { return &anyOf{gs: gs} }

// ShortestAny is Any that ends as soon as one of the generators does.
func ShortestAny(gs ...Generator) Generator { return &anyOf{gs, true} }

func (a *anyOf) Op(ctx Context) (Op, Status, Generator) {
	best := soonest{dice: ctx.Dice()}
	gs := replaced{old: a.gs}
	for i, g := range a.gs {
		op, status, next := g.Op(ctx.Split(i))
		switch {
		case status == Broken, status == Done && a.shortest:
			return op, status, next
		case status == Done:
			gs.put(i, nil)
		case status == Pending:
			gs.put(i, next)
		}
		best.offer(i, 1, op, status, next)
	}
	switch best.status {
	case Done:
		return Op{}, Done, nil
	case Ready:
		gs.put(best.i, best.next)
	}
	if gs.new == nil {
		return best.op, best.status, a
	}
	return best.op, best.status, &anyOf{gs.left(), a.shortest}
}

func (a *anyOf) Update(ctx Context, op Op) Generator {
	gs := replaced{old: a.gs}
	for i, g := range a.gs {
		gs.put(i, g.Update(ctx.Split(i), op))
	}
	if gs.new == nil {
		return a
	}
	return &anyOf{gs.new, a.shortest}
}

// replaced is a list of generators some of which become others; it is copied when the first does.
type replaced struct{ old, new []Generator }

func (r *replaced) put(i int, g Generator) {
	if r.new == nil {
		if g != nil && same(g, r.old[i]) {
			return
		}
		r.new = slices.Clone(r.old)
	}
	r.new[i] = g
}

// now is the list as it became.
func (r *replaced) now() []Generator {
	if r.new == nil {
		return r.old
	}
	return r.new
}

// left is the list without those that are done.
func (r *replaced) left() []Generator {
	return slices.DeleteFunc(r.new, func(g Generator) bool { return g == nil })
}
