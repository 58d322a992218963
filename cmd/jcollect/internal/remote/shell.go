package remote

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// stdinMark is the line between a sudo password and the command's own input.
const stdinMark = "-- input follows --"

// shell is the line for /bin/sh that runs the command, and the input that the line wants. A password goes into the input,
// never into the line, which any user of the node can read while it runs.
//
// sudo reads the password only if it wants one. To give the command its own input in either case, a mark follows the
// password, and the inner shell drops what comes before it: sh's read and sudo both read byte by byte, and take no more
// than their line.
func (c Command) shell(sudoPassword Secret) (line string, stdin io.Reader, err error) {
	if err := c.validate(sudoPassword); err != nil {
		return "", nil, err
	}
	inner := c.inner()
	if c.User == "" {
		return "exec /bin/sh -c " + Quote(inner), c.Stdin, nil
	}
	sudo := "sudo -n"
	stdin = c.Stdin
	if sudoPassword != "" {
		sudo = "sudo -k -S -p ''"
		inner = "while IFS= read -r l; do [ \"$l\" = " + Quote(stdinMark) + " ] && break; done; " + inner
		stdin = strings.NewReader(string(sudoPassword) + "\n" + stdinMark + "\n")
		if c.Stdin != nil {
			stdin = io.MultiReader(stdin, c.Stdin)
		}
	}
	// Who logged in as that user already needs no sudo, and a small node may have none.
	run := "/bin/sh -c " + Quote(inner)
	line = fmt.Sprintf(`if [ "$(id -un)" = %[1]s ]; then exec %[3]s; else exec %[2]s -u %[1]s -- %[3]s; fi`, Quote(c.User), sudo, run)
	return "exec /bin/sh -c " + Quote(line), stdin, nil
}

// inner is the command in its folder, with its environment.
func (c Command) inner() string {
	var b strings.Builder
	if c.Dir != "" {
		dir := c.Dir
		if !strings.HasPrefix(dir, "/") {
			dir = "./" + dir // "-" would be the folder before, and CDPATH would look elsewhere
		}
		b.WriteString("cd " + Quote(dir) + " && ")
	}
	if c.mark != "" {
		b.WriteString(markVariable + "=" + c.mark + " && export " + markVariable + " && ")
	}
	for _, kv := range c.Env {
		name, value, _ := strings.Cut(kv, "=")
		b.WriteString(name + "=" + Quote(value) + " && export " + name + " && ")
	}
	if c.Script != "" {
		b.WriteString("exec /bin/sh -c " + Quote(c.Script) + " sh " + Join(c.Args))
		return b.String()
	}
	// "command" runs a program whose name is that of a keyword; env finds it without sh's own commands in the way, and
	// takes no name with "=" in it, which validate refuses.
	b.WriteString("exec env -- " + Join(c.Args))
	return b.String()
}

// validate finds what no quoting can carry.
func (c Command) validate(sudoPassword Secret) error {
	switch {
	case c.Script == "" && len(c.Args) == 0:
		return errors.New("no command (hint: Args or Script)")
	case c.Script == "" && (c.Args[0] == "" || strings.Contains(c.Args[0], "=")):
		return fmt.Errorf("%q can't be the name of a program", c.Args[0])
	case strings.HasPrefix(c.User, "-") || strings.HasPrefix(c.User, "#"):
		return fmt.Errorf("%q can't be the name of a user", c.User)
	case strings.ContainsAny(string(sudoPassword), "\n\r") || sudoPassword == stdinMark:
		return errors.New("the sudo password can't be sent: it has a line end in it, or is the mark after it")
	}
	for _, kv := range c.Env {
		if name, _, found := strings.Cut(kv, "="); !found || !variable(name) {
			return fmt.Errorf("%q can't be an environment variable (hint: NAME=value)", name)
		}
	}
	parts := append(append([]string{c.Script, c.Dir, c.User, string(sudoPassword)}, c.Args...), c.Env...)
	for _, s := range parts {
		if strings.ContainsRune(s, 0) {
			return errors.New("a command can't hold the character NUL")
		}
	}
	return nil
}

// variable tells whether sh can assign to the name.
func variable(name string) bool {
	for i, r := range name {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '_'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// A Secret is a text that no message shows.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(secret)"
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }
