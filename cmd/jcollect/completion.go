package main

import (
	"github.com/spf13/cobra"

	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/cmd/jcollect/internal/workload"
)

// completions are the words that flags take, by the flag's name. What takes files is completed by the shell itself.
var completions = [...]struct {
	flag  string
	words func() []string
}{
	{"workload", workloadNames},
	{"remote", func() []string {
		return []string{remote.KindSSH, remote.KindLocal, remote.KindDocker, remote.KindPodman}
	}},
	{"nemesis", func() []string {
		return []string{"none", "all", "partition", "kill", "pause", "restart", "packet", "clock", "file-corruption", "disk-full", "lost-writes", "membership"}
	}},
	{"isolation", func() []string {
		return []string{"read uncommitted", "read committed", "repeatable read", "serializable"}
	}},
}

// workloadNames are the kinds of workloads.
func workloadNames() []string {
	var names []string
	for _, k := range workload.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// completeWords makes shells offer the words that flags take.
func completeWords(root *cobra.Command) {
	for _, c := range root.Commands() {
		for _, row := range completions {
			if c.Flags().Lookup(row.flag) != nil {
				offerWords(c, row.flag, row.words)
			}
		}
	}
}
