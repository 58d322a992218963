package remote

import (
	"crypto/rand"
	"strings"
	"time"
)

// markVariable is in the environment of each command, and so of all that it starts. That finds them even where they have
// left its process group and session, and survives sudo, which a list of processes to kill would not.
const markVariable = "JCOLLECT_COMMAND"

// newMark is a mark that no other command has.
func newMark() string { return rand.Text() }

// kill is what the node runs to end a command: sh -c kill sh MARK. It looks again until it finds nothing, for a process
// may start others while it is looked for, and prints a line for each round. Processes that ignore other signals don't
// ignore this one.
const kill = `i=0
while [ $i -lt 50 ]; do
	found=
	for f in $(grep -lsF -- "$1" /proc/[0-9]*/environ); do
		p=${f#/proc/}
		kill -9 "${p%/environ}" 2>/dev/null && found=y
	done
	[ -n "$found" ] || exit 0
	echo killed
	i=$((i + 1))
done
exit 1`

// killer is the command that ends another, by whoever runs that.
func (c Command) killer() Command {
	return Command{Script: kill, Args: []string{markVariable + "=" + c.mark}, User: c.User, Timeout: 5 * time.Second, killing: true}
}

// killedSome tells whether a killer found something.
func killedSome(r Result) bool { return strings.HasPrefix(string(r.Stdout), "killed") }
