package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// maxLines is how long a function may be: one screen.
const maxLines = 70

// lengthBreaches finds functions longer than a screen. Tables inside are exempt: the lines of a composite literal that
// holds no function don't count.
func lengthBreaches(tree []*file) []string {
	var breaches []string
	for _, f := range tree {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			name, body := "a function literal", (*ast.BlockStmt)(nil)
			switch fn := n.(type) {
			case *ast.FuncDecl:
				name, body = fn.Name.Name, fn.Body
			case *ast.FuncLit:
				body = fn.Body
			default:
				return true
			}
			if body == nil {
				return false
			}
			if n := f.line(body.End()) - f.line(n.Pos()) + 1 - tableLines(f, body); n > maxLines {
				breaches = append(breaches, fmt.Sprintf("%s: %s has %d lines, more than %d", f.at(body.Pos()), name, n, maxLines))
			}
			return false // what lies inside is shorter
		})
	}
	return breaches
}

// tableLines is how many lines inside a body belong to tables.
func tableLines(f *file, body *ast.BlockStmt) int {
	lines := 0
	ast.Inspect(body, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok || holdsFunction(lit) {
			return true
		}
		lines += f.line(lit.End()) - f.line(lit.Pos())
		return false
	})
	return lines
}

func holdsFunction(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		_, lit := n.(*ast.FuncLit)
		found = found || lit
		return !found
	})
	return found
}

// initBreaches finds init functions: they run before anybody asked.
func initBreaches(tree []*file) []string {
	var breaches []string
	for _, f := range tree {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				breaches = append(breaches, f.at(fn.Pos())+": init function")
			}
		}
	}
	return breaches
}

// stateBreaches finds package-level variables that something changes: by assignment to them or through them, by taking
// their address, or because their type is made for changing (locks, atomics, channels). An approximation: a method with
// a pointer receiver escapes it.
func stateBreaches(tree []*file) []string {
	vars := make(map[string]map[string]*ast.ValueSpec) // dir → name → where it is declared
	var breaches []string
	for _, f := range tree {
		if f.test {
			continue
		}
		if vars[f.dir] == nil {
			vars[f.dir] = make(map[string]*ast.ValueSpec)
		}
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for _, n := range v.Names {
					vars[f.dir][n.Name] = v
				}
				if changing(v.Type) {
					breaches = append(breaches, fmt.Sprintf("%s: package-level %s is made to change", f.at(v.Pos()), v.Names[0].Name))
				}
			}
		}
	}
	for _, f := range tree {
		if !f.test {
			breaches = append(breaches, changes(f, vars[f.dir])...)
		}
	}
	return breaches
}

// changing tells whether a type is one whose only use is to change.
func changing(t ast.Expr) bool {
	switch t := t.(type) {
	case *ast.ChanType:
		return true
	case *ast.SelectorExpr:
		pkg, ok := t.X.(*ast.Ident)
		return ok && (pkg.Name == "sync" || pkg.Name == "atomic")
	}
	return false
}

// changes finds where a file changes one of the package's variables.
func changes(f *file, vars map[string]*ast.ValueSpec) []string {
	var breaches []string
	check := func(e ast.Expr, through bool) {
		id := root(e, through)
		if id == nil || vars[id.Name] == nil || id.Obj != nil && id.Obj.Decl != vars[id.Name] {
			return // not a variable, or a local one of the same name
		}
		breaches = append(breaches, fmt.Sprintf("%s: package-level %s changes", f.at(id.Pos()), id.Name))
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				if n.Tok != token.DEFINE {
					check(l, true)
				}
			}
		case *ast.IncDecStmt:
			check(n.X, true)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				check(n.X, false) // a row's address is how tables are read; the whole variable's isn't
			}
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "delete" || fn.Name == "clear") && len(n.Args) > 0 {
				check(n.Args[0], true)
			}
		}
		return true
	})
	return breaches
}

// root is the variable at the bottom of x, x.f, x[i], *x (the last three only if through).
func root(e ast.Expr, through bool) *ast.Ident {
	for {
		if id, ok := e.(*ast.Ident); ok {
			return id
		}
		if !through {
			return nil
		}
		switch x := e.(type) {
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// docBreaches finds exported functions and types without a comment. Methods that an interface of the standard library
// explains need none.
func docBreaches(tree []*file) []string {
	var breaches []string
	for _, f := range tree {
		if f.test || f.main() {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) && d.Name.Name != "String" && d.Name.Name != "Error" {
					breaches = append(breaches, fmt.Sprintf("%s: exported %s has no comment", f.at(d.Pos()), d.Name.Name))
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if t, ok := s.(*ast.TypeSpec); ok && t.Name.IsExported() && d.Doc == nil && t.Doc == nil {
						breaches = append(breaches, fmt.Sprintf("%s: exported %s has no comment", f.at(t.Pos()), t.Name.Name))
					}
				}
			}
		}
	}
	return breaches
}

// exportedReceiver tells whether a function is no method, or one of an exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	id, ok := t.(*ast.Ident)
	return ok && id.IsExported()
}

// testDocBreaches finds tests that don't say what would be missed without them.
func testDocBreaches(tree []*file) []string {
	var breaches []string
	for _, f := range tree {
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !f.test || fn.Recv != nil || fn.Doc != nil || fn.Name.Name == "TestMain" || startsWithComment(f, fn.Body) {
				continue
			}
			if strings.HasPrefix(fn.Name.Name, "Test") || strings.HasPrefix(fn.Name.Name, "Fuzz") {
				breaches = append(breaches, fmt.Sprintf("%s: %s has no comment that says what it would miss if removed",
					f.at(fn.Pos()), fn.Name.Name))
			}
		}
	}
	return breaches
}

// startsWithComment tells whether a body's first statement has a comment before it.
func startsWithComment(f *file, body *ast.BlockStmt) bool {
	for _, c := range f.ast.Comments {
		if body != nil && c.Pos() > body.Lbrace && (len(body.List) == 0 && c.End() < body.Rbrace ||
			len(body.List) > 0 && c.End() < body.List[0].Pos()) {
			return true
		}
	}
	return false
}
