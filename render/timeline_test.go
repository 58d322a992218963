package render

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// timelineBox is a box of a page as a browser would find it.
type timelineBox struct {
	class, id, title, text   string
	anchors                  []string // inside
	left, top, width, height int
}

// boxesOf are the boxes of a page, and what else it has: elements by name, the operations that gaps stand for.
func boxesOf(t testing.TB, page []byte) (boxes []timelineBox, tags map[string]int, omitted int) {
	t.Helper()
	tags = map[string]int{}
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict = false
	var open *timelineBox
	class := ""
	for {
		token, err := d.Token()
		if err == io.EOF {
			return boxes, tags, omitted
		}
		if err != nil {
			t.Fatalf("%v in\n%.2000s", err, page)
		}
		switch x := token.(type) {
		case xml.StartElement:
			tags[x.Name.Local]++
			attrs := map[string]string{}
			for _, a := range x.Attr {
				attrs[a.Name.Local] = a.Value
				if strings.HasPrefix(a.Name.Local, "on") {
					t.Fatalf("an attribute %s in\n%.2000s", a.Name.Local, page)
				}
			}
			class = attrs["class"]
			switch {
			case x.Name.Local == "a":
				b := timelineBox{class: class, id: attrs["id"], title: attrs["title"]}
				if _, err := fmt.Sscanf(attrs["style"], "left:%dpx;top:%dpx;width:%dpx;height:%dpx", &b.left, &b.top, &b.width, &b.height); err != nil {
					t.Fatalf("the place of a box is %q", attrs["style"])
				}
				boxes = append(boxes, b)
				open = &boxes[len(boxes)-1]
			case x.Name.Local == "i" && open != nil:
				open.anchors = append(open.anchors, attrs["id"])
			}
		case xml.EndElement:
			if x.Name.Local == "a" {
				open = nil
			}
		case xml.CharData:
			if open != nil {
				open.text += string(x)
			}
			if m := regexp.MustCompile(`^… ([\d,]+) operations? left out …$`).FindStringSubmatch(string(x)); m != nil && class == "g" {
				n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
				if err != nil {
					t.Fatal(err)
				}
				omitted += n
			}
		}
	}
}

// Without it a box could lie, hide another one, have no anchor, or run what a database answered as a script.
func TestTimelineBoxes(t *testing.T) {
	const hostile = `"><script>alert(1)</script><a onclick='x'>`
	op := func(process history.Value, f, value string, at int64, kind history.Type, extra ...history.Field) history.Op {
		return history.Op{Process: process, F: edn.NewKeyword(f), Value: edn.NewString(value), Time: at, Type: kind, Extra: extra}
	}
	zero, one, nemesis := edn.NewInt(0), edn.NewInt(1), edn.NewKeyword("nemesis")
	ops := []history.Op{
		op(one, "write", hostile, 1e9, history.Invoke),
		op(zero, "read", "", 2e9, history.Invoke),
		op(nemesis, "kill", hostile, 2.5e9, history.Info), op(nemesis, "kill", "killed", 2.6e9, history.Info),
		op(one, "write", hostile, 3e9, history.Info, history.Field{Name: "error", Value: edn.NewString(hostile)}),
		op(zero, "read", "seen", 4e9, history.OK),
		op(zero, "cas", "", 5e9, history.Invoke),
		op(zero, "cas", "", 5.5e9, history.Fail),
		op(zero, "read", "", 6e9, history.Invoke),
	}
	for i := range ops {
		ops[i].Index = int64(10 * i)
	}
	h, err := history.FromOps(ops)
	if err != nil {
		t.Fatal(err)
	}
	page := Timeline(h, TimelineOptions{Name: hostile, Start: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC), Faults: []Fault{{hostile, hostile, 2.5e9, 5e9, false}}})
	boxes, tags, omitted := boxesOf(t, page.HTML)
	if page.Shown != 5 || page.Left != 0 || len(boxes) != 5 || omitted != 0 || tags["script"] != 0 {
		t.Fatalf("shown %d, left %d, %d boxes, %d omitted, %v", page.Shown, page.Left, len(boxes), omitted, tags)
	}
	var got []string
	for _, b := range boxes {
		got = append(got, fmt.Sprintf("%s %v %s %q column %d rows %d to %d", b.id, b.anchors, b.class, clipText(b.text, 18), (b.left-columnsLeft)/columnWide,
			(b.top-headHigh)/rowHigh, (b.top+b.height-headHigh)/rowHigh))
	}
	want := []string{
		`i40 [i0] info "info write \"\\\"><sc…" column 2 rows 0 to 4`,
		`i50 [i10] ok "read \"seen\"" column 1 rows 1 to 5`,
		`i30 [i20] other "kill \"killed\"" column 0 rows 2 to 3`,
		`i70 [i60] fail "fail cas \"\"" column 1 rows 6 to 7`,
		`i80 [] info "open read \"\"" column 1 rows 8 to 8`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the boxes are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, part := range []string{"process 1 · write · info", "asked: " + edn.NewString(hostile).String(), "error: ", "took 2.0 s", "2026-05-04 03:02:02.000 UTC", "index 0 to 40"} {
		if !strings.Contains(boxes[0].title, part) {
			t.Errorf("on hover there is %q, want in it %q", boxes[0].title, part)
		}
	}
	for id := range h.All() {
		if !page.Shows(id) {
			t.Errorf("it doesn't show %d", id)
		}
	}
}

// Without it a long history could fill gigabytes, or its page leave out what somebody asked for, or not say what it leaves out.
func TestTimelineOfManyOperations(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	list := randomTimed(r, 30_000, 600e9, 1e9)
	for i := range list {
		list[i].process = int64(i % 7) // overlapping: no process does two at once below
		list[i].from, list[i].to = int64(i)*20e6, int64(i)*20e6+int64(r.IntN(15e6))
	}
	h := historyOf(t, list, history.Op{Process: edn.NewKeyword("nemesis"), F: edn.NewKeyword("kill"), Time: 500e9, Type: history.Info})
	around := []history.ID{40_000, 59_000, 59_000}
	for _, most := range []int{100, 5000} {
		page := Timeline(h, TimelineOptions{Around: around, Max: most})
		boxes, _, omitted := boxesOf(t, page.HTML)
		if len(boxes) != most || page.Shown != most || page.Left != 30_001-most || omitted != page.Left {
			t.Fatalf("of at most %d: %d boxes, shown %d, left %d, omitted %d", most, len(boxes), page.Shown, page.Left, omitted)
		}
		for _, id := range around {
			for d := history.ID(-6); d <= 6; d++ {
				if !page.Shows(id + d) {
					t.Errorf("of at most %d: it lacks %d, near %d", most, id+d, id)
				}
			}
		}
		if !page.Shows(0) || page.Shows(30_000) {
			t.Errorf("of at most %d: the first operation shown %v, one far from all %v", most, page.Shows(0), page.Shows(30_000))
		}
		if n := bytes.Count(page.HTML, []byte(`class="other"`)); n != 1 {
			t.Errorf("of at most %d: %d boxes of the nemesis", most, n)
		}
	}
	if page := Timeline(h, TimelineOptions{}); page.Shown != maxTimelinePairs || len(page.HTML) > 16<<20 {
		t.Errorf("%d operations in %d bytes", page.Shown, len(page.HTML))
	}
}

// Without it a page of crashing clients could have a column for each of thousands of processes, or two boxes in one place.
func TestTimelineColumns(t *testing.T) {
	const threads, crashes = 5, 40
	var list []timed
	for i := range threads * crashes {
		at := int64(i) * 1e6
		list = append(list, timed{"write", int64(i), at, at + 1e5 + int64(i%threads)*8e5, history.Info})
	}
	page := Timeline(historyOf(t, list), TimelineOptions{})
	boxes, _, _ := boxesOf(t, page.HTML)
	columns := map[int][]timelineBox{}
	for _, b := range boxes {
		for _, o := range columns[b.left] {
			if b.top < o.top+o.height && o.top < b.top+b.height {
				t.Fatalf("%v and %v lie on each other", b, o)
			}
		}
		columns[b.left] = append(columns[b.left], b)
	}
	if len(columns) > threads {
		t.Errorf("%d columns for %d threads", len(columns), threads)
	}
	few := Timeline(historyOf(t, list[:ownColumns]), TimelineOptions{})
	boxes, _, _ = boxesOf(t, few.HTML)
	columns = map[int][]timelineBox{}
	for _, b := range boxes {
		columns[b.left] = append(columns[b.left], b)
	}
	if len(columns) != ownColumns {
		t.Errorf("%d columns for %d processes", len(columns), ownColumns)
	}
}

// Without it one large value could make the page as large as itself, many times over.
func TestTimelineOfLargeValues(t *testing.T) {
	items := make([]edn.Value, 300_000)
	for i := range items {
		items[i] = edn.NewString(strings.Repeat("x", 10))
	}
	deep := edn.NewInt(1)
	for range 2000 {
		deep = edn.NewVector([]edn.Value{deep, edn.NewString(strings.Repeat("<", 1000))})
	}
	for _, v := range []edn.Value{edn.NewVector(items), edn.NewSet(items[:1]), edn.NewMap(items), edn.NewString(strings.Repeat("&", 3<<20)), deep} {
		if text := shortened(v); len([]rune(text)) > maxTitleText+1 {
			t.Errorf("%d characters", len([]rune(text)))
		}
	}
}

// Whatever reads as a history can be drawn.
func FuzzPictures(f *testing.F) {
	f.Add([]byte(`{:type :invoke, :process 0, :f :read, :time 1, :index 0} {:type :ok, :process 0, :f :read, :value [1 {:a "<"}], :time -5, :index 1}`))
	f.Add([]byte(`{:type :info, :process :nemesis, :f :start, :time 9223372036854775807, :clock-offsets {"n1" 1e300, "n2" -0.5, :n3 7}}`))
	f.Add([]byte(`[{"type":"ok","process":1,"f":"\u0000\u202e]]>","value":{"key":1},"time":-9223372036854775807},{"type":"invoke","process":1,"time":9223372036854775806}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := history.Read(t.Context(), "x", data, history.Options{Lenient: true})
		if err != nil {
			return
		}
		d, timed := newDeeds(h)
		faults := []Fault{{"kill", string(data), d.origin, int64(d.last), false}, {string(data), "", -7, 3, true}}
		for _, row := range plotRows {
			if !timed && row.name != "clock-skew" {
				continue
			}
			if c, _ := row.make(d, PlotOptions{Name: string(data), Faults: faults}); c != nil {
				c.settle()
				svg := c.svg()
				wellFormed(t, row.name, svg, c.width, c.height)
				if bytes.Contains(svg, []byte("NaN")) {
					t.Errorf("%s: a number that is none:\n%s", row.name, svg)
				}
			}
		}
		page := Timeline(h, TimelineOptions{Name: string(data), Faults: faults, Around: []history.ID{0}, Max: 3})
		boxes, tags, omitted := boxesOf(t, page.HTML)
		if len(boxes) != page.Shown || omitted != page.Left || tags["script"] > 0 {
			t.Errorf("shown %d, left %d; %d boxes, %d omitted, %v", page.Shown, page.Left, len(boxes), omitted, tags)
		}
	})
}
