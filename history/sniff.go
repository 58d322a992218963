package history

import (
	"bytes"
	"fmt"
	"regexp"
	"unicode/utf8"

	"jcheck/internal/edn"
)

// sniff tells from the content what the input is and where its operations begin, or why it is no history.
func sniff(src []byte, f Format) (*layout, *fault) {
	start := len(src) - len(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")))
	if bad := notText(src); bad != nil {
		return nil, bad
	}
	if len(bytes.TrimSpace(src[start:])) == 0 {
		return nil, &fault{0, "empty", "an empty file", "a history", "did the test run to its end?"}
	}
	l := &layout{src: src, start: start}
	at, bad := firstForm(src, start)
	if bad != nil {
		return nil, bad
	}
	switch f {
	case FormatJSON:
		l.json = true
	case FormatAuto:
		if d := dialectOf(src[at:]); d != native {
			l.speak(d, at)
			return l, nil
		}
		if bad := foreign(src, at); bad != nil {
			return nil, bad
		}
		l.json = looksJSON(src[at:])
	}
	l.open(at)
	return l, nil
}

// firstForm is where the first form begins, behind comments and discarded forms.
func firstForm(src []byte, start int) (int, *fault) {
	s := ednScanner{scanner{src: src, pos: start}}
	if bad := s.skip(); bad != nil {
		return 0, bad
	}
	if s.pos >= len(src) {
		return 0, &fault{0, "empty", "a file of comments only", "a history", ""}
	}
	return s.pos, nil
}

// open settles where the operations start: within the list or array whose bracket is at at, or there. A tag may stand
// before an EDN list.
func (l *layout) open(at int) {
	l.marks = opMarks(l.json)
	l.start = at
	if !l.json {
		s := ednScanner{scanner{src: l.src, pos: at}}
		if l.src[at] == '#' {
			s.tag()
		}
		at = s.pos
	}
	if at < len(l.src) {
		switch l.src[at] {
		case '[':
			l.start, l.closer = at+1, ']'
		case '(':
			if !l.json {
				l.start, l.closer = at+1, ')'
			}
		}
	}
	l.learnMark()
}

// learnMark adds the first key of the first operation to the marks, whatever it is.
func (l *layout) learnMark() {
	i := bytes.IndexByte(l.src[l.start:], '{')
	if i < 0 || i > 1000 {
		return
	}
	s := scanner{src: l.src, pos: l.start + i + 1}
	for s.pos < len(s.src) && edn.IsSpace(s.src[s.pos]) {
		s.pos++
	}
	if s.pos >= len(s.src) {
		return
	}
	switch c := s.src[s.pos]; {
	case c == ':' && !l.json:
		l.marks = append(l.marks, mark(s.token()))
	case c == '"' && l.json:
		if n := bytes.IndexByte(s.src[s.pos+1:], '"'); n >= 0 && n < 100 {
			l.marks = append(l.marks, mark(s.src[s.pos:s.pos+n+2]))
		}
	}
}

// looksJSON tells JSON from EDN by the first object: a name in quotes, then a colon with a JSON value behind it.
func looksJSON(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n[")
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	text = bytes.TrimLeft(text[1:], " \t\r\n")
	if len(text) == 0 || text[0] != '"' {
		return false
	}
	_, end, bad := jsonString(text, 0, nil)
	if bad != nil {
		return false
	}
	text = bytes.TrimLeft(text[end:], " \t\r\n")
	if len(text) < 2 || text[0] != ':' {
		return len(text) < 2
	}
	switch c := text[1]; {
	case jsonSpace(c), c == '"', c == '[', c == '{', c == '-', c-'0' <= 9:
		return true
	}
	for _, word := range []string{"true", "false", "null"} {
		if rest, ok := bytes.CutPrefix(text[1:], []byte(word)); ok && (len(rest) == 0 || rest[0] == ',' || rest[0] == '}' || jsonSpace(rest[0])) {
			return true
		}
	}
	return false
}

// magics are how files begin that are no text.
func magics() []struct{ prefix, what, hint string } {
	return []struct{ prefix, what, hint string }{
		{"JEPSEN", "a .jepsen file", "its format isn't supported yet; use the history.edn that Jepsen writes beside it"},
		{"PK\x03\x04", "a zip archive", "unpack it first"},
		{"BZh", "a bzip2 file", "unpack it first; gzip and zstd are read directly"},
		{"\xfd7zXZ", "an xz file", "unpack it first; gzip and zstd are read directly"},
		{"\x7fELF", "a program", ""},
		{"%PDF", "a PDF file", ""},
		{"SQLite format 3", "an SQLite database", ""},
		{"\xff\xfe", "UTF-16 text", "convert it to UTF-8"},
		{"\xfe\xff", "UTF-16 text", "convert it to UTF-8"},
	}
}

const wantHistory = "a history in EDN or JSON, plain, gzip or zstd"

// notText says what the input is if it is no text. Only its beginning is looked at: the scanners see the rest.
func notText(src []byte) *fault {
	for _, m := range magics() {
		if bytes.HasPrefix(src, []byte(m.prefix)) {
			code := "binary"
			if m.prefix == "JEPSEN" {
				code = "not-supported"
			}
			return &fault{0, code, m.what, wantHistory, m.hint}
		}
	}
	for i, c := range src[:min(len(src), 4096)] {
		if c < '\t' || c > '\r' && c < 0x1b || c == 0x7f {
			return &fault{i, "binary", fmt.Sprintf("binary content (byte 0x%02x)", c), wantHistory, ""}
		}
	}
	return nil
}

// foreign says what text is that begins unlike any history.
func foreign(src []byte, at int) *fault {
	if bytes.IndexByte([]byte("{[(#"), src[at]) >= 0 {
		return nil
	}
	head := src[at:min(len(src), at+4096)]
	line, _, _ := bytes.Cut(head, []byte("\n"))
	bad := &fault{off: at, code: "no-history", want: wantHistory}
	for _, kind := range []struct {
		text                []byte
		pattern, what, hint string
	}{
		{line, `^<`, "HTML or XML", "was an error page saved instead of the history?"},
		{head, `(?m)^(INFO.*util - )?:?[\w-]+\s+:(invoke|ok|fail|info)\s`, "Jepsen's log of operations", "use the history.edn of the same run"},
		{line, `^(---|- |%YAML|"?[\w-]+"?:(\s|$))`, "YAML", "convert it to JSON: one object for each operation"},
		{line, `^[^,;\t]*([,;\t][^,;\t]*){2,}$`, "CSV or another table", "convert it to JSON: one object for each operation"},
	} {
		if regexp.MustCompile(kind.pattern).Match(kind.text) {
			bad.found, bad.hint = "text that looks like "+kind.what, kind.hint
			return bad
		}
	}
	bad.found = "text that begins with " + clipText(line)
	return bad
}

// clipText quotes the beginning of a line.
func clipText(line []byte) string {
	if len(line) > 40 {
		cut := 40
		for cut > 36 && !utf8.RuneStart(line[cut]) {
			cut--
		}
		line = line[:cut]
	}
	return fmt.Sprintf("%q", line)
}
