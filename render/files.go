package render

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// FileOptions says what Files writes, and how.
type FileOptions struct {
	Name     string      // that the results give to the history
	MaxGraph int         // bytes of a graph's DOT; larger ones are left out; 0 for no limit
	Drawer   Drawer      // draws the graphs; nil for no drawings
	Page     HTMLOptions // of index.html; Files adds the pictures
}

// Files writes what a result has to show into a directory, which it makes: index.html, results.edn and results.json, and
// for each type of cycle T the texts of its cycles as T.txt and a graph of each as T/0.dot and T/0.svg, T/1.dot, ... What isn't
// linearizable has its story as nonlinearizable.txt and pictures as linear.svg, linear-1.svg, ... The parts of a result (independent keys) get directories of their own. What was left out is told in sentences; an error means that
// something could not be written.
func Files(ctx context.Context, dir string, h *history.History, r check.Result, o FileOptions) (omitted []string, err error) {
	list, omitted := files(ctx, h, r, o)
	return omitted, writeAll(dir, list)
}

// outFile is one file to write; its name is relative, with slashes.
type outFile struct {
	name string
	text []byte
}

// files makes all files in memory first, so that a failure to draw leaves nothing half written.
func files(ctx context.Context, h *history.History, r check.Result, o FileOptions) (list []outFile, omitted []string) {
	list = []outFile{
		{"results.edn", EDN(h, o.Name, r)},
		{"results.json", JSON(h, o.Name, r)},
	}
	list = append(list, texts(h, "", r)...)
	for i, p := range allParts(r) {
		list = append(list, texts(h, partDir(i, p), p.Result)...)
	}
	ways, omitted := linearFiles(h, r)
	list = append(list, ways...)
	undrawn, surplus := 0, 0
	why, example := "", ""
	o.Page.Pictures = Pictures(ctx, o.Drawer, h, r)
	list = append(list, outFile{"index.html", HTML(h, r, o.Page)})
	for _, p := range o.Page.Pictures {
		if o.MaxGraph > 0 && len(p.DOT) > o.MaxGraph {
			omitted = append(omitted, fmt.Sprintf("graph %s.dot is larger than %d bytes and was not written", p.Name, o.MaxGraph))
			continue
		}
		list = append(list, outFile{p.Name + ".dot", p.DOT})
		switch {
		case p.SVG != nil:
			list = append(list, outFile{p.Name + ".svg", p.SVG})
		case p.Why == errEnough.Error():
			surplus++
		default:
			if undrawn++; undrawn == 1 {
				why, example = p.Why, p.Name
			}
		}
	}
	if surplus > 0 && o.Drawer != nil {
		omitted = append(omitted, fmt.Sprintf("%s beyond the first %d were written as DOT only", count(surplus, "graph"), maxPictures))
	}
	if undrawn > 0 && o.Drawer != nil {
		omitted = append(omitted, fmt.Sprintf("%s could not be drawn, the first being %s.dot: %s", count(undrawn, "graph"), example, why))
	}
	return list, omitted
}

// texts are the files of a result, without its parts, that are to be read as they are.
func texts(h *history.History, dir string, r check.Result) []outFile {
	return append(cycleTexts(h, dir, r), graphTexts(h, dir, r)...)
}

// graphTexts is the file that tells of the components: which operations the drawings show, and what they leave out.
func graphTexts(h *history.History, dir string, r check.Result) []outFile {
	var b strings.Builder
	for i, g := range r.Graphs {
		s := graphScene(h, g, r.Anomalies)
		fmt.Fprintf(&b, "Component #%d (sccs/%d): %s.\n", i, i, s.title)
		for _, text := range s.remarks {
			fmt.Fprintln(&b, text)
		}
		for _, n := range s.nodes {
			fmt.Fprintf(&b, "  %s: %s\n", n.head, clip(n.whole, maxGraphText))
		}
		b.WriteByte('\n')
	}
	if b.Len() == 0 {
		return nil
	}
	return []outFile{{dir + "sccs.txt", []byte(b.String())}}
}

// maxGraphText is how many characters of an operation sccs.txt has; its index and line tell where the rest is.
const maxGraphText = 300

// cycleTexts are the texts of each type of cycle; other anomalies have none.
func cycleTexts(h *history.History, dir string, r check.Result) []outFile {
	var out []outFile
	for _, g := range groupByKind(r.Anomalies) {
		if len(g.list[0].Steps) == 0 {
			continue
		}
		var texts []string
		for i, a := range g.list {
			texts = append(texts, fmt.Sprintf("%s #%d\n%s", g.kind, i, CycleText(h, a)))
		}
		out = append(out, outFile{dir + g.kind + ".txt", []byte(strings.Join(texts, "\n\n\n") + "\n")})
	}
	return out
}

// partDir is the directory of a part's files.
func partDir(i int, p check.Part) string { return fmt.Sprintf("parts/%d-%s/", i, safeName(p.Name)) }

// safeName is a part's name as a part of a path: anything but letters, digits, "-" and "_" becomes "_".
func safeName(name string) string {
	clean := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			return c
		}
		return '_'
	}, name)
	return clean[:min(len(clean), 40)]
}

// writeAll writes the files and the directories they need.
func writeAll(dir string, list []outFile) error {
	for _, f := range list {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write results: %w", err)
		}
		if err := os.WriteFile(path, f.text, 0o644); err != nil {
			return fmt.Errorf("write results: %w", err)
		}
	}
	return nil
}
