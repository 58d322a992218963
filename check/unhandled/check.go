// Package unhandled lists the exceptions that clients did not expect: those that a harness wrote down with an
// indeterminate completion.
package unhandled

import (
	"context"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "unhandled-exceptions"

// Options says how to tell exceptions apart.
type Options struct {
	JepsenCompat bool // exceptions that aren't maps have no class
}

// class is the exceptions of one class.
type class struct {
	name  history.Value
	first history.ID
	count int64
}

// maxClasses is how many classes of exceptions a note names.
const maxClasses = 5

// Check is always Valid: an exception is no fault of the database. Its field exceptions has a map {class, count, example}
// for each class of exceptions, the most frequent first; there is no such field without exceptions. The class is the type of
// the first exception of the chain (:via).
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	var classes []class
	place := make(map[string]int)
	for id := range h.All() {
		if h.Type(id) != history.Info {
			continue
		}
		for _, f := range h.Op(id).Extra {
			if f.Name != "exception" || f.Value.IsNil() {
				continue
			}
			name := className(f.Value, o)
			key := name.String()
			at, seen := place[key]
			if !seen {
				at = len(classes)
				place[key] = at
				classes = append(classes, class{name: name, first: id})
			}
			classes[at].count++
		}
		if ctx.Err() != nil {
			return check.Result{Checker: Checker, Reasons: []check.Reason{check.Interrupted}}
		}
	}
	slices.SortStableFunc(classes, func(a, b class) int { return int(b.count - a.count) })
	return result(classes)
}

// className is the type of an exception as Clojure prints it, {:via [{:type ...} ...]}; a
// map that tells no type is of class nil, and any other value its own class.
func className(exception history.Value, o Options) history.Value {
	via, _ := get(exception, "via")
	if via.Sequential() && len(via.Items) > 0 {
		if name, ok := get(via.Items[0], "type"); ok {
			return name
		}
	}
	if exception.Kind == edn.Map || o.JepsenCompat {
		name, _ := get(exception, "type")
		return name
	}
	return exception
}

// get is what a map holds under a name, which in JSON is a string.
func get(v history.Value, name string) (history.Value, bool) {
	if found, ok := v.Get(edn.NewKeyword(name)); ok {
		return found, true
	}
	return v.Get(edn.NewString(name))
}

func result(classes []class) check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	if len(classes) == 0 {
		return r
	}
	var list []history.Value
	for i, c := range classes {
		list = append(list, edn.NewMap([]history.Value{
			edn.NewKeyword("class"), c.name,
			edn.NewKeyword("count"), edn.NewInt(c.count),
			edn.NewKeyword("example"), check.OpRef(c.first)}))
		if i < maxClasses {
			r.Notes = append(r.Notes, check.Note{Code: "exception", Ops: []history.ID{c.first},
				Text: fmt.Sprintf("%d × %s, an exception that the client did not expect", c.count, c.name)})
		}
	}
	r.Fields = []history.Field{{Name: "exceptions", Value: edn.NewVector(list)}}
	return r
}
