package history

import "slices"

// rawProblem is a Problem whose place isn't yet a line and column.
type rawProblem struct {
	off                     int64
	code, found, want, hint string
}

// problemList keeps the first MaxProblems and counts the rest.
type problemList struct {
	list []rawProblem
	more int
}

func (l *problemList) add(off int64, code, found, want, hint string) {
	if len(l.list) == MaxProblems {
		l.more++
		return
	}
	l.list = append(l.list, rawProblem{off, code, found, want, hint})
}

// dropFrom takes those at this offset or behind it off the list.
func (l *problemList) dropFrom(off int64) {
	l.list = slices.DeleteFunc(l.list, func(p rawProblem) bool { return p.off >= off })
}

func (l *problemList) addAll(m problemList) {
	for _, p := range m.list {
		l.add(p.off, p.code, p.found, p.want, p.hint)
	}
	l.more += m.more
}

// readError is the problems as an error; it is nil if there are none.
func (c *core) readError(l problemList) error {
	if e := c.faultsOf(l); e != nil {
		return e
	}
	return nil
}

// faultsOf puts the problems in order of their places; it is nil if there are none.
func (c *core) faultsOf(l problemList) *ReadError {
	if len(l.list) == 0 {
		return nil
	}
	slices.SortStableFunc(l.list, func(a, b rawProblem) int { return int(a.off - b.off) })
	e := &ReadError{More: l.more}
	for _, p := range l.list {
		e.Problems = append(e.Problems, Problem{Pos: c.position(p.off), Code: p.code, Found: p.found, Want: p.want, Hint: p.hint})
	}
	return e
}
