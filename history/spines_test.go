package history

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawReads draws reads of a few keys that often share prefixes and often diverge.
func drawReads(t *rapid.T) (keys []KeyID, reads [][]Sym) {
	n := rapid.IntRange(1, 40).Draw(t, "reads")
	for range n {
		key := KeyID(rapid.IntRange(0, 1).Draw(t, "key"))
		var read []Sym
		if len(reads) > 0 && rapid.Bool().Draw(t, "again") {
			old := rapid.SampledFrom(reads).Draw(t, "old")
			read = slices.Clone(old[:rapid.IntRange(0, len(old)).Draw(t, "cut")])
		}
		for range rapid.IntRange(0, 4).Draw(t, "more") {
			read = append(read, Sym(rapid.IntRange(0, 2).Draw(t, "element")))
		}
		if len(read) > 0 {
			keys, reads = append(keys, key), append(reads, read)
		}
	}
	return keys, reads
}

// isPrefix is the rule that checkers use: climb from the longer read to its owner of the shorter one's depth.
func isPrefix(h *History, a, b *Mop) bool {
	if a.Len > b.Len {
		return false
	}
	l := b.List()
	for {
		parent, at := h.Branch(l)
		if parent < 0 || a.Len > at {
			return l == a.List()
		}
		l = parent
	}
}

// Without this a wrong branch in the trie of reads would show as a wrong or missing anomaly much later: the names of reads
// are compared with the reads themselves, however the reads are cut into chunks.
func TestSpinesAgainstReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys, reads := drawReads(t)
		var chunks []*chunk
		for i := range reads {
			if i == 0 || rapid.IntRange(0, 4).Draw(t, "new chunk") == 0 {
				chunks = append(chunks, newChunk(nil, 0))
			}
			c := chunks[len(chunks)-1]
			c.begin(0)
			c.beginTxn()
			c.mopRead(MopR, c.symInt(int64(keys[i])), reads[i])
			c.endTxn()
			c.setType(OK)
			c.end()
		}
		h, err := merge("test", nil, chunks, Options{})
		if err != nil {
			t.Fatal(err)
		}
		checkSpines(t, h, reads)
		for i := range reads {
			a := &h.Mops(ID(i))[0]
			for j := range reads {
				b := &h.Mops(ID(j))[0]
				if a.Key != b.Key {
					continue
				}
				if got, want := a.List() == b.List() && a.Len == b.Len, slices.Equal(reads[i], reads[j]); got != want {
					t.Fatalf("reads %v and %v: got equal %v, want %v", reads[i], reads[j], got, want)
				}
				want := len(reads[i]) <= len(reads[j]) && slices.Equal(reads[i], reads[j][:len(reads[i])])
				if got := isPrefix(h, a, b); got != want {
					t.Fatalf("reads %v and %v: got prefix %v, want %v", reads[i], reads[j], got, want)
				}
				if got, want := h.Val(a) == h.Val(b), slices.Equal(reads[i], reads[j]); got != want {
					t.Fatalf("values %v and %v: got equal %v, want %v", reads[i], reads[j], got, want)
				}
			}
		}
	})
}

// checkSpines checks what the documentation promises of each list and each read.
func checkSpines(t *rapid.T, h *History, reads [][]Sym) {
	for i, read := range reads {
		m := &h.Mops(ID(i))[0]
		if got := h.List(m.List())[:m.Len]; !slices.Equal(got, read) {
			t.Fatalf("got read %v, want %v", got, read)
		}
		if _, at := h.Branch(m.List()); m.Len <= at {
			t.Fatalf("read %v of length %d is on a list that branches at %d", read, m.Len, at)
		}
		if got, want := h.ListKey(m.List()), m.Key; got != want {
			t.Fatalf("got list of key %d, want %d", got, want)
		}
	}
	for l := range ListID(h.NumLists()) {
		parent, at := h.Branch(l)
		if parent < 0 {
			continue
		}
		own, theirs := h.List(l), h.List(parent)
		if !slices.Equal(own[:at], theirs[:at]) || int(at) >= len(theirs) || own[at] == theirs[at] {
			t.Fatalf("list %v doesn't branch from %v at %d", own, theirs, at)
		}
		if _, above := h.Branch(parent); at < above || at == above && above > 0 {
			t.Fatalf("list %v branches at %d, where its parent is itself its parent's, up to %d", own, at, above)
		}
	}
}
