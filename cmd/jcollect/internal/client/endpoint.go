package client

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"jcheck/cmd/jcollect/internal/plan"
)

// An endpoint is where a database is reached, as its section says: the keys that the clients of all databases share.
type endpoint struct {
	host     string // for all processes; "" is each one's own node
	port     int
	user     string
	password string // never printed
	tlsMode  string
	caFile   string
	object   string
	tls      *tls.Config // nil without TLS; made by prepare
}

// fields are the keys, for objects that this client knows. The usual port is told in words.
func (e *endpoint) fields(usual string, objects []string) []plan.Field {
	return []plan.Field{
		{Key: "host", Doc: "a node, or another machine, that all processes talk to (each to its own node)", Read: plan.Str(&e.host)},
		{Key: "port", Doc: "the port (" + usual + ")", Read: plan.Int(&e.port, 1, 65535)},
		{Key: "user", Doc: "who we are to the database", Read: plan.Str(&e.user)},
		{Key: "password-env", Doc: "the variable of jcollect's environment that holds the password", Read: passwordEnv(&e.password)},
		{Key: "password-file", Doc: "the file whose first line is the password", Read: passwordFile(&e.password)},
		{Key: "tls", Doc: "off, verify, or unverified: encrypted to whoever answers (off)", Read: plan.OneOf(&e.tlsMode, "off", "verify", "unverified")},
		{Key: "ca", Doc: "certificates to trust, PEM (the system's)", Read: plan.File(&e.caFile)},
		{Key: "object", Doc: "what the operations are of, if the plan has no workload to tell: " + strings.Join(objects, ", "), Read: plan.OneOf(&e.object, objects...)},
	}
}

// passwordEnv reads the name of a variable, and from it the password.
func passwordEnv(password *string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		var name string
		plan.Str(&name)(n, p)
		if *password = os.Getenv(name); *password == "" && name != "" {
			p.Add(n.Pos, "export "+name+"=..., or password-file", "the environment has no %s", name)
		}
	}
}

// passwordFile reads the name of a file, and from it the password.
func passwordFile(password *string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		var name string
		plan.File(&name)(n, p)
		if name == "" {
			return
		}
		text, err := os.ReadFile(name)
		if err != nil {
			p.Add(n.Pos, "", "%v", err)
			return
		}
		line, _, _ := strings.Cut(string(text), "\n")
		if *password = strings.TrimRight(line, "\r"); *password == "" {
			p.Add(n.Pos, "the password is its first line", "%s is empty", name)
		}
	}
}

// prepare makes of the keys what connections need. A host that is a node's name is where that node is reached.
func (e *endpoint) prepare(u Use) error {
	if slices.Contains(u.Nodes, e.host) {
		e.host = u.Addr(e.host)
	}
	if strings.Count(e.host, ":") == 1 {
		return fmt.Errorf("client: host %q with a port (hint: port has a key of its own)", e.host)
	}
	switch e.tlsMode {
	case "verify":
		e.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	case "unverified":
		e.tls = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true} // the plan asks for it in so many words
	}
	if e.caFile == "" {
		return nil
	}
	if e.tls == nil {
		return fmt.Errorf("client: ca without tls (hint: tls: verify)")
	}
	pem, err := os.ReadFile(e.caFile)
	if err != nil {
		return err
	}
	e.tls.RootCAs = x509.NewCertPool()
	if !e.tls.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("client: %s holds no certificate (hint: PEM, -----BEGIN CERTIFICATE-----)", e.caFile)
	}
	return nil
}

// hostOf is the machine that a process talks to.
func (e *endpoint) hostOf(p Process) string {
	switch {
	case e.host != "":
		return e.host
	case p.Addr != "":
		return p.Addr
	}
	return p.Node
}

// address is the host with its port.
func (e *endpoint) address(p Process) string {
	return net.JoinHostPort(e.hostOf(p), strconv.Itoa(e.port))
}

// serverNamed is conf for a server of that name; nil stays nil.
func serverNamed(conf *tls.Config, host string) *tls.Config {
	if conf == nil {
		return nil
	}
	conf = conf.Clone()
	conf.ServerName = host
	return conf
}
