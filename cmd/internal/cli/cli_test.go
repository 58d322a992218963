package cli

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
)

// Without this a bug could end with Go's exit code 2, which scripts take for an unknown verdict, or not name itself.
func TestGuard(t *testing.T) {
	var stderr bytes.Buffer
	if got := Guard("jcheck", &stderr, func() int { panic("elle: internal error: lost a node") }); got != Bug {
		t.Errorf("got exit code %d, want %d", got, Bug)
	}
	if got, want := stderr.String(), "jcheck: internal error: elle: internal error: lost a node\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want it to begin with %q", got, want)
	}
	if got := Guard("jcheck", &stderr, func() int { return 1 }); got != 1 {
		t.Errorf("got exit code %d, want 1", got)
	}
}

// failing is a stream that takes no more.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Without this a full disk could pass for success, if only one of many pieces wasn't written, or a reader that had enough
// for a failure.
func TestOutput(t *testing.T) {
	full := NewOutput(failing{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}})
	_, err := full.Write([]byte("x"))
	var unwritten *OutputError
	if !errors.As(err, &unwritten) || unwritten.Gone() || err != full.Err() || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk gives %v, and then %v", err, full.Err())
	}
	if got, want := err.Error(), "write the standard output: no space left on device"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	gone := NewOutput(failing{syscall.EPIPE})
	if _, err := gone.Write([]byte("x")); !errors.As(err, &unwritten) || !unwritten.Gone() {
		t.Errorf("a pipe without a reader gives %v", err)
	}
	var text bytes.Buffer
	well := NewOutput(&text)
	if n, err := well.Write([]byte("abc")); n != 3 || err != nil || well.Err() != nil || well.File() != nil || text.String() != "abc" {
		t.Errorf("got %d, %v, %v, %q", n, err, well.Err(), text.String())
	}
}

// Without this a wrong value of a flag could be told in the words of the functions that parse numbers, or a password that
// stands where none may stand be told at all.
func TestFlagError(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--n x", `--n "x" is no whole number (hint: digits, such as 10)`},
		{"--n 99999999999999999999", `--n "99999999999999999999" is too large or too small (hint: prog --help)`},
		{"--f x", `--f "x" is no number (hint: such as 0.99)`},
		{"--d 5", `--d "5" is no time with its unit (hint: such as 30s, 5m or 1h30m)`},
		{"--b=x", `--b "x" is no truth value (hint: true or false; the flag alone means true)`},
		{"--secret hunter2", `--secret: not here`},
		{"--none", `unknown flag: --none (hint: prog --help)`},
		{"--n", `flag needs an argument: --n (hint: prog --help)`},
		{"--file=", `--file is empty (hint: --file FILE)`},
	} {
		root := &cobra.Command{Use: "prog", Run: func(*cobra.Command, []string) {}, PreRunE: CheckNames}
		root.Flags().Int("n", 0, "")
		root.Flags().Float64("f", 0, "")
		root.Flags().Duration("d", 0, "")
		root.Flags().Bool("b", false, "")
		root.Flags().String("file", "", "a `FILE`")
		root.Flags().Var(refusing{}, "secret", "")
		Dress(root, "")
		root.SetArgs(strings.Fields(c.args))
		if err := root.Execute(); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.args, err, c.want)
		}
	}
}

// refusing is the value of a flag that takes none.
type refusing struct{}

func (refusing) String() string   { return "" }
func (refusing) Type() string     { return "" }
func (refusing) Set(string) error { return errors.New("not here") }
func (refusing) Refusal() string  { return "not here" }
