// Package enginetest gives tests containers of a real engine, Docker or Podman, and removes them afterwards. No image is
// downloaded: what containers have is this machine's /usr, read-only, as the nodes of a lab have it.
package enginetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Programs are the engines that tests use where they are there.
var Programs = []string{"podman", "docker"}

// variable lets tests make containers, as it lets them make labs.
const variable = "JCOLLECT_CLUSTER"

// limit bounds a command of the engine's.
const limit = 30 * time.Second

// An Engine makes containers that go with the test.
type Engine struct {
	Program string
	Dir     string // TMPDIR of the test, which containers have at the same path
	prefix  string // of names, so that nobody else's container is hit
}

// Need finds an engine that answers and can run a container. It skips the test, and says why, where there is none, or
// where tests shall make no clusters.
func Need(t *testing.T, program string) *Engine {
	t.Helper()
	switch _, err := exec.LookPath(program); {
	case os.Getenv(variable) == "":
		t.Skip("makes containers (hint: " + variable + "=1, as root)")
	case os.Getuid() != 0:
		t.Skip("makes containers, which needs root here")
	case err != nil:
		t.Skipf("no %s here: %v (hint: apt-get install podman runc)", program, err)
	}
	dir, err := os.MkdirTemp("", "jc-engine-")
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{Program: program, Dir: dir, prefix: "jc-" + strings.ToLower(rand.Text()[:8]) + "-"}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	if err := os.Mkdir(os.Getenv("TMPDIR"), 0o755|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if program == "podman" {
		e.podman(t)
	}
	if out, err := e.try("info"); err != nil {
		t.Skipf("%s info: %v: %s", program, err, out)
	}
	e.image(t)
	t.Cleanup(func() { e.Do(t, "rmi", "-f", e.Name("image")) })
	if out, err := e.try(e.runArgs("probe", "true")...); err != nil {
		t.Skipf("%s can't run a container here: %v: %s", program, err, out)
	}
	e.Do(t, "rm", "-f", e.Name("probe"))
	return e
}

// podman gives Podman a store of its own, so that nothing of this machine's is touched, or left after a test that died.
func (e *Engine) podman(t *testing.T) {
	t.Helper()
	runtime := ""
	if _, err := exec.LookPath("runc"); err == nil {
		runtime = "runtime = \"runc\"\n" // crun refuses machines that have both kinds of cgroups
	}
	e.write(t, "storage.conf", fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\n", e.Dir+"/root", e.Dir+"/run"))
	e.write(t, "containers.conf", fmt.Sprintf(`[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
%stmp_dir = %q
volume_path = %q
[network]
network_config_dir = %q
[containers]
log_driver = "k8s-file"
`, runtime, e.Dir+"/engine", e.Dir+"/volumes", e.Dir+"/networks"))
	t.Setenv("CONTAINERS_STORAGE_CONF", filepath.Join(e.Dir, "storage.conf"))
	t.Setenv("CONTAINERS_CONF", filepath.Join(e.Dir, "containers.conf"))
}

// write makes a file of the engine's.
func (e *Engine) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(e.Dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// image makes an image of what isn't in /usr: the links to it, and the files of /etc that programs want.
func (e *Engine) image(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-ec", `cd "$1"
mkdir -p image/etc image/usr image/proc image/sys image/dev image/run image/var/lib image/var/log image/root image/opt image/tmp
chmod 1777 image/tmp
for d in bin sbin lib lib64 lib32; do [ ! -L /$d ] || ln -s usr/$d image/$d; done
for f in passwd group nsswitch.conf ld.so.cache os-release protocols services alternatives; do [ ! -e /etc/$f ] || cp -a /etc/$f image/etc/; done
tar -C image -c . | "$2" import - "$3"`, "sh", e.Dir, e.Program, e.Name("image"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("%s can't make an image here: %v: %s", e.Program, err, out)
	}
}

// Name is what the engine calls a container of the test's.
func (e *Engine) Name(name string) string { return e.prefix + name }

// runArgs are the arguments that run a container in the background. It has no network but loopback, and may make one.
func (e *Engine) runArgs(name string, command ...string) []string {
	args := []string{"run", "-d", "--name", e.Name(name), "--hostname", name, "--network", "none", "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW",
		"-v", e.Dir + "/tmp:" + e.Dir + "/tmp", "-v", "/usr:/usr:ro"}
	for _, dir := range []string{"/bin", "/sbin", "/lib", "/lib64"} {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			args = append(args, "-v", dir+":"+dir+":ro")
		}
	}
	// Engines ask for more than root may have where it is a guest itself.
	args = append(args, "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=8192:8192")
	return append(append(args, e.Name("image")), command...)
}

// Run runs a container until the test ends.
func (e *Engine) Run(t *testing.T, name string) {
	t.Helper()
	t.Cleanup(func() { e.Do(t, "rm", "-f", e.Name(name)) })
	// Process 1 reaps what daemons leave, and ends when it is told to.
	e.Do(t, e.runArgs(name, "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done")...)
}

// Do runs a command of the engine's, which must succeed, and returns what it prints.
func (e *Engine) Do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := e.try(args...)
	if err != nil {
		t.Errorf("%s %s: %v: %s", e.Program, strings.Join(args, " "), err, out)
	}
	return out
}

// try runs a command of the engine's.
func (e *Engine) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, e.Program, args...)
	// Not by pipes: what Podman leaves beside a container would hold them open.
	out, err := os.CreateTemp(e.Dir, "said-")
	if err != nil {
		return "", err
	}
	cmd.Stdout, cmd.Stderr = out, out
	failed := cmd.Run()
	said, err := os.ReadFile(out.Name())
	if err := out.Close(); err != nil {
		return "", err
	}
	if failed == nil {
		failed = err
	}
	return string(bytes.TrimSpace(said)), failed
}
