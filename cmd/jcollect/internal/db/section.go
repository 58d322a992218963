package db

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/plan"
)

// What goes without saying.
const (
	defaultTries   = 3
	defaultTimeout = 5 * time.Minute  // of a script
	defaultReady   = time.Minute      // until the cluster may be used
	defaultAwait   = 30 * time.Second // until a daemon's port takes connections
	defaultGrace   = 5 * time.Second  // from TERM to KILL at teardown
)

// A Plan is the section db of a plan. The zero value is no database to look after: one that runs already.
type Plan struct {
	Packages     []string
	Archives     []Archive
	Files        []File
	Env          []Variable
	Setup        string // scripts of sh
	SetupPrimary string
	Ready        string
	Primaries    string
	Teardown     string
	Kill         string // instead of a signal to the daemons
	Start        string
	Pause        string
	Resume       string
	Daemons      []Daemon
	Logs         []string // files, folders and patterns on the nodes
	Wipe         []string // files and folders that setup begins without, and that teardown removes
	Capture      Capture
	PrimaryFirst bool // the first node is set up, with its daemons, before the others
	Tries        int
	Timeout      time.Duration // of one script
	ReadyTimeout time.Duration
}

// A Daemon is a program that runs as long as the test, and may be killed, paused and started again by faults.
type Daemon struct {
	Name  string
	Run   string   // a line of sh, with templates
	Args  []string // instead: program and arguments, with templates
	Dir   string
	User  string
	Log   string // on the node; "" is the agent's place for it
	Env   []Variable
	Await string // host:port that must take connections before set-up goes on; "" is none
	Limit time.Duration
	Grace time.Duration // from TERM to KILL at teardown
	Nodes string        // all, first, or others
	Spare bool          // faults leave it alone
	// Restart starts it again so long after it has ended by itself; 0 is never.
	Restart time.Duration
	pos     plan.Pos
}

// A File is one to write on each node.
type File struct {
	From     string // file beside the plan
	Content  string // instead of From
	To       string
	Mode     os.FileMode
	Owner    string // user, or user:group; "" is who runs the agent
	Template bool
	pos      plan.Pos
}

// An Archive is one to unpack on each node.
type Archive struct {
	URL    string
	From   string // instead of URL: a file beside the plan
	Path   string // instead of both: a file that lies on the nodes
	To     string
	SHA256 string
	Owner  string
}

// A Variable is an environment variable for scripts and daemons. A secret one is never shown.
type Variable struct {
	Name   string
	Value  string
	Source string // where a secret came from: "environment X", "file Y"; "" if it is none
}

// A Capture is what tcpdump records from set-up to teardown; nothing if it is off.
type Capture struct {
	On     bool
	Ports  []int
	Filter string
}

// Read reads the section db as `db:` of a plan has it. A nil node gives no database to look after.
func Read(n *plan.Node, p *plan.Problems) Plan {
	d := Plan{Tries: defaultTries, Timeout: defaultTimeout, ReadyTimeout: defaultReady}
	if n == nil {
		return d
	}
	n.Fields(p, "db", d.fields()...)
	names := map[string]bool{}
	for _, daemon := range d.Daemons {
		if names[daemon.Name] {
			p.Add(daemon.pos, "", "db: two daemons are called %q", daemon.Name)
		}
		names[daemon.Name] = true
	}
	// What begins a fault must be able to end it, and the other way round.
	for _, pair := range [][2]string{{"kill", "start"}, {"pause", "resume"}} {
		for i, key := range pair {
			if at := n.Get(key); at != nil && n.Get(pair[1-i]) == nil {
				p.Add(at.Pos, "", "db: %s needs %s beside it", key, pair[1-i])
			}
		}
	}
	d.trial(p)
	return d
}

// fields are the keys of the section.
func (d *Plan) fields() []plan.Field {
	return []plan.Field{
		{Key: "packages", Doc: "packages of the nodes' system to install, with =VERSION for a certain one", Read: packages(&d.Packages)},
		{Key: "archive", Doc: "an archive to unpack, or a list: {url, from or path, to, sha256, owner}", Read: some(d.archive)},
		{Key: "files", Doc: "files to write: a list of {from or content, to, mode, owner, template}", Read: plan.Each(d.file)},
		{Key: "env", Doc: "environment of scripts and daemons; a secret is {env: NAME} or {file: NAME}", Read: variables(&d.Env)},
		{Key: "setup", Doc: "script of sh on each node, before the daemons start", Read: script(&d.Setup)},
		{Key: "setup-primary", Doc: "script on the first node, after the daemons started everywhere", Read: script(&d.SetupPrimary)},
		{Key: "daemons", Doc: "programs to keep: a list of {name, run or args, await, user, env, dir, log, nodes, spare, restart, grace}", Read: plan.Each(d.daemon)},
		{Key: "ready", Doc: "script that succeeds on each node when the cluster may be used; tried again until ready-timeout", Read: script(&d.Ready)},
		{Key: "ready-timeout", Doc: "how long ready may take (1m)", Read: plan.Duration(&d.ReadyTimeout)},
		{Key: "primaries", Doc: "script that prints the names or addresses of the nodes that are primaries now", Read: script(&d.Primaries)},
		{Key: "teardown", Doc: "script on each node, after the daemons were stopped", Read: script(&d.Teardown)},
		{Key: "wipe", Doc: "files and folders that are removed before set-up and at teardown", Read: d.wiped},
		{Key: "logs", Doc: "files, folders and patterns to download at the end; the daemons' logs come by themselves", Read: absolutes(&d.Logs, "logs")},
		{Key: "kill", Doc: "script that kills the database on a node, instead of a signal to the daemons", Read: script(&d.Kill)},
		{Key: "start", Doc: "script that starts it again, instead of the daemons", Read: script(&d.Start)},
		{Key: "pause", Doc: "script that stops its processes for a while", Read: script(&d.Pause)},
		{Key: "resume", Doc: "script that lets them go on", Read: script(&d.Resume)},
		{Key: "primary-first", Doc: "true: the first node is set up and started before the others", Read: plan.Bool(&d.PrimaryFirst)},
		{Key: "tries", Doc: "how often teardown and set-up are tried (3)", Read: plan.Int(&d.Tries, 1, 100)},
		{Key: "timeout", Doc: "how long a script may take (5m)", Read: plan.Duration(&d.Timeout)},
		{Key: "tcpdump", Doc: "true, or {ports, filter}: record packets from set-up to teardown", Read: d.capture},
	}
}

// some reads one value, or a list of such.
func some(read func(*plan.Node, *plan.Problems)) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		if n.Kind == plan.List {
			plan.Each(read)(n, p)
			return
		}
		read(n, p)
	}
}

// script reads a script of sh.
func script(s *string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Str(s)(n, p)
		if n.Kind == plan.Scalar && (strings.TrimSpace(n.Text) == "" || strings.ContainsRune(n.Text, 0)) {
			p.Add(n.Pos, "leave the key out, or write commands for sh", "the script is empty, or has a NUL in it")
		}
	}
}

// packageName is what apt, dnf and yum call packages, and versions.
var packageName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+_-]*(=[A-Za-z0-9.+:~_-]+)?$`)

// packages reads names of packages.
func packages(names *[]string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Strs(names)(n, p)
		for _, name := range *names {
			if !packageName.MatchString(name) {
				p.Add(n.Pos, "redis-server, or redis-server=5:7.0.15-1", "db: packages: %q is no name of a package", name)
			}
		}
	}
}

// clean tells whether a path is one on a node, from its root, that means what it says.
func clean(name string) bool {
	return path.IsAbs(name) && path.Clean(name) != "/" && !strings.Contains(name, "/../") && !strings.HasSuffix(name, "/..") &&
		!strings.ContainsRune(name, 0)
}

// absolute reads a path on the nodes.
func absolute(s *string, what string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Str(s)(n, p)
		if n.Kind == plan.Scalar && !clean(n.Text) {
			p.Add(n.Pos, "from the root of the nodes: /etc/redis/redis.conf", "db: %s: %q is no place on the nodes", what, n.Text)
		}
	}
}

// absolutes reads paths on the nodes.
func absolutes(list *[]string, what string) func(*plan.Node, *plan.Problems) {
	return some(func(n *plan.Node, p *plan.Problems) {
		var s string
		absolute(&s, what)(n, p)
		*list = append(*list, s)
	})
}

// spared are folders that a slip of the pen must not wipe, although the nodes may be damaged: without them a node is no
// node any more, or the agent forgets which daemons run there.
var spared = [...]string{"/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys",
	"/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin", "/var", "/var/lib", "/var/log", "/opt/jcollect", agent.DefaultState}

// wiped reads what is removed.
func (d *Plan) wiped(n *plan.Node, p *plan.Problems) {
	absolutes(&d.Wipe, "wipe")(n, p)
	for _, name := range d.Wipe {
		if slices.Contains(spared[:], path.Clean(name)) {
			p.Add(n.Pos, "a folder of the database's own, such as /var/lib/redis", "db: wipe: %s holds more than the database", name)
		}
	}
}

// variableName is what sh takes for a name.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// variables reads an environment: a text, or where a secret is.
func variables(list *[]Variable) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		if n.Kind != plan.Map {
			p.Add(n.Pos, "env: {NAME: value}", "env is %s, want a map", n.Kind)
			return
		}
		for _, pair := range n.Pairs {
			v := Variable{Name: pair.Key}
			if !variableName.MatchString(pair.Key) {
				p.Add(pair.Pos, "letters, digits and _", "env: %q is no name of a variable", pair.Key)
			}
			if pair.Value.Kind == plan.Map {
				v.secret(pair.Value, p)
			} else {
				plan.Str(&v.Value)(pair.Value, p)
			}
			if strings.ContainsRune(v.Value, 0) {
				p.Add(pair.Pos, "", "env: %s has a NUL in it", pair.Key)
			}
			*list = append(*list, v)
		}
	}
}

// secret reads a value from the environment of jcollect, or from a file.
func (v *Variable) secret(n *plan.Node, p *plan.Problems) {
	var from, file string
	n.Fields(p, "env: "+v.Name,
		plan.Field{Key: "env", Doc: "the variable of jcollect's own environment that has it", Read: plan.Str(&from)},
		plan.Field{Key: "file", Doc: "the file that has it, beside the plan", Read: plan.File(&file)})
	switch {
	case n.Get("env") != nil:
		value, found := os.LookupEnv(from)
		if !found {
			p.Add(n.Pos, "export "+from+"=...", "env: %s: the variable %s isn't set where jcollect runs", v.Name, from)
		}
		v.Value, v.Source = value, "environment "+from
	case file != "":
		text, err := os.ReadFile(file)
		if err != nil {
			p.Add(n.Pos, "", "env: %s: %v", v.Name, err)
		}
		v.Value, v.Source = strings.TrimRight(string(text), "\r\n"), "file "+file
	case n.Get("file") == nil:
		p.Add(n.Pos, "{env: NAME} or {file: NAME}", "env: %s has no value", v.Name)
	}
}

// archive reads one archive.
func (d *Plan) archive(n *plan.Node, p *plan.Problems) {
	var a Archive
	n.Fields(p, "archive",
		plan.Field{Key: "url", Doc: "where this machine downloads it: http, https", Read: plan.Str(&a.URL)},
		plan.Field{Key: "from", Doc: "or a file beside the plan", Read: plan.File(&a.From)},
		plan.Field{Key: "path", Doc: "or a file on the nodes", Read: absolute(&a.Path, "path")},
		plan.Field{Key: "to", Doc: "folder on the nodes; a single folder at the top of the archive becomes it", Required: true, Read: absolute(&a.To, "to")},
		plan.Field{Key: "sha256", Doc: "checksum in hex: another file is refused", Read: plan.Str(&a.SHA256)},
		plan.Field{Key: "owner", Doc: "user that gets the files", Read: plan.Str(&a.Owner)})
	sources := 0
	for _, key := range []string{"url", "from", "path"} {
		if n.Get(key) != nil {
			sources++
		}
	}
	if n.Kind == plan.Map && sources != 1 {
		p.Add(n.Pos, "", "archive: want one of url, from, path; there are %d", sources)
	}
	if a.URL != "" && !strings.HasPrefix(a.URL, "http://") && !strings.HasPrefix(a.URL, "https://") {
		p.Add(n.Get("url").Pos, "https://...", "archive: %q can't be downloaded", a.URL)
	}
	if a.SHA256 != "" && !regexp.MustCompile(`^[0-9a-fA-F]{64}$`).MatchString(a.SHA256) {
		p.Add(n.Get("sha256").Pos, "64 digits of 0-9a-f", "archive: %q is no SHA-256", a.SHA256)
	}
	d.Archives = append(d.Archives, a)
}

// file reads one file to write.
func (d *Plan) file(n *plan.Node, p *plan.Problems) {
	f := File{Mode: 0o644, Template: true, pos: n.Pos}
	n.Fields(p, "files",
		plan.Field{Key: "from", Doc: "file beside the plan", Read: plan.File(&f.From)},
		plan.Field{Key: "content", Doc: "or what is in it", Read: plan.Str(&f.Content)},
		plan.Field{Key: "to", Doc: "its place on the nodes", Required: true, Read: absolute(&f.To, "to")},
		plan.Field{Key: "mode", Doc: "its mode (0644)", Read: mode(&f.Mode)},
		plan.Field{Key: "owner", Doc: "its owner: user, or user:group", Read: plan.Str(&f.Owner)},
		plan.Field{Key: "template", Doc: "false: {{ }} stand as they are", Read: plan.Bool(&f.Template)})
	if n.Kind == plan.Map && (n.Get("from") == nil) == (n.Get("content") == nil) {
		p.Add(n.Pos, "", "files: want either from or content")
	}
	d.Files = append(d.Files, f)
}

// mode reads an octal mode.
func mode(m *os.FileMode) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		v, err := strconv.ParseUint(strings.TrimPrefix(n.Text, "0o"), 8, 12)
		if n.Kind != plan.Scalar || err != nil || v == 0 || v > 0o777 {
			p.Add(n.Pos, "0644, 0600, 0755", "%q is no mode of a file", n.Text)
			return
		}
		*m = os.FileMode(v)
	}
}

// daemon reads one daemon.
func (d *Plan) daemon(n *plan.Node, p *plan.Problems) {
	x := Daemon{Limit: defaultAwait, Grace: defaultGrace, Nodes: "all", pos: n.Pos}
	n.Fields(p, "daemons",
		plan.Field{Key: "name", Doc: "what it is called in logs and faults", Required: true, Read: plan.Str(&x.Name)},
		plan.Field{Key: "run", Doc: "line of sh that runs it in the foreground, with templates", Read: script(&x.Run)},
		plan.Field{Key: "args", Doc: "or the program and its arguments, with templates", Read: plan.Strs(&x.Args)},
		plan.Field{Key: "await", Doc: "{tcp: PORT or HOST:PORT, timeout}: what must take connections before set-up goes on", Read: x.await},
		plan.Field{Key: "user", Doc: "who runs it", Read: plan.Str(&x.User)},
		plan.Field{Key: "env", Doc: "more environment; a secret is {env: NAME} or {file: NAME}", Read: variables(&x.Env)},
		plan.Field{Key: "dir", Doc: "where it runs (/)", Read: absolute(&x.Dir, "dir")},
		plan.Field{Key: "log", Doc: "its log on the nodes", Read: absolute(&x.Log, "log")},
		plan.Field{Key: "nodes", Doc: "where it runs: all, first, others (all)", Read: plan.OneOf(&x.Nodes, "all", "first", "others")},
		plan.Field{Key: "spare", Doc: "true: kill, pause and restart leave it alone", Read: plan.Bool(&x.Spare)},
		plan.Field{Key: "restart", Doc: "start it again so long after it has ended by itself; what a fault killed waits for the fault's end", Read: plan.Duration(&x.Restart)},
		plan.Field{Key: "grace", Doc: "from TERM to KILL at teardown (5s)", Read: plan.Duration(&x.Grace)})
	if n.Kind == plan.Map && (n.Get("run") == nil) == (n.Get("args") == nil) {
		p.Add(n.Pos, "run: redis-server /etc/redis.conf", "daemon %q: want either run or args", x.Name)
	}
	if n.Get("name") != nil && x.Name == "" || x.Name == captureName {
		p.Add(n.Pos, "", "daemon %q can't be called so", x.Name)
	}
	if len(x.Args) > 0 && x.Args[0] == "" {
		p.Add(n.Pos, "", "daemon %q: the program has no name", x.Name)
	}
	d.Daemons = append(d.Daemons, x)
}

// await reads for what a daemon is waited.
func (d *Daemon) await(n *plan.Node, p *plan.Problems) {
	n.Fields(p, "await",
		plan.Field{Key: "tcp", Doc: "port, or host:port, as the node sees it", Required: true, Read: plan.Str(&d.Await)},
		plan.Field{Key: "timeout", Doc: "how long it may take (30s)", Read: plan.Duration(&d.Limit)})
	at := n.Get("tcp")
	if at == nil {
		return
	}
	if !strings.Contains(d.Await, ":") {
		d.Await = "127.0.0.1:" + d.Await
	}
	_, port, err := net.SplitHostPort(d.Await)
	number, err2 := strconv.Atoi(port)
	templated := strings.Contains(d.Await, "{{")
	if !templated && (err != nil || err2 != nil || number < 1 || number > 65535) {
		p.Add(at.Pos, "tcp: 6379, or tcp: \"{{.Addr}}:6379\"", "await: %q is no port", at.Text)
	}
	if d.Limit == 0 {
		p.Add(n.Pos, "timeout: 30s", "await: no time to wait")
	}
}

// capture reads what tcpdump is to record.
func (d *Plan) capture(n *plan.Node, p *plan.Problems) {
	if n.Kind == plan.Scalar {
		plan.Bool(&d.Capture.On)(n, p)
		return
	}
	d.Capture.On = true
	n.Fields(p, "tcpdump",
		plan.Field{Key: "ports", Doc: "TCP and UDP ports", Read: some(func(n *plan.Node, p *plan.Problems) {
			var port int
			plan.Int(&port, 1, 65535)(n, p)
			d.Capture.Ports = append(d.Capture.Ports, port)
		})},
		plan.Field{Key: "filter", Doc: "an expression of pcap-filter(7)", Read: plan.Str(&d.Capture.Filter)})
}

// trial fills in all templates for a cluster that isn't there, so that mistakes in them are found before nodes are touched.
func (d *Plan) trial(p *plan.Problems) {
	sample := Vars{Node: "n1", Nodes: []string{"n1", "n2"}, Number: 1, Primary: "n1", Addr: "10.0.0.1", Addrs: []string{"10.0.0.1", "10.0.0.2"},
		PrimaryAddr: "10.0.0.1", Others: []string{"n2"}, OtherAddrs: []string{"10.0.0.2"}, Env: map[string]string{}}
	for _, v := range d.Env {
		sample.Env[v.Name] = v.Value
	}
	for _, f := range d.Files {
		text, err := f.text()
		if err == nil && f.Template {
			_, err = fill(f.To, text, sample)
		}
		if err != nil {
			p.Add(f.pos, templateHint(), "files: %v", err)
		}
	}
	for _, x := range d.Daemons {
		for _, text := range slices.Concat([]string{x.Run, x.Await}, x.Args, values(x.Env)) {
			if _, err := fill("daemon "+x.Name, text, sample); err != nil {
				p.Add(x.pos, templateHint(), "%v", err)
			}
		}
	}
}

// values are the values of variables.
func values(list []Variable) []string {
	var texts []string
	for _, v := range list {
		texts = append(texts, v.Value)
	}
	return texts
}

// templateHint is what templates know.
func templateHint() string {
	names := slices.Sorted(maps.Keys(functions(Vars{})))
	return fmt.Sprintf("{{.Node}} .Nodes .Index .Number .Primary .Addr .Addrs .PrimaryAddr .Others .OtherAddrs .Env.NAME, and %s", strings.Join(names, " "))
}
