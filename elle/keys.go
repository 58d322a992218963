package elle

import (
	"context"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
)

// checkKeys checks the history of each independent key for itself. The verdict is the worst of all, and what is ruled
// out is what any of them rules out.
func (c *checker) checkKeys(ctx context.Context, h *history.History) check.Result {
	if len(h.Keys()) == 0 { // nothing was done to any: as unknown as it is without keys
		return c.check(ctx, h).result
	}
	all := c.blank()
	all.Verdict = check.Valid
	var found []string
	ids, lone := h.OpsByKey()
	for i, key := range h.Keys() {
		part := c.check(ctx, h.Select(ids[i]))
		name := h.Value(key)
		all.Parts = append(all.Parts, check.Part{Name: name.String(), Result: part.result})
		all.Verdict = check.Worse(all.Verdict, part.result.Verdict)
		found = append(found, part.found...)
		all.Reasons = append(all.Reasons, reasonsOfKey(name, part.result, len(all.Reasons))...)
		if ctx.Err() != nil {
			all.Reasons = append(all.Reasons, stopped(ctx))
			all.Verdict = check.Worse(all.Verdict, check.Unknown)
			break
		}
	}
	if why := withoutKey(h, lone); len(why) > 0 {
		all.Reasons = append(all.Reasons, why...)
		all.Verdict = check.Worse(all.Verdict, check.Unknown)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	_, types := cycle.Report(found, c.prohibited)
	if len(types) > 0 {
		all.Models.Not, all.Models.AlsoNot = cycle.Boundary(found)
	}
	all.Models.Strongest = cycle.Strongest(found)
	return all
}

// withoutKey is why a history of keys can't be found valid: transactions that have no key belong to no part. Those
// without a value did nothing.
func withoutKey(h *history.History, lone []history.ID) []check.Reason {
	ops := slices.DeleteFunc(lone, func(id history.ID) bool { return h.Kind(id) == history.KindNil })
	if len(ops) == 0 {
		return nil
	}
	return []check.Reason{{Code: "without-key", Ops: ops[:min(len(ops), maxExamples)], Text: fmt.Sprintf(
		"%d client operations have no key, unlike the others, and were not judged", len(ops))}}
}

// maxKeyReasons is how many keys' reasons a keyed result repeats; the parts have them all.
const maxKeyReasons = 8

// reasonsOfKey is why the part of a key is unknown, for the result of all keys, which has told so many already.
func reasonsOfKey(key history.Value, r check.Result, told int) []check.Reason {
	if r.Verdict != check.Unknown || len(r.Reasons) == 0 || told >= maxKeyReasons {
		return nil
	}
	why := r.Reasons[0]
	why.Text = fmt.Sprintf("key %s: %s", key, why.Text)
	return []check.Reason{why}
}
