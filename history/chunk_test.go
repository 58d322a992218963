package history

import (
	"testing"

	"jcheck/internal/edn"
)

// build makes a history of ops through the chunk builder, chunkLen ops to a chunk (0: one chunk for all).
func build(t testing.TB, ops []Op, chunkLen int, o Options) *History {
	t.Helper()
	h, err := tryBuild(ops, chunkLen, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func tryBuild(ops []Op, chunkLen int, o Options) (*History, error) {
	var chunks []*chunk
	if chunkLen == 0 {
		chunkLen = len(ops) + 1
	}
	for i, op := range ops {
		if i%chunkLen == 0 {
			chunks = append(chunks, newChunk(nil, 0))
		}
		addOp(chunks[len(chunks)-1], op)
	}
	return merge("test.edn", nil, chunks, o)
}

// addOp says an op to a chunk as a reader would.
func addOp(c *chunk, op Op) {
	c.begin(0)
	c.setType(op.Type)
	if op.Index >= 0 {
		c.setIndex(op.Index)
	}
	if op.Time != NoTime {
		c.setTime(op.Time)
	}
	c.setProcess(c.symValue(op.Process))
	c.setF(c.symValue(op.F))
	(&scanner{c: c}).treeValue(op.Value)
	c.end()
}

// ops reads bare op maps, each "{:type :ok ...}".
func ops(t testing.TB, text string) []Op {
	t.Helper()
	var out []Op
	data := []byte(text)
	for {
		v, rest, err := edn.Parse(data)
		if err != nil {
			break
		}
		data = data[rest:]
		op := Op{ID: ID(len(out)), Index: -1, Time: NoTime}
		for i := 0; i+1 < len(v.Items); i += 2 {
			x := v.Items[i+1]
			switch v.Items[i].Text {
			case "type":
				op.Type = map[string]Type{"invoke": Invoke, "ok": OK, "fail": Fail, "info": Info}[x.Text]
			case "process":
				op.Process = x
			case "f":
				op.F = x
			case "value":
				op.Value = x
			case "index":
				op.Index = x.Int()
			case "time":
				op.Time = x.Int()
			}
		}
		out = append(out, op)
	}
	return out
}

// Without this the builder and the accessors could disagree on any column: every kind of value is written and read back.
func TestChunkRoundTrip(t *testing.T) {
	in := ops(t, `
		{:type :invoke :process 0 :f :txn :value [[:append :x 1] [:r :x nil] [:r "x"] [:w 5 -7] [:odd 1 2 3]]}
		{:type :invoke :process 1 :f :read :value nil :time 5}
		{:type :ok :process 0 :f :txn :value [[:append :x 1] [:r :x [3 1]] [:r "x"] [:w 5 -7] [:odd 1 2 3]]}
		{:type :info :process 1 :f :read :value 99999999999}
		{:type :info :process :nemesis :f :start :value {:a 1, "b" [1 2]}}
		{:type :invoke :process 2 :f :add :value #{1 2.5 \c nil true}}
		{:type :ok :process 2 :f :add :value (1 [2 3] 12345678901234567890N)}
		{:type :ok :process 3 :f :add :value 1/3}
		{:type :ok :process 3 :f :txn :value [[:r :x []] [:r :x [3]] [:r :x [4]]]}`)
	for _, chunkLen := range []int{0, 1, 2, 4} {
		h := build(t, in, chunkLen, Options{})
		if h.Len() != len(in) {
			t.Fatalf("chunks of %d: got %d ops, want %d", chunkLen, h.Len(), len(in))
		}
		for i, want := range in {
			got := h.Op(ID(i))
			if got.Type != want.Type || !edn.Equal(got.Value, want.Value) || !edn.Equal(got.F, want.F) ||
				!edn.Equal(got.Process, want.Process) || got.Time != want.Time || got.Index != int64(i) {
				t.Errorf("chunks of %d, op %d: got %v, want %v", chunkLen, i, got, want)
			}
		}
		if got := []ID{h.Pair(0), h.Pair(2), h.Pair(1), h.Pair(4), h.Pair(7)}; got[0] != 2 || got[1] != 0 || got[2] != 3 ||
			got[3] != None || got[4] != None {
			t.Errorf("chunks of %d: got pairs %v, want [2 0 3 -1 -1]", chunkLen, got)
		}
	}
}

// Without this the room for operations could be guessed from a few short ones, however long the reads are that come between
// those to follow: memory by the size of the file, for next to nothing. Or it could grow step by step, and be copied each time.
func TestRoomFollowsTheAverage(t *testing.T) {
	for _, c := range []struct {
		name         string
		every, extra int64 // each so many operations, one takes so many bytes more
		most         int   // times as much room as is used
	}{{"all alike", 1, 0, 2}, {"one long read in 300", 300, 200_000, 4}} {
		k := newChunk(make([]byte, 2*pieceSize), 0)
		n, off, grown, room := int64(0), int64(0), 0, 0
		for ; off < pieceSize; n++ {
			k.begin(off)
			k.end()
			off += 64
			if n%c.every == c.every-1 {
				off += c.extra
			}
			if n >= sampleOps && cap(k.off) != room {
				room, grown = cap(k.off), grown+1
			}
		}
		if room > c.most*max(int(n), 18*sampleOps) || grown > 3 {
			t.Errorf("%s: room for %d of %d operations, grown %d times; want at most %d times as much, in 3 steps", c.name, room, n, grown, c.most)
		}
	}
}
