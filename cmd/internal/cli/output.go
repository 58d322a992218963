package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// An Output is a program's standard output. It remembers that not everything could be written: help and lists are printed
// piece by piece, and a full disk must not pass for success.
type Output struct {
	w   io.Writer
	err error // the first one
}

// NewOutput remembers what becomes of writing to w.
func NewOutput(w io.Writer) *Output { return &Output{w: w} }

// Write writes to the standard output. Its error is an *OutputError.
func (o *Output) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	if err == nil {
		return n, nil
	}
	wrong := &OutputError{err}
	if o.err == nil {
		o.err = wrong
	}
	return n, wrong
}

// Err is the first error, an *OutputError; nil if all was written.
func (o *Output) Err() error { return o.err }

// File is the file behind it; nil if there is none.
func (o *Output) File() *os.File {
	f, ok := o.w.(*os.File)
	if !ok {
		return nil
	}
	return f
}

// An OutputError is a standard output that took not everything.
type OutputError struct{ Err error }

func (e *OutputError) Error() string {
	return fmt.Sprintf("write the standard output: %v", cause(e.Err))
}

// Unwrap is the error of the operating system.
func (e *OutputError) Unwrap() error { return e.Err }

// Gone tells whether nobody reads any more: the other end of a pipe had enough, as head has, and nothing is wrong.
func (e *OutputError) Gone() bool { return errors.Is(e.Err, syscall.EPIPE) }

// cause is an error without the name of the file that it happened to: "no space left on device".
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
