package generator

// soonest finds among several answers the operation that comes first. Of operations at one time each has the chance of
// its weight. A pending answer counts where there is no operation.
type soonest struct {
	dice   Dice
	op     Op
	status Status // Done until something better is offered
	next   Generator
	i      int
	weight int // of all the operations at op's time
}

// offer compares one more answer, that of the i-th generator.
func (s *soonest) offer(i, weight int, op Op, status Status, next Generator) {
	switch {
	case status == Pending && s.status == Done:
		s.status, s.i, s.next = Pending, i, next
	case status != Ready || s.status == Ready && op.TimeNS > s.op.TimeNS:
	case s.status == Ready && op.TimeNS == s.op.TimeNS:
		s.weight += weight
		if s.dice.IntN(s.weight) < weight {
			s.op, s.i, s.next = op, i, next
		}
	default:
		s.op, s.status, s.i, s.next, s.weight = op, Ready, i, next, weight
	}
}
