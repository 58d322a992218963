package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/amount"
)

// TextOptions says how much of a result the report shows, and how.
type TextOptions struct {
	File    string   // how the reader knows the history
	Checked string   // what it was checked as: "list-append"; may be empty
	Max     int      // anomalies of each kind to show, the shortest proofs first; 0 for all
	Verbose bool     // whole reads and whole transactions, every model
	Quiet   bool     // the verdict line only
	Color   bool     // ANSI colours
	Hints   []string // sentences on what else the caller could ask for
	Figures bool     // the numbers among the result's fields
	NoMore  bool     // leave out where to learn more of the anomaly
	Width   int      // columns of the page; 0 means 80
}

// Text is the report for people: the verdict and the size of the history, what was asked and found, each anomaly as a
// proof that can be followed step by step, and what that rules out.
func Text(h *history.History, r check.Result, o TextOptions) []byte {
	if o.Width <= 0 {
		o.Width = 80
	}
	o.File = strings.ReplaceAll(o.File, "\n", `\n`)
	p := &page{h: h, o: o}
	p.headline(r)
	if o.Quiet {
		return harmless(p.out, o.Color)
	}
	p.summary(r)
	p.body(r)
	if o.Figures {
		p.figures(r)
	}
	p.models(r.Models)
	p.remarks("Warning", r.Notes)
	p.more(r)
	for _, hint := range o.Hints {
		p.line("")
		p.para(0, hint)
	}
	return harmless(p.out, o.Color)
}

// harmless makes the control characters of a report visible, and those that turn the direction of writing: a key that a
// history holds must not move a terminal's cursor, set its title, or change what a line seems to say. Colours stay where
// there are any.
func harmless(text []byte, color bool) []byte {
	var out []byte // nil while nothing had to be changed
	done := 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		turns := r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
		if !turns && (!unicode.IsControl(r) || r == '\n' || r == '\t' || color && colorAt(text[i:])) {
			i += n
			continue
		}
		out = fmt.Appendf(append(out, text[done:i]...), `\u%04x`, r)
		i += n
		done = i
	}
	if out == nil {
		return text
	}
	return append(out, text[done:]...)
}

// colorAt tells whether b begins with one of the sequences by which paint sets and ends colours, or one like them.
func colorAt(b []byte) bool {
	rest, ok := bytes.CutPrefix(b, []byte("\x1b["))
	rest = bytes.TrimLeft(rest[:min(len(rest), 8)], "0123456789;")
	return ok && bytes.HasPrefix(rest, []byte("m"))
}

// page is a report being written.
type page struct {
	h   *history.History
	o   TextOptions
	out []byte
}

// maxParts is how many failing parts (independent keys) are shown whole unless the report is verbose.
const maxParts = 3

// headline is the verdict, the file and its size, on a line.
func (p *page) headline(r check.Result) {
	word := map[check.Verdict]string{check.Valid: "VALID", check.Invalid: "INVALID"}[r.Verdict]
	color := map[check.Verdict]string{check.Valid: green, check.Invalid: red}[r.Verdict]
	if word == "" {
		word, color = "UNKNOWN", yellow
	}
	line := p.paint(bold+color, word) + "  " + p.o.File
	if p.h == nil {
		p.line("%s", line)
		return
	}
	// The size stays whole: on the same line, or on the next. Quiet is a line for each history, whatever its length.
	size := sizeText(p.h, r)
	if p.o.Quiet || columns(line)+2+columns(size) <= p.o.Width {
		p.line("%s: %s", line, size)
		return
	}
	p.line("%s:", line)
	p.para(2, size)
}

// summary says what was asked and, in a sentence, what was found.
func (p *page) summary(r check.Result) {
	p.para(0, asked(r, p.o.Checked)+": "+found(r)+".")
	for _, why := range ownReasons(r) {
		p.para(2, because(why))
		p.ops(why.Ops, check.Anomaly{Kind: why.Code, Ops: why.Ops})
	}
}

// because is why a verdict is unknown, with the stable name of the reason.
func because(why check.Reason) string {
	return fmt.Sprintf("%s (%s).", strings.TrimSuffix(sentence(why.Text), "."), why.Code)
}

// found counts the kinds of anomalies in a few words.
func found(r check.Result) string {
	if len(r.Parts) > 0 {
		return partCount(r)
	}
	var kinds []string
	for _, g := range groupByKind(r.Anomalies) {
		if !isFact(g) {
			kinds = append(kinds, fmt.Sprintf("%s × %s", thousands(g.total), g.kind))
		}
	}
	switch {
	case len(kinds) > 0:
		return strings.Join(kinds, ", ")
	case r.Verdict == check.Valid:
		return "no anomaly found"
	}
	return "no verdict"
}

// partCount says how the parts came out.
func partCount(r check.Result) string {
	var n [3]int
	for _, q := range r.Parts {
		n[q.Result.Verdict]++
	}
	var out []string
	for _, v := range [...]check.Verdict{check.Invalid, check.Unknown, check.Valid} {
		if n[v] > 0 {
			out = append(out, fmt.Sprintf("%s %s", thousands(n[v]), v))
		}
	}
	return fmt.Sprintf("of %s %s %s", thousands(len(r.Parts)), partsName(r, len(r.Parts)), strings.Join(out, ", "))
}

// body shows the anomalies, and the parts that are not valid.
func (p *page) body(r check.Result) {
	for _, g := range groupByKind(r.Anomalies) {
		if !isFact(g) { // the summary has told it as a reason
			p.group(g)
		}
	}
	if r.Composed {
		p.composed(r.Parts)
		return
	}
	shown, left := 0, 0
	for _, q := range r.Parts {
		if q.Result.Verdict == check.Valid {
			continue
		}
		if shown >= maxParts && !p.o.Verbose {
			left++
			continue
		}
		shown++
		p.line("")
		p.line("%s", p.paint(bold, fmt.Sprintf("Key %s: %s", q.Name, q.Result.Verdict)))
		for _, why := range q.Result.Reasons {
			p.para(2, because(why))
		}
		p.body(q.Result)
	}
	if left > 0 {
		p.line("")
		p.line("... and %s more keys that are not valid (-v shows them)", thousands(left))
	}
}

// composed shows what each of several checkers says: the valid ones in a line.
func (p *page) composed(parts []check.Part) {
	for _, q := range parts {
		p.line("")
		p.para(0, fmt.Sprintf("%s: %s", p.paint(bold, fmt.Sprintf("%s: %s", q.Name, q.Result.Verdict)), found(q.Result)))
		for _, why := range ownReasons(q.Result) {
			p.para(2, because(why))
			p.ops(why.Ops, check.Anomaly{Kind: why.Code, Ops: why.Ops})
		}
		p.body(q.Result)
		if p.o.Figures && p.o.Verbose {
			p.figures(q.Result)
		}
		p.models(q.Result.Models)
		p.remarks("Warning", q.Result.Notes)
	}
}

// group shows the anomalies of one kind: its name and what it means, then each that is listed.
func (p *page) group(g group) {
	p.line("")
	title := p.paint(bold, g.kind)
	if m := check.Meaning(g.kind); m != "" {
		title += ": " + m
	}
	p.para(0, title)
	shown := g.list
	if p.o.Max > 0 && len(shown) > p.o.Max {
		// A proof with few transactions is understood soonest.
		shown = slices.Clone(shown)
		slices.SortStableFunc(shown, func(a, b check.Anomaly) int { return len(a.Ops) - len(b.Ops) })
		shown = shown[:p.o.Max]
	}
	for i, a := range shown {
		if i > 0 {
			p.line("")
		}
		if len(a.Steps) > 0 {
			p.cycle(a)
		} else {
			p.story(a)
		}
	}
	if left := g.total - len(shown); left > 0 {
		p.line("")
		p.line("  ... and %s more like this", thousands(left))
	}
}

// cycle shows the transactions of a cycle and why each comes before the next.
func (p *page) cycle(a check.Anomaly) {
	p.ops(a.Ops, a)
	for i, s := range a.Steps {
		from, to := stepEnds(a, i)
		why := reason(s)
		if !p.o.Verbose {
			why = shortenLists(why, focusOn(a, i))
		}
		if i+1 < len(a.Steps) {
			p.para(2, fmt.Sprintf("T%d must come before T%d, because %s.", from, to, why))
		} else if i == 0 {
			p.para(2, fmt.Sprintf("T%d must come before itself, because %s: a contradiction.", from, why))
		} else {
			p.para(2, fmt.Sprintf("But T%d must come before T%d, because %s: a contradiction.", from, to, why))
		}
	}
}

// story shows an anomaly that is no cycle: its operations and its text.
func (p *page) story(a check.Anomaly) {
	p.ops(a.Ops, a)
	if a.Text != "" {
		p.para(2, p.prose(a.Text, focusOn(a, 0)))
	}
}

// models says what is ruled out and what is left.
func (p *page) models(m check.Models) {
	if len(m.Not) == 0 && len(m.Strongest) == 0 {
		return
	}
	if len(m.Not) > 0 {
		p.line("")
		text := "Ruled out: " + modelList(m.Not)
		if n := len(m.AlsoNot); n > 0 && p.o.Verbose {
			text += "; and with that " + modelList(m.AlsoNot)
		} else if n > 0 {
			text += fmt.Sprintf("; and %d stronger %s", n, plural(n, "model", "models"))
		}
		p.para(0, text+".")
		if len(m.Strongest) > 0 {
			p.para(0, "Still possible: "+modelList(m.Strongest)+".")
		}
	}
}

// modelList names models as people know them. Results keep the original's strong-serializable; everybody else, and our
// own flag, calls it strict-serializable.
func modelList(names []string) string {
	shown := make([]string, len(names))
	for i, n := range names {
		if n == "strong-serializable" {
			n = "strict-serializable"
		}
		shown[i] = n
	}
	slices.Sort(shown)
	return strings.Join(shown, ", ")
}

// remarks shows warnings.
func (p *page) remarks(title string, notes []check.Note) {
	for _, n := range notes {
		p.line("")
		p.para(0, fmt.Sprintf("%s: %s", title, n.Text))
		p.ops(n.Ops, check.Anomaly{Kind: n.Code, Ops: n.Ops})
	}
}

// more says how to learn more about what was found.
func (p *page) more(r check.Result) {
	kind := firstKind(r)
	if r.Verdict != check.Invalid || kind == "" || p.o.NoMore {
		return
	}
	p.line("")
	text := fmt.Sprintf("More: jcheck anomalies %s explains it", kind)
	if isLinear(kind) {
		p.para(0, text+"; --out DIR draws it.")
		return
	}
	if !p.o.Verbose {
		text += "; -v shows whole reads and all models"
	}
	if p.o.Max > 0 {
		text += "; --max-anomalies N shows N of each kind"
	}
	p.para(0, text+"; --out DIR writes the proofs to files.")
}

// firstKind is the worst kind of anomaly that was found, here or in a part.
func firstKind(r check.Result) string {
	if len(r.Anomalies) > 0 {
		return r.Anomalies[0].Kind
	}
	for _, q := range r.Parts {
		if len(q.Result.Anomalies) > 0 {
			return q.Result.Anomalies[0].Kind
		}
	}
	return ""
}

// plural picks the word for n.
func plural(n int, one, many string) string { return amount.Word(n, one, many) }
