package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// module is the path of the module whose tree is checked.
const module = "jcheck"

// file is one Go file of the tree.
type file struct {
	path string // slash-separated, from the root of the tree
	dir  string // its package's place: "elle", "internal/cycle"
	test bool
	src  []byte
	ast  *ast.File
	fset *token.FileSet
}

// at is a place in the file for messages.
func (f *file) at(p token.Pos) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(p).Line)
}

// line is the number of a position's line.
func (f *file) line(p token.Pos) int { return f.fset.Position(p).Line }

// main tells whether the file belongs to a command.
func (f *file) main() bool { return f.ast.Name.Name == "main" }

// imports are the paths that the file imports, with their places.
func (f *file) imports() map[string]token.Pos {
	found := make(map[string]token.Pos)
	for _, spec := range f.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			found[p] = spec.Pos()
		}
	}
	return found
}

// parse makes a tree of sources given by path; for the planted breaches.
func parse(sources map[string]string) ([]*file, error) {
	var tree []*file
	fset := token.NewFileSet()
	for name, src := range sources {
		f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		tree = append(tree, &file{path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
			src: []byte(src), ast: f, fset: fset})
	}
	sort.Slice(tree, func(i, j int) bool { return tree[i].path < tree[j].path })
	return tree, nil
}

// load reads the tree under root, but for folders that the go tool leaves out too.
func load(root string) ([]*file, error) {
	sources := make(map[string]string)
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != root && (base == "testdata" || strings.HasPrefix(base, ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(base, ".go") {
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		sources[filepath.ToSlash(rel)] = string(src)
		return err
	})
	if err != nil {
		return nil, err
	}
	return parse(sources)
}

// rules are all the rules, by name.
var rules = []struct {
	name  string
	check func([]*file) []string
}{
	{"rooms import downward only", roomBreaches},
	{"third-party packages live where their job is", foreignBreaches},
	{"only commands print, log, read flags or exit", effectBreaches},
	{"functions fit a screen", lengthBreaches},
	{"no init functions", initBreaches},
	{"no package-level mutable state", stateBreaches},
	{"no dead files", deadBreaches},
	{"names avoid the words that say nothing", wordBreaches},
	{"exported things are documented", docBreaches},
	{"tests say what they are for", testDocBreaches},
}

// Without this nothing would hold the tree to the house rules.
func TestTree(t *testing.T) {
	tree, err := load(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree) < 10 {
		t.Fatalf("found %d files only: is this the module's tree?", len(tree))
	}
	for _, r := range rules {
		t.Run(strings.ReplaceAll(r.name, " ", "-"), func(t *testing.T) {
			for _, breach := range r.check(tree) {
				t.Error(breach)
			}
		})
	}
}
