package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// execOptions are the keys of client exec.
type execOptions struct {
	command []string
	env     []string
	options history.Value
	setup   bool
}

// execKind is the row of programs in any language.
func execKind() Kind {
	return Kind{Name: "exec", Doc: "a program of your own, in any language, that speaks JSON lines", Options: func() ([]plan.Field, Maker) {
		var o execOptions
		rows := []plan.Field{
			{Key: "command", Doc: "the program and its arguments, a list; one is started for each process, in the plan's folder",
				Required: true, Read: command(&o.command)},
			{Key: "env", Doc: "more for the program's environment", Read: environment(&o.env)},
			{Key: "options", Doc: "anything; the program gets it when it starts", Read: func(n *plan.Node, _ *plan.Problems) { o.options = n.Value() }},
			{Key: "setup", Doc: "whether the program is asked to set up and tear down, too (false)", Read: plan.Bool(&o.setup)},
		}
		return rows, func(u Use) (Driver, error) { return newExec(o, u) }
	}}
}

// command reads a program and its arguments.
func command(argv *[]string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Strs(argv)(n, p)
		if len(*argv) == 0 || (*argv)[0] == "" {
			p.Add(n.Pos, "[python3, client.py], say", "no program")
			return
		}
		for _, a := range *argv {
			if strings.ContainsRune(a, 0) {
				p.Add(n.Pos, "", "an argument can't have a zero byte")
			}
		}
	}
}

// environment reads a map of names and values.
func environment(env *[]string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		if n.Kind != plan.Map {
			p.Add(n.Pos, "{NAME: value}", "env is %s, want a map", n.Kind)
			return
		}
		for _, pair := range n.Pairs {
			var value string
			plan.Str(&value)(pair.Value, p)
			if pair.Key == "" || strings.ContainsAny(pair.Key, "=\x00") || strings.ContainsRune(value, 0) {
				p.Add(pair.Pos, "a name without = and a value, both without zero bytes", "%q can't be set in an environment", pair.Key)
			}
			*env = append(*env, pair.Key+"="+value)
		}
	}
}

// An execDriver starts a program for each process.
type execDriver struct {
	o    execOptions
	use  Use
	path string // of the program
	log  *lineLog

	mu     sync.Mutex
	barren int // how many programs in a row ended without an answer
}

// newExec looks for the program, so that a run without it ends before it began.
func newExec(o execOptions, u Use) (*execDriver, error) {
	path := o.command[0]
	if strings.ContainsRune(path, '/') && !filepath.IsAbs(path) {
		path = filepath.Join(u.Dir, path)
		if !filepath.IsAbs(path) { // exec refuses to look for a bare name here
			path = "." + string(filepath.Separator) + path
		}
	}
	found, err := exec.LookPath(path)
	if err != nil && len(o.command) == 1 && strings.ContainsRune(path, ' ') {
		return nil, fmt.Errorf("client exec: %w (hint: a list, command: [%s])", err, strings.Join(strings.Fields(o.command[0]), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("client exec: %w (hint: %s)", err, lacking(o.command[0]))
	}
	if found, err = filepath.Abs(found); err != nil {
		return nil, fmt.Errorf("client exec: %w", err)
	}
	log := u.Log
	if log == nil {
		log = io.Discard
	}
	return &execDriver{o: o, use: u, path: found, log: &lineLog{to: log}}, nil
}

// interpreters are programs that clients are often run by, and Debian's packages that have them.
var interpreters = map[string]string{"python3": "python3", "node": "nodejs", "ruby": "ruby", "perl": "perl", "php": "php-cli",
	"java": "default-jre-headless"}

// lacking is what to do about a program that isn't there.
func lacking(program string) string {
	if pack := interpreters[program]; pack != "" {
		return "clients run on this machine; on Debian: apt-get update && apt-get install --no-install-recommends " + pack
	}
	return "command is looked for in the plan's folder if it has a slash, and else in PATH"
}

// Setup asks a program to make what the workload needs, if the plan says that it can.
func (d *execDriver) Setup(ctx context.Context, p Process) error { return d.ask(ctx, p, "setup") }

// Teardown asks a program to remove it.
func (d *execDriver) Teardown(ctx context.Context, p Process) error { return d.ask(ctx, p, "teardown") }

// ask has a program do something that is no operation.
func (d *execDriver) ask(ctx context.Context, p Process, what string) error {
	if !d.o.setup {
		return nil
	}
	s, err := d.start(ctx, p)
	if err != nil {
		return err
	}
	out := s.exchange(ctx, message{kind: what})
	if out.Type == history.OK {
		return s.Close()
	}
	return errors.Join(fmt.Errorf("client exec: %s: the program answered %s %s", what, out.Type, out.Error), s.Close())
}

// Open starts a program and tells it for whom. It needn't answer: a program that can't reach its node answers the
// operations, each with fail.
func (d *execDriver) Open(ctx context.Context, p Process) (Session, error) { return d.start(ctx, p) }

// start starts a program. After programs that ended without any answer it takes its time: they would otherwise be
// started as fast as the machine can.
func (d *execDriver) start(ctx context.Context, p Process) (*execSession, error) {
	d.mu.Lock()
	barren := d.barren
	d.mu.Unlock()
	if barren > 2 {
		t := time.NewTimer(min(time.Second, time.Millisecond<<min(barren-2, 10)))
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("programs end as soon as they are started (hint: what they print to stderr is in the log)")
		}
	}
	program, err := launch(d.path, d.o, d.use.Dir, d.log.of(p))
	if err != nil {
		return nil, fmt.Errorf("client exec: %w", err)
	}
	s := &execSession{driver: d, program: program}
	if err := program.send(ctx, d.opening(p)); err != nil {
		program.settle(100 * time.Millisecond)
		program.kill()
		d.answered(false)
		return nil, fmt.Errorf("client exec: the program doesn't read what it is told: %w; %s", err, program.last())
	}
	return s, nil
}

// opening is the message that a program gets first.
func (d *execDriver) opening(p Process) []byte {
	var nodes, addresses, workload []history.Value
	for _, n := range p.Nodes {
		nodes = append(nodes, edn.NewString(n))
		addresses = append(addresses, edn.NewString(d.use.Addr(n)))
	}
	for _, f := range d.use.Options {
		workload = append(workload, edn.NewKeyword(f.Name), f.Value)
	}
	options := d.o.options
	if options.IsNil() {
		options = edn.NewMap(nil)
	}
	fields := []history.Value{
		edn.NewKeyword("type"), edn.NewString("open"), edn.NewKeyword("node"), edn.NewString(p.Node), edn.NewKeyword("address"), edn.NewString(p.Addr),
		edn.NewKeyword("process"), edn.NewInt(int64(p.Number)), edn.NewKeyword("concurrency"), edn.NewInt(int64(p.Concurrency)),
		edn.NewKeyword("nodes"), edn.NewVector(nodes), edn.NewKeyword("addresses"), edn.NewVector(addresses),
		edn.NewKeyword("workload"), edn.NewString(d.use.Workload),
		edn.NewKeyword("workload-options"), edn.NewMap(workload), edn.NewKeyword("options"), options,
	}
	return append(history.AppendJSON(nil, edn.NewMap(fields)), '\n')
}

// answered notes whether programs of this driver are of any use.
func (d *execDriver) answered(any bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.barren++
	if any {
		d.barren = 0
	}
}
