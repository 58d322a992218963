package sim

import "sort"

// cell is every version of one key: element i was installed at the store's instant at[i], ascending. For list-append the
// state at an instant is a prefix of elems; for rw-register it is the last element of that prefix. Elements are never
// changed once installed, so that a read may share the memory.
type cell struct {
	elems   []int64
	at      []int64
	refs    int  // transactions in flight that name the key
	retired bool // no transaction to come names it
	owner   *txn // who holds the write lock
}

// asOf is the number of elements that had been installed at the instant.
func (c *cell) asOf(instant int64) int {
	n := len(c.at)
	if n == 0 || c.at[n-1] <= instant {
		return n
	}
	return sort.Search(n, func(i int) bool { return c.at[i] > instant })
}

// store is the database's state. The clock counts commits (or, in a dirty database, writes).
type store struct {
	cells map[int64]*cell
	clock int64
	keep  bool // keep keys that nobody in flight names
}

// hold notes that a transaction in flight names these keys, and makes the cells.
func (s *store) hold(mops []Mop) {
	for i := range mops {
		c := s.cells[mops[i].Key]
		if c == nil {
			c = &cell{}
			s.cells[mops[i].Key] = c
		}
		c.refs++
	}
}

// drop undoes hold when the transaction is over.
func (s *store) drop(mops []Mop) {
	for i := range mops {
		s.cells[mops[i].Key].refs--
		s.forget(mops[i].Key)
	}
}

// retire notes that no further transaction will name the key.
func (s *store) retire(key int64) {
	if c := s.cells[key]; c != nil {
		c.retired = true
		s.forget(key)
	}
}

// forget drops a key that nobody can name any more.
func (s *store) forget(key int64) {
	if c := s.cells[key]; c != nil && c.retired && c.refs == 0 && !s.keep {
		delete(s.cells, key)
	}
}

// install makes writes visible, all at one instant.
func (s *store) install(writes []Mop) {
	s.clock++
	for _, w := range writes {
		c := s.cells[w.Key]
		c.elems = append(c.elems, w.Value)
		c.at = append(c.at, s.clock)
	}
}
