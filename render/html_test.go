package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// hostile are strings that break pages whose writers forget to escape something.
var hostile = [...]string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `]]>`, `</style></svg><b>`,
	`<!--`, `-->`, `&lt;script&gt;`, `javascript:alert(1)`, "\x00\x01\x1b[31m", "\u202eevil\u2066", "日本語 ünïcödé 🙂", "\xff\xfe broken",
	strings.Repeat("long<&>\"'", 1250), `\`, "a\nb\tc",
}

// hostilePage is a page on a history whose every free string is s.
func hostilePage(t *testing.T, s string) []byte {
	t.Helper()
	// The reader takes no file with bytes that aren't text; checkers may still tell of them.
	legible := strings.Trim(strings.ToValidUTF8(s, "\uFFFD"), "\x00\x01")
	str := edn.NewString(legible)
	r := edn.NewKeyword("r")
	list := func(vs ...edn.Value) edn.Value { return edn.NewVector(vs) }
	read := func(els ...edn.Value) edn.Value {
		return list(list(r, str, list(els...)), list(edn.NewKeyword("append"), str, str))
	}
	extra := []history.Field{{Name: "error", Value: str}, {Name: legible, Value: str}}
	h, err := history.FromOps([]history.Op{
		{Index: 0, Type: history.Invoke, Process: edn.NewInt(0), F: str, Value: read(str)},
		{Index: 1, Type: history.OK, Process: edn.NewInt(0), F: str, Value: read(str, edn.NewInt(1)), Extra: extra},
		{Index: 2, Type: history.Invoke, Process: edn.NewInt(1), F: str, Value: read(edn.NewInt(1), str)},
		{Index: 3, Type: history.OK, Process: edn.NewInt(1), F: str, Value: read(edn.NewInt(1), str), Extra: extra},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	fields := []history.Field{{Name: "key", Value: str}, {Name: "value", Value: str}, {Name: "mop", Value: list(r, str, str)},
		{Name: "values", Value: list(list(str, edn.NewInt(1)), list(edn.NewInt(1), str))}, {Name: "sources", Value: str}}
	ops := []history.ID{1, 3}
	a := []check.Anomaly{
		{Kind: "G1c", Ops: ops, Steps: []check.Step{{Type: s, Fields: fields, Text: s}, {Type: "wr", Fields: fields, Text: s}}},
		{Kind: "incompatible-order", Ops: ops, Fields: fields, Text: s},
		{Kind: s, Ops: ops, Fields: fields, Text: s},
		{Kind: nonlinearizable, Ops: ops, Fields: fields, Text: s + "\n- " + s, Paths: []check.Path{{Op: 3, State: str, Reason: s, Start: str,
			Before: []check.Taken{{Op: 1, State: str}}}}},
	}
	res := check.Result{Checker: s, Verdict: check.Invalid, Anomalies: a, Notes: []check.Note{{Code: s, Text: s, Ops: ops}},
		Reasons: []check.Reason{{Code: s, Text: s, Ops: ops}}, Models: check.Models{Asked: []string{s}, Not: []string{s}, AlsoNot: []string{s}}}
	res.Parts = []check.Part{{Name: s, Result: check.Result{Verdict: check.Invalid, Anomalies: a}}}
	return HTML(h, res, HTMLOptions{File: s, Hints: []string{s}, Lattice: []LatticeModel{{Name: s, Note: s}, {Name: "x", Weaker: []string{s}}}})
}

// TestHTMLEscapes checks that no string of a history gets into a page as markup: the page's elements and attributes are
// the known ones, and each is as it would be for harmless strings. Without it, a history could run a script in the
// browser of whoever looks at its verdict, or break the page.
func TestHTMLEscapes(t *testing.T) {
	want := skeleton(t, hostilePage(t, "harmless"))
	for name := range skeleton(t, hostilePage(t, strings.Repeat("long and harmless ", 700))) {
		want[name] = max(want[name], 1)
	}
	for i, s := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			page := hostilePage(t, s)
			if !utf8.Valid(page) || bytes.ContainsAny(page, "\x00\x01\x1b") {
				t.Error("the page holds bytes that HTML forbids")
			}
			got := skeleton(t, page)
			for name := range got {
				if _, known := want[name]; !known {
					t.Errorf("got element or attribute %s, which the page of harmless strings doesn't have", name)
				}
			}
			if got["li"] != want["li"] || got["svg"] != want["svg"] || got["style"] != 1 || got["script"] != 0 {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// skeleton counts the elements and attributes of a page, which must be well-formed.
func skeleton(t *testing.T, page []byte) map[string]int {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict = true
	seen := map[string]int{}
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page isn't well-formed: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			open = append(open, e.Name.Local)
			seen[e.Name.Local]++
			for _, a := range e.Attr {
				seen[e.Name.Local+" "+a.Name.Local]++
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.Comment:
			t.Error("got a comment")
		}
	}
	if len(open) > 0 {
		t.Errorf("not shut: %v", open)
	}
	return seen
}

// TestHTMLBounds checks that of a great many anomalies a page shows a bounded number and counts the rest. Without it, a
// bad run could make a page that no browser opens.
func TestHTMLBounds(t *testing.T) {
	h := read(t, `{:type :invoke, :process 0, :value [[:append 1 1]], :time 5}
{:type :ok, :process 0, :value [[:append 1 1]], :time 4000005}`)
	r := check.Result{Verdict: check.Invalid}
	for range 5000 {
		r.Anomalies = append(r.Anomalies, check.Anomaly{Kind: "G0", Ops: []history.ID{1}, Total: 12345,
			Steps: []check.Step{{Type: "ww", Text: "of it"}}})
	}
	page := string(HTML(h, r, HTMLOptions{File: "f"}))
	if got, want := strings.Count(page, `<details class="anomaly"`), pageKind; got != want {
		t.Errorf("got %d anomalies, want %d", got, want)
	}
	if got, want := strings.Count(page, ` open="open"`), pageOpen; got != want {
		t.Errorf("got %d unfolded, want %d", got, want)
	}
	for _, want := range []string{"× 12,345", "… and 12,325 more like this."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestPlainSVG checks which drawings a page takes in. Without it, a drawing could bring a script along.
func TestPlainSVG(t *testing.T) {
	for svg, want := range map[string]bool{
		`<svg xmlns="http://www.w3.org/2000/svg"><g><title>a</title><path d="M0 0"/></g></svg>`: true,
		`<svg><a href="#x"><text>a</text></a></svg>`:                                            true,
		`<svg><script>alert(1)</script></svg>`:                                                  false,
		`<svg onload="alert(1)"></svg>`:                                                         false,
		`<svg><a href="http://example.com/"><text>a</text></a></svg>`:                           false,
		`<svg><foreignObject></foreignObject></svg>`:                                            false,
		`<svg><rect style="fill: url(http://example.com/)"/></svg>`:                             false,
		`<svg></svg><svg></svg>`:                                                                false,
		`<svg></svg>text`:                                                                       false,
		`<svg>`:                                                                                 false,
		`<g></g>`:                                                                               false,
		``:                                                                                      false,
	} {
		if got := isPlainSVG([]byte(svg)); got != want {
			t.Errorf("%s: got %v, want %v", svg, got, want)
		}
	}
}

// TestLattice checks that the picture of the lattice has each model above those that it implies, that no boxes of a
// layer overlap, and that implied edges are left out. Without it, the picture could say the opposite of what is so.
func TestLattice(t *testing.T) {
	models := []LatticeModel{
		{Name: "weak"}, {Name: "left", Weaker: []string{"weak", "unknown"}}, {Name: "right", Weaker: []string{"weak"}},
		{Name: "other right", Weaker: []string{"right"}}, {Name: "strong", Weaker: []string{"left", "other right", "weak"}},
		{Name: "alone"},
	}
	if got, want := fmt.Sprint(reducedEdges(models)), "[[] [0] [0] [2] [1 3] []]"; got != want {
		t.Errorf("got edges %s, want %s", got, want)
	}
	if !isPlainSVG(LatticeSVG(models)) {
		t.Error("the picture by itself isn't a plain drawing")
	}
	l := planLattice(models)
	for i := range l.nodes {
		for _, d := range l.nodes[i].down {
			if got, want := l.nodes[i].layer, l.nodes[d].layer+1; got != want {
				t.Errorf("node %d in layer %d, want %d", i, got, want)
			}
		}
	}
	for _, layer := range l.layers {
		for i := 1; i < len(layer); i++ {
			a, b := l.nodes[layer[i-1]], l.nodes[layer[i]]
			if a.x+a.wide/2 > b.x-b.wide/2 {
				t.Errorf("nodes %d and %d overlap", layer[i-1], layer[i])
			}
		}
	}
}

// TestFewReads checks that of many reads the witnesses and the longest are always shown. Without it, a table of reads
// could lack the two rows that it is there for.
func TestFewReads(t *testing.T) {
	var all []keyRead
	for i := range 5000 {
		all = append(all, keyRead{id: history.ID(i), list: make([]history.Sym, i%7), witness: i == 4000 || i == 4998})
	}
	few := fewReads(all, 4321)
	if len(few) > maxReadRows {
		t.Errorf("got %d rows, want at most %d", len(few), maxReadRows)
	}
	for _, id := range []history.ID{4000, 4321, 4998} {
		if !slices.ContainsFunc(few, func(r keyRead) bool { return r.id == id }) {
			t.Errorf("read %d is missing", id)
		}
	}
}
