// Package agent is what jcollect does on a node: keep daemons, wait for ports, unpack archives, damage files, fill disks,
// move the clock, and heal a fault by itself when nobody renews its lease. It runs as a hidden verb of the same program,
// uploaded to the node: one request as JSON by stdin, one answer as a line of JSON on stdout, and it ends. Nothing of it
// stays on the node but the daemons' runners and the keepers of leases, each a small process of its own.
//
// The types of requests and answers are for every system; what they ask for is done on Linux only.
package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// DefaultState is the folder on a node where the agent keeps what it must remember.
const DefaultState = "/var/lib/jcollect"

// maxRequestBytes bounds a request.
const maxRequestBytes = 16 << 20

// What may be wrong with a request: the codes of an Error.
const (
	Usage      = "usage"      // the request makes no sense
	NotFound   = "not-found"  // the daemon, lease or file that it is about isn't there
	Timeout    = "timeout"    // it didn't happen in time
	Refused    = "refused"    // it would harm what isn't ours
	Impossible = "impossible" // this node can't do it
	Failed     = "failed"     // it was tried, and went wrong
)

// An Error is an answer of the agent that says why it didn't do what it was asked for.
type Error struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

// Error is the text, and the hint if there is one.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Text
	}
	return fmt.Sprintf("%s (hint: %s)", e.Text, e.Hint)
}

// errorf makes an Error without a hint.
func errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// hinted makes an Error with a hint.
func hinted(code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...), Hint: hint}
}

// Is tells whether an error is, or wraps, one of the agent's with the given code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// An Answer is the line that the agent writes: Error or OK.
type Answer struct {
	Error *Error          `json:"error,omitempty"`
	OK    json.RawMessage `json:"ok,omitempty"`
}

// None is the request or the answer of a verb that has nothing to say.
type None struct{}

// agent is the program on the node.
type agent struct {
	state string // folder
}

// A verb is one thing that the agent can do.
type verb struct {
	name string
	run  func(ctx context.Context, a *agent, request []byte) (any, error)
}

// Main runs the agent: args are flags and the verb. It returns the exit status: 0 if it did what it was asked for, 1 if
// not; stdout has the answer in either case.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) int {
	answer := Answer{}
	// The shell of a user who is not root often leaves out where the tools of root are.
	if path := os.Getenv("PATH"); !strings.Contains(path, "/usr/sbin") {
		if err := os.Setenv("PATH", path+":/usr/local/sbin:/usr/sbin:/sbin"); err != nil {
			return 1
		}
	}
	ok, err := respond(ctx, args, stdin)
	if err == nil {
		answer.OK, err = json.Marshal(ok)
	}
	if err != nil && !errors.As(err, &answer.Error) {
		answer.Error = errorf(Failed, "%v", err)
	} else if err != nil && err.Error() != answer.Error.Error() {
		wrapped := *answer.Error
		wrapped.Text = strings.TrimSuffix(err.Error(), " (hint: "+wrapped.Hint+")")
		answer.Error = &wrapped
	}
	line, err := json.Marshal(answer)
	if err == nil {
		_, err = stdout.Write(append(line, '\n'))
	}
	if err != nil || answer.Error != nil {
		return 1
	}
	return 0
}

// respond finds the verb and runs it.
func respond(ctx context.Context, args []string, stdin io.Reader) (any, error) {
	a := &agent{}
	flags := flag.NewFlagSet("agent", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&a.state, "state", DefaultState, "")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		return nil, hinted(Usage, "jcollect agent [--state DIR] VERB", "want one verb")
	}
	for _, v := range verbs() {
		if v.name != flags.Arg(0) {
			continue
		}
		request, err := io.ReadAll(io.LimitReader(stdin, maxRequestBytes+1))
		if err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		if len(request) > maxRequestBytes {
			return nil, errorf(Usage, "the request is longer than %d bytes", maxRequestBytes)
		}
		if err := os.MkdirAll(a.state, 0o700); err != nil {
			return nil, hinted(Failed, "the agent must run as root, or with --state in a folder that it may write", "%v", err)
		}
		a.keepReserve()
		return v.run(ctx, a, request)
	}
	return nil, errorf(Usage, "no verb %q (the agent works on Linux)", flags.Arg(0))
}

// bind makes a verb of a function from its request to its answer. A field that the agent doesn't know is a mistake: the
// control side is the same program.
func bind[In, Out any](name string, f func(a *agent, ctx context.Context, in In) (Out, error)) verb {
	return verb{name, func(ctx context.Context, a *agent, request []byte) (any, error) {
		var in In
		d := json.NewDecoder(bytes.NewReader(request))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil && !(err == io.EOF && len(bytes.TrimSpace(request)) == 0) {
			return nil, errorf(Usage, "%s: the request can't be read: %v", name, err)
		}
		return f(a, ctx, in)
	}}
}
