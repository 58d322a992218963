package render

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"jcheck/internal/edn"
)

// prose prepares a checker's sentence for the report: long lists in it are shortened as the reads are, it begins with
// a capital and ends with a full stop.
func (p *page) prose(text string, f focus) string {
	if !p.o.Verbose {
		text = shortenLists(text, f)
	}
	return sentence(text)
}

// sentence gives a text a capital and a full stop, if it lacks them.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	first, n := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[n:]
	if strings.ContainsRune(".!?", rune(text[len(text)-1])) {
		return text
	}
	return text + "."
}

// shortenLists shortens the long EDN lists that a text contains. What merely looks like a list is left alone.
func shortenLists(text string, f focus) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '[')
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		v, n, err := edn.Parse([]byte(text[i:]))
		if err != nil || n <= 0 || v.Kind != edn.Vector {
			b.WriteByte('[')
			text = text[i+1:]
			continue
		}
		b.WriteString(shortValue(v, f))
		text = text[i+n:]
	}
}

// shortValue prints a value whose long vectors are shortened, two levels deep: a read in a micro-op.
func shortValue(v edn.Value, f focus) string {
	if v.Kind != edn.Vector {
		return v.String()
	}
	if len(v.Items) <= maxElems {
		parts := make([]string, len(v.Items))
		for i, x := range v.Items {
			parts[i] = x.String()
			if x.Kind == edn.Vector && len(x.Items) > maxElems {
				parts[i] = shortElems(x.Items, f)
			}
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return shortElems(v.Items, f)
}

// shortElems is a list shortened to what is of interest in it, with its length.
func shortElems(items []edn.Value, f focus) string {
	values := f.all()
	show := window(len(items), len(values), f.from, func(i, j int) bool { return edn.Equal(items[i], values[j]) })
	return spread(len(items), show, func(i int) string { return items[i].String() })
}
