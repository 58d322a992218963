package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"jcheck/history"
	"jcheck/internal/edn"
)

// selection picks operations of a history: those that every test passes.
type selection struct {
	h       *history.History
	tests   []func(history.ID) bool
	element *elementSearch // nil: not asked for
	pairs   bool
	centre  history.ID // None, or the operation around which to pick
	near    int
}

// selection makes of the flags what to pick.
func (f *showFlags) selection(h *history.History, fs *pflag.FlagSet) (*selection, error) {
	s := &selection{h: h, pairs: f.pairs, centre: history.None, near: f.near}
	if err := f.testPlaces(s); err != nil {
		return nil, err
	}
	if len(f.processes) > 0 {
		s.test(oneOfProcesses(h, f.processes))
	}
	if len(f.fs) > 0 {
		s.test(oneOfFs(h, f.fs))
	}
	if len(f.types) > 0 {
		s.test(func(id history.ID) bool { return slices.Contains(f.types, h.Type(id).String()) })
	}
	if f.errors {
		s.test(func(id history.ID) bool { return carriesError(h, id) })
	}
	if fs.Changed("key") {
		s.test(touchesKey(h, wantValue(f.key)))
	}
	if fs.Changed("value") {
		s.test(newFinder(h, wantValue(f.value)).op)
	}
	if fs.Changed("element") {
		s.pairs = true
		s.element = newElementSearch(h, wantValue(f.element), f.key, fs.Changed("key"))
	}
	if fs.Changed("around") {
		if s.centre = h.ByIndex(f.around); s.centre == history.None {
			return nil, fmt.Errorf("no operation has index %d (hint: jcheck show FILE --limit 5 shows the first ones)", f.around)
		}
	}
	return s, nil
}

// testPlaces adds the tests of index and time.
func (f *showFlags) testPlaces(s *selection) error {
	h := s.h
	if f.index != "" {
		from, to, err := parseRange(f.index, func(t string) (int64, error) { return strconv.ParseInt(t, 10, 64) })
		if err != nil {
			return fmt.Errorf("--index %q: %w (hint: 100..200, 100.., ..200)", f.index, err)
		}
		s.test(func(id history.ID) bool { return h.Index(id) >= from && h.Index(id) <= to })
	}
	if f.span != "" {
		from, to, err := parseRange(f.span, parseTime)
		if err != nil {
			return fmt.Errorf("--time %q: %w (hint: 1s..2.5s, 20ms.., ..3m)", f.span, err)
		}
		s.test(func(id history.ID) bool {
			t := h.Time(id)
			return t != history.NoTime && t >= from && t <= to
		})
	}
	return nil
}

func (s *selection) test(t func(history.ID) bool) { s.tests = append(s.tests, t) }

// picks tells whether every test passes.
func (s *selection) picks(id history.ID) bool {
	for _, t := range s.tests {
		if !t(id) {
			return false
		}
	}
	return true
}

// pick is what was asked for, in file order. In pairs, a pair is picked if either half is, and its invocation stands
// for it.
func (s *selection) pick() []history.ID {
	var ids []history.ID
	for id := range s.h.All() {
		if s.pairs {
			if s.isSecond(id) || !s.picksPair(id) {
				continue
			}
		} else if !s.picks(id) {
			continue
		}
		if s.element == nil || s.element.meets(id) {
			ids = append(ids, id)
		}
	}
	if s.centre == history.None {
		return ids
	}
	at, _ := slices.BinarySearch(ids, s.centre)
	end := at + s.near
	if at < len(ids) && ids[at] == s.centre {
		end++
	}
	return ids[max(0, at-s.near):min(len(ids), end)]
}

// isSecond tells whether id is the completion of an invocation: in pairs, the invocation stands for both.
func (s *selection) isSecond(id history.ID) bool {
	pair := s.h.Pair(id)
	return pair != history.None && pair < id
}

func (s *selection) picksPair(id history.ID) bool {
	if s.picks(id) {
		return true
	}
	pair := s.h.Pair(id)
	return pair != history.None && s.picks(pair)
}

// oneOfProcesses tests the process. A history has few processes and many operations: each process is looked at once.
func oneOfProcesses(h *history.History, names []string) func(history.ID) bool {
	asked := make([]bool, h.NumProcs())
	for _, name := range names {
		want := wantValue(name)
		for p := range asked {
			asked[p] = asked[p] || want.is(h.ProcName(history.ProcID(p)))
		}
	}
	return func(id history.ID) bool {
		p := h.Proc(id)
		return p >= 0 && int(p) < len(asked) && asked[p]
	}
}

func oneOfFs(h *history.History, names []string) func(history.ID) bool {
	known := make(map[history.Sym]bool)
	return func(id history.ID) bool {
		f := h.F(id)
		asked, ok := known[f]
		if !ok {
			v := h.Value(f)
			asked = slices.ContainsFunc(names, func(name string) bool { return wantValue(name).is(v) })
			known[f] = asked
		}
		return asked
	}
}

// touchesKey tests the independent key, and the keys of micro-ops.
func touchesKey(h *history.History, want wanted) func(history.ID) bool {
	f := newFinder(h, want)
	return func(id history.ID) bool {
		if k, ok := h.Key(id); ok && f.isKey(k) {
			return true
		}
		return slices.ContainsFunc(h.Mops(id), func(m history.Mop) bool { return m.Key >= 0 && f.isKey(h.KeySym(m.Key)) })
	}
}

// isKey tells whether s is the wanted value itself.
func (f *finder) isKey(s history.Sym) bool {
	is, known := f.syms[s]
	if !known {
		is = f.want.is(f.h.Value(s))
		f.syms[s] = is
	}
	return is
}

// carriesError tells whether an operation recorded why it went wrong.
func carriesError(h *history.History, id history.ID) bool {
	return slices.ContainsFunc(h.Op(id).Extra, func(f history.Field) bool {
		return (f.Name == "error" || f.Name == "exception") && f.Value.Kind != edn.Nil
	})
}

// parseRange reads A..B, A.., ..B, or A alone.
func parseRange(text string, parse func(string) (int64, error)) (from, to int64, err error) {
	low, high, isRange := strings.Cut(text, "..")
	if !isRange {
		high = low
	}
	if low == "" && high == "" {
		return 0, 0, errors.New("no bound given")
	}
	from, to = math.MinInt64, math.MaxInt64
	if low != "" {
		if from, err = parse(low); err != nil {
			return 0, 0, fmt.Errorf("%q is no bound", low)
		}
	}
	if high != "" {
		if to, err = parse(high); err != nil {
			return 0, 0, fmt.Errorf("%q is no bound", high)
		}
	}
	if from > to {
		return 0, 0, errors.New("it ends before it begins")
	}
	return from, to, nil
}

// parseTime reads a duration, or a number of nanoseconds.
func parseTime(text string) (int64, error) {
	if ns, err := strconv.ParseInt(text, 10, 64); err == nil {
		return ns, nil
	}
	d, err := time.ParseDuration(text)
	return int64(d), err
}
