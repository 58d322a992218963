//go:build !linux

package agent

// verbs are none: nodes run Linux.
func verbs() []verb { return nil }
