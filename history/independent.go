package history

// settleKeys is a stub until tuples are told from other pairs.
func (h *History) settleKeys(o Independent) {
	for i := range h.flags {
		if h.flags[i]&keyFlag != 0 {
			h.isKeyed = true
			return
		}
	}
}
