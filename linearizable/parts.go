package linearizable

// parts takes an object apart into what can be checked by itself: two calls belong together if a chain of keys links them.
// Calls without keys touch nothing, and are a part together. Parts are in the order of their first calls.
func (o *object) parts() []*object {
	if o.d.Keys == nil || len(o.calls) == 0 {
		return []*object{o}
	}
	number := make(map[Term]int32)
	first := make([]int32, len(o.kinds)) // kind → one of its keys, or -1
	var up []int32                       // union-find over keys
	root := func(k int32) int32 {
		for up[k] != k {
			up[k] = up[up[k]]
			k = up[k]
		}
		return k
	}
	for i, c := range o.kinds {
		first[i] = -1
		for _, key := range o.d.Keys(c) {
			k, ok := number[key]
			if !ok {
				k = int32(len(up))
				number[key], up = k, append(up, k)
			}
			if first[i] < 0 {
				first[i] = k
			}
			up[root(k)] = root(first[i])
		}
	}
	partOf := make(map[int32]*object)
	local := make([]int32, len(o.kinds)) // kind → its number in its part, plus one: a kind is of one part only
	var all []*object
	for _, c := range o.calls {
		k := int32(-1) // the calls without a key tell nothing about each other: one part will do
		if first[c.kind] >= 0 {
			k = root(first[c.kind])
		}
		p := partOf[k]
		if p == nil {
			p = &object{d: o.d, init: o.init}
			partOf[k], all = p, append(all, p)
		}
		if local[c.kind] == 0 {
			p.kinds = append(p.kinds, o.kinds[c.kind])
			local[c.kind] = int32(len(p.kinds))
		}
		c.kind = local[c.kind] - 1
		p.calls = append(p.calls, c)
	}
	return all
}
