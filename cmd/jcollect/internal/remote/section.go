package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/plan"
)

// The kinds of remote.
const (
	KindSSH    = "ssh"
	KindLocal  = "local"
	KindDocker = "docker"
	KindPodman = "podman"
)

// A Plan is the section remote of a plan: how all nodes are reached. Its zero value is SSH as ~/.ssh/config has it.
type Plan struct {
	Kind  string            // one of the kinds; "" is ssh
	Hosts map[string]string // what a node is called where it is looked for, if not by its name: host, address or container
	Home  string            // where .ssh lies; "" is the user's
	Sudo  *bool             // whether commands run as root by sudo; nil: if who logs in isn't root

	User, Config     string // Config: another file than ~/.ssh/config, or none
	Port             int
	Keys, KnownHosts []string
	Agent            string // its socket, or none; "" is $SSH_AUTH_SOCK
	AcceptNew        bool
	Jump             []Hop
	Alive            time.Duration
	AliveTimeout     time.Duration
	Password         Source
	Passphrase       Source
	SudoPassword     Source
	Dial             Dialer // not from the plan: how to reach the first machine
}

// A Source is where a secret comes from: it stands in no plan.
type Source struct{ Env, File string }

// Read gets the secret; none from no source.
func (s Source) Read() (Secret, error) {
	switch {
	case s.Env != "":
		text, ok := os.LookupEnv(s.Env)
		if !ok || text == "" {
			return "", fmt.Errorf("the environment has no %s (hint: export %s=...)", s.Env, s.Env)
		}
		return Secret(text), nil
	case s.File != "":
		return readSecret(s.File)
	}
	return "", nil
}

// readSecret is the first line of a file.
func readSecret(file string) (Secret, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	line, err := bufio.NewReader(io.LimitReader(f, 4096)).ReadString('\n')
	if err == io.EOF {
		err = nil
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", fmt.Errorf("%s: its first line is empty, and no secret", file)
	}
	return Secret(line), nil
}

// String says where the secret comes from.
func (s Source) String() string {
	switch {
	case s.Env != "":
		return "<from $" + s.Env + ">"
	case s.File != "":
		return "<from " + s.File + ">"
	}
	return ""
}

// Read reads the section remote as `remote:` of a plan has it. A nil node gives what goes without saying.
func Read(n *plan.Node, p *plan.Problems) Plan {
	r := Plan{Kind: KindSSH}
	if n == nil {
		return r
	}
	n.Fields(p, "remote", r.fields()...)
	if r.Kind != KindSSH {
		for _, key := range []string{"port", "key", "passphrase-env", "passphrase-file", "password-env", "password-file", "agent",
			"known-hosts", "accept-new", "jump", "config", "keepalive", "keepalive-timeout"} {
			if at := n.Get(key); at != nil {
				p.Add(at.Pos, "kind: ssh, or without it", "remote: %s is for ssh, not for %s", key, r.Kind)
			}
		}
	}
	if r.Kind == KindDocker || r.Kind == KindPodman {
		for _, key := range []string{"sudo-password-env", "sudo-password-file"} {
			if at := n.Get(key); at != nil {
				p.Add(at.Pos, "leave it out", "remote: %s is of no use: in a container %s runs commands as root, without sudo", key, r.Kind)
			}
		}
	}
	for _, s := range []struct {
		name string
		from Source
	}{{"password", r.Password}, {"passphrase", r.Passphrase}, {"sudo-password", r.SudoPassword}} {
		if s.from.Env != "" && s.from.File != "" {
			p.Add(n.Pos, "one of them", "remote has both %s-env and %s-file", s.name, s.name)
		}
	}
	if r.Kind == KindLocal && r.User != "" {
		p.Add(n.Get("user").Pos, "sudo: true runs commands as root", "remote: local commands run as who runs jcollect, not as %s", r.User)
	}
	return r
}

// fields are the keys of the section.
func (r *Plan) fields() []plan.Field {
	return []plan.Field{
		{Key: "kind", Doc: "ssh, local (processes of this machine), docker or podman (containers by name)", Read: plan.OneOf(&r.Kind, KindSSH, KindLocal, KindDocker, KindPodman)},
		{Key: "hosts", Doc: "the host, address or container of a node, if it isn't the node's name", Read: r.readHosts},
		{Key: "user", Doc: "who logs in (root)", Read: userName(&r.User)},
		{Key: "port", Doc: "where sshd listens (22)", Read: plan.Int(&r.Port, 1, 65535)},
		{Key: "key", Doc: "files of private keys (those of ~/.ssh)", Read: paths(&r.Keys)},
		{Key: "passphrase-env", Doc: "the variable that holds the passphrase of the keys", Read: plan.Str(&r.Passphrase.Env)},
		{Key: "passphrase-file", Doc: "the file whose first line is it", Read: plan.Path(&r.Passphrase.File)},
		{Key: "password-env", Doc: "the variable that holds the password to log in with", Read: plan.Str(&r.Password.Env)},
		{Key: "password-file", Doc: "the file whose first line is it", Read: plan.Path(&r.Password.File)},
		{Key: "agent", Doc: "the socket of an agent, or none ($SSH_AUTH_SOCK)", Read: pathOrNone(&r.Agent)},
		{Key: "known-hosts", Doc: "files of known host keys (~/.ssh/known_hosts)", Read: paths(&r.KnownHosts)},
		{Key: "accept-new", Doc: "true: trust a host that is seen for the first time, and remember its key", Read: plan.Bool(&r.AcceptNew)},
		{Key: "jump", Doc: "machines to go through, user@host:port, the nearest first", Read: r.readJump},
		{Key: "sudo", Doc: "true: commands run as root by sudo (with ssh, if user isn't root)", Read: r.readSudo},
		{Key: "sudo-password-env", Doc: "the variable that holds the password that sudo wants", Read: plan.Str(&r.SudoPassword.Env)},
		{Key: "sudo-password-file", Doc: "the file whose first line is it", Read: plan.Path(&r.SudoPassword.File)},
		{Key: "config", Doc: "a configuration file of ssh, or none (~/.ssh/config)", Read: pathOrNone(&r.Config)},
		{Key: "keepalive", Doc: "how often a silent connection is tried (5s)", Read: plan.Duration(&r.Alive)},
		{Key: "keepalive-timeout", Doc: "how long a node may be silent then (15s)", Read: plan.Duration(&r.AliveTimeout)},
	}
}

// readHosts reads a map from nodes to what they are called elsewhere.
func (r *Plan) readHosts(n *plan.Node, p *plan.Problems) {
	if n.Kind != plan.Map {
		p.Add(n.Pos, "hosts: {n1: 192.0.2.11}", "remote: hosts is %s, want a map", n.Kind)
		return
	}
	r.Hosts = make(map[string]string)
	for _, pair := range n.Pairs {
		var name string
		plan.Str(&name)(pair.Value, p)
		if strings.HasPrefix(name, "-") || strings.ContainsAny(name, " \t\r\n/\x00") || name == "" {
			p.Add(pair.Value.Pos, "a host, an address, or the name of a container", "remote: %q can't be reached", name)
			continue
		}
		r.Hosts[pair.Key] = name
	}
}

// userName reads the name of a user.
func userName(user *string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Str(user)(n, p)
		if *user == "" && n.Kind == plan.Scalar || strings.HasPrefix(*user, "-") || strings.ContainsAny(*user, " \t\r\n:#\x00") {
			p.Add(n.Pos, "root, admin", "remote: %q can't be the name of a user", *user)
		}
	}
}

// readJump reads the machines on the way.
func (r *Plan) readJump(n *plan.Node, p *plan.Problems) {
	var hosts []string
	plan.Strs(&hosts)(n, p)
	r.Jump = []Hop{} // even an empty list is one: no way of ~/.ssh/config then
	for _, text := range hosts {
		h, err := ParseHop(text)
		if err != nil {
			p.Add(n.Pos, "", "remote: jump: %v", err)
			continue
		}
		r.Jump = append(r.Jump, h)
	}
}

// readSudo reads whether to become root.
func (r *Plan) readSudo(n *plan.Node, p *plan.Problems) {
	r.Sudo = new(bool)
	plan.Bool(r.Sudo)(n, p)
}

// pathOrNone reads the name of a file, or the word none.
func pathOrNone(path *string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		if n.Kind == plan.Scalar && n.Text == "none" {
			*path = n.Text
			return
		}
		plan.Path(path)(n, p)
	}
}

// paths reads names of files; one is a list of one.
func paths(list *[]string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		items := n.Items
		if n.Kind != plan.List {
			items = []*plan.Node{n}
		}
		for _, item := range items {
			var path string
			plan.Path(&path)(item, p)
			*list = append(*list, path)
		}
	}
}

// home is where .ssh lies.
func (r *Plan) home() string {
	if r.Home != "" {
		return r.Home
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "/"
	}
	return home
}

// Connect reaches a node, and tells at once if it can't. The remote is to be closed.
func (r Plan) Connect(ctx context.Context, nodeName string) (Remote, error) {
	remote, err := r.open(nodeName)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", nodeName, err)
	}
	// The first command meets whatever is wrong: login, sudo, a shell that talks.
	if err := greet(ctx, remote, nodeName); err != nil {
		return nil, errors.Join(err, remote.Close())
	}
	return remote, nil
}

// greet runs the first command.
func greet(ctx context.Context, r Remote, nodeName string) error {
	res, err := r.Exec(ctx, Command{Script: "echo hello", Timeout: time.Minute})
	if err != nil {
		return err
	}
	if got := string(res.Stdout); got != "hello\n" {
		return fmt.Errorf("%s: the login shell says %q before each command (hint: in ~/.bashrc and the like, say nothing unless the shell is interactive)",
			nodeName, shortened(strings.TrimSuffix(got, "hello\n")))
	}
	return nil
}

// open makes the remote of a node; only SSH's is not connected yet.
func (r Plan) open(nodeName string) (Remote, error) {
	password, err := r.SudoPassword.Read()
	if err != nil {
		return nil, fmt.Errorf("sudo password: %w", err)
	}
	name := nodeName
	if host := r.Hosts[nodeName]; host != "" {
		name = host
	}
	var remote Remote
	user := "" // who logs in; a local process becomes root only if asked to, and a container says itself
	switch r.Kind {
	case KindLocal:
		remote, user = &Local{Node: nodeName, SudoPassword: password}, ""
	case KindDocker, KindPodman:
		remote, user = &Container{Program: r.Kind, Node: nodeName, Name: name, User: r.User}, ""
	default:
		o, err := r.options(nodeName, name)
		if err != nil {
			return nil, err
		}
		o.SudoPassword = password
		remote, user = NewSSH(o), o.user()
	}
	if r.Sudo != nil && *r.Sudo || r.Sudo == nil && user != "" && user != "root" {
		remote = &as{remote, "root"}
	}
	return remote, nil
}

// options are how to reach a node by SSH.
func (r Plan) options(nodeName, host string) (SSHOptions, error) {
	h, err := ParseHop(host)
	if err != nil {
		return SSHOptions{}, err
	}
	if r.User != "" {
		h.User = r.User
	}
	if r.Port != 0 {
		h.Port = r.Port
	}
	o := SSHOptions{Node: nodeName, Hop: h, Jump: r.Jump, Keys: r.Keys, Agent: r.Agent, KnownHosts: r.KnownHosts, AcceptNew: r.AcceptNew,
		Alive: r.Alive, AliveTimeout: r.AliveTimeout, Dial: r.Dial}
	if o.Agent == "" {
		o.Agent = os.Getenv("SSH_AUTH_SOCK")
	}
	if r.Config != "none" {
		file := r.Config
		if file == "" {
			file = filepath.Join(r.home(), ".ssh", "config")
		} else if _, err := os.Stat(file); err != nil {
			return o, fmt.Errorf("ssh configuration: %w", err)
		}
		agent := o.Agent
		if o, err = FromConfig(file, r.home(), o); err != nil {
			return o, err
		}
		if r.Agent != "" {
			o.Agent = agent // the plan's word counts
		}
	}
	if o.Agent == "none" {
		o.Agent = ""
	}
	r.usual(&o)
	if o.Password, err = r.Password.Read(); err != nil {
		return o, fmt.Errorf("password: %w", err)
	}
	if o.Passphrase, err = r.Passphrase.Read(); err != nil {
		return o, fmt.Errorf("passphrase: %w", err)
	}
	return o, nil
}

// usual fills in the files that ssh uses if nobody says otherwise.
func (r Plan) usual(o *SSHOptions) {
	dir := filepath.Join(r.home(), ".ssh")
	if len(o.Keys) == 0 {
		for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				o.Keys = append(o.Keys, filepath.Join(dir, name))
			}
		}
	}
	if len(o.KnownHosts) == 0 {
		o.KnownHosts = []string{filepath.Join(dir, "known_hosts"), "/etc/ssh/ssh_known_hosts"}
	}
}

// as is a remote whose commands run as another user if they don't say as whom.
type as struct {
	Remote
	user string
}

// Exec runs a command.
func (a *as) Exec(ctx context.Context, c Command) (Result, error) {
	if c.User == "" {
		c.User = a.user
	}
	return a.Remote.Exec(ctx, c)
}

// Upload copies a file there.
func (a *as) Upload(ctx context.Context, f File) error {
	if f.User == "" {
		f.User = a.user
	}
	return a.Remote.Upload(ctx, f)
}

// Download copies a file from there.
func (a *as) Download(ctx context.Context, f File) error {
	if f.User == "" {
		f.User = a.user
	}
	return a.Remote.Download(ctx, f)
}
