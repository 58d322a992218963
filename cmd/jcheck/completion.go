package main

import (
	"slices"

	"github.com/spf13/cobra"

	"jcheck/internal/cycle"
	"jcheck/linearizable"
)

// completions are the words that flags take, by the flag's name. What takes files is completed by the shell itself.
var completions = [...]struct {
	flag  string
	words func() []string
}{
	{"output", func() []string { return []string{"text", "json", "edn"} }},
	{"format", func() []string { return []string{"auto", "edn", "json"} }},
	{"independent", func() []string { return []string{"auto", "on", "off"} }},
	{"fail-on", func() []string { return []string{"unknown", "invalid"} }},
	{"workload", func() []string { return []string{"auto", "list-append", "rw-register", "closed-predicate"} }},
	{"failed", func() []string { return []string{"drop", "observe"} }},
	{"queue-model", func() []string { return []string{"unordered-queue", "fifo-queue"} }},
	{"consistency-models", modelNames},
	{"anomalies", cycle.AnomalyNames},
	{"model", datatypeNames},
	{"only", plotNames},
}

// completeWords makes shells offer the words that flags and verbs take. The words are looked up when somebody asks.
func completeWords(root *cobra.Command) {
	for _, c := range root.Commands() {
		for _, row := range completions {
			if c.Flags().Lookup(row.flag) == nil || c.GroupID == groupLearn {
				continue // those verbs have other words for flags of the same names
			}
			if err := c.RegisterFlagCompletionFunc(row.flag, offer(row.words)); err != nil {
				panic("jcheck: internal error: " + err.Error()) // the flag is there
			}
		}
		switch c.Name() {
		case "anomalies":
			c.ValidArgsFunction = offer(anomalyWords)
		case "models":
			c.ValidArgsFunction = offer(modelNames)
		}
	}
}

// offer completes by a list of words.
func offer(words func() []string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words(), cobra.ShellCompDirectiveNoFileComp
	}
}

// modelNames are the consistency models by the names that people know.
func modelNames() []string {
	var names []string
	for _, m := range latticeModels() {
		names = append(names, m.Name)
	}
	return names
}

// datatypeNames are what linearizable knows.
func datatypeNames() []string {
	names := []string{"auto"}
	for _, d := range linearizable.Datatypes() {
		names = append(names, d.Name)
	}
	return names
}

// anomalyWords are the names that jcheck anomalies knows.
func anomalyWords() []string {
	var names []string
	for _, a := range allAnomalies() {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return names
}
