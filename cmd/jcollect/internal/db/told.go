package db

import (
	"strings"

	"jcheck/cmd/jcollect/internal/remote"
)

// Told says of a command of this room what it does in the words of a plan, and which text of the plan it carries, for
// whoever explains a plan; false if it is another's. input is what the command would read.
func Told(c remote.Command, input string) (what, text string, ok bool) {
	switch c.Script {
	case planScript:
		return "run the script", strings.Join(c.Args, "\n"), true
	case wipeScript:
		return "remove " + remote.Join(c.Args), "", true
	case writeScript:
		what = "write " + remote.Quote(c.Args[0]) + ", mode " + c.Args[1]
		if c.Args[2] != "" {
			what += ", owner " + c.Args[2]
		}
		return what, input, true
	}
	for _, in := range installers {
		if c.Script == in.script {
			return "install the packages " + remote.Join(c.Args) + ", those that are missing", in.script, true
		}
	}
	return "", "", false
}

// Secrets are the values that nobody may see, by where they come from.
func (p Plan) Secrets() map[string]string {
	found := make(map[string]string)
	all := [][]Variable{p.Env}
	for _, d := range p.Daemons {
		all = append(all, d.Env)
	}
	for _, list := range all {
		for _, v := range list {
			if v.Source != "" && v.Value != "" {
				found[v.Source] = v.Value
			}
		}
	}
	return found
}
