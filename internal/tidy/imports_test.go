package tidy

import (
	"fmt"
	"go/ast"
	"slices"
	"sort"
	"strings"
)

// rooms says what each package may import of the module: whatever lies below it in the house's picture. The row of the
// longest matching folder counts.
var rooms = []struct {
	dir string
	may []string
}{
	{"internal/amount", nil},
	{"internal/edn", nil},
	{"internal/fressian", []string{"internal/edn"}},
	{"internal/graph", nil},
	{"history", []string{"internal/edn", "internal/fressian"}},
	{"check", []string{"history", "internal/edn"}},
	{"internal/cycle", []string{"check", "history", "internal/edn", "internal/graph"}},
	{"elle", []string{"check", "history", "internal/edn", "internal/graph", "internal/cycle"}},
	{"check/kafka", []string{"check", "history", "internal/edn", "internal/graph", "internal/cycle"}},
	{"check/monotonic", []string{"check", "history", "internal/edn", "internal/graph"}},
	{"linearizable", []string{"check", "history", "internal/edn", "internal/graph"}},
	{"set", []string{"check", "history", "internal/edn"}},
	{"counter", []string{"check", "history", "internal/edn"}},
	{"check/all", []string{"check", "history", "internal/edn", "internal/graph", "elle", "linearizable", "set", "counter", "check/*"}},
	{"check/*", []string{"check", "history", "internal/edn"}},
	{"render", []string{"check", "history", "internal/edn"}},
	{"internal/store", []string{"check", "history", "internal/edn", "internal/fressian"}},
	{"internal/sim", []string{"history", "internal/sim"}},
	{"internal/sim/measure", []string{"check", "history", "internal/sim", "internal/sim/*", "linearizable"}},
	{"internal/faults", []string{"history", "internal/edn"}},
	{"internal/anonymise", []string{"history", "internal/edn"}},
	{"internal/lint", []string{"check", "history", "internal/edn"}},
	{"internal/shrink", []string{"check", "history", "internal/edn"}},
	{"internal/corpus", nil},
	{"internal/tidy", nil},
	{"cmd/internal/cli", nil},
	{"cmd/jcheck-draw", nil},
	{"cmd/jcheck", []string{"*"}},
	{"cmd/jcollect", []string{"*"}},
	{"cmd/jcollect/internal/plan", []string{"history", "internal/edn"}},
	{"cmd/jcollect/internal/remote", []string{"cmd/jcollect/internal/plan"}},
	{"cmd/jcollect/internal/remote/enginetest", nil},
	{"cmd/jcollect/internal/agent", []string{"internal/edn"}},
	{"cmd/jcollect/internal/node", []string{"cmd/jcollect/internal/plan", "cmd/jcollect/internal/remote", "cmd/jcollect/internal/agent"}},
	{"cmd/jcollect/internal/db", []string{"cmd/jcollect/internal/plan", "cmd/jcollect/internal/remote", "cmd/jcollect/internal/agent", "cmd/jcollect/internal/node"}},
	{"cmd/jcollect/internal/client", []string{"history", "internal/edn", "cmd/jcollect/internal/plan"}},
	{"cmd/jcollect/internal/generator", []string{"history", "internal/edn", "cmd/jcollect/internal/plan"}},
	{"cmd/jcollect/internal/workload", []string{"history", "internal/edn", "cmd/jcollect/internal/plan", "cmd/jcollect/internal/generator"}},
	{"cmd/jcollect/internal/fault", []string{"history", "internal/edn", "cmd/jcollect/internal/plan", "cmd/jcollect/internal/remote",
		"cmd/jcollect/internal/agent", "cmd/jcollect/internal/node", "cmd/jcollect/internal/db", "cmd/jcollect/internal/client", "cmd/jcollect/internal/generator"}},
	{"cmd/jcollect/internal/interpreter", []string{"history", "internal/edn", "cmd/jcollect/internal/generator", "cmd/jcollect/internal/client"}},
	{"cmd/jcollect/internal/lab", []string{"cmd/jcollect/internal/plan", "cmd/jcollect/internal/remote", "cmd/jcollect/internal/node"}},
	{"cmd/jcollect/internal/lab/labtest", []string{"cmd/jcollect/internal/lab", "cmd/jcollect/internal/remote"}},
	{"cmd/jcollect/internal/web", []string{"internal/store"}},
	{"cmd/jcollect/internal/run", []string{"*"}},
	{"fixtures", nil},
	{"examples", []string{"*"}},
}

// everywhere are the packages that know nothing and that any other may use, as it may the standard library.
var everywhere = []string{"internal/amount"}

// testRooms are the packages that any test may use.
var testRooms = []string{"internal/sim", "internal/sim/objects", "internal/corpus", "internal/edn", "fixtures",
	"cmd/jcollect/internal/lab", "cmd/jcollect/internal/lab/labtest", "cmd/jcollect/internal/remote/enginetest"}

// wholeTests are the packages whose tests try several rooms together.
var wholeTests = []string{"fixtures", "examples", "cmd/jcollect/internal/workload", "cmd/jcollect/internal/client"}

// room finds the row of a package; false if there is none.
func room(dir string) (may []string, found bool) {
	best := -1
	for _, r := range rooms {
		if within(dir, r.dir) && len(r.dir) > best {
			best, may, found = len(r.dir), r.may, true
		}
	}
	return may, found
}

// within tells whether a folder is the pattern's or lies under it; "check/*" is whatever lies under check.
func within(dir, pattern string) bool {
	if pattern == "*" {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(dir, base+"/")
	}
	return dir == pattern || strings.HasPrefix(dir, pattern+"/")
}

// roomBreaches finds imports that don't point downward. Rows list direct imports; since each row holds only what lies
// lower, and rooms lower still may not point up, no chain of imports can break what no single one does.
func roomBreaches(tree []*file) []string {
	var breaches []string
	for _, f := range tree {
		may, ok := room(f.dir)
		if !ok {
			breaches = append(breaches, fmt.Sprintf("%s: package %s has no place in the house (hint: a row in rooms)", f.path, f.dir))
			continue
		}
		for p, pos := range f.imports() {
			to, ours := strings.CutPrefix(p, module+"/")
			if !ours || to == f.dir || allowed(to, may) || allowed(to, everywhere) {
				continue
			}
			if f.test && (allowed(to, testRooms) || allowed(f.dir, wholeTests)) {
				continue
			}
			breaches = append(breaches, fmt.Sprintf("%s: %s may not import %s", f.at(pos), f.dir, to))
		}
	}
	sort.Strings(breaches)
	return breaches
}

// allowed tells whether one of the patterns names the package. A pattern without "*" means that package alone, so that
// "check" doesn't open every small checker.
func allowed(dir string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		return dir == p || strings.HasSuffix(p, "*") && within(dir, p)
	})
}

// foreign says where third-party packages may be imported, beyond tests.
var foreign = []struct {
	pkg string
	in  []string // folders, the ones under them included; none: tests only
}{
	{"github.com/spf13/cobra", []string{"cmd"}},
	{"github.com/spf13/pflag", []string{"cmd"}},
	{"golang.org/x/term", []string{"cmd"}},
	{"golang.org/x/sys", []string{"history", "cmd"}},
	{"github.com/goccy/go-json", []string{"history", "render"}},
	{"github.com/klauspost/compress", []string{"history"}},
	{"github.com/anishathalye/porcupine", []string{"linearizable", "internal/sim/measure"}},
	{"github.com/goccy/go-graphviz", []string{"cmd/jcheck-draw"}},
	{"golang.org/x/image", []string{"render"}},
	{"gonum.org/v1/gonum", []string{"render", "set", "check"}},
	{"gonum.org/v1/plot", []string{"render"}},
	{"golang.org/x/crypto", []string{"cmd/jcollect"}},
	{"github.com/pkg/sftp", []string{"cmd/jcollect"}},
	{"github.com/skeema/knownhosts", []string{"cmd/jcollect"}},
	{"github.com/kevinburke/ssh_config", []string{"cmd/jcollect"}},
	{"go.yaml.in/yaml", []string{"cmd/jcollect"}},
	{"github.com/jackc/pgx", []string{"cmd/jcollect"}},
	{"github.com/florianl/go-nfqueue", []string{"cmd/jcollect"}},
	{"github.com/go-sql-driver/mysql", []string{"cmd/jcollect"}},
	{"github.com/google/go-cmp", nil},
	{"pgregory.net/rapid", nil},
	{"github.com/rogpeppe/go-internal", nil},
}

// foreignBreaches finds third-party packages outside the rooms whose job needs them.
func foreignBreaches(tree []*file) []string {
	var breaches []string
	for _, f := range tree {
		for p, pos := range f.imports() {
			first, _, _ := strings.Cut(p, "/")
			if !strings.Contains(first, ".") {
				continue // the standard library, or the module itself
			}
			ok := false
			for _, row := range foreign {
				if within(p, row.pkg) {
					ok = f.test || slices.ContainsFunc(row.in, func(d string) bool { return within(f.dir, d) })
				}
			}
			if !ok {
				breaches = append(breaches, fmt.Sprintf("%s: %s may not import %s (hint: house rules on third-party packages)",
					f.at(pos), f.dir, p))
			}
		}
	}
	sort.Strings(breaches)
	return breaches
}

// fileRooms are the packages other than commands that touch files: history.Open, the report writers, the store, and the
// one helper that finds the corpus.
var fileRooms = []string{"history", "render", "internal/store", "internal/corpus"}

// effectBreaches finds effects outside commands: files, printing, logs, flags, exits.
func effectBreaches(tree []*file) []string {
	var breaches []string
	for _, f := range tree {
		if f.test || f.main() || within(f.dir, "cmd") {
			continue
		}
		imports := f.imports()
		for _, p := range []string{"log", "log/slog", "flag", "os", "os/exec"} {
			pos, ok := imports[p]
			if !ok || p == "os" && slices.Contains(fileRooms, f.dir) {
				continue
			}
			breaches = append(breaches, fmt.Sprintf("%s: %s may not import %s: that is for commands", f.at(pos), f.dir, p))
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && loud(call) {
				breaches = append(breaches, fmt.Sprintf("%s: only commands print or exit", f.at(call.Pos())))
			}
			return true
		})
	}
	return breaches
}

// loud tells whether a call prints to the standard streams or ends the process.
func loud(call *ast.CallExpr) bool {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Obj == nil && (fun.Name == "print" || fun.Name == "println")
	case *ast.SelectorExpr:
		pkg, ok := fun.X.(*ast.Ident)
		if !ok || pkg.Obj != nil {
			return false
		}
		return pkg.Name == "fmt" && strings.HasPrefix(fun.Sel.Name, "Print") || pkg.Name == "os" && fun.Sel.Name == "Exit"
	}
	return false
}
