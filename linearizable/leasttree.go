package linearizable

// leastTree holds numbers at places from 0, and finds small ones and adds to ranges in logarithmic time (a segment tree).
type leastTree struct {
	size  int     // a power of two; places from len on hold gone
	least []int64 // node → the least number below it, without what was added to nodes above; node i has 2i and 2i+1
	added []int64
}

// gone is what makes a number too large to be found.
const gone = 1 << 40

func newLeastTree(numbers []int64) *leastTree {
	t := &leastTree{size: 1}
	for t.size < len(numbers) {
		t.size *= 2
	}
	t.least, t.added = make([]int64, 2*t.size), make([]int64, t.size)
	copy(t.least[t.size:], numbers)
	for i := len(numbers); i < t.size; i++ {
		t.least[t.size+i] = gone
	}
	for i := t.size - 1; i > 0; i-- {
		t.least[i] = min(t.least[2*i], t.least[2*i+1])
	}
	return t
}

// add adds to the numbers at places in [from, to).
func (t *leastTree) add(from, to int, amount int64) {
	if from >= to {
		return
	}
	l, r := from+t.size, to+t.size
	for i, j := l, r; i < j; i, j = i/2, j/2 {
		if i&1 == 1 {
			t.put(i, amount)
			i++
		}
		if j&1 == 1 {
			j--
			t.put(j, amount)
		}
	}
	for i := l / 2; i > 0; i /= 2 {
		t.least[i] = min(t.least[2*i], t.least[2*i+1]) + t.added[i]
	}
	for i := (r - 1) / 2; i > 0; i /= 2 {
		t.least[i] = min(t.least[2*i], t.least[2*i+1]) + t.added[i]
	}
}

func (t *leastTree) put(node int, amount int64) {
	t.least[node] += amount
	if node < t.size {
		t.added[node] += amount
	}
}

// find is the first place in [from, to) with a number of at most limit; -1 if there is none.
func (t *leastTree) find(from, to int, limit int64) int {
	node, span := from+t.size, 1 // node covers the places from from on, as many as span
	for from < to {
		for node&1 == 0 {
			node, span = node/2, span*2
		}
		above := int64(0)
		for n := node / 2; n > 0; n /= 2 {
			above += t.added[n]
		}
		if t.least[node]+above > limit {
			from += span
			node++
			continue
		}
		for node < t.size {
			above += t.added[node]
			if node *= 2; t.least[node]+above > limit {
				node++
			}
		}
		if node-t.size < to {
			return node - t.size
		}
		return -1
	}
	return -1
}
