package plan

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxShown is how many bytes of a user's text a message repeats.
const maxShown = 60

// shown is a text as messages repeat it: in quotes, on one line, not longer than a line.
func shown(text string) string {
	if len(text) <= maxShown {
		return strconv.Quote(text)
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strconv.Quote(text[:end]) + "..."
}

// Suggest is the hint for a word that isn't one of the known ones: the nearest, if one is near, else all of them after
// the given beginning.
func Suggest(word string, known []string, all string) string {
	if near := Nearest(word, known); near != "" {
		return near + "?"
	}
	var longer []string
	for _, k := range known {
		if word != "" && strings.HasPrefix(k, word+"-") {
			longer = append(longer, k)
		}
	}
	if len(longer) > 0 {
		return strings.Join(longer, " or ") + "?"
	}
	if len(known) == 0 {
		return ""
	}
	return all + " " + strings.Join(known, ", ")
}

// Nearest is the known word that a misspelt one may have meant; "" if none is near.
func Nearest(word string, known []string) string {
	const maxWord = 64 // whoever writes longer words has not misspelt a key
	if word == "" || len(word) > maxWord {
		return ""
	}
	plain := func(s string) string {
		return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
	}
	best, found := 1+max(1, len(word)/3), ""
	for _, k := range known {
		if d := distance(plain(word), plain(k)); d < best {
			best, found = d, k
		}
	}
	return found
}

// distance is the number of letters to insert, delete, replace or swap with a neighbour that make b of a (Damerau 1964,
// with each place edited once at most).
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := range len(a) {
		older, old, now := rows[i%3], rows[(i+1)%3], rows[(i+2)%3]
		now[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			now[j+1] = min(old[j+1]+1, now[j]+1, old[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				now[j+1] = min(now[j+1], older[j-1]+1)
			}
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
