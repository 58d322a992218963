// Package cli is what the commands of this module do alike as programs: how they guard against their own bugs, notice
// that what they print goes nowhere, say what is wrong with a flag or a verb, and which version they are.
package cli

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// Release is the version of this source tree.
const Release = "0.1.0-dev"

// Bug is the exit code of a bug of ours.
const Bug = 255

// Guard gives the exit code of f. A panic is our own bug and 255: it must not end with Go's exit code 2, which would
// read "unknown".
func Guard(name string, stderr io.Writer, f func() int) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(stderr, "%s: internal error: %v\n%s", name, p, debug.Stack())
			code = Bug
		}
	}()
	return f()
}

// Complain prints an error, each line with the program's name.
func Complain(name string, stderr io.Writer, err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(stderr, "%s: %s\n", name, line)
	}
}

// Version is the release, the compiler, and the revision it was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Release
	}
	rev := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			rev = ", " + s.Value[:12]
		}
	}
	return fmt.Sprintf("%s (%s%s)", Release, info.GoVersion, rev)
}
