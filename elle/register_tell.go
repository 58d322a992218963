package elle

import (
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
)

// directAnomalies tells the anomalies that need no order of versions: of each kind as many as the options allow, in
// history order.
func (r *register) directAnomalies(internal []internalRead, f *registerFindings) []check.Anomaly {
	all := limited(r.o.MaxAnomalies, nil, internal, r.internalAnomaly)
	all = limited(r.o.MaxAnomalies, all, inOrder(f.aborted), r.abortedRead)
	all = limited(r.o.MaxAnomalies, all, inOrder(f.intermediate), r.intermediateRead)
	all = limited(r.o.MaxAnomalies, all, lostUpdates(f.lost), r.lostUpdate)
	if r.garbageCounts() {
		all = limited(r.o.MaxAnomalies, all, inOrder(f.garbage), r.garbageRead)
	}
	return all
}

// limited appends the anomalies that tell makes of the first few findings of one kind, limit at most unless it's 0.
func limited[F any](limit int, all []check.Anomaly, found []F, tell func(F) check.Anomaly) []check.Anomaly {
	n := len(found)
	if limit > 0 {
		n = min(n, limit)
	}
	for _, f := range found[:n] {
		a := tell(f)
		a.Total = len(found)
		all = append(all, a)
	}
	return all
}

// inOrder puts findings in the history's order.
func inOrder(found []finding) []finding {
	slices.SortFunc(found, byOp)
	return found
}

// id is the operation at a position of the view.
func (r *register) id(at int32) history.ID { return r.h.At(int(at)) }

// mopField is the micro-op that an anomaly is about.
func (r *register) mopField(at, mop int32) history.Field {
	return history.Field{Name: "mop", Value: r.h.MopValue(&r.h.Mops(r.id(at))[mop], false)}
}

// readKey is the key and the value of a read, readable.
func (r *register) readKey(at, mop int32) (key, val history.Value) {
	m := &r.h.Mops(r.id(at))[mop]
	return r.h.Value(r.h.KeySym(m.Key)), r.h.Value(r.h.Val(m))
}

// internalAnomaly tells of a transaction that contradicts itself. Witness: the transaction.
func (r *register) internalAnomaly(x internalRead) check.Anomaly {
	mop, want := r.mopField(x.at, x.mop), r.h.Value(x.want)
	return check.Anomaly{
		Kind:   "internal",
		Ops:    []history.ID{r.id(x.at)},
		Fields: []history.Field{opField("op", r.id(x.at)), mop, {Name: "expected", Value: want}},
		Text: fmt.Sprintf("After what T1 itself had read and written, %s had to show %s. However, it shows something else.",
			mop.Value, want),
	}
}

// abortedRead tells of Adya's G1a. Witness: reader, writer.
func (r *register) abortedRead(f finding) check.Anomaly {
	key, val := r.readKey(f.at, f.mop)
	return check.Anomaly{
		Kind:   "G1a",
		Ops:    []history.ID{r.id(f.at), r.id(f.writer)},
		Fields: []history.Field{opField("op", r.id(f.at)), r.mopField(f.at, f.mop), opField("writer", r.id(f.writer))},
		Text: fmt.Sprintf("T1 read key %s as %s. However, T2, which wrote that, had failed: "+
			"what an aborted transaction wrote must never be seen.", key, val),
	}
}

// intermediateRead tells of Adya's G1b. Witness: reader, writer.
func (r *register) intermediateRead(f finding) check.Anomaly {
	key, val := r.readKey(f.at, f.mop)
	return check.Anomaly{
		Kind:   "G1b",
		Ops:    []history.ID{r.id(f.at), r.id(f.writer)},
		Fields: []history.Field{opField("op", r.id(f.at)), r.mopField(f.at, f.mop), opField("writer", r.id(f.writer))},
		Text: fmt.Sprintf("T1 read key %[1]s as %[2]s. However, T2, which wrote %[2]s, went on to write %[1]s again: "+
			"T1 saw a state from the middle of T2.", key, val),
	}
}

// garbageRead tells of a value out of thin air. Witness: the reader.
func (r *register) garbageRead(f finding) check.Anomaly {
	key, val := r.readKey(f.at, f.mop)
	return check.Anomaly{
		Kind:   "garbage-read",
		Ops:    []history.ID{r.id(f.at)},
		Fields: []history.Field{opField("op", r.id(f.at)), r.mopField(f.at, f.mop), {Name: "key", Value: key}, {Name: "value", Value: val}},
		Text: fmt.Sprintf("T1 read key %s as %s. However, no operation of the history ever wrote that, "+
			"and the initial value is %s.", key, val, r.initial),
	}
}

// lostUpdate tells of updates that started from the same state. Witness: all that did, in history order.
func (r *register) lostUpdate(group []update) check.Anomaly {
	key, val := r.readKey(group[0].at, group[0].mop)
	return lostUpdate(r.h, r.premises, key, val, group)
}

// garbageCounts tells whether reading what nobody wrote is an anomaly. A register may have had a value before the
// history began, so it's only a note unless the options say what that value was, or ask.
func (r *register) garbageCounts() bool {
	return r.o.Initial != nil || slices.Contains(r.o.Anomalies, "garbage-read")
}

// garbageNote warns of reads of values that nobody wrote, where they don't count as anomalies.
func (r *register) garbageNote(f *registerFindings) []check.Note {
	if len(f.garbage) == 0 || r.garbageCounts() {
		return nil
	}
	found := inOrder(f.garbage)
	n := check.Note{Code: "garbage-read", Text: fmt.Sprintf("values were read that nobody wrote, first by %s and in all by %d reads "+
		"(hint: --initial VALUE says what was there before, and makes anything else an anomaly)",
		r.mopField(found[0].at, found[0].mop).Value, len(found))}
	for _, g := range found[:min(len(found), maxExamples)] {
		n.Ops = append(n.Ops, r.id(g.at))
	}
	return []check.Note{n}
}
