// Package remote runs commands on a node and moves files there and back: over SSH, or as local processes. Whatever the
// way, a command is one line for /bin/sh that is built here, with every value quoted, so that a file name with quotes,
// spaces, $() or newlines in it stays a file name.
package remote

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
)

// A Remote is one node. Its methods may be called at the same time.
type Remote interface {
	// Exec runs a command to its end. The error is an *ExitError if it ended with another status than 0, so that a
	// forgotten look at Result.Exit doesn't read as success, and a *LostError if nobody knows how it ended.
	Exec(ctx context.Context, c Command) (Result, error)
	// Upload copies a file of this machine to the node. Nobody there ever sees a part of it: it is written beside its
	// place under another name, and renamed.
	Upload(ctx context.Context, f File) error
	// Download copies a file of the node to this machine, with the same promise.
	Download(ctx context.Context, f File) error
	// Close ends what goes on, and frees what it held.
	Close() error
}

// DefaultTimeout is how long a command may take that doesn't say.
const DefaultTimeout = 10 * time.Minute

// maxOutputBytes is how much of each output of a command is kept.
const maxOutputBytes = 16 << 20

// A Command is a program with arguments, or a script of sh, and the circumstances in which it runs.
type Command struct {
	Args   []string // program and arguments; none of them is read by a shell
	Script string   // instead of a program: sh, in which Args are $1, $2, ...

	Dir     string        // where it runs; "" is where the remote starts
	User    string        // who runs it; "" is who logged in
	Env     []string      // "NAME=value", added to what is there. Visible in the node's list of processes: no place for secrets
	Stdin   io.Reader     // nil is empty
	Stdout  io.Writer     // gets the output as it comes; nil keeps it in Result.Stdout
	Timeout time.Duration // 0 is DefaultTimeout

	said    string // what messages call it; "" is as it is written
	mark    string // what its processes can be found by; "" if nobody will look for them
	killing bool   // it ends another command, and has nobody to end it
}

// limit is how long the command may take.
func (c Command) limit() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return DefaultTimeout
}

// String is the command as messages name it: without its environment and its input, which may be secret.
func (c Command) String() string {
	if c.said != "" {
		return c.said
	}
	if c.Script != "" {
		line, _, more := strings.Cut(strings.TrimSpace(c.Script), "\n")
		if more {
			line += " ..."
		}
		return "script " + Quote(shortened(line))
	}
	return shortened(Join(c.Args))
}

// shortened is the start of a text that may be long.
func shortened(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// A Result is what a command that ended left.
type Result struct {
	Stdout, Stderr []byte
	Exit           int    // its status; 128 + the signal's number where a signal of the node's ended it
	Cut            bool   // an output was longer than is kept
	Signal         string // the signal that ended it as the node names it, if it says so
}

// A File is one to copy.
type File struct {
	Local, Remote string
	Mode          fs.FileMode // of the copy; 0 is the mode of the source on Upload, 0644 on Download
	User          string      // who writes or reads it on the node; "" is who logged in
}

// An ExitError tells of a command that ended with another status than 0.
type ExitError struct {
	Node    string
	Command string
	Result  Result
	asUser  string
}

// Error says what ran, how it ended, and the last line that it said.
func (e *ExitError) Error() string {
	msg := fmt.Sprintf("%s: %s: exit status %d", e.Node, e.Command, e.Result.Exit)
	if e.Result.Signal != "" {
		msg = fmt.Sprintf("%s: %s: ended by signal %s", e.Node, e.Command, e.Result.Signal)
	}
	if said := lastLine(e.Result.Stderr); said != "" {
		msg += ": " + shortened(said)
	}
	if e.asUser != "" && strings.Contains(string(e.Result.Stderr), "sudo:") {
		msg += fmt.Sprintf(" (hint: as the user that logs in, try: sudo -u %s true; give the sudo password, or allow it without one)", Quote(e.asUser))
	}
	return msg
}

// lastLine is the last line of an output that isn't blank.
func lastLine(said []byte) string {
	text := strings.TrimSpace(string(said))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// A LostError tells of a command whose end nobody knows: the time was up, or the connection broke.
type LostError struct {
	Node    string
	Command string
	Started bool // the command may have run, and may still; false: it certainly didn't start
	Killed  bool // its processes were found there, and killed
	Err     error
}

// Error says what was lost, and whether it may have run.
func (e *LostError) Error() string {
	if e.Killed {
		return fmt.Sprintf("%s: %s: killed: %v", e.Node, e.Command, e.Err)
	}
	if e.Started {
		return fmt.Sprintf("%s: %s: lost, and it may still run there: %v", e.Node, e.Command, e.Err)
	}
	return fmt.Sprintf("%s: %s: not started: %v", e.Node, e.Command, e.Err)
}

// Unwrap is why it was lost; context.DeadlineExceeded if its time was up.
func (e *LostError) Unwrap() error { return e.Err }

// output keeps what is written to it, up to a limit, and takes the rest without keeping it: a command that babbles must
// neither block nor fill the memory.
type output struct {
	kept []byte
	cut  bool
	tail []byte // the end of what isn't kept
}

// tailBytes is how much of the end is kept of an output that is cut.
const tailBytes = 4096

// Write never fails.
func (o *output) Write(p []byte) (int, error) {
	room := min(len(p), maxOutputBytes-len(o.kept))
	o.kept = append(o.kept, p[:room]...)
	if room < len(p) {
		o.cut = true
		o.tail = append(o.tail, p[room:]...)
		o.tail = append(o.tail[:0], o.tail[max(0, len(o.tail)-tailBytes):]...)
	}
	return len(p), nil
}

// outputs are where a command writes. The first is the caller's if there is one.
func (c Command) outputs() (stdout io.Writer, kept, stderr *output) {
	kept, stderr = new(output), new(output)
	if c.Stdout != nil {
		return c.Stdout, kept, stderr
	}
	return kept, kept, stderr
}

// ended is the Result of a command that ended with a status, and its error.
func (c Command) ended(node string, exit int, signal string, stdout, stderr *output) (Result, error) {
	r := Result{Stdout: stdout.kept, Stderr: stderr.kept, Exit: exit, Cut: stdout.cut || stderr.cut, Signal: signal}
	if exit == 0 && signal == "" {
		return r, nil
	}
	return r, &ExitError{Node: node, Command: c.String(), Result: r, asUser: c.User}
}
