//go:build unix

package main

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestInterrupts sends the signals of Ctrl-C and of a service that is stopped. Without it, nothing would notice a first
// one that ends more than the operations, or a second one that ends nothing.
func TestInterrupts(t *testing.T) {
	soft, hard, stop := interrupts()
	defer stop()
	send := func(s syscall.Signal, ended context.Context) {
		t.Helper()
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ended.Done():
		case <-time.After(10 * time.Second):
			t.Fatalf("%v ended nothing", s)
		}
	}
	send(syscall.SIGINT, soft)
	if hard.Err() != nil {
		t.Error("the first signal ended what heals, too")
	}
	send(syscall.SIGTERM, hard)
}
