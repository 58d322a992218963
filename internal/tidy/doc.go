// Package tidy holds tests only: they keep the house rules that a compiler doesn't (who imports whom, how long a
// function may be, which words name things), so that a change that breaks one fails instead of waiting for a reviewer.
//
// Each rule is a function from the parsed tree to the list of its breaches, tested on small planted sources.
package tidy
