package generator

import (
	"iter"
	"math/bits"
	"slices"
)

// inline is how many words of a set need no memory of their own: 256 threads.
const inline = 4

// Threads is a set of threads, an immutable value. The zero value is empty. A thread is a number from 0; the nemesis, if
// there is one, comes after those of the clients, so that sets of threads of one run can be compared.
type Threads struct {
	low  [inline]uint64
	more []uint64 // threads from 64*inline on; never changed, no zero word at its end
}

// span is the threads from low to below high.
func span(low, high int) Threads {
	var t Threads
	for i := low; i < high; i++ {
		t = t.with(i)
	}
	return t
}

// Has tells whether the thread is in the set.
func (t Threads) Has(thread int) bool {
	if thread < 0 {
		return false
	}
	return t.word(thread/64)>>(thread%64)&1 == 1
}

// Len is how many threads are in the set.
func (t Threads) Len() int {
	n := 0
	for _, w := range t.low {
		n += bits.OnesCount64(w)
	}
	for _, w := range t.more {
		n += bits.OnesCount64(w)
	}
	return n
}

// Empty tells whether no thread is in the set.
func (t Threads) Empty() bool { return t.low == [inline]uint64{} && len(t.more) == 0 }

// Equal tells whether both have the same threads.
func (t Threads) Equal(o Threads) bool { return t.low == o.low && slices.Equal(t.more, o.more) }

// All yields the threads in ascending order.
func (t Threads) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range inline + len(t.more) {
			for w := t.word(i); w != 0; w &= w - 1 {
				if !yield(64*i + bits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}

// word is the i-th word of the set.
func (t Threads) word(i int) uint64 {
	if i < inline {
		return t.low[i]
	}
	if i -= inline; i < len(t.more) {
		return t.more[i]
	}
	return 0
}

// at is the i-th thread of the set, in ascending order; i is below Len.
func (t Threads) at(i int) int {
	for k := range inline + len(t.more) {
		w := t.word(k)
		n := bits.OnesCount64(w)
		if i >= n {
			i -= n
			continue
		}
		for ; i > 0; i-- {
			w &= w - 1
		}
		return 64*k + bits.TrailingZeros64(w)
	}
	return -1
}

// with is the set with one thread more.
func (t Threads) with(thread int) Threads {
	k := thread / 64
	if k < inline {
		t.low[k] |= 1 << (thread % 64)
		return t
	}
	k -= inline
	more := make([]uint64, max(len(t.more), k+1))
	copy(more, t.more)
	more[k] |= 1 << (thread % 64)
	t.more = more
	return t
}

// without is the set without that thread.
func (t Threads) without(thread int) Threads {
	k := thread / 64
	if k < inline {
		t.low[k] &^= 1 << (thread % 64)
		return t
	}
	if k -= inline; k >= len(t.more) {
		return t
	}
	t.more = slices.Clone(t.more)
	t.more[k] &^= 1 << (thread % 64)
	return t.trimmed()
}

// and is the threads that are in both sets.
func (t Threads) and(o Threads) Threads {
	for i := range t.low {
		t.low[i] &= o.low[i]
	}
	if len(t.more) == 0 || len(o.more) == 0 {
		t.more = nil
		return t
	}
	n := min(len(t.more), len(o.more))
	t.more = slices.Clone(t.more[:n])
	for i := range t.more {
		t.more[i] &= o.more[i]
	}
	return t.trimmed()
}

// trimmed leaves out zero words at the end, which Equal and Empty rely on.
func (t Threads) trimmed() Threads {
	for len(t.more) > 0 && t.more[len(t.more)-1] == 0 {
		t.more = t.more[:len(t.more)-1]
	}
	return t
}
