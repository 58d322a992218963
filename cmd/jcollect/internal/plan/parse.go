package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// What a plan may be at most. Plans of thousands of lines are fine; more than this is another file, or an attack.
const (
	maxBytes = 4 << 20
	maxDepth = 100
	maxNodes = 200_000
)

// Open reads the plan in a file; "-" is the standard input. The node is nil if there is none.
func Open(file string, p *Problems) *Node {
	in := os.Stdin
	if file == "" {
		p.Add(Pos{File: `""`}, "jcollect init > plan.yaml writes one to begin with", "no plan has an empty name")
		return nil
	}
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			p.Add(Pos{File: file}, "jcollect init > "+QuoteFile(file)+" writes one to begin with", "%v", unwrapped(err))
			return nil
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxBytes+1))
	if err != nil {
		p.Add(Pos{File: file}, "", "read: %v", unwrapped(err))
		return nil
	}
	return Parse(file, text, p)
}

// unwrapped is an error of a file without the file's name, which the message has already.
func unwrapped(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// QuoteFile is a file's name as a shell takes it, for hints and comments.
func QuoteFile(file string) string {
	if strings.ContainsAny(file, " '\"$`\\!*?[]{}()<>|&;#~\n\t") {
		return "'" + strings.ReplaceAll(file, "'", `'\''`) + "'"
	}
	return file
}

// Parse reads a plan. The node is nil if it is no YAML at all; each mistake is added to p.
func Parse(file string, text []byte, p *Problems) *Node {
	n := parse(file, text, p)
	if n == nil && !p.Any() {
		p.Add(Pos{File: file}, "jcollect init writes a plan to begin with", "the plan is empty")
	}
	return n
}

// parse reads one document; nil if there is none.
func parse(file string, text []byte, p *Problems) *Node {
	if len(text) > maxBytes {
		p.Add(Pos{File: file}, "is this file meant?", "longer than %d MB, which no plan is", maxBytes>>20)
		return nil
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !readable(file, text, p) {
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) {
			syntax(file, text, err, p)
		}
		return nil
	}
	if err := decoder.Decode(&next); err == nil {
		p.Add(Pos{file, next.Line, max(next.Column, 1)}, "one file is one plan", "a second document begins here")
	} else if !errors.Is(err, io.EOF) {
		syntax(file, text, err, p)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	r := reader{file: file, problems: p}
	n := r.node(doc.Content[0], 0)
	if n.Kind == Null && len(text) == 0 {
		return nil
	}
	return n
}

// readable tells whether the bytes are a text; if not, the first that isn't is noted.
func readable(file string, text []byte, p *Problems) bool {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		broken := r == utf8.RuneError && size == 1
		if broken || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			line, col := place(text, i)
			at := Pos{file, line, col}
			if broken {
				p.Add(at, "save the file as UTF-8", "byte 0x%02x is not UTF-8 text", text[i])
			} else {
				p.Add(at, fmt.Sprintf(`"\x%02x" in quotes, if it is meant`, r), "a control character (0x%02x)", r)
			}
			return false
		}
		i += size
	}
	return true
}

// place is the line and column of a byte, both from 1.
func place(text []byte, at int) (line, col int) {
	before := text[:at]
	begin := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[begin:]) + 1
}

// syntax adds what the library says of text that is no YAML. The commonest reasons get a hint.
func syntax(file string, text []byte, err error, p *Problems) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		p.Add(Pos{File: file}, "", "no YAML: %v", err)
		return
	}
	at := Pos{File: file, Line: load.Mark.Line, Col: max(load.Mark.Column, 1)}
	said, begins := load.Message, load.ContextMark.Line
	if load.ContextMsg != "" {
		said += ", " + load.ContextMsg
		if begins > 0 && begins != at.Line {
			said += fmt.Sprintf(" that begins in line %d", begins)
		}
	}
	hint := syntaxHint(text, at.Line)
	switch {
	case strings.Contains(load.ContextMsg, "flow"):
		hint = fmt.Sprintf("close the bracket of line %d", begins)
	case strings.Contains(load.ContextMsg, "quoted scalar"):
		hint = fmt.Sprintf("close the quote of line %d", begins)
	case strings.Contains(load.ContextMsg, "simple key"):
		hint = fmt.Sprintf("line %d lacks a colon after its key", begins)
	case strings.Contains(load.Message, "unknown anchor"):
		hint = "a text that begins with * needs quotes"
	}
	p.Add(at, hint, "no YAML: %s", said)
}

// syntaxHint is how to mend the commonest mistakes of a line.
func syntaxHint(text []byte, line int) string {
	lines := bytes.Split(text, []byte("\n"))
	if line < 1 || line > len(lines) {
		return ""
	}
	l := lines[line-1]
	indent := l[:len(l)-len(bytes.TrimLeft(l, " \t"))]
	_, value, _ := bytes.Cut(l, []byte(": "))
	value = bytes.TrimSpace(value)
	switch {
	case bytes.ContainsRune(indent, '\t'):
		return "indent with spaces, YAML has no tabs there"
	case len(value) > 0 && bytes.IndexByte([]byte("%@`*&!|>"), value[0]) >= 0:
		return "put the value in quotes"
	case bytes.Contains(value, []byte(": ")):
		return "put a value that has a colon in quotes, or write a text of several lines after |"
	case bytes.ContainsRune(l, '\t'):
		return "there is a tab in this line: use spaces"
	}
	return "keys of one map begin in the same column; a text with : # { [ * & ! % @ needs quotes"
}

// A reader turns the library's nodes into ours.
type reader struct {
	file     string
	problems *Problems
	nodes    int
}

func (r *reader) pos(y *yaml.Node) Pos { return Pos{r.file, y.Line, y.Column} }

// node reads one value. Aliases are refused: a few lines of them can stand for billions of values.
func (r *reader) node(y *yaml.Node, depth int) *Node {
	n := &Node{Pos: r.pos(y)}
	r.nodes++
	switch {
	case depth > maxDepth:
		r.problems.Add(n.Pos, "", "nested more than %d deep", maxDepth)
		return n
	case r.nodes == maxNodes:
		r.problems.Add(n.Pos, "is this file meant?", "more than %d values, which no plan has", maxNodes)
	}
	if r.nodes >= maxNodes {
		return n
	}
	if y.Anchor != "" {
		r.problems.Add(n.Pos, "leave it out", "anchors (&%s) are not read in plans", y.Anchor)
	}
	if y.Style&yaml.TaggedStyle != 0 {
		r.problems.Add(n.Pos, "leave it out; quotes make a text of a number", "tags (%s) are not read in plans", y.Tag)
	}
	switch y.Kind {
	case yaml.AliasNode:
		r.problems.Add(n.Pos, "write the value out", "aliases (*%s) are not read in plans", y.Value)
	case yaml.SequenceNode:
		n.Kind = List
		for _, c := range y.Content {
			n.Items = append(n.Items, r.node(c, depth+1))
		}
	case yaml.MappingNode:
		n.Kind = Map
		r.pairs(n, y, depth)
	case yaml.ScalarNode:
		n.Text, n.Tag = y.Value, y.ShortTag()
		if n.Tag != "!!null" {
			n.Kind = Scalar
		}
		if strings.ContainsRune(n.Text, 0) {
			r.problems.Add(n.Pos, "", "a text can't have the character NUL")
		}
	}
	return n
}

// pairs reads the keys of a map.
func (r *reader) pairs(n *Node, y *yaml.Node, depth int) {
	seen := make(map[string]Pos)
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		pair := Pair{Key: key.Value, Pos: r.pos(key), Value: r.node(y.Content[i+1], depth+1)}
		before, twice := seen[pair.Key]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.problems.Add(pair.Pos, "", "a key is a single word")
		case pair.Key == "<<":
			r.problems.Add(pair.Pos, "write the keys out", "merge keys (<<) are not read in plans")
		case twice:
			r.problems.Add(pair.Pos, fmt.Sprintf("the first is in line %d", before.Line), "the key %s stands here twice", shown(pair.Key))
		default:
			seen[pair.Key] = pair.Pos
			n.Pairs = append(n.Pairs, pair)
		}
	}
}
