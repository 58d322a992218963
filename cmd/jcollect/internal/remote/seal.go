package remote

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A seal tells a command's own end from that of the program which carried it to the node: an engine that doesn't find the
// container, or loses it meanwhile, ends with a status, too, and with the same ones (1, 125, 126, 127, 137).
//
// The node's shell writes the seal to the standard error before the command, and with its status after it.
type seal string

// newSeal is one that no output has in it by chance.
func newSeal() seal { return seal("jcollect-" + rand.Text()) }

// line puts a line of sh between seals. Engines take it for UTF-8, so what isn't goes as escapes.
func (s seal) line(line string) string {
	if !utf8.ValidString(line) {
		line = `eval "$(printf %b ` + Quote(escaped(line)) + `)"`
	}
	return "echo " + string(s) + " >&2; ( " + line + " ); s=$?; printf '\\n%s %s\\n' " + string(s) + " $s >&2; exit $s"
}

// open takes the seals out of a standard error, and tells whether the command began, and whether and how it ended.
func (s seal) open(stderr *output) (began, ended bool, exit int) {
	first := []byte(string(s) + "\n")
	if i := bytes.Index(stderr.kept, first); i >= 0 {
		began = true
		stderr.kept = bytes.Join([][]byte{stderr.kept[:i], stderr.kept[i+len(first):]}, nil)
	}
	last := "\n" + string(s) + " "
	text := string(stderr.kept[max(0, len(stderr.kept)-tailBytes):]) + string(stderr.tail)
	i := strings.LastIndex(text, last)
	if i < 0 {
		return began, false, 0
	}
	number, after, whole := strings.Cut(text[i+len(last):], "\n")
	exit, err := strconv.Atoi(number)
	if !whole || err != nil {
		return began, false, 0
	}
	if !stderr.cut { // else it isn't in what is kept, or in part, at its end
		rest := len(number) + 1 + len(after)
		stderr.kept = append(stderr.kept[:len(stderr.kept)-rest-len(last)], after...)
	}
	return began, true, exit
}

// escaped is any text as printf's %b reads it, in ASCII.
func escaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c == '\\' || c >= utf8.RuneSelf {
			fmt.Fprintf(&b, `\0%03o`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
