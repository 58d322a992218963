package sim

// turnKind is what happens.
type turnKind uint8

const (
	invoke turnKind = iota // a client invokes its next transaction
	step                   // a transaction goes on in the database
	report                 // a client hears of the outcome
	act                    // a play goes on
)

// turn is something to happen at a simulated time.
type turn struct {
	at     int64
	seq    uint64 // breaks ties: first pushed, first served
	kind   turnKind
	client int
	txn    *txn
	play   *play
}

// queue is a binary heap of turns; its zero value is empty.
type queue struct {
	heap []turn
	seq  uint64
}

func (q *queue) before(i, j int) bool {
	a, b := &q.heap[i], &q.heap[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (q *queue) push(e turn) {
	e.seq = q.seq
	q.seq++
	q.heap = append(q.heap, e)
	for i := len(q.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.before(i, up) {
			return
		}
		q.heap[i], q.heap[up] = q.heap[up], q.heap[i]
		i = up
	}
}

// pop takes the earliest turn; false if there is none.
func (q *queue) pop() (turn, bool) {
	n := len(q.heap) - 1
	if n < 0 {
		return turn{}, false
	}
	top := q.heap[0]
	q.heap[0] = q.heap[n]
	q.heap[n] = turn{}
	q.heap = q.heap[:n]
	for i := 0; ; {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < n && q.before(child, least) {
				least = child
			}
		}
		if least == i {
			return top, true
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
}
