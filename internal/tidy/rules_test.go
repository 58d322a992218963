package tidy

import (
	"strings"
	"testing"
)

// long is a function body of n lines.
func long(n int) string { return strings.Repeat("\tx++\n", n) }

// planted are small trees, each with what a rule must find in it; "" means nothing.
var planted = []struct {
	name    string
	check   func([]*file) []string
	sources map[string]string
	want    string
}{
	{"upward", roomBreaches, map[string]string{"history/a.go": "package history\nimport _ \"jcheck/check\""}, "may not import check"},
	{"downward", roomBreaches, map[string]string{"check/a.go": "package check\nimport _ \"jcheck/history\""}, ""},
	{"checker to checker", roomBreaches, map[string]string{"set/a.go": "package set\nimport _ \"jcheck/elle\""}, "may not import elle"},
	{"small checker to check", roomBreaches, map[string]string{"check/bank/a.go": "package bank\nimport _ \"jcheck/check\""}, ""},
	{"small checker to another", roomBreaches, map[string]string{"check/bank/a.go": "package bank\nimport _ \"jcheck/check/queue\""}, "may not import check/queue"},
	{"the table of checkers", roomBreaches, map[string]string{"check/all/a.go": "package all\nimport _ \"jcheck/check/queue\""}, ""},
	{"render to a checker", roomBreaches, map[string]string{"render/a.go": "package render\nimport _ \"jcheck/elle\""}, "may not import elle"},
	{"sim in the product", roomBreaches, map[string]string{"elle/a.go": "package elle\nimport _ \"jcheck/internal/sim\""}, "may not import internal/sim"},
	{"sim in a test", roomBreaches, map[string]string{"elle/a_test.go": "package elle\nimport _ \"jcheck/internal/sim\""}, ""},
	{"unknown room", roomBreaches, map[string]string{"attic/a.go": "package attic"}, "no place in the house"},

	{"cobra in a checker", foreignBreaches, map[string]string{"elle/a.go": "package elle\nimport _ \"github.com/spf13/cobra\""}, "may not import"},
	{"cobra in a command", foreignBreaches, map[string]string{"cmd/jcheck/a.go": "package main\nimport _ \"github.com/spf13/cobra\""}, ""},
	{"test library in the product", foreignBreaches, map[string]string{"elle/a.go": "package elle\nimport _ \"pgregory.net/rapid\""}, "may not import"},
	{"test library in a test", foreignBreaches, map[string]string{"elle/a_test.go": "package elle\nimport _ \"pgregory.net/rapid\""}, ""},
	{"unlisted library", foreignBreaches, map[string]string{"elle/a_test.go": "package elle\nimport _ \"example.com/x\""}, "may not import"},

	{"print", effectBreaches, map[string]string{"elle/a.go": "package elle\nimport \"fmt\"\nfunc f() { fmt.Println() }"}, "only commands print"},
	{"print builtin", effectBreaches, map[string]string{"elle/a.go": "package elle\nfunc f() { println() }"}, "only commands print"},
	{"sprint", effectBreaches, map[string]string{"elle/a.go": "package elle\nimport \"fmt\"\nfunc f() { _ = fmt.Sprint() }"}, ""},
	{"files", effectBreaches, map[string]string{"elle/a.go": "package elle\nimport _ \"os\""}, "may not import os"},
	{"files in history", effectBreaches, map[string]string{"history/a.go": "package history\nimport _ \"os\""}, ""},
	{"log", effectBreaches, map[string]string{"history/a.go": "package history\nimport _ \"log\""}, "may not import log"},
	{"exit in a command", effectBreaches, map[string]string{"cmd/jcheck/a.go": "package main\nimport \"os\"\nfunc f() { os.Exit(1) }"}, ""},

	{"71 lines", lengthBreaches, map[string]string{"a/a.go": "package a\nfunc f() {\n" + long(69) + "}"}, "has 71 lines"},
	{"70 lines", lengthBreaches, map[string]string{"a/a.go": "package a\nfunc f() {\n" + long(68) + "}"}, ""},
	{"a long table", lengthBreaches, map[string]string{"a/a.go": "package a\nfunc f() {\nx := []int{\n" + strings.Repeat("1,\n", 99) + "}\n}"}, ""},
	{"a table of long functions", lengthBreaches, map[string]string{"a/a.go": "package a\nvar t = []func(){func() {\n" + long(90) + "}}"}, "has 92 lines"},

	{"init", initBreaches, map[string]string{"a/a.go": "package a\nfunc init() {}"}, "init function"},
	{"a method named init", initBreaches, map[string]string{"a/a.go": "package a\ntype t int\nfunc (t) init() {}"}, ""},

	{"assigned", stateBreaches, map[string]string{"a/a.go": "package a\nvar x int\nfunc f() { x = 1 }"}, "x changes"},
	{"assigned in another file", stateBreaches, map[string]string{"a/a.go": "package a\nvar x int", "a/b.go": "package a\nfunc f() { x++ }"}, "x changes"},
	{"map entry", stateBreaches, map[string]string{"a/a.go": "package a\nvar x = map[int]int{}\nfunc f() { x[1] = 1 }"}, "x changes"},
	{"deleted", stateBreaches, map[string]string{"a/a.go": "package a\nvar x = map[int]int{}\nfunc f() { delete(x, 1) }"}, "x changes"},
	{"field", stateBreaches, map[string]string{"a/a.go": "package a\nvar x struct{ y int }\nfunc f() { x.y = 1 }"}, "x changes"},
	{"address", stateBreaches, map[string]string{"a/a.go": "package a\nvar x int\nfunc f() *int { return &x }"}, "x changes"},
	{"lock", stateBreaches, map[string]string{"a/a.go": "package a\nimport \"sync\"\nvar mu sync.Mutex"}, "made to change"},
	{"table", stateBreaches, map[string]string{"a/a.go": "package a\nvar x = []int{1}\nfunc f() *int { return &x[0] }"}, ""},
	{"local of the same name", stateBreaches, map[string]string{"a/a.go": "package a\nvar x int\nfunc f() { x := 1; x = 2; _ = x }"}, ""},

	{"ignored file", deadBreaches, map[string]string{"elle/a.go": "//go:build ignore\n\npackage elle\nvar x int"}, "no system"},
	{"own tag", deadBreaches, map[string]string{"elle/a.go": "//go:build linux && slow\n\npackage elle\nvar x int"}, "no system"},
	{"one system", deadBreaches, map[string]string{"elle/a.go": "//go:build unix && !linux\n\npackage elle\nvar x int"}, ""},
	{"lonely package", deadBreaches, map[string]string{"internal/edn/a.go": "package edn\nvar x int"}, "nothing imports"},
	{"imported package", deadBreaches, map[string]string{"internal/edn/a.go": "package edn\nvar x int", "history/a.go": "package history\nimport _ \"jcheck/internal/edn\""}, ""},
	{"empty file", deadBreaches, map[string]string{"elle/a.go": "package elle"}, "declares nothing"},

	{"file name", wordBreaches, map[string]string{"elle/graph_util.go": "package elle"}, `says "util"`},
	{"folder name", wordBreaches, map[string]string{"elle/common/a.go": "package common"}, `says "common"`},
	{"type name", wordBreaches, map[string]string{"elle/a.go": "package elle\ntype nodeManager int"}, `says "manager"`},
	{"function name", wordBreaches, map[string]string{"elle/a.go": "package elle\nfunc handleEvent() {}"}, `says "event"`},
	{"part of a word", wordBreaches, map[string]string{"elle/metadata.go": "package elle\nfunc eventually() {}"}, ""},

	{"undocumented function", docBreaches, map[string]string{"elle/a.go": "package elle\nfunc F() {}"}, "F has no comment"},
	{"undocumented method", docBreaches, map[string]string{"elle/a.go": "package elle\n// T is t.\ntype T int\nfunc (t *T) F() {}"}, "F has no comment"},
	{"method of a private type", docBreaches, map[string]string{"elle/a.go": "package elle\ntype t int\nfunc (t) F() {}"}, ""},
	{"undocumented type", docBreaches, map[string]string{"elle/a.go": "package elle\ntype T int"}, "T has no comment"},

	{"test without a reason", testDocBreaches, map[string]string{"elle/a_test.go": "package elle\nfunc TestF(t *testing.T) {}"}, "TestF has no comment"},
	{"test with a reason inside", testDocBreaches, map[string]string{"elle/a_test.go": "package elle\nfunc TestF(t *testing.T) {\n// Without this all is lost.\nf()\n}"}, ""},
	{"test with a late comment", testDocBreaches, map[string]string{"elle/a_test.go": "package elle\nfunc TestF(t *testing.T) {\nf()\n// Without this all is lost.\n}"}, "TestF has no comment"},
	{"test with a reason", testDocBreaches, map[string]string{"elle/a_test.go": "package elle\n// Without this all is lost.\nfunc TestF(t *testing.T) {}"}, ""},
}

// Without this a rule could have stopped finding anything, and TestTree would pass for ever.
func TestRulesFindPlantedBreaches(t *testing.T) {
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			tree, err := parse(p.sources)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(p.check(tree), "\n")
			if p.want == "" && got != "" || !strings.Contains(got, p.want) {
				t.Errorf("breaches are %q, want %q", got, p.want)
			}
		})
	}
}
