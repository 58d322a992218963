package render

import (
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// allParts are the parts of a result that are shown for themselves: its independent keys, or the checkers that it is
// composed of, and after each of those its keys. A key's name then begins with its checker's.
func allParts(r check.Result) []check.Part {
	if !r.Composed {
		return r.Parts
	}
	var list []check.Part
	for _, p := range r.Parts {
		list = append(list, p)
		for _, q := range p.Result.Parts {
			list = append(list, check.Part{Name: p.Name + ", key " + q.Name, Result: q.Result})
		}
	}
	return list
}

// partsName is what n parts of a result are.
func partsName(r check.Result, n int) string {
	if r.Composed {
		return plural(n, "checker", "checkers")
	}
	return plural(n, "key", "keys")
}

// RecognisedAs says by which checkers a history was recognised, and why: "set and set-full (clients add elements)". It is
// empty if nothing had to be recognised.
func RecognisedAs(r check.Result) string {
	var parts []string
	for _, f := range r.Fields {
		if f.Name != check.RecognisedField {
			continue
		}
		for i := 0; i < len(f.Value.Items); i += 2 {
			name, why := f.Value.Items[i].Text, " ("+f.Value.Items[i+1].Text+")"
			if n := len(parts); n > 0 {
				parts[n-1] = strings.TrimSuffix(parts[n-1], why) // said once for all of them
			}
			parts = append(parts, name+why)
		}
	}
	if len(parts) == 0 && hasRecognised(r) {
		return "nothing in particular"
	}
	return strings.Join(parts, " and ")
}

// hasRecognised tells whether it was left to the operations to say which checkers apply.
func hasRecognised(r check.Result) bool {
	return slices.ContainsFunc(r.Fields, func(f history.Field) bool { return f.Name == check.RecognisedField })
}

// askedParts names the checkers of a result that somebody named, each with the models that it was asked for:
// "set, set-full and stats". It is empty if the operations told, or if there is one checker only.
func askedParts(r check.Result) string {
	if !r.Composed || hasRecognised(r) {
		return ""
	}
	var names []string
	for _, q := range r.Parts {
		name := q.Name
		if models := q.Result.Models.Asked; len(models) > 0 {
			name += " for " + modelList(models)
		}
		names = append(names, name)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// ownReasons are the reasons of a result that aren't those of a key, which are told beside the key.
func ownReasons(r check.Result) []check.Reason {
	var own []check.Reason
	for _, why := range r.Reasons {
		ofKey := slices.ContainsFunc(r.Parts, func(p check.Part) bool {
			return !r.Composed && strings.HasPrefix(why.Text, "key "+p.Name+": ")
		})
		if !ofKey {
			own = append(own, why)
		}
	}
	return own
}
