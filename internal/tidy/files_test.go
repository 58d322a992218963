package tidy

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"path"
	"slices"
	"strings"
	"unicode"
)

// targets are the systems that a file may be for.
var targets = [][]string{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}, {"windows", "amd64"}}

// deadBreaches finds files that no build or test ever compiles, packages that nothing imports, and files that declare
// nothing.
func deadBreaches(tree []*file) []string {
	var breaches []string
	imported := make(map[string]bool)
	for _, f := range tree {
		for p := range f.imports() {
			if to, ours := strings.CutPrefix(p, module+"/"); ours && to != f.dir {
				imported[to] = true
			}
		}
	}
	for _, f := range tree {
		if !compiled(f) {
			breaches = append(breaches, f.path+": no system that we build for compiles this file")
		}
		base := path.Base(f.path)
		if len(f.ast.Decls) == 0 && base != "doc.go" {
			breaches = append(breaches, f.path+": declares nothing")
		}
		if strings.Contains("/"+f.path, "/_") {
			breaches = append(breaches, f.path+": the go tool leaves names with _ in front out")
		}
		lonely := strings.Contains("/"+f.dir, "/internal/") && !imported[f.dir] && f.dir != "internal/tidy"
		if lonely && !f.test && !f.main() {
			breaches = append(breaches, fmt.Sprintf("%s: nothing imports package %s", f.path, f.dir))
		}
	}
	return breaches
}

// compiled tells whether the file's build constraint holds on one of the targets, with or without the race detector.
func compiled(f *file) bool {
	for _, group := range f.ast.Comments {
		for _, c := range group.List {
			if c.Pos() > f.ast.Package || !constraint.IsGoBuild(c.Text) {
				continue
			}
			expr, err := constraint.Parse(c.Text)
			if err != nil {
				return false
			}
			return slices.ContainsFunc(targets, func(target []string) bool {
				return satisfied(expr, target, false) || satisfied(expr, target, true)
			})
		}
	}
	return true
}

// satisfied tells whether a constraint holds on a target. Tags of our own making are never set.
func satisfied(expr constraint.Expr, target []string, race bool) bool {
	return expr.Eval(func(tag string) bool {
		return slices.Contains(target, tag) || strings.HasPrefix(tag, "go1.") || tag == "gc" ||
			tag == "unix" && target[0] != "windows" || tag == "race" && race
	})
}

// words name nothing in particular, or mean something else in this field.
var words = []string{"manager", "util", "utils", "helper", "helpers", "common", "handler", "data", "event", "events", "conflict"}

// wordBreaches finds those words in the names of files, folders, types and functions.
func wordBreaches(tree []*file) []string {
	var breaches []string
	for _, f := range tree {
		for _, part := range strings.Split(strings.TrimSuffix(f.path, ".go"), "/") {
			if w := badWord(part); w != "" {
				breaches = append(breaches, fmt.Sprintf("%s: the name says %q", f.path, w))
			}
		}
		for _, d := range f.ast.Decls {
			for _, id := range declared(d) {
				if w := badWord(id.Name); w != "" {
					breaches = append(breaches, fmt.Sprintf("%s: the name %s says %q", f.at(id.Pos()), id.Name, w))
				}
			}
		}
	}
	return breaches
}

// declared are the names of the types and functions of a declaration.
func declared(d ast.Decl) []*ast.Ident {
	if fn, ok := d.(*ast.FuncDecl); ok {
		return []*ast.Ident{fn.Name}
	}
	var ids []*ast.Ident
	for _, s := range d.(*ast.GenDecl).Specs {
		if t, ok := s.(*ast.TypeSpec); ok {
			ids = append(ids, t.Name)
		}
	}
	return ids
}

// badWord is the first such word in a name of camelCase, snake_case or kebab-case; "" if there is none.
func badWord(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) || r == '_' || r == '-' || r == '.' {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	for _, part := range strings.Fields(strings.NewReplacer("_", " ", "-", " ", ".", " ").Replace(b.String())) {
		if slices.Contains(words, part) {
			return part
		}
	}
	return ""
}
