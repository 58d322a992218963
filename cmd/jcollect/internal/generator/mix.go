package generator

import "slices"

// mix picks one of several generators for each operation.
type mix struct {
	gs   []Generator // never changed
	pick int         // whose turn it is; -1 before the first operation
}

// Mix picks one of the generators for each operation, each with the same chance. One that is done is left out; one that
// is pending makes the others wait. Updates are ignored.
func Mix(gs ...Generator) Generator { return &mix{gs, -1} }

func (m *mix) Op(ctx Context) (Op, Status, Generator) {
	d := ctx.Dice()
	gs, pick := m.gs, m.pick
	for i := 0; len(gs) > 0; i++ {
		if pick < 0 {
			pick = d.IntN(len(gs))
		}
		op, status, next := gs[pick].Op(ctx.Split(i))
		if status == Broken {
			return op, status, next
		}
		if status == Done {
			gs = slices.Delete(slices.Clone(gs), pick, pick+1)
			pick = -1
			continue
		}
		if !same(next, gs[pick]) {
			gs = slices.Clone(gs)
			gs[pick] = next
		}
		if status == Ready {
			pick = d.IntN(len(gs)) // now, so that a choice whose time is yet to come isn't made again and again
		}
		return op, status, &mix{gs, pick}
	}
	return Op{}, Done, nil
}

func (m *mix) Update(Context, Op) Generator { return m }

// flipFlop takes operations of its generators in turn.
type flipFlop struct {
	gs   []Generator // never changed
	turn int
}

// FlipFlop gives an operation of a, one of b, one of a, and so on, until one is done. Updates are ignored.
func FlipFlop(a, b Generator) Generator { return &flipFlop{[]Generator{a, b}, 0} }

func (f *flipFlop) Op(ctx Context) (Op, Status, Generator) {
	op, status, next := f.gs[f.turn].Op(ctx)
	if ended(status) {
		return op, status, next
	}
	gs := replaced{old: f.gs}
	gs.put(f.turn, next)
	turn := f.turn
	if status == Ready {
		turn = (turn + 1) % len(f.gs)
	}
	return op, status, &flipFlop{gs.now(), turn}
}

func (f *flipFlop) Update(Context, Op) Generator { return f }
