package linearizable

// fastStack decides in O(n log n) whether a stack is linearizable, if no element is pushed twice; if pops crashed, only that
// it is one as if they never happened. The idea is that of Lee and Mathur ("Efficient decrease-and-conquer
// linearizability monitoring", 2025): find an element whose removal changes nothing, remove it, repeat.
//
// An element whose pop may take effect at the moment of its push can be left out: put back in, one right after the other,
// it disturbs nobody. Any other was on the stack for certain from the end of its push to the beginning of its pop: its
// stay. At a moment that is in nobody's stay, the stack may be taken to be empty: of the elements on it then, those that
// may be popped already are popped now, and the others, which may be pushed still, are pushed right after that, in the
// same order; both only shortens their time on the stack. So the stretches of time that stays cover are independent.
//
// In such a stretch the stack is never empty, so some element lies at the bottom all the time: its push began before the
// stretch did, and its pop ended after. Any element with that property may be the one: given an order of the others, of
// which all are pushed and popped inside the stretch, it is pushed before them and popped after them. So it can be left
// out, and the rest, which may cover less, be looked at again. If no element has that property, there is no order.
func fastStack(o *object) (*proof, bool) {
	e, why, applies := gatherElements(o)
	if why != nil || !applies {
		return why, applies
	}
	s := newStretches(e)
	if why = s.clear(); why != nil && len(e.lost) > 0 {
		return nil, false
	}
	return why, true
}

// stretches are the stretches of time that stays of elements cover.
type stretches struct {
	*elements
	stay  []int32 // elements with a stay, by the beginning of their stay
	from  []int32 // and the border at which it begins
	to    []int32
	times []int32    // borders: the moments at which a stay begins or ends
	first []int32    // border → the first of stay that begins there or later
	early *leastTree // beginnings of the pushes, where not yet known to be early enough for the bottom
	late  *leastTree // ends of the pops, negative
	cover *leastTree // how many stays lie over the time from a border to the next
	begin []int32    // of what was left out: the times of the ends of the stretch of which it was the bottom, and its turn
	end   []int32
	turn  []int32
	turns int32
	fits  []uint8 // what is known of an element: it fits at the beginning, at the end
}

const (
	fitsBegin = 1
	fitsEnd   = 2
)

func newStretches(e *elements) *stretches {
	s := &stretches{elements: e}
	begin, end := e.timeline(), e.timeline()
	for n, x := range e.all {
		if x.putRet < x.takeInv {
			begin.set(x.putRet, n)
			if x.takeInv != never {
				end.set(x.takeInv, n)
			}
		}
	}
	place := make([]int32, len(e.all))
	var open []int64
	depth := int64(0)
	for i := range begin.at {
		n, m := begin.at[i]-1, end.at[i]-1
		if n < 0 && m < 0 {
			continue
		}
		border := int32(len(s.times))
		s.times = append(s.times, int32(i)-begin.shift)
		s.first = append(s.first, int32(len(s.stay)))
		if n >= 0 {
			place[n] = int32(len(s.stay))
			s.stay = append(s.stay, n)
			s.from = append(s.from, border)
			s.to = append(s.to, -1)
			depth++
		} else {
			s.to[place[m]] = border
			depth--
		}
		open = append(open, depth)
	}
	for i := range s.to {
		if s.to[i] < 0 { // never popped
			s.to[i] = int32(len(s.times))
		}
	}
	s.times = append(s.times, never)
	s.first = append(s.first, int32(len(s.stay)))
	s.fits = make([]uint8, len(s.stay))
	s.begin, s.end, s.turn = make([]int32, len(s.stay)), make([]int32, len(s.stay)), make([]int32, len(s.stay))
	s.cover = newLeastTree(open)
	early, late := make([]int64, len(s.stay)), make([]int64, len(s.stay))
	for i, n := range s.stay {
		early[i], late[i] = int64(e.all[n].putInv), -int64(e.all[n].takeRet)
	}
	s.early, s.late = newLeastTree(early), newLeastTree(late)
	return s
}

// clear leaves out elements until none is left, or none can be.
func (s *stretches) clear() *proof {
	type stretch struct{ from, to int } // borders
	work := []stretch{{0, len(s.times) - 1}}
	for len(work) > 0 {
		now := work[len(work)-1]
		work = work[:len(work)-1]
		at := now.from // split off what nothing covers any more
		for at < now.to {
			gap := s.cover.find(at, now.to, 0)
			if gap < 0 {
				gap = now.to
			} else {
				s.cover.add(gap, gap+1, gone)
			}
			if at == now.from && gap == now.to {
				break
			}
			if gap > at {
				work = append(work, stretch{at, gap})
			}
			at = gap + 1
		}
		if at != now.from || now.from == now.to {
			continue
		}
		if !s.leaveOut(now.from, now.to) {
			return s.proof(now.from, now.to)
		}
		work = append(work, now)
	}
	return nil
}

// leaveOut leaves out the elements that may lie at the bottom of the stretch between two borders; it fails if there is
// none. What fits one end of a stretch fits that end of any smaller one, so that need not be found out again.
func (s *stretches) leaveOut(from, to int) bool {
	lo, hi := int(s.first[from]), int(s.first[to])
	any := false
	fit := func(i int, end uint8) {
		if s.fits[i] |= end; s.fits[i] == fitsBegin|fitsEnd {
			s.cover.add(int(s.from[i]), int(s.to[i]), -1)
			s.turns++
			s.begin[i], s.end[i], s.turn[i] = s.times[from], s.times[to], s.turns
			any = true
		}
	}
	for i := s.early.find(lo, hi, int64(s.times[from])); i >= 0; i = s.early.find(i+1, hi, int64(s.times[from])) {
		s.early.add(i, i+1, gone)
		fit(i, fitsBegin)
	}
	for i := s.late.find(lo, hi, -int64(s.times[to])); i >= 0; i = s.late.find(i+1, hi, -int64(s.times[to])) {
		s.late.add(i, i+1, gone)
		fit(i, fitsEnd)
	}
	return any
}

// maxPaired is among how many elements two are looked for that contradict each other by themselves.
const maxPaired = 5000

// proof lists the elements of a stretch of which none can be at the bottom; only two of them if these suffice.
func (s *stretches) proof(from, to int) *proof {
	var left []int32
	for i := s.first[from]; i < s.first[to]; i++ {
		if s.fits[i] != fitsBegin|fitsEnd {
			left = append(left, s.stay[i])
		}
	}
	for i, a := range left[:min(len(left), maxPaired)] {
		for _, b := range left[i+1 : min(len(left), maxPaired)] { // whose stay begins later
			if x, y := s.all[a], s.all[b]; x.putRet < y.putInv && y.putRet < x.takeInv && x.takeRet < y.takeInv {
				return &proof{s.callsOf(a, b), "T2 popped what T1 had pushed, while what T3 had pushed after that was on top of it."}
			}
		}
	}
	return &proof{s.callsOf(left...), "There was an element of these on the stack all the time from when the first was pushed until the last was popped, so one must have been at the bottom. But each was pushed after another for certain, or popped before another."}
}
