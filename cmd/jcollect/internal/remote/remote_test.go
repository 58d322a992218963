package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// hostile are texts that a shell would read as something else.
var hostile = []string{"", " ", "a b", "'", "''", `"`, `\`, `\'`, "$(echo no)", "`echo no`", "$HOME", "${x}", "a\nb", "\n", "a\n\n", "\t",
	"*", "?", "[a]", "~", "~root", "-", "--", "-n", "#", "a#b", "!", "!!", "a;b", "a&b", "a|b", "<a", ">a", "a=b", "{a,b}", "(", ")", "%s", "é", "\x01\x7f", "\xff\xfe",
	"if", "'; echo no; '", `a\nb`, "\r", "🐟"}

// Without this a value with a quote or a line end in it could run as a command of its own on somebody's node.
func TestQuoteIsOneWordOfShell(t *testing.T) {
	out, err := exec.Command("/bin/sh", "-c", "printf '%s\\0' "+Join(hostile)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out), strings.Join(hostile, "\x00")+"\x00"; got != want {
		t.Errorf("sh got %q, want %q", got, want)
	}
}

// Without this only the characters that we thought of would have been tried.
func TestQuoteOfAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[^\x00]*`), 1, 50).Draw(t, "words")
		out, err := exec.Command("/bin/sh", "-c", "printf '%s\\0' "+Join(words)).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(out), strings.Join(words, "\x00")+"\x00"; got != want {
			t.Fatalf("sh got %q, want %q", got, want)
		}
	})
}

// hostileDir makes a folder whose name is hostile.
func hostileDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "-a 'b' $(c)\n\"d\"")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// checkRemote is what every remote must do alike.
func checkRemote(t *testing.T, r Remote) {
	t.Run("hostile values", func(t *testing.T) { checkHostile(t, r) })
	checkOther(t, r)
}

// checkOther is all of checkRemote but a command for each hostile value.
func checkOther(t *testing.T, r Remote) {
	t.Run("endings", func(t *testing.T) { checkEndings(t, r) })
	t.Run("input and limits", func(t *testing.T) { checkStreams(t, r) })
	t.Run("files", func(t *testing.T) { checkFiles(t, r) })
	t.Run("refused", func(t *testing.T) { checkRefused(t, r) })
}

func checkHostile(t *testing.T, r Remote) {
	dir := hostileDir(t)
	for i, s := range hostile {
		for _, c := range []Command{
			{Args: []string{"sh", "-c", `printf '%s|%s|%s|' "$PWD" "$x" "$1"; cat`, "sh", s}},
			{Script: `printf '%s|%s|%s|' "$PWD" "$x" "$1"; cat`, Args: []string{s}},
		} {
			c.Dir, c.Env, c.Stdin = dir, []string{"x=" + s}, strings.NewReader(s)
			res, err := r.Exec(t.Context(), c)
			if err != nil {
				t.Fatalf("value %d: %v", i, err)
			}
			if got, want := string(res.Stdout), dir+"|"+s+"|"+s+"|"+s; got != want {
				t.Errorf("value %d: the command saw %q, want %q", i, got, want)
			}
		}
	}
}

func checkEndings(t *testing.T, r Remote) {
	res, err := r.Exec(t.Context(), Command{Script: "echo out; echo first >&2; echo why >&2; exit 3"})
	var exit *ExitError
	if !errors.As(err, &exit) || res.Exit != 3 || string(res.Stdout) != "out\n" || !strings.HasSuffix(err.Error(), "exit status 3: why") {
		t.Errorf("status 3 gave %+v, %v", res, err)
	}
	if _, err := r.Exec(t.Context(), Command{Args: []string{"no-such-program-here"}}); !errors.As(err, &exit) || exit.Result.Exit != 127 {
		t.Errorf("a program that is missing gave %v, want status 127", err)
	}
	if _, err := r.Exec(t.Context(), Command{Script: "kill -9 $$"}); !errors.As(err, &exit) || exit.Result.Exit != 128+9 {
		t.Errorf("a killed command gave %v", err)
	} else if _, contained := r.(*Container); (exit.Result.Signal == "") != contained { // of a container only the status is told
		t.Errorf("a killed command's signal is %q", exit.Result.Signal)
	}
	_, err = r.Exec(t.Context(), Command{Script: "sleep 20", Timeout: 200 * time.Millisecond})
	var lost *LostError
	if !errors.As(err, &lost) || !lost.Started || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a command that is too slow gave %v", err)
	}
	if _, err := r.Exec(t.Context(), Command{Args: []string{"true"}}); err != nil {
		t.Errorf("the command after a slow one: %v", err)
	}
}

func checkStreams(t *testing.T, r Remote) {
	big := strings.Repeat("0123456789abcdef", 1<<16)
	res, err := r.Exec(t.Context(), Command{Args: []string{"cat"}, Stdin: strings.NewReader(big)})
	if err != nil || string(res.Stdout) != big {
		t.Errorf("1 MB of input came back as %d bytes, %v", len(res.Stdout), err)
	}
	if _, err := r.Exec(t.Context(), Command{Args: []string{"true"}, Stdin: strings.NewReader(big)}); err != nil {
		t.Errorf("a command that leaves its input alone: %v", err)
	}
	res, err = r.Exec(t.Context(), Command{Script: "head -c 17000000 /dev/zero"})
	if err != nil || len(res.Stdout) != maxOutputBytes || !res.Cut {
		t.Errorf("17 MB of output kept %d bytes, cut: %v, %v", len(res.Stdout), res.Cut, err)
	}
	var w bytes.Buffer
	if res, err = r.Exec(t.Context(), Command{Args: []string{"echo", "x"}, Stdout: &w}); err != nil || w.String() != "x\n" || len(res.Stdout) != 0 {
		t.Errorf("output to a writer is %q and %q, %v", w.String(), res.Stdout, err)
	}
}

func checkFiles(t *testing.T, r Remote) {
	dir := hostileDir(t)
	want := strings.Repeat("lines\r\n\x00", 20000)
	from, there, back := filepath.Join(dir, "from"), filepath.Join(dir, "there 'x' $(y)"), filepath.Join(dir, "back")
	if err := os.WriteFile(from, []byte(want), 0o750); err != nil {
		t.Fatal(err)
	}
	for i := range 2 { // the second time over a file that exists
		if err := r.Upload(t.Context(), File{Local: from, Remote: there}); err != nil {
			t.Fatalf("upload %d: %v", i, err)
		}
		if err := r.Download(t.Context(), File{Local: back, Remote: there, Mode: 0o600}); err != nil {
			t.Fatalf("download %d: %v", i, err)
		}
	}
	got, err := os.ReadFile(back)
	if err != nil || string(got) != want {
		t.Errorf("the file came back with %d bytes, want %d; %v", len(got), len(want), err)
	}
	if info, err := os.Stat(there); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("the mode there is %v, want that of the source; %v", info, err)
	}
	if err := r.Upload(t.Context(), File{Local: from, Remote: dir}); err == nil {
		t.Error("a file took the place of a folder")
	}
	if err := r.Download(t.Context(), File{Local: back, Remote: there + "-missing"}); err == nil {
		t.Error("a file that is missing was downloaded")
	}
	if err := r.Upload(t.Context(), File{Local: dir, Remote: there}); err == nil || !strings.Contains(err.Error(), "not a plain file") {
		t.Errorf("uploading a folder gave %v", err)
	}
	if names, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "*", "*.part")); err != nil || len(names) > 0 {
		t.Errorf("parts were left: %q, %v", names, err)
	}
}

func checkRefused(t *testing.T, r Remote) {
	for _, c := range []Command{{}, {Args: []string{""}}, {Args: []string{"a=b"}}, {Args: []string{"echo", "a\x00b"}},
		{Args: []string{"id"}, User: "-x"}, {Args: []string{"id"}, Env: []string{"a b=c"}}, {Args: []string{"id"}, Env: []string{"x"}}} {
		var exit *ExitError
		if _, err := r.Exec(t.Context(), c); err == nil || errors.As(err, &exit) {
			t.Errorf("%+v was sent; got %v", c, err)
		}
	}
}

// Without this a local node could treat values, endings, input or files otherwise than it promises.
func TestLocal(t *testing.T) {
	checkRemote(t, &Local{Node: "here"})
}

// fakeSudo puts a sudo first in PATH that wants a password, or doesn't read any, and keeps its arguments.
func fakeSudo(t *testing.T, wants string) (args string) {
	t.Helper()
	dir := t.TempDir()
	args = filepath.Join(dir, "args")
	script := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$@\" >%s\nwhile [ \"$1\" != -- ]; do shift; done; shift\n", Quote(args))
	if wants != "" {
		script += "IFS= read -r p; [ \"$p\" = " + Quote(wants) + " ] || { echo 'sudo: 1 incorrect password attempt' >&2; exit 1; }\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "sudo"), []byte(script+`exec "$@"`+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return args
}

// checkSudo runs a command with input as another user.
func checkSudo(t *testing.T, r Remote) {
	t.Helper()
	res, err := r.Exec(t.Context(), Command{Args: []string{"cat"}, Dir: "/", User: "some one", Stdin: strings.NewReader("a\nb")})
	if err != nil || string(res.Stdout) != "a\nb" {
		t.Errorf("the command got %q, want its own input; %v", res.Stdout, err)
	}
}

// Without this a password could reach the command as its input, or the command's input sudo, or the list of processes.
func TestSudoPasswordGoesByInput(t *testing.T) {
	const password = `p'a "s$s`
	for _, wants := range []string{password, ""} {
		args := fakeSudo(t, wants)
		checkSudo(t, &Local{Node: "here", SudoPassword: password})
		said, err := os.ReadFile(args)
		if err != nil || strings.Contains(string(said), password) || !strings.Contains(string(said), "-u\nsome one\n") {
			t.Errorf("sudo was called with %q, %v", said, err)
		}
	}
	fakeSudo(t, "another")
	_, err := (&Local{Node: "here", SudoPassword: password}).Exec(t.Context(), Command{Args: []string{"cat"}, User: "some one"})
	if err == nil || !strings.Contains(err.Error(), "hint") || strings.Contains(err.Error(), password) {
		t.Errorf("a wrong password gave %v, want a hint and no password", err)
	}
	checkSudo(t, func() Remote { fakeSudo(t, ""); return &Local{Node: "here"} }())
}

// Without this a debugging print could show a password.
func TestSecretsAreHidden(t *testing.T) {
	if got := fmt.Sprintf("%v %+v %#v %s", Secret("x7"), struct{ S Secret }{"x7"}, Secret("x7"), Secret("x7")); strings.Contains(got, "x7") {
		t.Errorf("printed %s", got)
	}
}
