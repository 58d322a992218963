package client

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jcheck/history"
)

// certificate makes one for 127.0.0.1 that signs itself, which anybody may read.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "jcollect test"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// tries opens sessions: those that must work, and those that must not, without saying the password.
func tries(t *testing.T, section string, port int, good, bad []string) {
	t.Helper()
	for _, options := range slices.Concat(good, bad) {
		d := made(t, Use{Workload: "register"}, "{"+section+", port: %d%s}", port, options)
		s, err := d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"})
		wanted := slices.Contains(good, options)
		if err != nil {
			if wanted {
				t.Errorf("%s%s: %v", section, options, err)
			}
			if strings.Contains(err.Error(), "right-password") || strings.Contains(err.Error(), "wrong-password") {
				t.Errorf("%s%s: the error says the password: %v", section, options, err)
			}
			continue
		}
		out := s.Invoke(t.Context(), Call{F: "read"})
		if (out.Type == history.OK) != wanted {
			t.Errorf("%s%s: read: %v %v", section, options, out.Type, out.Error)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// passwords are files with a right and a wrong one, as options.
func passwords(t *testing.T) (right, wrong string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"right", "wrong"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name+"-password\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("JCOLLECT_TEST_PASSWORD", "right-password")
	return ", password-env: JCOLLECT_TEST_PASSWORD", ", password-file: " + filepath.Join(dir, "wrong")
}

// Without this a session could go unencrypted, or to whoever answers, though the plan asks for better.
func TestSecureRedis(t *testing.T) {
	need(t, "redis-server")
	right, wrong := passwords(t)
	cert, key := certificate(t, t.TempDir())
	port := freePort(t)
	start(t, port, "redis-server", "--port", "0", "--tls-port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir(),
		"--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no", "--requirepass", "right-password")
	verify := ", tls: verify, ca: " + cert
	tries(t, "kind: redis", port, []string{right + verify, right + ", tls: unverified", ", user: default" + right + verify},
		[]string{verify, wrong + verify, right + ", tls: verify", right, ", user: eve" + right + verify})
}

// Without this the same could happen with PostgreSQL.
func TestSecurePostgres(t *testing.T) {
	right, wrong := passwords(t)
	dir, err := os.MkdirTemp("", "jcollect-tls")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cert, key := certificate(t, dir)
	if os.Getuid() == 0 { // PostgreSQL wants a key that is root's and nobody else may read, but its own group
		if out, err := exec.Command("chgrp", "postgres", key).CombinedOutput(); err != nil {
			t.Skipf("no group postgres: %s", out)
		}
	}
	if err := os.Chmod(key, 0o640); err != nil {
		t.Fatal(err)
	}
	hba := filepath.Join(dir, "hba")
	if err := os.WriteFile(hba, []byte("hostssl all all all scram-sha-256\nhost all postgres all trust\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := postgresServer(t, "ssl=on", "ssl_cert_file="+cert, "ssl_key_file="+key, "hba_file="+hba)
	d := made(t, Use{Workload: "register"}, "{kind: sql, dialect: postgresql, port: %d, session: [\"CREATE ROLE bob LOGIN SUPERUSER PASSWORD 'right-password'\"]}", s.port)
	if err := d.Teardown(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	if err := made(t, Use{Workload: "register"}, "{kind: sql, dialect: postgresql, port: %d}", s.port).Setup(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	verify := ", user: bob, tls: verify, ca: " + cert
	tries(t, "kind: sql, dialect: postgresql", s.port, []string{right + verify, right + ", user: bob, tls: unverified"},
		[]string{verify, wrong + verify, right + ", user: bob, tls: verify", right + ", user: bob"})
}

// Without this the same could happen with etcd.
func TestSecureEtcd(t *testing.T) {
	need(t, "etcd")
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	port, peer := freePort(t), freePort(t)
	own, peers := fmt.Sprintf("https://127.0.0.1:%d", port), fmt.Sprintf("http://127.0.0.1:%d", peer)
	start(t, port, "etcd", "--name", "n1", "--data-dir", dir, "--listen-client-urls", own, "--advertise-client-urls", own, "--cert-file", cert,
		"--key-file", key, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "n1="+peers, "--unsafe-no-fsync")
	verify := ", tls: verify, ca: " + cert
	answers(t, made(t, Use{Workload: "register"}, "{kind: etcd, port: %d%s}", port, verify))
	tries(t, "kind: etcd", port, []string{verify, ", tls: unverified"}, []string{", tls: verify", ""})
}

// Without this keys that make no sense together could be found out only when a run is under way.
func TestEndpointMistakes(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk")
	if err := os.WriteFile(junk, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"{kind: redis, host: \"db:6379\"}":             "port has a key of its own",
		"{kind: redis, ca: " + junk + "}":              "ca without tls",
		"{kind: redis, tls: verify, ca: " + junk + "}": "holds no certificate",
	} {
		c, said := read(t, text)
		if said != "" {
			t.Fatalf("%s: %s", text, said)
		}
		if _, err := c.Driver(Use{Workload: "set"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
