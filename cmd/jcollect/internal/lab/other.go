//go:build !linux

package lab

import (
	"context"
	"io"
	"net"
	"os/exec"
)

// unable is the answer of all that needs Linux.
func unable() error { return &MissingError{Missing("")} }

// Up needs Linux.
func Up(context.Context, Options) (*Lab, error) { return nil, unable() }

// Dial needs Linux.
func (l *Lab) Dial(context.Context, string, string) (net.Conn, error) { return nil, unable() }

// Start needs Linux.
func (l *Lab) Start(*exec.Cmd) error { return unable() }

// Run needs Linux.
func (l *Lab) Run(*exec.Cmd) error { return unable() }

// Exec needs Linux.
func (l *Lab) Exec([]string, []string) error { return unable() }

// Stop needs Linux.
func (l *Lab) Stop(context.Context, string) error { return unable() }

// Restart needs Linux.
func (l *Lab) Restart(context.Context, string) error { return unable() }

// A Keeper needs Linux.
type Keeper struct{}

// StartKeeper needs Linux.
func StartKeeper(*exec.Cmd) (*Keeper, error) { return nil, unable() }

// Runs needs Linux.
func (k *Keeper) Runs(int) error { return unable() }

// Asked needs Linux.
func (k *Keeper) Asked() error { return unable() }

// Close needs Linux.
func (k *Keeper) Close() error { return unable() }

// Keep needs Linux.
func Keep(io.Reader, string, string) error { return unable() }

// A Trace is what a lab can be recognised by later.
type Trace struct{}

// Trace is empty where there are no labs.
func (l *Lab) Trace() Trace { return Trace{} }

// Leftovers are none where there are no labs.
func (t Trace) Leftovers() []string { return nil }

func (p Process) guests() []Process              { return nil }
func (p Process) alive() bool                    { return false }
func (p Process) kill() error                    { return nil }
func (p Process) gone(ctx context.Context) error { return ctx.Err() }
