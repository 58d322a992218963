package remote

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kevinburke/ssh_config"
)

// maxHops is how many machines a way may lead through: a jump host may have a jump host, or itself.
const maxHops = 8

// FromConfig fills what the options leave open from a configuration file of OpenSSH: HostName, Port, User, IdentityFile,
// IdentityAgent, UserKnownHostsFile, StrictHostKeyChecking and ProxyJump, for the node and, as far as the way goes, for its
// jump hosts. home stands for "~". A file that isn't there says nothing.
func FromConfig(file, home string, o SSHOptions) (SSHOptions, error) {
	f, err := os.Open(file)
	if os.IsNotExist(err) {
		return o, nil
	}
	if err != nil {
		return o, fmt.Errorf("ssh configuration: %w", err)
	}
	parsed, err := ssh_config.Decode(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return o, fmt.Errorf("ssh configuration: %s: %w (hint: another file, or none)", file, err)
	}
	c := config{parsed, file, home}
	if o, err = c.fill(o); err != nil {
		return o, fmt.Errorf("ssh configuration: %s: host %s: %w", file, o.Node, err)
	}
	return o, nil
}

// config is a configuration file.
type config struct {
	*ssh_config.Config
	file, home string
}

// fill fills the options.
func (c config) fill(o SSHOptions) (SSHOptions, error) {
	name := o.Host
	if o.Node == "" {
		o.Node = name
	}
	proxy, err := c.Get(name, "ProxyCommand")
	if err == nil && proxy != "" && proxy != "none" {
		err = fmt.Errorf("ProxyCommand %s can't be used (hint: ProxyJump)", proxy)
	}
	if err != nil {
		return o, err
	}
	if o.Jump == nil {
		if o.Jump, err = c.way(name); err != nil {
			return o, err
		}
	}
	if o.Hop, err = c.hop(o.Hop); err != nil {
		return o, err
	}
	if len(o.Keys) == 0 {
		if o.Keys, err = c.paths(name, "IdentityFile", o.Hop); err != nil {
			return o, err
		}
	}
	if len(o.KnownHosts) == 0 {
		if o.KnownHosts, err = c.paths(name, "UserKnownHostsFile", o.Hop); err != nil {
			return o, err
		}
	}
	sockets, err := c.paths(name, "IdentityAgent", o.Hop)
	if err == nil && len(sockets) > 0 && sockets[0] != "SSH_AUTH_SOCK" {
		o.Agent = strings.TrimPrefix(sockets[0], "none")
	}
	if err != nil {
		return o, err
	}
	// "no" and "off" would let a changed key pass; that no setting does here.
	strict, err := c.Get(name, "StrictHostKeyChecking")
	o.AcceptNew = o.AcceptNew || strings.EqualFold(strict, "accept-new")
	return o, err
}

// hop fills what a machine leaves open.
func (c config) hop(h Hop) (Hop, error) {
	name := h.Host
	host, err := c.Get(name, "HostName")
	if err != nil {
		return h, err
	}
	if host != "" {
		h.Host = strings.NewReplacer("%%", "%", "%h", name).Replace(host)
	}
	port, err := c.Get(name, "Port")
	if err != nil {
		return h, err
	}
	if h.Port == 0 && port != "" {
		if h.Port, err = portNumber(port); err != nil {
			return h, err
		}
	}
	if h.User == "" {
		h.User, err = c.Get(name, "User")
	}
	return h, err
}

// way is the machines before one, the nearest first. Only the first of a list may have jump hosts of its own: the others
// are reached from the one before.
func (c config) way(name string) ([]Hop, error) {
	var way []Hop
	for {
		jump, err := c.Get(name, "ProxyJump")
		if err != nil {
			return nil, err
		}
		if jump == "" || jump == "none" {
			return way, nil
		}
		var part []Hop
		for i, text := range strings.Split(jump, ",") {
			h, err := ParseHop(strings.TrimSpace(text))
			if err != nil {
				return nil, err
			}
			if i == 0 {
				name = h.Host
			}
			if h, err = c.hop(h); err != nil {
				return nil, err
			}
			part = append(part, h)
		}
		if way = append(part, way...); len(way) > maxHops {
			return nil, fmt.Errorf("ProxyJump leads through more than %d machines (hint: one of them through itself?)", maxHops)
		}
	}
}

// paths are the values of a key that names files: each with "~" and the marks of OpenSSH replaced.
func (c config) paths(name, key string, h Hop) ([]string, error) {
	values, err := c.GetAll(name, key)
	if err != nil {
		return nil, err
	}
	if key == "UserKnownHostsFile" && len(values) > 0 {
		values = strings.Fields(values[0]) // several in one line; the first line counts
	}
	var paths []string
	for _, v := range values {
		v = strings.Trim(v, `"`)
		if rest, ok := strings.CutPrefix(v, "~/"); ok {
			v = filepath.Join(c.home, rest)
		}
		v = strings.NewReplacer("%%", "%", "%d", c.home, "%h", h.Host, "%n", name, "%r", h.user(), "%p", h.port()).Replace(v)
		if !slices.Contains(paths, v) {
			paths = append(paths, v)
		}
	}
	return paths, nil
}

// ParseHop reads [user@]host[:port]; an address of IPv6 with a port stands in brackets.
func ParseHop(text string) (Hop, error) {
	var h Hop
	rest := strings.TrimPrefix(text, "ssh://")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		h.User, rest = rest[:i], rest[i+1:]
	}
	h.Host = rest
	port := ""
	if inside, after, ok := strings.Cut(strings.TrimPrefix(rest, "["), "]"); ok && strings.HasPrefix(rest, "[") {
		h.Host, port = inside, after
		if port != "" && port[0] != ':' {
			return h, fmt.Errorf("%q is no host (hint: user@[address]:port)", text)
		}
		port = strings.TrimPrefix(port, ":")
	} else if strings.Count(rest, ":") == 1 {
		h.Host, port, _ = strings.Cut(rest, ":")
	}
	if h.Host == "" || strings.ContainsAny(h.Host, " \t\r\n/\x00") || h.Host[0] == '-' {
		return h, fmt.Errorf("%q is no host (hint: user@host:port)", text)
	}
	if port == "" {
		return h, nil
	}
	var err error
	h.Port, err = portNumber(port)
	return h, err
}

// portNumber reads a port.
func portNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		return 0, fmt.Errorf("%q is no port (hint: 1 to 65535)", text)
	}
	return n, nil
}
