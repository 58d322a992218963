package run

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"jcheck/check"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/internal/store"
)

// drawnRun is a stored run that was judged by the set checker and drawn, with what was printed and what went wrong.
func drawnRun(t *testing.T, r *store.Run, names ...string) (j Judged, printed string, trouble []error) {
	t.Helper()
	how := judging{workload: "set", checks: namedChecks([]string{"set"}), draw: names, start: time.Unix(1_000_000, 0)}
	d, err := how.judge(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	var out bytes.Buffer
	_, trouble = d.finish(t.Context(), r, how, &out, Page{Width: 80})
	return d, out.String(), trouble
}

// Without this a check that draws could draw nothing, as it did once, and the report could point to nowhere.
func TestDrawings(t *testing.T) {
	r := stored(t, lossy)
	_, printed, trouble := drawnRun(t, r, defaultDrawings()...)
	if len(trouble) > 0 {
		t.Fatal(trouble)
	}
	files := []string{"latency-raw.svg", "latency-quantiles.svg", "rate.svg", "timeline.html"}
	if want := "Pictures in " + r.Dir() + ": " + strings.Join(files, ", ") + ".\n"; !strings.HasSuffix(printed, want) {
		t.Errorf("the report ends\n%s\nwant %s", printed, want)
	}
	page, err := os.ReadFile(filepath.Join(r.Dir(), store.CheckDir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "latency-raw.png", "latency-quantiles.png", "rate.png") {
		text, err := os.ReadFile(filepath.Join(r.Dir(), name))
		if err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
		if strings.HasSuffix(name, ".svg") && !bytes.Contains(text, []byte("<title>partition, 2 s to 4.1 s: ")) {
			t.Errorf("%s lacks the partition", name)
		}
		if slices.Contains(files, name) && !bytes.Contains(page, []byte(`href="../`+name+`"`)) {
			t.Errorf("the page doesn't link to %s", name)
		}
	}
	times, err := os.ReadFile(filepath.Join(r.Dir(), timelineFile))
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`href="\.\./timeline\.html#(i\d+)"`).FindAllSubmatch(page, -1)
	for _, link := range links {
		if !bytes.Contains(times, []byte(` id="`+string(link[1])+`"`)) {
			t.Errorf("the page links to %s, which the timeline lacks", link[1])
		}
	}
	if len(links) == 0 || !bytes.Contains(times, []byte("1970-01-12 13:46:41.000 UTC")) {
		t.Errorf("%d links to operations; the timeline says when they were: %v", len(links), bytes.Contains(times, []byte("1970-01-12")))
	}
}

// Without this a full disk, or a bug in drawing, could cost the verdict or its files, or go unnoticed.
func TestDrawingsThatFail(t *testing.T) {
	r := stored(t, lossy)
	if err := os.MkdirAll(filepath.Join(r.Dir(), "rate.svg", "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	d, printed, trouble := drawnRun(t, r, defaultDrawings()...)
	if d.Result.Verdict != check.Invalid || !strings.HasPrefix(printed, "INVALID") {
		t.Errorf("the verdict is %v, the report begins %.40q", d.Result.Verdict, printed)
	}
	if len(trouble) != 1 || !strings.Contains(trouble[0].Error(), "rate.svg") || !strings.Contains(trouble[0].Error(), "the verdict stands") {
		t.Errorf("what went wrong is %v", trouble)
	}
	for _, name := range []string{"latency-raw.svg", "timeline.html", store.ResultsEDN, filepath.Join(store.CheckDir, "index.html")} {
		if _, err := os.Stat(filepath.Join(r.Dir(), name)); err != nil {
			t.Error(err)
		}
	}
	broken := Judged{Result: d.Result} // without a history nothing can be drawn
	if _, err := broken.pictures(t.Context(), r, []string{"perf"}, time.Time{}); err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Errorf("our own bug: error is %v", err)
	}
}

// Without this a plan couldn't say what is drawn, or Jepsen's names among the checks would count for nothing.
func TestWhatIsDrawn(t *testing.T) {
	for _, c := range []struct{ lines, want string }{
		{"", "perf timeline clock-plot"},
		{"draw: none\n", ""},
		{"draw: [timeline]\n", "timeline"},
		{"draw: []\nchecks: [rate-graph, stats]\n", "rate-graph"},
		{"checks: [perf, latency-graph]\n", "perf timeline clock-plot latency-graph"},
	} {
		var p plan.Problems
		test := Read(plan.Parse("plan.yaml", []byte("name: x\nclient: {kind: mem}\nworkload: set\n"+c.lines), &p), ".", &p)
		if p.Any() {
			t.Fatalf("%s: %v", c.lines, p)
		}
		names := test.drawn()
		if got := strings.Join(names, " "); got != c.want || names == nil {
			t.Errorf("%q draws %q, want %q", c.lines, got, c.want)
		}
		for _, left := range judgingChecks(test.Checks) {
			if slices.Contains(drawingNames(), left.Name) {
				t.Errorf("%q judges by %s", c.lines, left.Name)
			}
		}
	}
}
