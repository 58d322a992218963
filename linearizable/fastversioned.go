package linearizable

import "fmt"

// fastVersioned decides in linear time whether a versioned register is linearizable, if the versions of all that returned
// are known and no failed compare-and-set counts.
//
// Versions are an order of steps: the update that made a version, the reads that found it, the next update (see steps). A
// version that nobody is known to have made was made by an update that crashed. Such a call has only to be invoked before
// any call of a later step returned; and if somebody found the value of that version, or took it by compare-and-set, to
// write that value. For versions in order, that end only grows. So of the writes of a value, each version takes the last
// that was invoked in time, which leaves the best ones for the others; versions of which nothing is known share what is
// left, and it is enough to count. This is so for writes: if a compare-and-set crashed, it may depend on which of them
// made the version before, and the way doesn't apply unless all versions are accounted for.
func fastVersioned(o *object) (*proof, bool) {
	initial, _ := split(o.init.(string), -1)
	first, _ := initial[0].Int()
	r := &versions{object: o, first: first}
	why, applies := r.gather(initial[1])
	if why != nil || !applies {
		return why, applies
	}
	if why := r.values(); why != nil {
		return why, true
	}
	if why := r.contradiction(); why != nil {
		return why, true
	}
	return r.fill()
}

// versions are those of a register, numbered from the first, that of the initial state.
type versions struct {
	*object
	first   int64
	all     []version
	crashed []int32 // updates
}

// version is what is known of one version.
type version struct {
	update int32 // the call that made it; -1: unknown, or it was there from the start
	value  Term
	known  bool
	by     int32 // the call that tells the value
	reads  block
}

// gather finds who made and who read each version.
func (r *versions) gather(initial Term) (why *proof, applies bool) {
	last, latest, updates := r.first, int32(-1), int64(0)
	for x, c := range r.calls {
		k := r.kinds[c.kind]
		version, known, value := versionOf(k)
		switch {
		case k.Outcome == Failed, k.Outcome == OK && c.ret == never, k.Outcome == OK && !known && !(k.F == "read" && value.IsNil()):
			return nil, false
		case k.F != "read":
			updates++
		}
		if known && version > last {
			last, latest = version, int32(x)
		}
	}
	if last-r.first > updates || last-r.first < 0 {
		return &proof{[]int32{latest}, fmt.Sprintf("T1 tells of version %d, but there were not so many updates.", last)}, true
	}
	r.all = make([]version, last-r.first+1)
	for i := range r.all {
		r.all[i] = version{update: -1, by: -1, reads: none}
	}
	r.all[0].value, r.all[0].known = initial, true
	for x, c := range r.calls {
		k := r.kinds[c.kind]
		version, known, _ := versionOf(k)
		switch {
		case k.Outcome == Crashed && k.F != "read":
			r.crashed = append(r.crashed, int32(x))
		case !known:
		case version < r.first, version == r.first && k.F != "read":
			return &proof{[]int32{int32(x)}, fmt.Sprintf("T1 tells of version %d, but the register began with version %d.", version, r.first)}, true
		case k.F == "read":
			r.all[version-r.first].reads.see(int32(x), c)
		default:
			v := &r.all[version-r.first]
			if v.update >= 0 {
				return &proof{[]int32{v.update, int32(x)}, fmt.Sprintf("T1 and T2 both made version %d.", version)}, true
			}
			v.update = int32(x)
		}
	}
	return nil, true
}

// values finds the values of the versions: what an update wrote, what a read found, what a compare-and-set took.
func (r *versions) values() *proof {
	tell := func(n int64, value Term, x int32) *proof {
		v := &r.all[n]
		switch {
		case !v.known:
			v.value, v.known, v.by = value, true, x
		case v.value != value && v.by < 0:
			return &proof{[]int32{x}, fmt.Sprintf("T1 found %s in version %d, but the register began with %s.", value, n+r.first, v.value)}
		case v.value != value:
			return &proof{[]int32{v.by, x}, fmt.Sprintf("By T1, version %d is %s; by T2, it is %s.", n+r.first, v.value, value)}
		}
		return nil
	}
	for n := range r.all {
		x := r.all[n].update
		if x < 0 {
			continue
		}
		_, _, value := versionOf(r.kinds[r.calls[x].kind])
		if r.kinds[r.calls[x].kind].F == "cas" {
			var from Term
			from, value, _ = pair(value)
			if why := tell(int64(n)-1, from, x); why != nil {
				return why
			}
		}
		if why := tell(int64(n), value, x); why != nil {
			return why
		}
	}
	for x, c := range r.calls {
		k := r.kinds[c.kind]
		if version, known, value := versionOf(k); known && k.F == "read" {
			if why := tell(version-r.first, value, int32(x)); why != nil {
				return why
			}
		}
	}
	return nil
}

// contradiction finds calls that time puts in another order than the versions.
func (r *versions) contradiction() *proof {
	all := make(steps, 0, 2*len(r.all))
	for _, v := range r.all {
		update := none
		if v.update >= 0 {
			update.see(v.update, r.calls[v.update])
		}
		all = append(all, update, v.reads)
	}
	earlier, later, found := all.broken()
	if !found {
		return nil
	}
	return &proof{[]int32{all[later].first, all[earlier].last}, "T1 told of a later version than T2 did, but returned before T2 was invoked."}
}

// fill finds calls that crashed for the versions that nobody else made.
func (r *versions) fill() (why *proof, applies bool) {
	gaps := false
	for n, v := range r.all {
		gaps = gaps || n > 0 && v.update < 0
	}
	if !gaps {
		return nil, true
	}
	writes := make(map[Term][]int32) // value → calls not yet known to have been invoked in time, the first last
	for i := len(r.crashed) - 1; i >= 0; i-- {
		k := r.kinds[r.calls[r.crashed[i]].kind]
		if k.F == "cas" {
			return nil, false
		}
		_, _, value := versionOf(k)
		writes[value] = append(writes[value], r.crashed[i])
	}
	end, last := r.ends()
	used := make(map[int32]bool)
	ready := make(map[Term][]int32) // invoked in time, the last last
	for n, v := range r.all {
		if n == 0 || v.update >= 0 || !v.known {
			continue
		}
		for todo := writes[v.value]; len(todo) > 0 && r.calls[todo[len(todo)-1]].inv < end[n]; todo = writes[v.value] {
			ready[v.value] = append(ready[v.value], todo[len(todo)-1])
			writes[v.value] = todo[:len(todo)-1]
		}
		in := ready[v.value]
		if len(in) == 0 {
			return r.unmade(n, last[n]), true
		}
		used[in[len(in)-1]] = true
		ready[v.value] = in[:len(in)-1]
	}
	return r.share(end, last, used), true
}

// share counts whether the calls that are left are enough for the versions whose value nobody knows.
func (r *versions) share(end, last []int32, used map[int32]bool) *proof {
	have, at := 0, 0
	for n, v := range r.all {
		if n == 0 || v.update >= 0 || v.known {
			continue
		}
		for ; at < len(r.crashed) && r.calls[r.crashed[at]].inv < end[n]; at++ {
			if !used[r.crashed[at]] {
				have++
			}
		}
		if have--; have < 0 {
			return r.unmade(n, last[n])
		}
	}
	return nil
}

func (r *versions) unmade(n int, x int32) *proof {
	return &proof{[]int32{x}, fmt.Sprintf("Version %d must have been made before T1 returned, but no update is left that could have made it.", int64(n)+r.first)}
}

// ends finds, for each version, when the first call of a later step returned, and which that was: reads of the version
// are such calls.
func (r *versions) ends() (end, call []int32) {
	end, call = make([]int32, len(r.all)), make([]int32, len(r.all))
	b := none
	for n := len(r.all) - 1; n >= 0; n-- {
		if v := r.all[n]; v.reads.ret < b.ret {
			b.ret, b.first = v.reads.ret, v.reads.first
		}
		end[n], call[n] = b.ret, b.first
		if x := r.all[n].update; x >= 0 && r.calls[x].ret < b.ret {
			b.ret, b.first = r.calls[x].ret, x
		}
	}
	return end, call
}
