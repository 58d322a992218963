//go:build linux

package agent

import (
	"bytes"
	"encoding/json"
	"math/bits"
	"os"
	"path/filepath"
	"testing"
)

// corruptWith damages a file of 64 kB, of chunks of 4 kB with their number in each byte, and returns what it was, what it
// became, and the answer.
func corruptWith(t *testing.T, state, file string, in Corrupt) (before, after []byte, done Corrupted) {
	t.Helper()
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in.File, in.Chunk = file, 4096
	request, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := ask(t, state, "corrupt", string(request))
	if a.Error != nil {
		t.Fatalf("%s: %v", in.How, a.Error)
	}
	if err := json.Unmarshal(a.OK, &done); err != nil {
		t.Fatal(err)
	}
	if after, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	return before, after, done
}

// numbered is a file of n chunks of 4 kB, the last with half of it.
func numbered(t *testing.T, n int) string {
	t.Helper()
	var b []byte
	for i := range n {
		b = append(b, bytes.Repeat([]byte{byte(i)}, 4096)...)
	}
	file := filepath.Join(t.TempDir(), "a file 'x'")
	if err := os.WriteFile(file, b[:len(b)-2048], 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// differing are the numbers of the chunks in which two texts differ.
func differing(a, b []byte) (chunks []int) {
	for i := 0; i*4096 < len(a); i++ {
		end := min(len(a), (i+1)*4096)
		if !bytes.Equal(a[i*4096:end], b[i*4096:end]) {
			chunks = append(chunks, i)
		}
	}
	return chunks
}

// Without this chunks could be hit that weren't meant, or bits not be flipped as often as asked for, or differently with
// the same seed.
func TestBitflip(t *testing.T) {
	state := t.TempDir()
	in := Corrupt{How: Bitflip, Index: 1, Mod: 3, Probability: 0.01, Seed: 7, Start: 4096, End: 15 * 4096}
	before, after, done := corruptWith(t, state, numbered(t, 16), in)
	if got := differing(before, after); len(before) != len(after) || !equal(got, []int{2, 5, 8, 11, 14}) || done.Chunks != 5 {
		t.Errorf("chunks %v of %d were hit: %+v", got, len(after), done)
	}
	flipped := int64(0)
	for i := range before {
		flipped += int64(bits.OnesCount8(before[i] ^ after[i]))
	}
	// 5 × 4096 × 8 × 0.01 = 1638, ± 5 standard deviations of 40.
	if flipped != done.Bits || flipped < 1438 || flipped > 1838 {
		t.Errorf("%d bits were flipped, %d told, want about 1638", flipped, done.Bits)
	}
	if _, again, _ := corruptWith(t, state, numbered(t, 16), in); !bytes.Equal(again, after) {
		t.Error("the same seed flipped other bits")
	}
	in.Probability, in.Mod, in.Index, in.Start, in.End = 1, 1, 0, 0, 0
	before, after, _ = corruptWith(t, state, numbered(t, 3), in)
	for i := range before {
		if before[i] != ^after[i] {
			t.Fatalf("with probability 1, byte %d is %x and was %x", i, after[i], before[i])
		}
	}
}

// Without this copy could take from chunks that are damaged, restore could do nothing, or truncate cut too much.
func TestCopySnapshotRestoreTruncate(t *testing.T) {
	state, file := t.TempDir(), numbered(t, 6)
	meant := Corrupt{Index: 1, Mod: 2, Seed: 3}
	how := func(h string) Corrupt { c := meant; c.How = h; return c }
	original, _, kept := corruptWith(t, state, file, how(Snapshot))
	if kept.Chunks != 3 {
		t.Errorf("kept %+v", kept)
	}
	before, after, _ := corruptWith(t, state, file, how(CopyFrom))
	if got := differing(before, after); !equal(got, []int{1, 3, 5}) {
		t.Errorf("copy hit %v", got)
	}
	for _, i := range []int{1, 3, 5} {
		if after[i*4096]%2 != 0 {
			t.Errorf("chunk %d got the bytes of chunk %d, which is affected itself", i, after[i*4096])
		}
	}
	if _, after, _ = corruptWith(t, state, file, how(Restore)); !bytes.Equal(after, original) {
		t.Errorf("restored, chunks %v differ", differing(original, after))
	}
	_, after, done := corruptWith(t, state, file, Corrupt{How: Truncate, Drop: 5000})
	if !bytes.Equal(after, original[:len(original)-5000]) || done.Bytes != 5000 {
		t.Errorf("truncated to %d bytes, %+v", len(after), done)
	}
	if _, after, _ = corruptWith(t, state, file, Corrupt{How: Truncate, Drop: 1 << 40}); len(after) != 0 {
		t.Errorf("truncated by more than there was, %d bytes stayed", len(after))
	}
	ask(t, state, "forget-snapshots", "")
	request, err := json.Marshal(Corrupt{How: Restore, File: numbered(t, 6), Chunk: 4096})
	if err != nil {
		t.Fatal(err)
	}
	if a, _ := ask(t, state, "corrupt", string(request)); a.Error == nil || a.Error.Code != NotFound {
		t.Errorf("restore without a snapshot answered %+v", a)
	}
	dir := filepath.Dir(file)
	request, err = json.Marshal(Corrupt{How: Truncate, File: dir, Drop: 1})
	if err != nil {
		t.Fatal(err)
	}
	if a, _ := ask(t, state, "corrupt", string(request)); a.Error != nil || !bytes.Contains(a.OK, []byte("a file 'x'")) {
		t.Errorf("a file of a folder: %s, %v", a.OK, a.Error)
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
