package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"jcheck/history"
	"jcheck/internal/edn"
)

// TestHostileObjects opens the page and the picture of histories of single objects whose values try to break out of them,
// the very first operation being the one that can't be explained. Without it, whoever looks at a stranger's history could
// run that stranger's scripts.
func TestHostileObjects(t *testing.T) {
	evil := []string{"<script>document.title='broken'</script>", `"><img src="http://example.com/x" onerror="document.title='broken'">`,
		`</style></svg></details><h1 id="broken">broken</h1>`, "]]><!--", "\u202edlrow\u2066", "日本語 🙂 ünïcödé", strings.Repeat("<b>&amp;", 1300)}
	var ops []history.Op
	for i, s := range evil {
		key := edn.NewString(s)
		add := func(kind history.Type, process int, f string, value edn.Value) {
			ops = append(ops, history.Op{Index: int64(len(ops)), Type: kind, Process: edn.NewInt(int64(process)), F: edn.NewKeyword(f),
				Value: edn.NewVector([]edn.Value{key, value}), Extra: []history.Field{{Name: "error", Value: key}}})
		}
		add(history.Invoke, 3*i, "read", edn.Value{})
		add(history.OK, 3*i, "read", edn.NewString("<b>"+s))
		add(history.Invoke, 3*i+1, "write", key)
		add(history.Info, 3*i+1, "write", key)
		add(history.Invoke, 3*i+2, "read", edn.Value{})
		add(history.OK, 3*i+2, "read", edn.NewString("<i>"+s))
	}
	c := startChromium(t)
	page := judgeToPage(t, "linearizable", writeOps(t, ops), "--independent", "on")
	where, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{page}
	for i := range evil {
		found, err := filepath.Glob(filepath.Join(filepath.Dir(where.Path), "parts", fmt.Sprintf("%d-*", i), "linear.svg"))
		if err != nil || len(found) != 1 {
			t.Fatalf("key %d has the pictures %v (%v), want one", i, found, err)
		}
		files = append(files, (&url.URL{Scheme: "file", Path: found[0]}).String())
	}
	for _, file := range files {
		c.visit(file)
		var broken bool
		if c.eval(`document.title == 'broken' || document.getElementById('broken') != null || document.querySelector('script, img, i') != null`, &broken); broken {
			t.Errorf("%s: a value became markup", file)
		}
		for _, line := range c.complaints(file) {
			t.Errorf("%s: %s", file, line)
		}
	}
	c.visit(page)
	for _, width := range []int{1280, 400} {
		c.resize(width)
		var got look
		c.eval(lookScript, &got)
		for _, problem := range got.Faults {
			t.Errorf("at %d: %s", width, problem)
		}
		if got.Overflow > 0 || got.Ways != len(evil) || !strings.Contains(got.Text, evil[0]) {
			t.Errorf("at %d: %d pixels too wide, %d pictures, want %d; and values as text", width, got.Overflow, got.Ways, len(evil))
		}
	}
}

// TestPictureOfWays looks at the picture itself. Without it, its letters could lie on each other, the operation to blame be
// out of sight on a narrow window, or a way not stand out when it is pointed at.
func TestPictureOfWays(t *testing.T) {
	c := startChromium(t)
	page := judgeToPage(t, "linearizable", filepath.Join("..", "..", "fixtures", "objects", "leader.edn"), "--initial", "0")
	c.visit(page)
	for _, width := range []int{1280, 400} {
		c.resize(width)
		var seen struct {
			Blamed   bool
			Overlaps []string
			Ways     int
		}
		c.eval(`(() => {
			const box = document.querySelector('.linear .scroll').getBoundingClientRect()
			const bad = document.querySelector('.ways .op.wrong rect').getBoundingClientRect()
			const texts = [...document.querySelectorAll('svg.ways text')], overlaps = []
			texts.forEach((a, i) => texts.slice(i + 1).forEach(b => {
				const p = a.getBoundingClientRect(), q = b.getBoundingClientRect()
				const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left)
				const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)
				if (wide > 1 && high > 3) overlaps.push(a.textContent + ' on ' + b.textContent)
			}))
			return {blamed: bad.left >= box.left && bad.right <= box.right + 1, overlaps, ways: document.querySelectorAll('svg.ways .way').length}
		})()`, &seen)
		if !seen.Blamed || len(seen.Overlaps) > 0 || seen.Ways != 2 {
			t.Errorf("at %d: the operation to blame is in sight: %v; %d ways, want 2; texts on each other: %q", width, seen.Blamed, seen.Ways, seen.Overlaps)
		}
	}
	var before, after string
	const stroke = `getComputedStyle(document.querySelector('.ways .way .line')).strokeWidth`
	c.eval(stroke, &before)
	c.eval(`(document.querySelector('.ways .way').focus(), 0)`, new(int))
	if c.eval(stroke, &after); before == after {
		t.Errorf("a way that is pointed at has a line of %s, as before", after)
	}
}
