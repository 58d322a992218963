package main

import (
	"fmt"
	"slices"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// sketch draws a small history, one line per transaction in the order in which they began: when it was open (two
// characters per entry of the history, so that lines that overlap were concurrent), whose it was, and what it did.
//
//	T1  ├─┤      process 0  append x 1
//	T2      ├─┤  process 1  read x → nil
func sketch(h *history.History) string {
	type lane struct {
		from, to int // places of the invocation and the completion
		op       history.Op
	}
	var lanes []lane
	for id := range h.All() {
		if h.Type(id) != history.Invoke || !h.Client(id) {
			continue
		}
		end := h.Pair(id)
		if end == history.None { // never completed: open to the end
			lanes = append(lanes, lane{int(id), h.Len(), h.Op(id)})
			continue
		}
		lanes = append(lanes, lane{int(id), int(end), h.Op(end)})
	}
	slices.SortFunc(lanes, func(a, b lane) int { return a.from - b.from })
	var b strings.Builder
	for i, l := range lanes {
		bar := strings.Repeat("  ", l.from) + "├" + strings.Repeat("─", 2*(l.to-l.from)-1) + "┤"
		bar += strings.Repeat(" ", 2*h.Len()-2*l.to)
		fmt.Fprintf(&b, "  T%d  %s process %s  %s\n", i+1, bar, l.op.Process, deeds(l.op))
	}
	return b.String()
}

// deeds tells what a transaction did, and how it ended unless it committed.
func deeds(op history.Op) string {
	var parts []string
	switch {
	case op.F.Text == "init": // the initial state of a closed-predicate history
		parts = append(parts, "begin with "+plain(op.Value))
	case op.F.Text == "read":
		parts = append(parts, "read → "+plain(op.Value))
	case op.F.Text != "txn":
		parts = append(parts, op.F.Text+" "+plain(op.Value))
	default:
		for _, mop := range op.Value.Items {
			parts = append(parts, deed(mop))
		}
	}
	text := strings.Join(parts, ", ")
	switch op.Type {
	case history.Fail:
		text += "  (failed)"
	case history.Info, history.Invoke:
		text += "  (outcome unknown)"
	}
	return text
}

// deed tells one micro-op: "append x 1", "read x → nil", "find = 1 → {}".
func deed(mop history.Value) string {
	if !mop.Sequential() || len(mop.Items) == 0 {
		return mop.String()
	}
	args := make([]string, 0, 2)
	for _, v := range mop.Items[1:] {
		args = append(args, plain(v))
	}
	f := mop.Items[0].Text
	switch f {
	case "r":
		return "read " + strings.Join(args, " → ")
	case "rp":
		return "find " + strings.Join(args, " → ")
	case "w":
		f = "write"
	}
	return f + " " + strings.Join(args, " ")
}

// plain prints a value as EDN without the colons of keywords, which say nothing to a reader here.
func plain(v history.Value) string {
	if v.Kind == edn.Keyword {
		return v.Text
	}
	return strings.ReplaceAll(v.String(), ":", "")
}
