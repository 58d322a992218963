package elle

import (
	"cmp"
	"slices"

	"jcheck/history"
)

// update is an ok transaction that read a key and then wrote it. Two updates of one key that read the same value have
// lost one of the two writes, whatever the version order.
type update struct {
	key  history.KeyID
	at   int32  // position of the operation
	mop  int32  // its first read of the key
	read uint64 // what it read, as one number (for list-append see readCode)
}

// readCode makes one number of what a list read showed: nil and [] differ, and lists are in canonical form.
func readCode(m *history.Mop) uint64 {
	switch n, _ := readLen(m, false); {
	case n < 0:
		return 0
	case n == 0:
		return 1
	default:
		return uint64(m.List()+1)<<32 | uint64(n)
	}
}

// firstUpdate is the first write of one key that follows a read of it, if there is one: a transaction counts once for a
// key, by its first read.
func firstUpdate(mops []history.Mop, row []int32) (update, bool) {
	first := slices.IndexFunc(row, func(place int32) bool { return mops[place].F == history.MopR })
	if first < 0 || !slices.ContainsFunc(row[first:], func(place int32) bool { return mops[place].F == history.MopAppend }) {
		return update{}, false
	}
	read := &mops[row[first]]
	return update{key: read.Key, mop: row[first], read: readCode(read)}, true
}

// lostUpdates groups updates of one key that read the same, two or more, with the operations of a group in history
// order. Groups are ordered by their first operation.
func lostUpdates(updates []update) [][]update {
	slices.SortFunc(updates, func(x, y update) int {
		return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.read, y.read), cmp.Compare(x.at, y.at))
	})
	var groups [][]update
	for lo := 0; lo < len(updates); {
		hi := lo + 1
		for hi < len(updates) && updates[hi].key == updates[lo].key && updates[hi].read == updates[lo].read {
			hi++
		}
		if hi-lo > 1 {
			groups = append(groups, updates[lo:hi])
		}
		lo = hi
	}
	slices.SortStableFunc(groups, func(x, y []update) int {
		return cmp.Or(cmp.Compare(x[0].at, y[0].at), cmp.Compare(x[0].mop, y[0].mop))
	})
	return groups
}
