package remote

import "context"

// Container is a node that is a container, reached by docker exec or podman exec.
type Container struct {
	Program      string // docker or podman
	Node         string // its name in messages
	Name         string // the container
	User         string // who runs commands there; "" is as the container has it
	SudoPassword Secret
}

// Exec runs a command in the container. When its time is up, the program here is killed; what it started there is looked
// for and killed too, for the engine lets it run on.
func (k *Container) Exec(ctx context.Context, c Command) (Result, error) {
	args := []string{"exec", "-i"}
	if k.User != "" {
		args = append(args, "-u", k.User)
	}
	return c.process(ctx, k, k.Node, k.SudoPassword, k.Program, append(args, k.Name, "/bin/sh", "-c")...)
}

// Upload sends a file through the input of a command.
func (k *Container) Upload(ctx context.Context, f File) error { return uploadByExec(ctx, k, f) }

// Download gets a file through the output of a command.
func (k *Container) Download(ctx context.Context, f File) error { return downloadByExec(ctx, k, f) }

// Close has nothing to free: each command has a program of its own.
func (k *Container) Close() error { return nil }
