package remote

import "strings"

// Quote makes any text without NUL one word of sh. Between single quotes nothing means anything but the quote itself, so
// no list of dangerous characters can be incomplete; words that are plain stay readable.
func Quote(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// plain tells whether a character means nothing to sh anywhere in a word. "=" and "~" do in some places.
func plain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./,:@+%", r)
}

// Join quotes words and puts blanks between them.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}
