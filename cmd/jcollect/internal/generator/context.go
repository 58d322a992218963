package generator

import "slices"

// Context is what a generator may know: the time, and who is free. It is a value; its changes are new ones.
type Context struct {
	TimeNS int64
	Free   []int32 // processes without an operation, in ascending order; not to be changed
	Seed   uint64  // all randomness of one question comes from it, so the same question has the same answer
}

// Begin is the context after op began: its process is busy.
func (c Context) Begin(op Op) Context {
	free := slices.Clone(c.Free)
	if i, found := slices.BinarySearch(free, op.Process); found {
		free = slices.Delete(free, i, i+1)
	}
	return Context{TimeNS: max(c.TimeNS, op.TimeNS), Free: free, Seed: scramble(c.Seed + 1)}
}

// End is the context at timeNS with one process more that is free: the one that completed, or its successor.
func (c Context) End(timeNS int64, process int32) Context {
	free := slices.Clone(c.Free)
	if i, found := slices.BinarySearch(free, process); !found {
		free = slices.Insert(free, i, process)
	}
	return Context{TimeNS: max(c.TimeNS, timeNS), Free: free, Seed: scramble(c.Seed + 1)}
}

// anyFree is a free process, each with the same chance.
func (c Context) anyFree() (int32, bool) {
	if len(c.Free) == 0 {
		return 0, false
	}
	return c.Free[scramble(c.Seed)%uint64(len(c.Free))], true
}

// scramble turns neighbouring numbers into unrelated ones (the finalizer of SplitMix64; Steele et al. 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
