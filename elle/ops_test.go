package elle

import (
	"strconv"
	"strings"
	"testing"

	"jcheck/history"
	"jcheck/internal/edn"
)

// ops makes a history from short notation, one operation a string: process, type (i, o, f, n for info), micro-ops. A
// micro-op is ax1 (append 1 to x), rx12 (read x as [1 2]), rx (read x as nil), rx[] (as the empty list), wx1 (write 1 to
// register x), and for registers =x1 (read x as 1).
func ops(tb testing.TB, lines ...string) *history.History {
	tb.Helper()
	var all []history.Op
	types := map[string]history.Type{"i": history.Invoke, "o": history.OK, "f": history.Fail, "n": history.Info}
	for _, line := range lines {
		words := strings.Fields(line)
		process, err := strconv.Atoi(words[0])
		if err != nil {
			tb.Fatal(err)
		}
		var mops []history.Value
		for _, w := range words[2:] {
			mops = append(mops, mop(w))
		}
		all = append(all, history.Op{
			Time: history.NoTime, Type: types[words[1]], Process: edn.NewInt(int64(process)),
			F: edn.NewKeyword("txn"), Value: edn.NewVector(mops),
		})
	}
	h, err := history.FromOps(all)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// mop is one micro-op of the notation.
func mop(w string) history.Value {
	key, digits := edn.NewKeyword(w[1:2]), w[2:]
	var numbers []history.Value
	for _, d := range strings.Trim(digits, "[]") {
		numbers = append(numbers, edn.NewInt(int64(d-'0')))
	}
	name, arg := "r", history.Value{}
	switch {
	case w[0] == 'a' || w[0] == 'w':
		name, arg = map[byte]string{'a': "append", 'w': "w"}[w[0]], numbers[0]
	case w[0] == '=' && digits != "":
		arg = numbers[0]
	case w[0] == 'r' && digits != "":
		arg = edn.NewVector(numbers)
	}
	return edn.NewVector([]history.Value{edn.NewKeyword(name), key, arg})
}
