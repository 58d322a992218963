package render

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// gridDrawer lays graphs out by itself: boxes in a column, edges in a bundle. It stands for Graphviz, whose SVG has this
// shape.
type gridDrawer struct{ broken func(svg string) string }

func (d gridDrawer) Draw(_ context.Context, dot []byte) ([]byte, error) {
	var b strings.Builder
	b.WriteString(`<svg><g id="graph0" class="graph">`)
	for i, m := range regexp.MustCompile(`shape=record, label="([^\n]*)", color=`).FindAllStringSubmatch(string(dot), -1) {
		fields := len(regexp.MustCompile(`(^|[^\\])\|`).FindAllString(m[1], -1)) + 1
		fmt.Fprintf(&b, `<g id="n%d" class="node">`, i)
		y := 200 * i
		fmt.Fprintf(&b, `<polygon points="0,%d 0,%d 90,%d 90,%d"/>`, y, y+20*fields, y+20*fields, y)
		for f := 1; f < fields; f++ {
			fmt.Fprintf(&b, `<polyline points="0,%d 90,%d"/>`, y+20*f, y+20*f)
		}
		b.WriteString(`</g>`)
	}
	for i := range strings.Count(string(dot), " -> ") {
		fmt.Fprintf(&b, `<g id="e%d" class="edge"><path d="M1,2C3,4 5,6 7,8"/><polygon points="7,8 9,8 8,9"/>`+
			`<text x="5" y="5">wr</text></g>`, i)
	}
	b.WriteString(`</g></svg>`)
	if d.broken != nil {
		return []byte(d.broken(b.String())), nil
	}
	return []byte(b.String()), nil
}

// nasty is a cycle whose values try to break out of DOT and of SVG.
func nasty(t *testing.T) (*history.History, check.Anomaly) {
	h := read(t, `{:index 0, :type :ok, :process 0, :f :txn, :value [[:append "<script>&\"]]>{|}\\" 1] [:r :y [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]]]}
{:index 1, :type :info, :process "</style>", :f :txn, :value [[:append :y "`+strings.Repeat("long ", 2000)+"\u0001"+`"] [:r :x nil]]}
`)
	ports := []history.Field{{Name: "key", Value: edn.NewString(`"><b>`)}, {Name: "a-mop-index", Value: edn.NewInt(0)}, {Name: "b-mop-index", Value: edn.NewInt(1)}}
	return h, check.Anomaly{Kind: "G1c", Ops: []history.ID{0, 1}, Steps: []check.Step{
		{Type: "wr", Fields: ports, Text: "T2 <saw> it"}, {Type: "no such rel", Fields: ports}}}
}

// TestDrawCycle checks a drawing of hostile values: well-formed XML of the few elements that it's made of, with the cycle
// and all texts in it. Without it, a value could break the page that holds the drawing, or vanish from it.
func TestDrawCycle(t *testing.T) {
	h, a := nasty(t)
	p := DrawCycle(context.Background(), gridDrawer{}, h, a, "G1c/0")
	if p.SVG == nil || p.Bare == nil {
		t.Fatalf("not drawn: %s", p.Why)
	}
	for _, svg := range [][]byte{p.SVG, p.Bare} {
		if !isPlainSVG(svg) {
			t.Errorf("not a plain drawing:\n%s", svg)
		}
	}
	text := ""
	for d := xml.NewDecoder(strings.NewReader(string(p.SVG))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := token.(xml.CharData); ok {
			text += string(data)
		}
	}
	for _, want := range []string{"G1c", "T1 comes before T2, because T2 <saw> it.", "<script>", "T2 · process", "… 8 9 10 11 12 13 14 15]"} {
		if !strings.Contains(text, want) {
			t.Errorf("the drawing lacks %q:\n%s", want, text)
		}
	}
	if len(p.SVG) > 40_000 {
		t.Errorf("a drawing of two operations has %d bytes", len(p.SVG))
	}
}

// TestLyingDrawer checks that answers that don't fit the graph are errors. Without it, a drawer could make a drawing that
// shows another cycle than the one found, or crash jcheck.
func TestLyingDrawer(t *testing.T) {
	h, a := nasty(t)
	for name, broken := range map[string]func(string) string{
		"empty":          func(string) string { return "" },
		"no XML":         func(string) string { return "<svg" },
		"another graph":  func(s string) string { return strings.ReplaceAll(s, `id="n1"`, `id="n7"`) },
		"a lost edge":    func(s string) string { return strings.ReplaceAll(s, `id="e1"`, `id="x"`) },
		"a lost field":   func(s string) string { return strings.ReplaceAll(s, "polyline", "line") },
		"no number":      func(s string) string { return strings.ReplaceAll(s, "M1,2C3,4", "M1,2C3,NaN") },
		"infinity":       func(s string) string { return strings.ReplaceAll(s, "M1,2", "M1,1e300") },
		"an odd number":  func(s string) string { return strings.ReplaceAll(s, "M1,2", "M1,2,3") },
		"too many lines": func(s string) string { return strings.ReplaceAll(s, "7,8 9,8", strings.Repeat("7,8 ", 200_000)) },
	} {
		if p := DrawCycle(context.Background(), gridDrawer{broken}, h, a, "x"); p.SVG != nil || p.Why == "" || p.DOT == nil {
			t.Errorf("%s: got a drawing: %.100s", name, p.SVG)
		}
	}
}

// TestPicturesAreBounded checks what is drawn of many and of large graphs. Without it, ten thousand anomalies could be
// drawn for an hour, or one graph of as many nodes.
func TestPicturesAreBounded(t *testing.T) {
	h, a := nasty(t)
	var r check.Result
	for range maxPictures + 5 {
		r.Anomalies = append(r.Anomalies, a)
	}
	large := check.Graph{Total: 2, Ops: []history.ID{0, 1}}
	for range maxEdges + 1 {
		large.Edges = append(large.Edges, check.Edge{From: 0, To: 1, Step: check.Step{Type: "rw"}})
	}
	r.Graphs = []check.Graph{large, {Total: 1000, Ops: []history.ID{0, 1}, Edges: large.Edges[:3]}}
	list := Pictures(context.Background(), gridDrawer{}, h, r)
	drawn := 0
	for _, p := range list {
		if p.SVG != nil {
			drawn++
		}
		if p.Name == "sccs/0" && !strings.Contains(p.Why, "edges are too many") {
			t.Errorf("a graph of %d edges: %q", maxEdges+1, p.Why)
		}
	}
	if len(list) != maxPictures+7 || drawn > maxPictures || drawn < maxPictures-1 {
		t.Errorf("%d of %d pictures are drawn, want %d", drawn, len(list), maxPictures)
	}
	note := DrawGraph(context.Background(), gridDrawer{}, h, r.Graphs[1], nil, "sccs/1")
	if !strings.Contains(string(note.SVG), "Too many to draw") {
		t.Errorf("nothing says that most operations are left out:\n%s", note.SVG)
	}
}
