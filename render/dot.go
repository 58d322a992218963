package render

import (
	"fmt"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// DOT is a cycle as a directed graph for Graphviz: a record per transaction, with a port per micro-op, and an edge per
// step, from the micro-op that it starts at to the one that it ends at.
func DOT(h *history.History, a check.Anomaly) string {
	var b strings.Builder
	b.WriteString("digraph a_graph {\n")
	seen := map[history.ID]bool{}
	for _, id := range a.Ops {
		if !seen[id] {
			seen[id] = true
			b.WriteString(dotNode(h, id))
		}
	}
	for i, s := range a.Steps {
		from, to := stepEnds(a, i)
		b.WriteString(dotEdge(h, a.Ops[from-1], a.Ops[to-1], s))
	}
	b.WriteString("}\n")
	return b.String()
}

// dotNode is one transaction, coloured by its type.
func dotNode(h *history.History, id history.ID) string {
	color := [...]string{
		history.Invoke: "#585858", history.OK: "#0058AD", history.Fail: "#A50053", history.Info: "#AC6E00",
	}[h.Type(id)&3]
	return fmt.Sprintf("  T%d [height=0.4, shape=record, label=\"%s\", color=\"%s\", fontcolor=\"%s\"];\n",
		h.Index(id), dotLabel(h, id), color, color)
}

// dotLabel is the fields of a transaction's record: <f0> mop|<f1> mop. An operation whose value isn't a transaction is
// one field, with its function before the value.
func dotLabel(h *history.History, id history.ID) string {
	if h.Kind(id) != history.KindTxn {
		op := h.Op(id)
		return "<f0> " + dotEscape(op.F.Text+" "+op.Value.String())
	}
	mops, blank := h.Mops(id), h.Blank(id)
	fields := make([]string, len(mops))
	for i := range mops {
		fields[i] = fmt.Sprintf("<f%d> %s", i, dotEscape(dotMop(h.MopValue(&mops[i], blank))))
	}
	return strings.Join(fields, "|")
}

// dotMop is a micro-op in few characters: append is a.
func dotMop(v edn.Value) string {
	if !v.Sequential() || len(v.Items) == 0 {
		return v.String()
	}
	parts := make([]string, len(v.Items))
	for i, x := range v.Items {
		parts[i] = x.String()
	}
	parts[0] = v.Items[0].Text
	if parts[0] == "append" {
		parts[0] = "a"
	}
	return strings.Join(parts, " ")
}

// dotEscape escapes what is special in a record's label. Spaces stay: one between words is kept by Graphviz.
func dotEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `|`, `\|`, `{`, `\{`, `}`, `\}`, `"`, `\"`, `<`, `\<`, `>`, `\>`).Replace(s)
}

// dotEdge is one step, with ports where it names the micro-ops.
func dotEdge(h *history.History, from, to history.ID, s check.Step) string {
	label, color := s.Type, relColor(s.Type)
	switch s.Type {
	case "realtime":
		label = "rt"
	case "process":
		label = "p"
	}
	return fmt.Sprintf("  T%d%s -> T%d%s [label=\"%s\", color=\"%s\", fontcolor=\"%s\"];\n",
		h.Index(from), dotPort(s, "a-mop-index"), h.Index(to), dotPort(s, "b-mop-index"), label, color, color)
}

// dotPort is the port of a micro-op, or nothing if the step doesn't name it.
func dotPort(s check.Step, field string) string {
	if i, ok := intField(s.Fields, field); ok && i >= 0 {
		return fmt.Sprintf(":f%d", i)
	}
	return ""
}

// intField is an integer field's value.
func intField(fields []history.Field, name string) (int, bool) {
	for _, f := range fields {
		if f.Name == name && f.Value.Kind == edn.Int {
			return int(f.Value.Int()), true
		}
	}
	return 0, false
}

// relColor is the colour of a relation's edges.
func relColor(rel string) string {
	for _, row := range [...]struct{ rel, color string }{
		{"ww", "#C02700"}, {"wwp", "#FF6740"}, {"wr", "#C000A5"}, {"wrp", "#FF46E5"}, {"rw", "#5B00C0"},
		{"rwp", "#9D45FF"}, {"realtime", "#0050C0"}, {"process", "#00C0C0"},
	} {
		if row.rel == rel {
			return row.color
		}
	}
	return "#585858"
}
