package render

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// Files writes what a result has to show into a directory, which it makes: results.edn and results.json, and for each
// type of cycle T the texts of its cycles as T.txt and a graph of each as T/0.dot, T/1.dot, ... The parts of a result
// (independent keys) get directories of their own. file is the name that the results give to the history. Graphs of more
// than maxGraph bytes are left out and named in skipped; 0 means no limit.
func Files(dir string, h *history.History, file string, r check.Result, maxGraph int) (skipped []string, err error) {
	var list []outFile
	for _, f := range files(h, file, r) {
		if maxGraph > 0 && len(f.text) > maxGraph && strings.HasSuffix(f.name, ".dot") {
			skipped = append(skipped, f.name)
			continue
		}
		list = append(list, f)
	}
	return skipped, writeAll(dir, list)
}

// outFile is one file to write; its name is relative, with slashes.
type outFile struct {
	name string
	text []byte
}

// files makes all files in memory first, so that a failure to draw leaves nothing half written.
func files(h *history.History, file string, r check.Result) []outFile {
	out := []outFile{
		{"results.edn", EDN(h, file, r)},
		{"results.json", JSON(h, file, r)},
	}
	for _, g := range groupByKind(r.Anomalies) {
		out = append(out, cycleFiles(h, g)...)
	}
	for i, p := range r.Parts {
		prefix := fmt.Sprintf("parts/%d-%s/", i, safeName(p.Name))
		for _, g := range groupByKind(p.Result.Anomalies) {
			for _, f := range cycleFiles(h, g) {
				out = append(out, outFile{prefix + f.name, f.text})
			}
		}
	}
	return out
}

// cycleFiles are the files of one type of cycle; other anomalies have none.
func cycleFiles(h *history.History, g group) []outFile {
	if len(g.list[0].Steps) == 0 {
		return nil
	}
	var texts []string
	var out []outFile
	for i, a := range g.list {
		texts = append(texts, fmt.Sprintf("%s #%d\n%s", g.kind, i, CycleText(h, a)))
		out = append(out, outFile{fmt.Sprintf("%s/%d.dot", g.kind, i), []byte(DOT(h, a))})
	}
	text := outFile{g.kind + ".txt", []byte(strings.Join(texts, "\n\n\n") + "\n")}
	return append([]outFile{text}, out...)
}

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
