// Package render makes a check.Result readable: as text for people, as JSON and EDN with the keys of the original
// checkers' result maps, as the text of a cycle and as DOT. It draws results and knows no checker.
//
// Everything takes the history along with the result, since a result names operations by their IDs only.
package render
