package render

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// HTMLOptions says what the page shows beside the result.
type HTMLOptions struct {
	File     string         // how the reader knows the history
	Checked  string         // what it was checked as; empty if that is the checker's name
	Pictures []Picture      // the drawings of cycles and of more, found by their names; may be empty
	Lattice  []LatticeModel // the models that can be ruled out, and how they depend on each other; may be empty
	Hints    []string       // sentences on what else the caller could ask for
	Asides   []Aside        // what the caller knows beside the result; shown before the anomalies
	Links    []Link         // files that lie near the page
	Timeline *TimelineLink  // the page of all operations, if there is one: operations that it has lead there
}

// An Aside is a section of a page that isn't made of a result: what was broken while the history was recorded, say.
type Aside struct {
	Title string
	Lines []string // shown as they are, with their indentation
}

// A Link is a file that a page points to, by a path from the page.
type Link struct{ Href, Text string }

// A TimelineLink is where the page of all operations is.
type TimelineLink struct {
	Href string
	Page *TimelinePage
}

// The bounds of a page. Whatever is left out is counted.
const (
	pageOpen    = 2       // anomalies of each kind that are shown unfolded
	pageKind    = 20      // anomalies of each kind
	pageParts   = 20      // independent keys that are not valid
	pageBytes   = 8 << 20 // once the page is as long as this, no more anomalies are added
	pagePicture = 1 << 19 // bytes of one drawing
)

//go:embed html.css
var htmlStyle string

//go:embed lattice.css
var latticeStyle string

// HTML is the result as one self-contained page: it needs no network and no other file, holds no script, and everything
// that comes from the history is escaped. The same result gives the same page.
func HTML(h *history.History, r check.Result, o HTMLOptions) []byte {
	p := &htmlPage{h: h, o: o, words: &page{h: h, o: TextOptions{Width: 80}}, pictures: map[string]*Picture{}}
	for i := range o.Pictures {
		p.pictures[o.Pictures[i].Name] = &o.Pictures[i]
	}
	p.head(r)
	p.banner(r)
	p.contents(r)
	p.open("main")
	p.line()
	p.reasons(r.Reasons)
	p.asides()
	p.links()
	p.anomalies(r, "", 2)
	p.components(r, "", 2)
	p.parts(r)
	p.modelSection(r)
	p.notes(r.Notes)
	p.shut("main")
	p.foot(r)
	p.shut("body", "html")
	p.line()
	return []byte(p.b.String())
}

// htmlPage is a page being written.
type htmlPage struct {
	markup
	h        *history.History
	o        HTMLOptions
	words    *page // shortens values as the report does
	pictures map[string]*Picture
	numWays  int // pictures of ways so far
}

// head is what precedes the page's text. The policy forbids scripts and all loading, should anything have slipped
// through the escaping.
func (p *htmlPage) head(r check.Result) {
	p.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")
	p.raw(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>` + "\n")
	p.raw(`<meta name="viewport" content="width=device-width, initial-scale=1"/>` + "\n")
	p.raw(`<meta name="color-scheme" content="light dark"/>` + "\n<link rel=\"icon\" href=\"data:,\"/>\n")
	p.elem("title", fmt.Sprintf("%s: %s", strings.ToUpper(r.Verdict.String()), p.o.File))
	p.raw("\n<style>\n" + htmlStyle + latticeStyle + linearStyle + "</style>\n</head>\n")
	p.open("body", "class", r.Verdict.String())
	p.line()
}

// banner is the verdict with what was checked.
func (p *htmlPage) banner(r check.Result) {
	p.open("header")
	p.open("h1")
	sign := map[check.Verdict]string{check.Valid: "✓", check.Invalid: "✗", check.Unknown: "?"}[r.Verdict]
	p.elem("span", sign, "class", "sign", "aria-hidden", "true")
	p.elem("span", strings.ToUpper(r.Verdict.String()), "class", "verdict")
	p.text(" ")
	p.elem("span", p.o.File, "class", "file")
	p.shut("h1")
	if p.h != nil {
		p.elem("p", sizeText(p.h, r)+".", "class", "size")
	}
	p.elem("p", asked(r, p.o.Checked)+": "+found(r)+".")
	p.shut("header")
	p.line()
}

// contents lists the sections of a page with several kinds of anomalies.
func (p *htmlPage) contents(r check.Result) {
	var groups []group
	for _, g := range groupByKind(r.Anomalies) {
		if !isFact(g) {
			groups = append(groups, g)
		}
	}
	if len(groups) < 2 {
		return
	}
	p.open("nav", "aria-label", "Anomalies")
	p.open("ul")
	for _, g := range groups {
		p.open("li")
		p.elem("a", g.kind, "href", "#"+anchor(g.kind))
		p.elem("span", " "+thousands(g.total))
		p.shut("li")
	}
	if p.hasModels(r) {
		p.raw(`<li><a href="#models">Models</a></li>`)
	}
	p.shut("ul", "nav")
	p.line()
}

// anchor is the identifier of a section.
func anchor(name string) string { return "a-" + safeName(name) }

// asked is what was checked, as the beginning of a sentence; as is what it was checked as, if that is not the checker.
func asked(r check.Result, as string) string {
	text := "Checked"
	by, parts := RecognisedAs(r), askedParts(r)
	switch {
	case as != "":
		text += " as " + as
	case by != "":
		text += " as " + by
	case r.Checker != "" && parts == "":
		text += " as " + r.Checker
	}
	if parts != "" {
		text += " by " + parts
	}
	if len(r.Models.Asked) > 0 {
		text += " for " + modelList(r.Models.Asked)
	}
	return text
}

// reasons say why the verdict is unknown.
func (p *htmlPage) reasons(list []check.Reason) {
	if len(list) == 0 {
		return
	}
	p.open("section", "class", "reasons")
	p.elem("h2", "Why the verdict is open")
	for _, why := range list {
		p.remark(sentence(why.Text), why.Code, why.Ops)
	}
	p.shut("section")
	p.line()
}

// asides are the caller's own sections.
func (p *htmlPage) asides() {
	for _, a := range p.o.Asides {
		p.open("section", "class", "aside")
		p.elem("h2", a.Title)
		p.elem("pre", strings.Join(a.Lines, "\n"))
		p.shut("section")
		p.line()
	}
}

// links points to the files near the page.
func (p *htmlPage) links() {
	if len(p.o.Links) == 0 {
		return
	}
	p.open("section", "class", "links", "id", "pictures")
	p.elem("h2", "Pictures of the run")
	p.open("ul")
	for _, l := range p.o.Links {
		p.open("li")
		p.elem("a", l.Text, "href", l.Href)
		p.shut("li")
	}
	p.shut("ul", "section")
	p.line()
}

// notes are warnings.
func (p *htmlPage) notes(list []check.Note) {
	undrawn := p.undrawnNote()
	if len(list) == 0 && len(p.o.Hints) == 0 && undrawn == "" {
		return
	}
	p.open("section", "class", "notes")
	p.elem("h2", "Notes")
	for _, n := range list {
		p.remark(sentence(n.Text), n.Code, n.Ops)
	}
	for _, hint := range p.o.Hints {
		p.elem("p", strings.TrimPrefix(hint, "Note: "))
	}
	if undrawn != "" {
		p.elem("p", undrawn)
	}
	p.shut("section")
	p.line()
}

// remark is a reason or a warning, with the operations that it speaks of.
func (p *htmlPage) remark(text, code string, ids []history.ID) {
	p.open("p")
	p.text(text)
	p.text(" ")
	p.elem("code", code, "class", "dim")
	p.shut("p")
	if len(ids) > 0 && p.h != nil {
		p.ops(check.Anomaly{Kind: code, Ops: ids})
	}
}

// anomalies are the sections of all kinds; prefix is that of the names of their pictures, level that of their headings.
func (p *htmlPage) anomalies(r check.Result, prefix string, level int) {
	for _, g := range groupByKind(r.Anomalies) {
		if !isFact(g) { // told as a reason
			p.kindSection(g, prefix, level)
		}
	}
}

// kindSection shows the anomalies of one kind, those with few operations first: they are understood soonest.
func (p *htmlPage) kindSection(g group, prefix string, level int) {
	heading := fmt.Sprintf("h%d", level)
	p.open("section", "class", "kind", "id", anchor(prefix+g.kind))
	p.open(heading)
	p.text(g.kind)
	p.text(" ")
	p.elem("span", "× "+thousands(g.total), "class", "count")
	p.shut(heading)
	if m := check.Meaning(g.kind); m != "" {
		p.elem("p", sentence(m), "class", "meaning")
	}
	shown := 0
	for _, i := range shortestFirst(g.list) {
		if shown >= pageKind || p.full(shown > 0) {
			break
		}
		p.article(g.list[i], fmt.Sprintf("%s%s", prefix, pictureName(g.kind, i)), i, shown < pageOpen)
		shown++
	}
	if left := g.total - shown; left > 0 {
		text := fmt.Sprintf("… and %s more like this.", thousands(left))
		if len(g.list) > shown {
			text += fmt.Sprintf(" results.edn beside this page lists %s.", thousands(len(g.list)))
		}
		p.elem("p", text, "class", "more")
	}
	if g.kind == "incompatible-order" {
		p.readTables(g, level+1)
	}
	p.shut("section")
	p.line()
}

// shortestFirst are the places of anomalies in the order in which they are told: those with few operations first.
func shortestFirst(list []check.Anomaly) []int {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return len(list[i].Ops) - len(list[j].Ops) })
	return order
}

// parts are the independent keys, or the checkers, that are not valid.
func (p *htmlPage) parts(r check.Result) {
	shown, left := 0, 0
	for i, q := range allParts(r) {
		if q.Result.Verdict == check.Valid {
			continue
		}
		if shown >= pageParts || p.size() > pageBytes {
			left++
			continue
		}
		shown++
		p.open("section", "class", "part")
		p.open("h2")
		if !r.Composed {
			p.text("Key ")
		}
		p.elem("code", clipText(q.Name, maxLetter))
		p.text(": ")
		p.elem("span", q.Result.Verdict.String(), "class", "word "+q.Result.Verdict.String())
		p.shut("h2")
		for _, why := range q.Result.Reasons {
			p.remark(sentence(why.Text), why.Code, why.Ops)
		}
		p.anomalies(q.Result, partDir(i, q), 3)
		p.components(q.Result, partDir(i, q), 3)
		p.shut("section")
		p.line()
	}
	if left > 0 {
		p.elem("p", fmt.Sprintf("… and %s more %s that are not valid.", thousands(left), partsName(r, left)), "class", "more")
	}
}

// foot says where more can be learnt.
func (p *htmlPage) foot(r check.Result) {
	p.open("footer")
	p.open("p")
	p.text("Made by jcheck. ")
	if kind := firstKind(r); r.Verdict == check.Invalid && kind != "" {
		p.text("T1, T2, … name the operations of one anomaly. ")
		p.elem("code", "jcheck anomalies "+kind)
		p.text(" explains a kind of anomaly, ")
		p.elem("code", "jcheck models NAME")
		p.text(" a model. ")
	}
	p.text("Beside this page lie results.edn and results.json, for programs.")
	p.shut("p", "footer")
	p.line()
}

// full tells whether the page is long enough. The first anomaly of a kind still gets in for a while.
func (p *htmlPage) full(more bool) bool {
	return p.size() > 2*pageBytes || more && p.size() > pageBytes
}
