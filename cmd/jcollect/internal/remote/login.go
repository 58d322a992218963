package remote

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"jcheck/internal/amount"
)

// logins are the ways to log in, in the order in which they are tried: keys of files, those of the agent, the password.
type logins struct {
	methods []ssh.AuthMethod
	notes   []string // what there is, and what could not be used and why
	agent   net.Conn
}

// logins collects the ways. A key that can't be read is no error as long as another way works.
func (s *SSH) logins() *logins {
	l := new(logins)
	var signers []ssh.Signer
	for _, path := range s.o.Keys {
		signer, err := readKey(path, s.o.Passphrase)
		if err != nil {
			l.notes = append(l.notes, err.Error())
			continue
		}
		l.notes = append(l.notes, "key "+path)
		signers = append(signers, signer)
	}
	if s.o.Agent != "" {
		signers = append(signers, l.ask(s.o.Agent)...)
	}
	// One method for all keys: the library tries each method once.
	if len(signers) > 0 {
		l.methods = append(l.methods, ssh.PublicKeys(signers...))
	}
	if s.o.Password != "" {
		l.notes = append(l.notes, "password")
		l.methods = append(l.methods, ssh.Password(string(s.o.Password)), ssh.KeyboardInteractive(s.answer))
	}
	return l
}

// answer gives the password to each question whose answer isn't shown, and nothing to the others.
func (s *SSH) answer(_, _ string, questions []string, shown []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range questions {
		if !shown[i] {
			answers[i] = string(s.o.Password)
		}
	}
	return answers, nil
}

// readKey reads a private key of a file.
func readKey(path string, passphrase Secret) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if passphrase == "" {
			return nil, fmt.Errorf("key %s is encrypted (hint: a passphrase, or ssh-add %s)", path, Quote(path))
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase(text, []byte(passphrase))
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", path, err)
	}
	return signer, nil
}

// ask gets the agent's keys. The agent signs while the login lasts, so its connection stays until then.
func (l *logins) ask(socket string) []ssh.Signer {
	conn, err := net.DialTimeout("unix", socket, dialTimeout)
	if err != nil {
		l.notes = append(l.notes, fmt.Sprintf("agent: %v", err))
		return nil
	}
	l.agent = conn
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		l.notes = append(l.notes, fmt.Sprintf("agent: %v", err))
		return nil
	}
	l.notes = append(l.notes, fmt.Sprintf("agent with %s", amount.Of(len(signers), "key")))
	return signers
}

// close lets the agent go.
func (l *logins) close() {
	if l.agent != nil {
		_ = l.agent.Close()
	}
}

// explain says what was tried when a login was refused.
func (l *logins) explain(err error) error {
	if !strings.Contains(err.Error(), "unable to authenticate") {
		return err
	}
	tried := strings.Join(l.notes, "; ")
	if tried == "" {
		tried = "nothing: there is neither a key, nor an agent, nor a password"
	}
	return refuse("the login was refused (tried %s) (hint: try the same with ssh -v, or append your public key to ~/.ssh/authorized_keys there)", tried)
}
