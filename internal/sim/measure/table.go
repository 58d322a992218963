//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// table measures cases and prints a row for each.
type table struct {
	jcheck, jcollect string
	dir, only        string
	runs             int
	big, huge        bool
	heading          string   // of the rows that are being printed
	path             string   // the history that exists
	over, wrong      []string // rows over their limits, and with another exit code than they should have
}

// machine says where and when the figures come from.
func (b *table) machine() {
	fmt.Printf("%s, %d × %s, %s, %d-byte pages\n", time.Now().UTC().Format("2006-01-02"), runtime.NumCPU(), processor(),
		runtime.Version(), os.Getpagesize())
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Printf("load average before: %s", text)
	}
	fmt.Println("CPU is user and system time of all threads, memory what is resident at most besides the mapped file.")
}

// processor is the processor's name.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH // no Linux
	}
	_, rest, _ := strings.Cut(string(text), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimLeft(line, " \t:")
}

const rowForm = "  %-37s %8s %8s %8s %8s %7s %9s %7s  %s\n"

// group measures the cases of a shape and prints a row for each.
func (b *table) group(g group) (err error) {
	before := map[string]row{} // the last one of each kind, for growth
	for _, c := range g.cases {
		name := g.name + ", " + c.what()
		if !strings.Contains(name, b.only) || c.size == big && !b.big || c.size == huge && !b.huge {
			continue
		}
		if b.heading != g.name {
			b.heading = g.name
			fmt.Printf("\n"+rowForm, g.name, "txns", "file", "wall", "CPU", "limit", "memory", "limit", "")
		}
		r, err := b.measure(&g, c)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.print(name, before[c.what()], r)
		before[c.what()] = r
	}
	return b.forget()
}

// what names what is done with a history.
func (c oneCase) what() string {
	switch {
	case c.read:
		return string(c.format) + ", reading alone, 1 processor"
	case c.txns == 0:
		return strings.Join(c.args, " ")
	}
	return strings.TrimSpace(string(c.format) + " " + strings.Join(c.args[2:], " "))
}

// row is a case with what it cost.
type row struct {
	oneCase
	cost
	file int64 // bytes of the history
}

// over tells whether a row took more than was aimed at.
func (r row) over() bool {
	return above(int64(r.cost.wall), int64(r.oneCase.wall)) || above(int64(r.cost.cpu), int64(r.oneCase.cpu)) || above(r.anon, r.memory)
}

func above(n, limit int64) bool { return limit > 0 && n > limit }

// measure makes the history, unless the case before used the same, and runs the command.
func (b *table) measure(g *group, c oneCase) (row, error) {
	r := row{oneCase: c}
	args := append([]string{b.jcheck}, c.args...)
	var env []string
	if c.txns > 0 {
		if err := b.create(g, c); err != nil {
			return r, err
		}
		info, err := os.Stat(b.path)
		if err != nil {
			return r, err
		}
		r.file = info.Size()
		args = append(args, b.path)
		if c.read {
			args, env = []string{os.Args[0], "read", b.path}, []string{"GOMAXPROCS=1"}
		}
	}
	runs := make([]cost, b.runs)
	if c.once {
		runs = runs[:1]
	}
	for i := range runs {
		var err error
		if runs[i], err = measure(env, io.Discard, args...); err != nil {
			return r, err
		}
	}
	r.cost = median(runs)
	return r, nil
}

// create makes the history of a case.
func (b *table) create(g *group, c oneCase) error {
	path := filepath.Join(b.dir, fmt.Sprintf("%d.%s", c.txns, c.format))
	if path == b.path {
		return nil
	}
	if err := b.forget(); err != nil {
		return err
	}
	b.path = path
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	err = g.make(w, c.format, c.txns)
	return errors.Join(err, w.Flush(), file.Close())
}

// forget deletes the history.
func (b *table) forget() error {
	if b.path == "" {
		return nil
	}
	path := b.path
	b.path = ""
	return os.Remove(path)
}

// print prints a row, and notes what isn't as it should be.
func (b *table) print(name string, before, r row) {
	var remarks []string
	if r.txns > 0 {
		name += fmt.Sprintf(", %d txns", r.txns)
	}
	if r.exit != r.want {
		b.wrong = append(b.wrong, fmt.Sprintf("%s: exit code %d, not %d", name, r.exit, r.want))
		remarks = append(remarks, fmt.Sprintf("exit %d", r.exit))
	}
	speed := int64(0)
	if r.read {
		speed = int64(float64(r.file) / r.cost.cpu.Seconds())
		remarks = append(remarks, fmt.Sprintf("%d MB/s (aim: %d)", speed/mega, r.speed/mega))
	}
	if r.over() || speed < r.speed {
		b.over = append(b.over, name)
		remarks = append(remarks, "OVER")
	}
	if before.txns > 0 && before.txns < r.txns && !r.read {
		times := float64(r.txns) / float64(before.txns)
		remarks = append(remarks, fmt.Sprintf("CPU ×%.1f, memory ×%.1f for ×%.1f", r.cost.cpu.Seconds()/before.cost.cpu.Seconds(),
			float64(r.anon)/float64(before.anon), times))
	}
	fmt.Printf(rowForm, r.what(), count(r.txns), size(r.file), duration(r.cost.wall), duration(r.cost.cpu), duration(max(r.oneCase.cpu, r.oneCase.wall)),
		size(r.anon), size(r.memory), strings.Join(remarks, "; "))
}

// conclude sums up; the exit code is 1 if a verdict was wrong. A figure over its limit is no failure: machines differ.
func (b *table) conclude() int {
	fmt.Println()
	for _, name := range b.over {
		fmt.Println("over its limit:", name)
	}
	for _, what := range b.wrong {
		fmt.Println("wrong:", what)
	}
	if len(b.over)+len(b.wrong) == 0 {
		fmt.Println("Everything is within its limits.")
	}
	return min(len(b.wrong), 1)
}

// blank is what stands where there is nothing to say.
const blank = "–"

func count(n int) string {
	switch {
	case n == 0:
		return blank
	case n%m == 0:
		return fmt.Sprintf("%dM", n/m)
	case n%k == 0:
		return fmt.Sprintf("%dk", n/k)
	}
	return fmt.Sprint(n)
}

func size(n int64) string {
	switch {
	case n == 0:
		return blank
	case n >= 10*gb:
		return fmt.Sprintf("%.1f GB", float64(n)/gb)
	}
	return fmt.Sprintf("%d MB", (n+mega/2)/mega)
}

func duration(d time.Duration) string {
	switch {
	case d == 0:
		return blank
	case d < ms:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(ms))
	case d < 100*ms:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(ms))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
