package main

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/fixtures"
	"jcheck/history"
	"jcheck/internal/edn"
)

// look is what a test sees of a page.
type look struct {
	Text     string   // as a reader sees it
	Overflow int      // pixels by which the page is wider than its window
	Cycles   int      // drawings of cycles that can be seen
	Drawn    int      // those among them that a drawer laid out
	Times    int      // timelines
	Lattices int      // pictures of the lattice, or lists in their place
	Ways     int      // pictures of how operations can have taken effect
	Tables   int      // tables of reads
	Faults   []string // what no page may have
}

// lookScript gathers a look.
const lookScript = `(() => {
	const seen = q => [...document.querySelectorAll(q)].filter(e => {
		const r = e.getBoundingClientRect()
		return r.width > 50 && r.height > 20
	}).length
	const faults = []
	const ids = [...document.querySelectorAll('[id]')].map(e => e.id)
	ids.forEach((id, i) => { if (ids.indexOf(id) !== i) faults.push('two elements with id ' + id) })
	for (const a of document.querySelectorAll('a[href^="#"]'))
		if (!document.getElementById(a.getAttribute('href').slice(1))) faults.push('no ' + a.getAttribute('href'))
	for (const e of document.querySelectorAll('script, iframe, img, object, embed, form, input'))
		faults.push('an element ' + e.localName)
	for (const e of document.querySelectorAll('*'))
		for (const a of e.attributes) if (a.name.startsWith('on')) faults.push('an attribute ' + a.name)
	for (const svg of document.querySelectorAll('svg.own')) {
		const box = svg.getBoundingClientRect()
		for (const t of svg.querySelectorAll('text')) {
			const r = t.getBoundingClientRect()
			if (r.width && (r.left < box.left - 2 || r.right > box.right + 2 || r.top < box.top - 2 || r.bottom > box.bottom + 2))
				faults.push('text out of its drawing: ' + t.textContent)
		}
	}
	const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
	for (const svg of document.querySelectorAll('svg.jcheck-graph')) {
		const boxes = [...svg.querySelectorAll('rect.f')].map(e => e.getBoundingClientRect()).filter(r => r.width)
		const labels = [...svg.querySelectorAll('rect.w')].filter(e => e.getBoundingClientRect().width)
		for (const label of labels) {
			const name = label.parentNode.querySelector('.u').textContent, r = label.getBoundingClientRect()
			for (const t of label.parentNode.querySelectorAll('.u')) {
				const own = t.getBoundingClientRect()
				if (own.left < r.left || own.right > r.right) faults.push('letters out of the label ' + name)
			}
			for (const b of boxes) if (meet(r, b)) faults.push('on a box: the label ' + name)
			for (const o of labels) if (o !== label && meet(r, o.getBoundingClientRect())) faults.push('on a label: the label ' + name)
			for (const head of svg.querySelectorAll('polygon'))
				if (meet(r, head.getBoundingClientRect())) faults.push("on an arrow's point: the label " + name)
			for (const path of svg.querySelectorAll('.k path, .e path')) {
				if (path.parentNode === label.parentNode) continue
				const m = path.getScreenCTM(), n = path.getTotalLength()
				for (let at = 0; at <= n; at += 2) {
					const p = path.getPointAtLength(at).matrixTransform(m)
					if (p.x > r.left && p.x < r.right && p.y > r.top && p.y < r.bottom) {
						faults.push('on an arrow: the label ' + name)
						break
					}
				}
			}
		}
	}
	return {
		text: document.body.innerText,
		overflow: document.scrollingElement.scrollWidth - window.innerWidth,
		cycles: seen('.graph svg'), drawn: seen('svg.jcheck-graph'), times: seen('svg.timeline'), ways: seen('svg.ways'), lattices: seen('svg.models') + seen('ol.layers'), tables: seen('table.reads'),
		faults,
	}
})()`

// judgeToPage runs a verb of jcheck and returns the address of the page that it wrote.
func judgeToPage(t *testing.T, verb, file string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	args := append([]string{verb, "--out", dir}, flags...)
	if code := run(append(args, file), strings.NewReader(""), &stdout, &stderr); code > exitUnknown {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	return (&url.URL{Scheme: "file", Path: filepath.Join(dir, "index.html")}).String()
}

// buildDrawer builds jcheck-draw into a folder of its own.
func buildDrawer(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", dir, "../jcheck-draw").CombinedOutput(); err != nil {
		t.Fatalf("build jcheck-draw: %v\n%s", err, out)
	}
	return dir
}

// TestPages opens the page of every fixture in a browser, on a large window and on one of a phone's width. Without it, a
// page could be blank, be wider than the window, lack its drawing or load something, and no other test would see it.
func TestPages(t *testing.T) {
	c := startChromium(t)
	root := filepath.Join("..", "..", "fixtures")
	bare, drawing := t.TempDir(), buildDrawer(t)
	for _, k := range fixtures.Cases() {
		name := k.File + " " + k.Flags()
		drawn := strings.HasPrefix(k.File, "anomalies/") // the others' pages do without a drawer
		if t.Setenv("PATH", bare); drawn {
			t.Setenv("PATH", drawing)
		}
		page := judgeToPage(t, k.Verb, filepath.Join(root, k.File), strings.Fields(k.Flags())...)
		c.visit(page)
		for _, width := range []int{1280, 400} {
			c.resize(width)
			var got look
			c.eval(lookScript, &got)
			if width == 1280 && (got.Drawn > 0) != (drawn && got.Cycles > 0) {
				t.Errorf("%s: got %d of %d drawings by a drawer, want some: %v", name, got.Drawn, got.Cycles, drawn)
			}
			for _, problem := range pageProblems(k, got) {
				t.Errorf("%s at %d: %s", name, width, problem)
			}
		}
		for _, line := range c.complaints(page) {
			t.Errorf("%s: %s", name, line)
		}
	}
}

// pageProblems compares a page with what it must show of a case.
func pageProblems(k fixtures.Case, got look) []string {
	problems := got.Faults
	want := func(ok bool, what string) {
		if !ok {
			problems = append(problems, what)
		}
	}
	want(got.Overflow <= 0, "the page is wider than the window")
	want(strings.Contains(got.Text, strings.ToUpper(k.Verdict)), "the verdict is missing")
	want(strings.Contains(got.Text, filepath.Base(k.File)), "the file is missing")
	for _, kind := range k.Types {
		if kind == "empty-transaction-graph" {
			want(strings.Contains(got.Text, kind), "the reason is missing")
			continue
		}
		want(strings.Contains(got.Text, kind+" ×"), "no section on "+kind)
		want(strings.Contains(got.Text, "line ") && strings.Contains(got.Text, "index ") && strings.Contains(got.Text, "process "),
			"no place of an operation")
		if strings.HasPrefix(k.File, "objects/") {
			want(got.Ways == 1, "no picture of the ways")
			want(strings.Contains(got.Text, "is the first operation that no order explains") == (kind == "nonlinearizable"), "no story")
			continue
		}
		want(got.Times > 0, "no timeline")
		want((got.Lattices == 1) == (k.Verb == fixtures.Elle), "a picture of the models, or none, where it should be otherwise")
		if strings.HasPrefix(kind, "G") && kind != "G1a" && kind != "G1b" {
			want(got.Cycles > 0, "no drawing of the cycle")
			want(strings.Contains(got.Text, "must come before") && strings.Contains(got.Text, "a contradiction"), "no story of the cycle")
		}
		if kind == "incompatible-order" {
			want(got.Tables == 1, "no table of reads")
		}
	}
	return problems
}

// TestHostilePage opens the page of a history whose keys, values and further fields try to break out of it. Without it,
// whoever looks at a stranger's history could run that stranger's scripts.
func TestHostilePage(t *testing.T) {
	evil := []string{"<script>document.title='broken'</script>", `"><img src="http://example.com/x" onerror="document.title='broken'">`,
		`</style></svg></details><h1 id="broken">broken</h1>`, "]]><!--", "javascript:alert(1)", "\u202edlrow\u2066", "日本語 🙂 ünïcödé",
		strings.Repeat("<b>&amp;", 1300)}
	var ops []history.Op
	for i, s := range evil {
		v := edn.NewString(s)
		mop := func(f string, arg edn.Value) edn.Value { return edn.NewVector([]edn.Value{edn.NewKeyword(f), v, arg}) }
		extra := []history.Field{{Name: "error", Value: v}, {Name: "node", Value: edn.NewVector([]edn.Value{v})}}
		list := edn.NewVector([]edn.Value{v, v})
		for p, value := range []edn.Value{ // each key has a G1a, an internal anomaly, and an element twice
			edn.NewVector([]edn.Value{mop("append", v)}), edn.NewVector([]edn.Value{mop("r", list), mop("append", edn.NewInt(1)), mop("r", list)})} {
			end := []history.Type{history.Fail, history.OK}[p]
			process := edn.NewInt(int64(2*i + p))
			ops = append(ops, history.Op{Index: int64(len(ops)), Type: history.Invoke, Process: process, F: edn.NewKeyword("txn"), Value: value},
				history.Op{Index: int64(len(ops) + 1), Type: end, Process: process, F: edn.NewKeyword("txn"), Value: value, Extra: extra})
		}
	}
	c := startChromium(t)
	page := judgeToPage(t, "elle", writeOps(t, ops))
	c.visit(page)
	for _, width := range []int{1280, 400} {
		c.resize(width)
		var got look
		c.eval(lookScript, &got)
		if len(got.Faults) > 0 || got.Overflow > 0 {
			t.Errorf("at %d: got %d pixels too many and %v", width, got.Overflow, got.Faults)
		}
		if want := strings.ToUpper(check.Invalid.String()); !strings.Contains(got.Text, want) {
			t.Errorf("at %d: the page lacks %s", width, want)
		}
		if !strings.Contains(got.Text, evil[0]) {
			t.Errorf("at %d: the page doesn't show %s as text", width, evil[0])
		}
		var broken bool
		if c.eval(`document.title == 'broken' || document.getElementById('broken') != null`, &broken); broken {
			t.Errorf("at %d: a value became markup", width)
		}
	}
	for _, line := range c.complaints(page) {
		t.Error(line)
	}
}

// writeOps writes operations as a history file.
func writeOps(t *testing.T, ops []history.Op) string {
	t.Helper()
	var b bytes.Buffer
	w := history.NewWriter(&b, history.FormatEDN)
	for _, op := range ops {
		if err := w.Write(op); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "hostile.edn")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
