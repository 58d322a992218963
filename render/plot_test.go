package render

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jcheck/history"
	"jcheck/internal/edn"
)

var rewritePlots = flag.Bool("rewrite-plots", false, "put the pictures as they are drawn into testdata")

// timed are operations as tests write them: an invocation and a completion, or none if the end is negative.
type timed struct {
	f        string
	process  int64
	from, to int64
	end      history.Type
}

// historyOf is a history of operations in the order of their times, with those of the nemesis as they are.
func historyOf(t testing.TB, list []timed, nemesis ...history.Op) *history.History {
	t.Helper()
	var ops []history.Op
	for _, x := range list {
		op := history.Op{Process: edn.NewInt(x.process), F: edn.NewKeyword(x.f), Time: x.from, Type: history.Invoke}
		ops = append(ops, op)
		if x.to >= x.from {
			op.Time, op.Type = x.to, x.end
			ops = append(ops, op)
		}
	}
	ops = append(ops, nemesis...)
	slices.SortStableFunc(ops, func(a, b history.Op) int {
		if a.Time != b.Time {
			return int(max(min(a.Time/2-b.Time/2+(a.Time%2-b.Time%2), 1), -1)) // halves: the difference may not fit
		}
		return 0
	})
	for i := range ops {
		ops[i].Index = int64(i)
	}
	h, err := history.FromOps(ops)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// each process does one operation after another: random ones, over a time, of three functions.
func randomTimed(r *rand.Rand, n int, over, most int64) []timed {
	var list []timed
	for i := range n {
		from := r.Int64N(over)
		x := timed{f: []string{"read", "write", "cas"}[r.IntN(3)], process: int64(i), from: from, to: from + int64(math.Exp(r.Float64()*math.Log(float64(most)))), end: history.Type(1 + r.IntN(3))}
		if r.IntN(50) == 0 {
			x.to = -1
		}
		list = append(list, x)
	}
	return list
}

// told is a canvas that writes down what is drawn.
type told struct{ strings.Builder }

func (c *told) fill(b box, color ink, title string) {
	fmt.Fprintf(c, "fill %s,%s to %s,%s with %d %q\n", unit(b.x0), unit(b.y0), unit(b.x1), unit(b.y1), color, title)
}

func (c *told) line(path []spot, p pen) {
	fmt.Fprintf(c, "line %s wide, of %d%s:", unit(p.width), p.color, map[bool]string{true: ", dashed"}[p.dash > 0])
	for _, s := range path {
		fmt.Fprintf(c, " %s,%s", unit(s.x), unit(s.y))
	}
	c.WriteByte('\n')
}

func (c *told) marks(shape, at []spot, p pen) {
	if len(at) == 0 {
		return
	}
	fmt.Fprintf(c, "marks with %d corners, of %d%s:", len(shape), p.color, map[bool]string{true: ", hollow"}[p.width > 0])
	for _, s := range at {
		fmt.Fprintf(c, " %s,%s", unit(s.x), unit(s.y))
	}
	c.WriteByte('\n')
}

func (c *told) text(at spot, text string, color ink, l letter) {
	fmt.Fprintf(c, "text %s,%s %q in %d\n", unit(at.x), unit(at.y), text, color)
}

// chartOf is a picture before it is drawn.
func chartOf(t testing.TB, h *history.History, name string, faults ...Fault) *chart {
	t.Helper()
	d, _ := newDeeds(h)
	for _, row := range plotRows {
		if row.name != name {
			continue
		}
		c, why := row.make(d, PlotOptions{Name: "a history", Faults: faults})
		if c == nil {
			t.Fatalf("%s: %s", name, why)
		}
		c.settle()
		return c
	}
	t.Fatalf("no picture %s", name)
	return nil
}

// Without it any part of a picture could move, vanish or change its sign unseen.
func TestPlotScenes(t *testing.T) {
	offsets := func(at int64, text string) history.Op {
		v, _, err := edn.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return history.Op{Process: edn.NewKeyword("nemesis"), F: edn.NewKeyword("check-clock-offsets"), Time: at, Type: history.Info,
			Extra: []history.Field{{Name: offsetsField, Value: v}}}
	}
	h := historyOf(t, []timed{
		{"read", 0, 1e9, 1.002e9, history.OK}, {"write", 1, 2e9, 2.05e9, history.OK}, {"read", 2, 3e9, 5e9, history.Info},
		{"cas", 3, 4e9, 4.0001e9, history.Fail}, {"write", 4, 6e9, -1, 0}, {"read", 0, 9e9, 9.001e9, history.OK},
	}, offsets(1e9, `{"n1" 0.0, "n2" 0.5}`), offsets(5e9, `{"n1" -1.5, "n2" 0.25}`))
	var b strings.Builder
	for _, name := range PlotNames() {
		c := chartOf(t, h, name, Fault{"partition", "n1", 2e9, 5e9, false}, Fault{"kill", "n2", 4e9, 4e9, false}, Fault{"partition", "n3", 8e9, 9e9, true})
		var v told
		c.draw(&v)
		fmt.Fprintf(&b, "# %s, %s by %s\n%s\n", name, unit(c.width), unit(c.height), v.String())
	}
	const file = "testdata/plots.txt"
	if *rewritePlots {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		for i, line := range strings.Split(got, "\n") {
			if lines := strings.Split(string(want), "\n"); i >= len(lines) || lines[i] != line {
				t.Fatalf("line %d is\n%s\nwant that of %s (hint: go test ./render -run PlotScenes -rewrite-plots)", i+1, line, file)
			}
		}
		t.Fatalf("%s has more lines", file)
	}
}

// Without it a median could be a mean, a window could hold operations of another, or one could be counted twice.
func TestQuantilesAgainstSorting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		list := randomTimed(r, 1+r.IntN(300), 1+r.Int64N(1e12), 1+r.Int64N(1e10))
		d, _ := newDeeds(historyOf(t, list))
		w := newTimeWindows(float64(d.last))
		rows := d.latencies(w)
		if w.n > maxTimeWindows || w.n < 1 {
			t.Fatalf("%d windows", w.n)
		}
		for f, name := range d.fs {
			for k := range w.n {
				from, to := w.bounds(k)
				var want []int64
				for _, x := range list {
					at := float64(x.from - d.origin)
					if x.f != name || at < from || at >= to && (k < w.n-1 || at > to) {
						continue
					}
					if x.to < 0 {
						want = append(want, int64(d.last)+d.origin-x.from)
					} else {
						want = append(want, x.to-x.from)
					}
				}
				slices.Sort(want)
				if len(rows[f][k]) != len(want) {
					t.Fatalf("%s, window %d: got %d operations, want %d", name, k, len(rows[f][k]), len(want))
				}
				for _, q := range plotQuantiles {
					if len(want) == 0 {
						break
					}
					most := 0 // the least value that at most a share 1-q is above... counted one by one
					for most < len(want)-1 && float64(most+1) <= q.share*float64(len(want)) {
						most++
					}
					if got := quantile(rows[f][k], q.share); int64(got) != want[most] {
						t.Fatalf("%s, window %d, quantile %v of %v: got %d, want %d", name, k, q.share, want, got, want[most])
					}
				}
			}
		}
	}
}

// Without it a picture of many operations could drop the one that matters, or show a slow one as fast.
func TestEveryOperationHasAMark(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 50, 40_000} {
		h := historyOf(t, randomTimed(r, n, 600e9, 60e9))
		c := chartOf(t, h, "latency-raw")
		d, _ := newDeeds(h)
		marks := 0
		byStyle := map[string][]spot{}
		for _, l := range c.panels[0].layers {
			marks += len(l.at)
			key := fmt.Sprint(l.shape, l.mark)
			byStyle[key] = append(byStyle[key], l.at...)
		}
		_, side := d.clouds(c)
		if marks > maxMarks && side < 8 {
			t.Errorf("%d operations: %d marks", n, marks)
		}
		near := map[string]map[[2]int]float64{} // by square: the uppermost mark
		cell := func(s spot) [2]int {
			return [2]int{int(s.x-plotLeft) / side, int(s.y-c.panels[0].top) / side}
		}
		for key, at := range byStyle {
			near[key] = map[[2]int]float64{}
			for _, s := range at {
				if y, ok := near[key][cell(s)]; !ok || s.y < y {
					near[key][cell(s)] = s.y
				}
			}
		}
		d.each(func(x deed) {
			i := slices.Index(typeAt[:], x.kind)
			key := fmt.Sprint(shapeOf(int(x.slot)), typeStyles[i].pen)
			at := spot{c.time.place(float64(x.from)), c.panels[0].values.place(float64(x.to - x.from))}
			if y, ok := near[key][cell(at)]; !ok || y > at.y+1 {
				t.Fatalf("%d operations, side %d: %+v at %v has no mark, or one that is lower (%v)", n, side, x, at, y)
			}
		})
	}
}

// Without it a rate could count an operation twice, or where it began, or a short last window as a long one.
func TestRatesAgainstCounting(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		list := randomTimed(r, 1+r.IntN(400), 1+r.Int64N(1e12), 1+r.Int64N(1e10))
		d, _ := newDeeds(historyOf(t, list))
		w := newTimeWindows(float64(d.last))
		for f, row := range d.rates(w) {
			for _, kind := range typeAt {
				want := make([]int, w.n)
				for _, x := range list {
					if at := float64(x.to - d.origin); x.to >= 0 && x.f == d.fs[f] && x.end == kind {
						k := 0
						for _, to := w.bounds(k); k < w.n-1 && at >= to; _, to = w.bounds(k) {
							k++
						}
						want[k]++
					}
				}
				for k, rate := range row[kind] {
					from, to := w.bounds(k)
					if got := rate * (to - from) / 1e9; math.Abs(got-float64(want[k])) > 1e-6*(1+got) {
						t.Fatalf("%s %s, window %d: the rate is that of %v completions, want %d", d.fs[f], kind, k, got, want[k])
					}
				}
			}
		}
	}
}

// Without it an axis could run backwards, or have so many ticks that nobody could read it.
func TestAxesAreMonotone(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		x, y := math.Exp(r.Float64()*44), math.Exp(r.Float64()*44)
		line, _ := timeAxis(x, 0, 800)
		for _, a := range []axis{line, countAxis(x, 300, 0), latencyAxis(min(x, y), max(x, y), 300, 0), skewAxis(-x, y, 300, 0)} {
			if !(a.lo < a.hi) || len(a.ticks) < 1 || len(a.ticks) > 60 {
				t.Fatalf("%v, %v: from %v to %v, %d ticks", x, y, a.lo, a.hi, len(a.ticks))
			}
			if a.log && (a.lo > min(x, y) || a.hi < max(x, y)) {
				t.Fatalf("%v, %v: the axis goes from %v to %v", x, y, a.lo, a.hi)
			}
			for i := 1; i < len(a.ticks); i++ {
				before, after := a.place(a.ticks[i-1].value), a.place(a.ticks[i].value)
				if (after-before)*(a.to-a.from) <= 0 || math.Abs(after-before) < 4 {
					t.Fatalf("%v, %v: ticks at %v and %v, for %v", x, y, before, after, a)
				}
			}
		}
	}
}

// Without it a fault could be drawn where it wasn't on, many kinds could push out some, or thousands fill megabytes.
func TestFaultsLieWhereTheyWere(t *testing.T) {
	h := historyOf(t, []timed{{"read", 0, 0, 100e9, history.OK}})
	r := rand.New(rand.NewPCG(9, 10))
	for _, kinds := range []int{1, 12, 13, 40} {
		for _, n := range []int{1, 30, 20_000} {
			var faults []Fault
			for i := range n {
				from := r.Int64N(100e9)
				faults = append(faults, Fault{fmt.Sprint("kind ", i%kinds), "<b>&", from, from + r.Int64N(3e9), i%7 == 0})
			}
			slices.SortFunc(faults, func(a, b Fault) int { return int(max(min(a.From-b.From, 1), -1)) })
			c := chartOf(t, h, "rate", faults...)
			if len(c.lanes) > maxLanes || len(c.lanes) != min(kinds, maxLanes, n) {
				t.Fatalf("%d kinds: %d lanes", kinds, len(c.lanes))
			}
			for _, f := range faults {
				i := slices.IndexFunc(c.lanes, func(l faultLane) bool { return l.kind == f.Kind })
				if i < 0 {
					i = len(c.lanes) - 1
				}
				from, to := c.time.place(float64(f.From)), c.time.place(float64(f.To))
				covers := func(a, b float64) bool { return a <= from+leastSpan && b >= min(to, plotLeft+inside)-1e-6 && a <= b }
				if !slices.ContainsFunc(c.lanes[i].spans, func(s laneSpan) bool { return covers(s.from, s.to) }) {
					t.Fatalf("%d kinds, %d faults: %+v from %v to %v is in no span of its lane", kinds, n, f, from, to)
				}
				if !slices.ContainsFunc(c.shades, func(s [2]float64) bool { return covers(s[0], s[1]) }) {
					t.Fatalf("%+v throws no shade", f)
				}
			}
			if svg := c.svg(); len(svg) > 1<<20 {
				t.Errorf("%d kinds, %d faults: %d bytes", kinds, n, len(svg))
			}
		}
	}
}

// oddHistories are those at the edges of what there can be.
func oddHistories(t testing.TB) map[string]*history.History {
	late := int64(math.MaxInt64)
	odd := map[string]*history.History{
		"one operation":      historyOf(t, []timed{{"read", 0, 5, 7, history.OK}}),
		"no completion":      historyOf(t, []timed{{"read", 0, 5, -1, 0}, {"read", 1, 9, -1, 0}}),
		"equal times":        historyOf(t, []timed{{"read", 0, 7, 7, history.OK}, {"write", 1, 7, 7, history.Fail}}),
		"all at the start":   historyOf(t, []timed{{"read", 0, 0, 0, history.OK}, {"write", 1, 0, 0, history.Fail}}),
		"ten years":          historyOf(t, []timed{{"read", 0, 0, 1, history.OK}, {"read", 1, 1e9, 315e15, history.Info}}),
		"nanoseconds":        historyOf(t, []timed{{"read", 0, 1, 2, history.OK}, {"read", 1, 2, 9, history.Info}}),
		"far from the start": historyOf(t, []timed{{"read", 0, late - 10, late, history.OK}}),
		"from end to end":    historyOf(t, []timed{{"read", 0, math.MinInt64 + 1, late, history.OK}}),
		"below zero":         historyOf(t, []timed{{"read", 0, -2000, -1000, history.OK}}),
	}
	back, err := history.FromOps([]history.Op{
		{Process: edn.NewInt(0), F: edn.NewKeyword("read"), Time: 9, Type: history.Invoke},
		{Process: edn.NewInt(0), F: edn.NewKeyword("read"), Time: 2, Type: history.OK, Index: 1},
		{Process: edn.NewInt(1), F: edn.NewString(`</style><script>alert(1)</script>`), Time: 4, Type: history.OK, Index: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	odd["clock goes back"] = back
	return odd
}

// wellFormed fails unless a picture is XML whose numbers are numbers and lie on it.
func wellFormed(t testing.TB, name string, text []byte, wide, high float64) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			limit := map[string]float64{"x": wide, "y": high, "width": wide, "height": high}[a.Name.Local]
			if limit == 0 || start.Name.Local == "svg" {
				continue
			}
			if x, err := strconv.ParseFloat(a.Value, 64); err != nil || !(x >= -1 && x <= limit+1) {
				t.Fatalf("%s: %s of %s is %q", name, a.Name.Local, start.Name.Local, a.Value)
			}
		}
	}
}

// Without it a history at the edge of what is possible could end in a panic, in a picture of NaN, or outside of it.
func TestOddHistoriesAreDrawn(t *testing.T) {
	for name, h := range oddHistories(t) {
		d, timed := newDeeds(h)
		if !timed {
			t.Fatalf("%s: no operation has a time", name)
		}
		o := PlotOptions{Name: name, Faults: []Fault{{"kill", "", 3, math.MaxInt64, true}, {"clock", "", math.MinInt64, -9, false}}}
		for _, row := range plotRows[:3] {
			c, why := row.make(d, o)
			if c == nil {
				t.Errorf("%s: %s is missing: %s", name, row.name, why)
				continue
			}
			c.settle()
			svg := c.svg()
			wellFormed(t, name+": "+row.name, svg, c.width, c.height)
			if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) || bytes.Contains(svg, []byte("<script")) {
				t.Errorf("%s: %s has what is no number, or a script:\n%s", name, row.name, svg)
			}
		}
	}
	none := historyOf(t, nil)
	if list, missing, err := Plots(t.Context(), none, PlotNames(), PlotOptions{}); len(list) != 0 || len(missing) != len(plotRows) || err != nil {
		t.Errorf("no operation: %d pictures, missing %v, error %v", len(list), missing, err)
	}
}

// Without it a picture could change from one run to the next, or be as long as the history.
func TestPicturesAreTheSameAndSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	h := historyOf(t, randomTimed(r, 20_000, 600e9, 60e9))
	names := PlotNames()[:1]
	first, _, err := Plots(t.Context(), h, names, PlotOptions{})
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := Plots(t.Context(), h, names, PlotOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 1 || !bytes.Equal(first[0].SVG, second[0].SVG) || !bytes.Equal(first[0].PNG, second[0].PNG) {
		t.Fatal("the second time it is another picture")
	}
	if p := first[0]; len(p.SVG) > 2<<20 || len(p.PNG) > 2<<20 {
		t.Errorf("%d bytes as SVG, %d as PNG", len(p.SVG), len(p.PNG))
	}
	picture, err := png.Decode(bytes.NewReader(first[0].PNG))
	if err != nil {
		t.Fatal(err)
	}
	if !hasColor(picture, inkOK) || !hasColor(picture, inkInfo) || !hasColor(picture, inkText) {
		t.Error("the PNG lacks the marks of ok or info, or its text")
	}
}

// hasColor tells whether a dot of a picture has an ink's colour.
func hasColor(p image.Image, i ink) bool {
	want := dots(i)
	for y := range p.Bounds().Dy() {
		for x := range p.Bounds().Dx() {
			if color.RGBAModel.Convert(p.At(x, y)) == color.Color(want) {
				return true
			}
		}
	}
	return false
}

// Without it types, quantiles or faults could be one colour to somebody who sees red and green alike, or blue and green.
// Colours as such eyes see them: Machado, Oliveira and Fernandes 2009, for a whole lack of a cone; distances in CIE L*a*b*.
func TestColorsForTheColorBlind(t *testing.T) {
	eyes := map[string][3][3]float64{
		"usual":        {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
		"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
	}
	lab := func(text string, eye [3][3]float64) [3]float64 {
		var dot [3]uint8
		if _, err := fmt.Sscanf(text, "#%02x%02x%02x", &dot[0], &dot[1], &dot[2]); err != nil {
			t.Fatal(err)
		}
		var linear, seen [3]float64
		for i, c := range dot {
			linear[i] = math.Pow((float64(c)/255+0.055)/1.055, 2.4)
		}
		for i, row := range eye {
			seen[i] = max(row[0]*linear[0]+row[1]*linear[1]+row[2]*linear[2], 0)
		}
		x := math.Cbrt((0.4124*seen[0] + 0.3576*seen[1] + 0.1805*seen[2]) / 0.95047)
		y := math.Cbrt(0.2126*seen[0] + 0.7152*seen[1] + 0.0722*seen[2])
		z := math.Cbrt((0.0193*seen[0] + 0.1192*seen[1] + 0.9505*seen[2]) / 1.08883)
		return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
	}
	const least = 14 // 2 is just to be seen side by side; thin lines need more
	for _, group := range [][2]ink{{inkOK, inkInfo}, {inkMedian, inkWorst}, {inkSeries, inkSeries + seriesInks - 1}} {
		for name, eye := range eyes {
			for a := group[0]; a <= group[1]; a++ {
				for b := a + 1; b <= group[1]; b++ {
					for _, pair := range [][2]string{{inkColors[a].light, inkColors[b].light}, {inkColors[a].dark, inkColors[b].dark}} {
						x, y := lab(pair[0], eye), lab(pair[1], eye)
						if d := math.Hypot(math.Hypot(x[0]-y[0], x[1]-y[1]), x[2]-y[2]); d < least {
							t.Errorf("%s: %s and %s are %.0f apart, want %d", name, pair[0], pair[1], d, least)
						}
					}
				}
			}
		}
	}
}
