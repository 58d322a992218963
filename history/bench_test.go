package history

import (
	"runtime"
	"testing"
)

// appendLoad feeds list-append txns to chunks as a scanner would: clients interleave, two or three micro-ops each, keys
// that live for some hundred appends, reads as long as what was appended so far.
type appendLoad struct {
	lists [][]Sym
	next  int
	chunk *chunk
}

type loadMop struct {
	read bool
	key  int
	elem Sym
	seen int // elements that the read shows
}

func (l *appendLoad) txn(i int) []loadMop {
	mops := make([]loadMop, 0, 3)
	for j := range 2 + i%2 {
		key := (i*7+j*3)%10 + i/1000*10
		for key >= len(l.lists) {
			l.lists = append(l.lists, nil)
		}
		m := loadMop{read: (i+j)%2 == 0, key: key, seen: len(l.lists[key])}
		if !m.read {
			l.next++
			m.elem = Sym(l.next)
			l.lists[key] = append(l.lists[key], m.elem)
		}
		mops = append(mops, m)
	}
	return mops
}

func (l *appendLoad) op(proc int, t Type, mops []loadMop) {
	c := l.chunk
	c.begin(0)
	c.setType(t)
	c.setProcess(Sym(proc))
	c.setTime(int64(l.next))
	c.setF(c.symToken(9, []byte("txn")))
	c.beginTxn()
	for _, m := range mops {
		switch {
		case !m.read:
			c.mop(MopAppend, Sym(m.key), Scalar, m.elem)
		case t == Invoke || m.seen == 0:
			c.mop(MopR, Sym(m.key), Scalar, Nil)
		default:
			c.mopRead(MopR, Sym(m.key), l.lists[m.key][:m.seen])
		}
	}
	c.endTxn()
	c.end()
}

// chunks makes n txns by 10 clients, so many ops to a chunk.
func (l *appendLoad) chunks(n, opsPerChunk int) []*chunk {
	var all []*chunk
	var open [10][]loadMop
	for i := range n + len(open) {
		if i == 0 || i%(opsPerChunk/2) == 0 {
			l.chunk = newChunk(nil, 0)
			all = append(all, l.chunk)
		}
		p := i % len(open)
		if i >= len(open) {
			l.op(p, OK, open[p])
		}
		if i < n {
			open[p] = l.txn(i)
			l.op(p, Invoke, open[p])
		}
	}
	return all
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkListAppend measures what a txn costs in columns: B/txn is the memory that stays, and chunkB/txn what the
// chunks took before.
func BenchmarkListAppend(b *testing.B) {
	const n = 200_000
	for b.Loop() {
		l := new(appendLoad)
		before := heap()
		chunks := l.chunks(n, 17_000)
		mid := heap()
		h, err := merge("bench", nil, chunks, Options{})
		if err != nil {
			b.Fatal(err)
		}
		chunks = nil
		after := heap()
		b.ReportMetric(float64(after-before)/n, "B/txn")
		b.ReportMetric(float64(mid-before)/n, "chunkB/txn")
		runtime.KeepAlive(h)
	}
}
