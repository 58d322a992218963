package remote

import (
	"context"
	"fmt"
	"strings"
)

// Container is a node that is a container, reached by docker exec or podman exec.
type Container struct {
	Program string // docker or podman
	Node    string // its name in messages
	Name    string // the container
	User    string // who runs commands there, unless they say as whom; "" is root
}

// Exec runs a command in the container. When its time is up, the program here is killed; what it started there is looked
// for and killed too, for the engine lets it run on.
//
// The engine is told who runs the command: it needs neither sudo in the container nor a password.
func (k *Container) Exec(ctx context.Context, c Command) (Result, error) {
	if err := c.validate(""); err != nil { // before its user goes to the engine
		return Result{}, fmt.Errorf("%s: %w", k.Node, err)
	}
	user := k.User
	if c.User != "" {
		user = c.User
	}
	if user == "" || user == "root" {
		user = "0" // an image of few files has no /etc/passwd to look the name up in
	}
	c.User = ""
	// Who ends it is the same user: root of a container may not look at what others' processes have in their environment.
	by := *k
	by.User = user
	return c.process(ctx, &by, launcher{node: k.Node, program: k.Program, seal: newSeal(), refused: k.refused,
		args: []string{"exec", "-i", "-u", user, "--", k.Name, "/bin/sh", "-c"}})
}

// Upload sends a file through the input of a command.
func (k *Container) Upload(ctx context.Context, f File) error { return uploadByExec(ctx, k, f) }

// Download gets a file through the output of a command.
func (k *Container) Download(ctx context.Context, f File) error { return downloadByExec(ctx, k, f) }

// Close has nothing to free: each command has a program of its own.
func (k *Container) Close() error { return nil }

// refusals are hints for what engines say when they don't run a command.
var refusals = []struct{ said, hint string }{
	{"no such container", "ENGINE ps -a lists the containers; hosts: of the section remote says which is a node's"},
	{"cannot connect to the docker daemon", "does dockerd run? docker info says whether this user reaches it"},
	{"permission denied while trying to connect", "docker info says whether this user reaches dockerd; root does"},
	{"is not running", "ENGINE start NAME"},
	{"only create exec sessions on running containers", "ENGINE start NAME, or ENGINE unpause NAME"},
	{"is paused", "ENGINE unpause NAME"},
	{"is restarting", "wait, or ENGINE logs NAME tells why it ends again and again"},
	{"/bin/sh", "the image must have a shell at /bin/sh"},
}

// refused is why the engine didn't run a command, by what it said.
func (k *Container) refused(exit int, said string) error {
	lower := strings.ToLower(said)
	for _, row := range refusals {
		if strings.Contains(lower, row.said) {
			hint := strings.NewReplacer("ENGINE", k.Program, "NAME", Quote(k.Name)).Replace(row.hint)
			return fmt.Errorf("%s (hint: %s)", said, hint)
		}
	}
	if said == "" {
		said = "and no word why"
	}
	return fmt.Errorf("%s ended with status %d: %s", k.Program, exit, said)
}
