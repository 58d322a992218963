package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"jcheck/check"
)

// The causes for which a check is stopped. Whatever was proved until then stands; the rest is unknown.
var (
	errTimeout   = errors.New("timeout")
	errMemory    = errors.New("memory")
	errInterrupt = errors.New("interrupted")
)

// limits bounds what judging one history may take.
type limits struct {
	timeout time.Duration // 0: none
	memory  int64         // bytes; 0: most of what the machine has
}

// watchEvery is how often the memory in use is looked at. At a few GB/s of allocation a tick is some 50 MB.
const watchEvery = 20 * time.Millisecond

// start gives a context that ends when a limit is reached.
func (l limits) start(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	release := func() {}
	if l.timeout > 0 {
		ctx, release = context.WithTimeoutCause(ctx, l.timeout, errTimeout)
	}
	before := int64(-1)
	if l.memory > 0 {
		// The collector works harder as it comes near, so that garbage alone never ends a check.
		before = debug.SetMemoryLimit(l.memory / 10 * 9)
	}
	if l.exceeded() {
		cancel(errMemory)
	}
	done := make(chan struct{})
	go l.watch(done, cancel)
	return ctx, func() {
		close(done)
		release()
		cancel(nil)
		if before >= 0 {
			debug.SetMemoryLimit(before)
		}
	}
}

// untilInterrupt gives a context that ends when the user interrupts. A second interrupt ends the program.
func untilInterrupt(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	go func() {
		select {
		case <-ctx.Done():
		case <-interrupt:
			signal.Stop(interrupt)
			cancel(errInterrupt)
		}
	}()
	return ctx, func() {
		signal.Stop(interrupt)
		cancel(nil)
	}
}

// watch cancels a check when its memory runs out, until done.
func (l limits) watch(done <-chan struct{}, cancel context.CancelCauseFunc) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			if l.exceeded() {
				cancel(errMemory)
			}
		}
	}
}

// exceeded tells whether more memory is in use than allowed.
func (l limits) exceeded() bool { return l.memory > 0 && memoryInUse() > l.memory }

// memoryInUse is what the program holds of the machine's memory. Pages of a mapped input are not counted: the system
// can drop them at any time. The text of compressed or piped input is: it lies outside of what Go's runtime knows of.
func memoryInUse() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return max(int64(s[0].Value.Uint64()-s[1].Value.Uint64()), anonymousMemory("/proc/self/statm"))
}

// anonymousMemory is what Linux says of this process: its resident pages without those of files. 0 if it doesn't say.
func anonymousMemory(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	f := strings.Fields(string(text)) // size, resident, of files, ...
	if len(f) < 3 {
		return 0
	}
	resident, err := strconv.ParseInt(f[1], 10, 64)
	files, err2 := strconv.ParseInt(f[2], 10, 64)
	if err != nil || err2 != nil {
		return 0
	}
	return (resident - files) * int64(os.Getpagesize())
}

// stopped is the reason to give when a check was ended by a limit; false if it wasn't.
func (l limits) stopped(ctx context.Context) (check.Reason, bool) {
	switch context.Cause(ctx) {
	case nil:
		return check.Reason{}, false
	case errTimeout:
		return check.Reason{Code: "timeout", Text: fmt.Sprintf("not finished within %s (--timeout)", l.timeout)}, true
	case errMemory:
		return check.Reason{Code: "memory", Text: fmt.Sprintf("needs more than %s of memory (--max-memory)", sizeText(l.memory))}, true
	}
	return check.Reason{Code: "interrupted", Text: "interrupted before it was finished"}, true
}

// tooBig tells whether a file cannot fit whatever is in it: compressed input is unpacked in memory, and is never
// smaller than its packed form. A plain file is mapped and may be larger than the memory.
func (l limits) tooBig(path string) bool {
	info, err := os.Stat(path)
	if err != nil || l.memory <= 0 || !info.Mode().IsRegular() || info.Size() <= l.memory {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() // only read from: nothing can be lost
	var magic [4]byte
	if _, err := io.ReadFull(f, magic[:]); err != nil {
		return false
	}
	return bytes.HasPrefix(magic[:], []byte{0x1f, 0x8b}) || bytes.Equal(magic[:], []byte{0x28, 0xb5, 0x2f, 0xfd})
}

// collectOften lets the heap grow by a third, not by as much again, before garbage is collected. That costs little here: a
// history is columns of numbers, which the collector needn't look into. Whoever sets GOGC decides for himself.
func collectOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(33)
	}
}

// machineMemory is nine tenths of the memory that this process may use: the machine's, or its control group's if that
// is less. 0 if unknown.
func machineMemory() int64 {
	total := int64(0)
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemTotal:" {
				kb, _ := strconv.ParseInt(f[1], 10, 64) // a line of another form leaves 0: unknown
				total = kb << 10
			}
		}
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && (total == 0 || n < total) {
			total = n
		}
	}
	return total / 10 * 9
}

// parseSize reads a number of bytes: 2GiB, 1.5G, 512M, 65536. Letters are powers of 1024, with or without iB or B.
func parseSize(text string) (int64, error) {
	s := strings.ToUpper(strings.TrimSpace(text))
	s = strings.TrimSuffix(strings.TrimSuffix(s, "B"), "I")
	shift := 0
	if s != "" {
		if i := strings.IndexByte("KMGT", s[len(s)-1]); i >= 0 {
			shift = 10 * (i + 1)
			s = s[:len(s)-1]
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(n > 0) || n*float64(int64(1)<<shift) > 1<<62 {
		return 0, fmt.Errorf("%q is not a size (hint: 512M, 2G, 1.5GiB)", text)
	}
	return int64(n * float64(int64(1)<<shift)), nil
}

// sizeText is a number of bytes for people.
func sizeText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
