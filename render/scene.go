package render

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// scene is what a drawing shows, before anything has a place.
type scene struct {
	title string
	about string   // a sentence below the title
	notes []string // sentences of the legend
	nodes []sceneNode
	edges []sceneEdge
	ring  bool // the first nodes and edges are a cycle, in its order
	own   bool // T1, T2, ... are the drawing's own names, and those of no story
	// crowded says that there are too many edges for curves and labels: see thinOut.
	crowded bool
	remarks []string // sentences on what the drawing leaves out or plays down
}

// sceneNode is one operation.
type sceneNode struct {
	index int64  // of the operation: its name in DOT is T and the index
	name  string // what the story calls it: "T1"
	head  string // the name and where it comes from
	class string // "ok", "info", "fail" or "invoke"
	whole string // the operation, on a line
	rows  []sceneRow
	small bool   // drawn without its rows, by what is short
	short string // the name and the line
}

// shown are the rows that are drawn.
func (n sceneNode) shown() []sceneRow {
	if n.small {
		return nil
	}
	return n.rows
}

// sceneRow is one micro-op, or what stands for several that are left out.
type sceneRow struct {
	port  int // place of the micro-op, -1 for none
	short string
	whole string
	hot   bool // an edge of the cycle begins or ends here
}

// sceneEdge says that one node comes before another.
type sceneEdge struct {
	from, to         int // places in nodes
	fromPort, toPort int // micro-ops, -1 for none
	rel              string
	lines            []string // the label
	whole            string   // the reason
	bold             bool     // belongs to a cycle
	last             bool     // the step that contradicts the others
	free             bool     // a straight line behind the boxes, for which no drawer is asked
}

// What a node shows of a long transaction.
const (
	maxRows = 8  // micro-ops, besides those that edges lead to
	maxText = 30 // characters of one
)

// cycleScene is the drawing of a cycle: its steps, and what else orders its transactions.
func cycleScene(h *history.History, a check.Anomaly) scene {
	s := scene{title: a.Kind, about: check.Meaning(a.Kind), ring: true}
	for i := range a.Steps {
		from, to := stepEnds(a, i)
		e := newSceneEdge(from-1, to-1, a.Steps[i])
		e.bold, e.last = true, i+1 == len(a.Steps)
		e.lines = stepLabel(a.Steps[i])
		s.edges = append(s.edges, e)
	}
	for _, x := range a.Among {
		s.edges = append(s.edges, newSceneEdge(x.From, x.To, x.Step))
	}
	s.addNodes(h, a.Ops)
	s.thinOut()
	s.remarks = s.crowding()
	return s
}

// graphScene is the drawing of a component. The steps of the given cycles are bold.
func graphScene(h *history.History, g check.Graph, cycles []check.Anomaly) scene {
	s := scene{title: fmt.Sprintf("%s that order each other in circles", count(g.Total, "operation")), own: true}
	bold := boldSteps(g, cycles)
	for _, x := range g.Edges {
		e := newSceneEdge(x.From, x.To, x.Step)
		if e.bold = bold[stepOf{g.Ops[x.From], g.Ops[x.To], x.Step.Type}]; e.bold {
			e.lines = stepLabel(x.Step)
		}
		s.edges = append(s.edges, e)
	}
	s.addNodes(h, g.Ops)
	s.thinOut()
	if g.Total > len(g.Ops) {
		s.remarks = append(s.remarks, fewOf(g))
	}
	s.remarks = append(s.remarks, s.crowding()...)
	return s
}

// factScene is the drawing of an anomaly that is no cycle: its operations with what it is about, who wrote what was read,
// and its story.
func factScene(h *history.History, a check.Anomaly) scene {
	s := scene{title: a.Kind, about: check.Meaning(a.Kind), notes: strings.Split(a.Text, "\n")}
	place := func(field string) int {
		for _, f := range a.Fields {
			if id, ok := check.AsOpRef(f.Value); ok && f.Name == field {
				return slices.Index(a.Ops, id)
			}
		}
		return -1
	}
	if reader, writer := place("op"), place("writer"); reader >= 0 && writer >= 0 && reader != writer {
		e := newSceneEdge(writer, reader, check.Step{Type: "wr", Fields: a.Fields, Text: a.Text})
		what := "element"
		if fieldText(a.Fields, what) == "it" {
			what = "value"
		}
		e.lines, e.bold = []string{"wr", "saw " + fieldText(a.Fields, what)}, true
		s.edges = append(s.edges, e)
	}
	s.addNodes(h, a.Ops)
	for i, id := range a.Ops {
		about := focusOn(a, i)
		mops := h.Mops(id)
		for j := range s.nodes[i].rows {
			r := &s.nodes[i].rows[j]
			if r.port < 0 || r.port >= len(mops) {
				continue
			}
			key := h.Value(h.KeySym(mops[r.port].Key))
			r.hot = about.mops[r.port] || slices.ContainsFunc(about.keys, func(k edn.Value) bool { return edn.Equal(k, key) })
		}
	}
	return s
}

// newSceneEdge is an edge with the shortest of labels.
func newSceneEdge(from, to int, s check.Step) sceneEdge {
	e := sceneEdge{from: from, to: to, fromPort: -1, toPort: -1, rel: s.Type, lines: []string{relName(s.Type)},
		whole: reason(s)}
	if i, ok := intField(s.Fields, "a-mop-index"); ok {
		e.fromPort = i
	}
	if i, ok := intField(s.Fields, "b-mop-index"); ok {
		e.toPort = i
	}
	return e
}

// addNodes adds the operations. Edges must be there: what they lead to is always shown.
func (s *scene) addNodes(h *history.History, ops []history.ID) {
	ports, hot := make([]map[int]bool, len(ops)), make([]map[int]bool, len(ops))
	for i := range ops {
		ports[i], hot[i] = map[int]bool{}, map[int]bool{}
	}
	for i := range s.edges {
		e := &s.edges[i]
		for _, end := range [...]struct {
			node int
			port *int
		}{{e.from, &e.fromPort}, {e.to, &e.toPort}} {
			if *end.port >= numRows(h, ops[end.node]) {
				*end.port = -1 // the step names a micro-op that isn't there
			}
			ports[end.node][*end.port] = true
			hot[end.node][*end.port] = hot[end.node][*end.port] || e.bold
		}
	}
	for i, id := range ops {
		n := sceneNode{index: h.Index(id), name: fmt.Sprintf("T%d", i+1), class: typeName(h.Type(id)), whole: OpMap(h.Op(id)).String()}
		n.head = n.name
		if line := h.Pos(id).Line; s.own && line > 0 {
			n.head += fmt.Sprintf(" · line %d", line)
		}
		n.short = n.head
		n.head += " · process " + clip(h.ProcName(h.Proc(id)).String(), 12)
		if n.class != "ok" {
			n.head += " · " + n.class
		}
		n.rows = rowsOf(h, id, ports[i], hot[i])
		s.nodes = append(s.nodes, n)
	}
}

// typeName is an operation's type as a word.
func typeName(t history.Type) string {
	return [...]string{history.Invoke: "invoke", history.OK: "ok", history.Fail: "fail", history.Info: "info"}[t&3]
}

// numRows is how many micro-ops a node may show: one for what is no transaction.
func numRows(h *history.History, id history.ID) int {
	if h.Kind(id) != history.KindTxn {
		return 1
	}
	return len(h.Mops(id))
}

// rowsOf are an operation's micro-ops, or its function and value. Of many, those without an edge are left out.
func rowsOf(h *history.History, id history.ID, ports, hot map[int]bool) []sceneRow {
	if h.Kind(id) != history.KindTxn {
		op := h.Op(id)
		whole := op.F.Text + " " + op.Value.String()
		return []sceneRow{{port: 0, short: clip(whole, maxText), whole: whole, hot: hot[0]}}
	}
	mops, blank := h.Mops(id), h.Blank(id)
	var rows []sceneRow
	room, left := maxRows, 0
	for i := range mops {
		if !ports[i] {
			if room == 0 && len(mops)-len(ports) > maxRows {
				left++
				continue
			}
			room--
		}
		v := h.MopValue(&mops[i], blank)
		rows = append(rows, sceneRow{port: i, short: shortMop(v), whole: dotMop(v), hot: hot[i]})
	}
	if left > 0 {
		rows = append(rows, sceneRow{port: -1, short: fmt.Sprintf("... %d more", left), whole: OpMap(h.Op(id)).String()})
	}
	if len(rows) == 0 {
		rows = append(rows, sceneRow{port: -1, short: "nothing", whole: "a transaction without micro-ops"})
	}
	return rows
}

// shortMop is a micro-op in at most maxText characters: the beginning of a long key, and of a long list its end, where
// reads differ.
func shortMop(v edn.Value) string {
	text := dotMop(v)
	if utf8.RuneCountInString(text) <= maxText || !v.Sequential() || len(v.Items) != 3 {
		return clip(text, maxText)
	}
	f, key, arg := v.Items[0], v.Items[1], v.Items[2]
	if name := key.String(); utf8.RuneCountInString(name) > maxLabel {
		key = edn.NewSymbol(clip(name, maxLabel))
		text = dotMop(edn.NewVector([]edn.Value{f, key, arg}))
	}
	if !arg.Sequential() {
		return clip(text, maxText)
	}
	// An element takes a character and a blank, so nothing before the last maxText elements can fit.
	for from := max(1, len(arg.Items)-maxText); from < len(arg.Items) && utf8.RuneCountInString(text) > maxText; from++ {
		end := edn.NewVector(append([]edn.Value{edn.NewSymbol("…")}, arg.Items[from:]...))
		text = dotMop(edn.NewVector([]edn.Value{f, key, end}))
	}
	return clip(text, maxText)
}

// clip is a text of at most n characters, none of which can confuse a drawer: control characters become blanks.
func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return strings.TrimRight(string(r[:n-1]), " ") + "…"
}

// relName is what the label of an edge calls its relation.
func relName(rel string) string {
	switch rel {
	case "realtime":
		return "rt"
	case "process":
		return "p"
	}
	return rel
}

// maxLabel is how many characters a value may have in the label of an edge.
const maxLabel = 14

// fieldText is a field's value in few characters; "it" if there is none.
func fieldText(fields []history.Field, name string) string {
	i := slices.IndexFunc(fields, func(f history.Field) bool { return f.Name == name })
	if i < 0 {
		return "it"
	}
	v := fields[i].Value
	if v.Kind == edn.Keyword && v.Text == "elle/dead" {
		return "its end"
	}
	return clip(v.String(), maxLabel)
}

// stepLabel says in two short lines what a step means.
func stepLabel(s check.Step) []string {
	text := func(name string) string { return fieldText(s.Fields, name) }
	name := relName(s.Type)
	if key := text("key"); key != "it" {
		name += " " + key
	}
	switch s.Type {
	case "ww", "wwp":
		return []string{name, text("value") + ", then " + text("value'")}
	case "wr":
		return []string{name, "saw " + text("value")}
	case "wrp":
		return []string{name, "search saw " + text("value")}
	case "rw":
		return []string{name, "missed " + text("value'")}
	case "rwp":
		return []string{name, "search missed " + text("value'")}
	case "process":
		return []string{name, "same process"}
	case "realtime":
		return []string{name, "ended before"}
	}
	return []string{name}
}
