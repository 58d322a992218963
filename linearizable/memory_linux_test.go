package linearizable

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

// memoryCase tells a child process what to check.
const memoryCase = "JCHECK_TEST_MEMORY_CASE"

// explosion is a history that no engine decides within the bytes given.
type explosion struct {
	name, datatype string
	engine         Engine
	lines          func() string
}

var explosive = [...]explosion{
	{"stack", "stack", SearchEngine, func() string { return twins(40) }},
	{"stack, all engines", "stack", AutoEngine, func() string { return twins(40) }},
	{"stack, Porcupine", "stack", PorcupineEngine, func() string { return twins(40) }},
	{"many stacks", "stack", AutoEngine, func() string { return keyed(twins(16), 6) }},
	{"set of long states", "set", SearchEngine, longStates},
	{"register, sessions", "cas-register", AutoEngine, func() string { return crossed(14) }},
}

// twins is a stack on which each of n concurrent pushes puts what another one puts as well, popped in an order that is
// wrong at the very end.
func twins(n int) string {
	var b strings.Builder
	for _, kind := range []string{"invoke", "ok"} {
		for i := range n {
			fmt.Fprintf(&b, "%d %s push %d\n", i, kind, i/2)
		}
	}
	for i := range n + 1 {
		fmt.Fprintf(&b, "0 invoke pop nil\n0 ok pop %d\n", i*7%n/2)
	}
	return b.String()
}

// keyed is a history done to each of n keys.
func keyed(lines string, n int) string {
	var b strings.Builder
	for key := range n {
		for line := range strings.Lines(lines) {
			f := strings.Fields(line)
			p, err := strconv.Atoi(f[0])
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(&b, "%d %s %s [%d %s]\n", p+100*key, f[1], f[2], key, f[3])
		}
	}
	return b.String()
}

// longStates is a set that many add long elements to at once, and a read that saw every other one and then none of those.
func longStates() string {
	var b strings.Builder
	element := func(i int) string { return fmt.Sprintf("%q", strings.Repeat(strconv.Itoa(i%10), 2000)+strconv.Itoa(i)) }
	for i := range 40 {
		fmt.Fprintf(&b, "%d invoke add %s\n", i, element(i))
	}
	for i := range 20 {
		fmt.Fprintf(&b, "100 invoke read nil\n100 ok read #{%s %s}\n", element(2*i), element(2*i+1))
	}
	return b.String()
}

// crossed is a register that processes write the same values to, each in its own order, and read in another.
func crossed(n int) string {
	var b strings.Builder
	for p := range n {
		for i := range 12 {
			v := (i*(p+1) + p) % 13
			fmt.Fprintf(&b, "%d invoke write %d\n%d ok write %d\n", p, v, p, v)
			if i%4 == 3 {
				fmt.Fprintf(&b, "%d invoke read nil\n%d ok read %d\n", p, p, (v*5+p+1)%13)
			}
		}
	}
	return b.String()
}

// child checks one case under a limit of what it may map, and exits with the verdict.
func child(name string) {
	const limit = 600 << 20 // of which an empty test takes some 100 MB
	i := slices.IndexFunc(explosive[:], func(c explosion) bool { return c.name == name })
	c := explosive[i]
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		fmt.Println(err)
		os.Exit(9)
	}
	var b strings.Builder
	for line := range strings.Lines(c.lines()) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 4)
		fmt.Fprintf(&b, "{:process %s :type :%s :f :%s :value %s}\n", f[0], f[1], f[2], f[3])
	}
	h, err := history.Read(context.Background(), name, []byte(b.String()), history.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(9)
	}
	o := Options{Datatype: c.datatype, Engine: c.engine, MaxBytes: 24 << 20}
	if strings.HasSuffix(name, "sessions") {
		o.Order = SessionOrder
	}
	r := Check(context.Background(), h, o)
	for _, why := range r.Reasons {
		fmt.Println(why.Code, why.Text)
	}
	os.Exit(int(r.Verdict))
}

func TestMemory(t *testing.T) {
	// Without this, an explosive history could end with the process killed, and all that was known with it.
	if name := os.Getenv(memoryCase); name != "" {
		child(name)
	}
	if testing.Short() {
		t.Skip("the race detector takes more memory than the limit of this test")
	}
	for _, c := range explosive {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMemory$")
		cmd.Env = append(os.Environ(), memoryCase+"="+c.name, "GOGC=33", "GOMEMLIMIT=off")
		out, err := cmd.CombinedOutput()
		code := cmd.ProcessState.ExitCode()
		peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
		if code != int(check.Unknown) || !strings.HasPrefix(string(out), "memory ") {
			t.Errorf("%s: exit code is %d (%v), want that of unknown by memory:\n%.2000s", c.name, code, err, out)
		}
		t.Logf("%s: %d MB at the most, %s of CPU: %s", c.name, peak, cmd.ProcessState.UserTime(), out)
		if peak > 200 {
			t.Errorf("%s: %d MB were in use at some time, want at most 200", c.name, peak)
		}
	}
}
