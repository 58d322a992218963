package render

import (
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// DOT is a cycle as a directed graph for Graphviz: a record per transaction, with a port per micro-op, and an edge per
// step, from the micro-op that it starts at to the one that it ends at. What else orders the transactions is there in
// thin lines.
func DOT(h *history.History, a check.Anomaly) string { return cycleScene(h, a).dot(inFull) }

// GraphDOT is a strongly connected component as a directed graph for Graphviz, like DOT.
func GraphDOT(h *history.History, g check.Graph, cycles []check.Anomaly) string {
	return graphScene(h, g, cycles).dot(inFull)
}

// dotHead begins every graph. Micro-ops are listed from top to bottom, so the graph runs from left to right; Courier is
// the one font of which Graphviz knows the widths that any machine's monospaced font has.
const dotHead = `digraph a_graph {
  graph [rankdir=LR, nodesep=%.2f, ranksep=%.2f];
  node [fontname="Courier", fontsize=13, margin="0.1,0.04"];
  edge [fontname="Courier", fontsize=12, penwidth=0.8, arrowsize=0.7];
`

// detail is how much is asked of Graphviz, which loses some edges between ports of nodes that must be in one rank.
type detail int

const (
	inFull  detail = iota
	noRing         // without nodes that must be in one rank
	noPorts        // edges end at nodes, too
)

// dotForm is what a graph in Graphviz's language is for.
type dotForm struct {
	level  detail
	layout bool // for where things go: without what isn't drawn or gets its place from render
	room   int  // how often more room for the labels was asked for
}

// dot is the scene in Graphviz's language, to keep.
func (s scene) dot(level detail) string { return s.dotFor(dotForm{level: level}) }

// dotFor is the scene in Graphviz's language. The ids let the layout's nodes and edges be found again.
func (s scene) dotFor(f dotForm) string {
	var b strings.Builder
	if !f.layout {
		for _, text := range s.remarks {
			fmt.Fprintf(&b, "// %s\n", text)
		}
	}
	room := float64(1 + f.room)
	fmt.Fprintf(&b, dotHead, 0.3*room, 0.6*room)
	if s.crowded && !f.layout {
		b.WriteString("  graph [splines=line, nslimit=2, mclimit=0.5];\n")
	}
	for i := range s.nodes {
		if len(s.edges) == 0 {
			i = len(s.nodes) - 1 - i // what nothing joins is piled up from below
		}
		n := s.nodes[i]
		color := typeColor(n.class)
		fmt.Fprintf(&b, "  %s [height=0.4, shape=record, label=\"%s\", color=\"%s\", fontcolor=\"%s\", id=\"n%d\"];\n",
			n.dotName(), n.dotLabel(f.layout), color, color, i)
	}
	for i, e := range s.edges {
		if !f.layout || !e.free {
			b.WriteString(s.dotEdge(f, i))
		}
	}
	for _, pair := range s.ranks(f.level) {
		fmt.Fprintf(&b, "  {rank=same; %s; %s;}\n", s.nodes[pair[0]].dotName(), s.nodes[pair[1]].dotName())
	}
	b.WriteString("}\n")
	return b.String()
}

// dotEdge is the line of an edge.
func (s scene) dotEdge(f dotForm, i int) string {
	e := s.edges[i]
	from, to := s.nodes[e.from], s.nodes[e.to]
	if f.level >= noPorts || f.layout && (from.small || to.small) {
		e.fromPort, e.toPort = -1, -1
	}
	style, lines := "", slices.Clone(e.lines)
	if s.crowded && !e.bold {
		lines = nil
	}
	if f.layout {
		for j := range lines {
			lines[j] = " " + lines[j] + " "
		}
	}
	if e.bold {
		style = ", penwidth=2.2, arrowsize=0.9, weight=4"
	} else if s.ring {
		style = ", constraint=false"
	}
	return fmt.Sprintf("  %s%s -> %s%s [label=\"%s\", color=\"%s\", fontcolor=\"%s\"%s, id=\"e%d\"];\n",
		from.dotName(), from.dotPort(e.fromPort), to.dotName(), to.dotPort(e.toPort),
		dotText(strings.Join(lines, "\n")), relColor(e.rel), relColor(e.rel), style, i)
}

// ranks are the nodes of a cycle that get the same place from left to right: laid out as a ring, a long cycle is half as
// wide as in a row, and its last step isn't longer than the others. Not two that an edge joins: Graphviz loses edges
// between records of the same rank ("lost T1 T2 edge").
func (s scene) ranks(level detail) [][2]int {
	n := len(s.nodes)
	if !s.ring || n < 4 || level >= noRing {
		return nil
	}
	var pairs [][2]int
	for i, j := 1, n-1; i < j; i, j = i+1, j-1 {
		if !s.joined(i, j) {
			pairs = append(pairs, [2]int{i, j})
		}
	}
	return pairs
}

// joined tells whether an edge leads from one of two nodes to the other.
func (s scene) joined(i, j int) bool {
	for _, e := range s.edges {
		if e.from == i && e.to == j || e.from == j && e.to == i {
			return true
		}
	}
	return false
}

// dotName is what a node is called: T and its operation's index.
func (n sceneNode) dotName() string {
	if n.index < 0 {
		return fmt.Sprintf("T_%d", -n.index)
	}
	return fmt.Sprintf("T%d", n.index)
}

// dotLabel is the fields of a node's record: its name, then <f0> mop|<f1> mop; or those alone that are drawn.
func (n sceneNode) dotLabel(drawn bool) string {
	fields, rows := []string{dotEscape(n.head)}, n.rows
	if drawn && n.small {
		return dotEscape(n.short)
	}
	for _, r := range rows {
		port := ""
		if r.port >= 0 {
			port = fmt.Sprintf("<f%d> ", r.port)
		}
		fields = append(fields, port+dotEscape(r.short))
	}
	return strings.Join(fields, "|")
}

// dotPort is the port of a micro-op; nothing if it isn't named.
func (n sceneNode) dotPort(port int) string {
	if port < 0 {
		return ""
	}
	return fmt.Sprintf(":f%d", port)
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

// dotEscape escapes what is special in a record's label, entities included. Spaces stay: one between words is kept by Graphviz.
func dotEscape(s string) string {
	return strings.NewReplacer(`&`, `&amp;`, `\`, `\\`, `|`, `\|`, `{`, `\{`, `}`, `\}`, `"`, `\"`, `<`, `\<`, `>`, `\>`).Replace(s)
}

// dotText escapes a plain label.
func dotText(s string) string {
	return strings.NewReplacer(`&`, `&amp;`, `\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s)
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

// typeColor is the colour of operations of a type.
func typeColor(class string) string {
	for _, row := range [...]struct{ class, color string }{{"ok", "#0058AD"}, {"info", "#AC6E00"}, {"fail", "#A50053"}} {
		if row.class == class {
			return row.color
		}
	}
	return "#585858"
}

// relColor is the colour of a relation's edges.
func relColor(rel string) string {
	for _, row := range relHues() {
		if row.rel == rel {
			return row.color
		}
	}
	return "#585858"
}

// relHue is how a relation is shown. The colours are the original's; where they are too pale for letters on white, text is
// darker. dark is for
// both on a dark ground. means says why A comes before B.
type relHue struct{ rel, color, text, dark, means string }

func relHues() []relHue {
	return []relHue{
		{"ww", "#C02700", "#C02700", "#FF8A70", "B wrote the version after A's"},
		{"wwp", "#FF6740", "#B83A14", "#FFA98F", "B wrote the version after A's, by which a search changes"},
		{"wr", "#C000A5", "#C000A5", "#FF80EC", "B saw what A wrote"},
		{"wrp", "#FF46E5", "#B5119D", "#FFA3F2", "B's search saw what A wrote"},
		{"rw", "#5B00C0", "#5B00C0", "#BD98FF", "A missed what B wrote"},
		{"rwp", "#9D45FF", "#7A22DC", "#D0B0FF", "A's search missed what B wrote"},
		{"realtime", "#0050C0", "#0050C0", "#74AAFF", "A had ended before B began"},
		{"process", "#00C0C0", "#007676", "#3CD6D6", "A ran before B in one process"},
	}
}
