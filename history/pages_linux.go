package history

import (
	"os"
	"syscall"
)

// dropPages tells the system that the bytes [from, to) of a mapped file were read and aren't needed for now: they come back
// when somebody looks. So the file doesn't count as memory in use, however long it is. Only for mapped files: other memory
// would lose what it holds.
func dropPages(mapping []byte, from, to int) {
	page := os.Getpagesize()
	from, to = (from+page-1)/page*page, to/page*page // what shares a page with the bytes around it stays
	if from < to {
		_ = syscall.Madvise(mapping[from:to], syscall.MADV_DONTNEED) // advice: nothing is wrong if it isn't taken
	}
}
