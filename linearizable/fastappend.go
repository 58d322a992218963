package linearizable

import (
	"slices"
	"strings"

	"jcheck/internal/edn"
)

// fastAppends decides a key of a map whose value is put and appended to, in about linear time, if each text is put or
// appended once, and none of them begins with another, so that what a get answered can be taken apart in one way.
//
// A get that shows b and right behind it a tells that the append of a came right after b had been put or appended: a took
// b, as a compare-and-set would, and the value with a at its end is what it left. So this is a register each of whose values
// is written once (see fastRegister), a value being named by the text at its end. An append that no get shows took nobody
// knows what. That is as good as a put that no get shows: both may come wherever no value of another chain is kept
// together, as after them only another put or append that nobody saw, or a put, makes sense of what follows.
func fastAppends(o *object, initial Term) (why *proof, applies bool) {
	a := &appends{object: o, called: o.called(), written: make(map[string]bool), taken: make(map[string]taking)}
	if !a.collect(initial) {
		return nil, false
	}
	of := make(map[Call]access, len(o.kinds))
	for i, c := range o.kinds {
		if c.F != "get" || !a.called[i] {
			of[c] = access{}
			continue
		}
		_, value, _ := pair(c.Value)
		last, ok := a.takeApart(int32(i), value)
		if a.twice != nil {
			return a.twice, true
		}
		if !ok { // then nobody wrote what it shows
			last = value
		}
		of[c] = access{read: true, to: last}
	}
	for i, c := range o.kinds {
		_, value, _ := pair(c.Value)
		if c.F == "get" || !a.called[i] {
			continue
		}
		took, seen := a.taken[value.Value().Text]
		of[c] = access{write: true, to: value, cas: seen, from: took.from}
	}
	return fastRegister(o, initial, func(c Call) (access, bool) { return of[c], true })
}

// appends is one key with its texts.
type appends struct {
	*object
	called  []bool // by kind
	initial Term
	texts   []string        // that were put or appended, and the initial one, sorted
	written map[string]bool // those that begin a value
	taken   map[string]taking
	twice   *proof // that an append took two values
}

// taking is what an append took, and the kind of get that shows it.
type taking struct {
	from Term
	by   int32
}

// collect finds the texts; it fails if there are other calls, or a value can't be taken apart.
func (a *appends) collect(initial Term) bool {
	a.initial = initial
	add := func(t Term, begins bool) bool {
		v := t.Value()
		a.texts = append(a.texts, v.Text)
		a.written[v.Text] = begins
		return v.Kind == edn.String && v.Text != ""
	}
	if !initial.IsNil() && !add(initial, true) {
		return false
	}
	for i, c := range a.kinds {
		_, value, _ := pair(c.Value)
		switch {
		case !a.called[i]:
		case c.F == "put" || c.F == "append":
			if !add(value, c.F == "put") {
				return false
			}
		case c.F != "get" || !value.IsNil() && value.Value().Kind != edn.String:
			return false
		}
	}
	times := make([]int, len(a.kinds))
	for _, c := range a.calls {
		if times[c.kind]++; times[c.kind] == 2 && a.kinds[c.kind].F != "get" {
			return false
		}
	}
	slices.Sort(a.texts)
	for i := 1; i < len(a.texts); i++ {
		if strings.HasPrefix(a.texts[i], a.texts[i-1]) { // or the same
			return false
		}
	}
	return true
}

// takeApart names the value that a kind of get shows by the text at its end, and notes what each append took. It fails if
// nobody can have written that.
func (a *appends) takeApart(get int32, value Term) (last Term, ok bool) {
	rest := value.Value().Text
	if value.IsNil() {
		return nilTerm(), true
	}
	last = nilTerm()
	for first := true; rest != ""; first = false {
		i, exact := slices.BinarySearch(a.texts, rest)
		if !exact {
			i--
		}
		if i < 0 || !strings.HasPrefix(rest, a.texts[i]) {
			return "", false
		}
		text := a.texts[i]
		rest = rest[len(text):]
		begins := a.written[text]
		if begins != first && (begins || !a.initial.IsNil()) {
			return "", false
		}
		if !begins && !a.take(text, last, get) {
			return "", false
		}
		last = TermOf(edn.NewString(text))
	}
	return last, value.Value().Text != ""
}

// take notes that an append took the value that ends with from.
func (a *appends) take(text string, from Term, get int32) bool {
	before, seen := a.taken[text]
	if !seen {
		a.taken[text] = taking{from, get}
		return true
	}
	if before.from != from && a.twice == nil {
		of := func(kind int32) int32 { return a.firstThat(func(k int32) bool { return k == kind }) }
		a.twice = &proof{[]int32{of(before.by), of(get)}, "T1 and T2 show " + edn.NewString(text).String() + ", which was appended once, behind different values."}
	}
	return before.from == from
}
