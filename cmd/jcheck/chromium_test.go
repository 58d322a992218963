package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// chromium is a headless browser that a test drives by the DevTools protocol, over a pair of pipes: one JSON message
// after another, with a zero byte behind each.
type chromium struct {
	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	last    int
	log     []string // what the page complained of since the last visit
}

// devMessage is an answer (with the number of its question) or an event (with a method).
type devMessage struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// findChromium is the path of a browser that can be driven; a test without one is skipped, unless CI promises one.
func findChromium(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("pages are not looked at in short tests")
	}
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}
	if own := os.Getenv("JCHECK_CHROMIUM"); own != "" {
		names = []string{own}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("JCHECK_NEED_CHROMIUM") != "" {
		t.Fatalf("no Chromium among %v, though JCHECK_NEED_CHROMIUM is set", names)
	}
	t.Skipf("no Chromium among %v: pages are not looked at (install chromium, or set JCHECK_CHROMIUM)", names)
	return ""
}

// startChromium starts a browser with one empty page. It ends with the test.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	path := findChromium(t)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute) // outlives the test, to end in order
	t.Cleanup(cancel)
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// The sandbox needs privileges that containers lack; the pages are our own.
	cmd := exec.CommandContext(ctx, path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-extensions", "--disable-background-networking", "--remote-debugging-pipe",
		"--user-data-dir="+t.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4 there
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(theirIn.Close(), theirOut.Close()); err != nil {
		t.Fatal(err)
	}
	c := &chromium{t: t, in: in, out: bufio.NewReaderSize(out, 1<<20)}
	t.Cleanup(func() {
		c.send("Browser.close", nil) // it may be gone before it answers
		if err := cmd.Wait(); err != nil {
			t.Logf("chromium ended with: %v", err)
		}
		if err := errors.Join(in.Close(), out.Close()); err != nil {
			t.Error(err)
		}
	})
	c.attach()
	return c
}

// attach opens a page, and from then on speaks to it.
func (c *chromium) attach() {
	c.t.Helper()
	var target struct{ TargetID string }
	c.ask("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.ask("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		c.ask(domain+".enable", nil, nil)
	}
}

// send sends a command.
func (c *chromium) send(method string, params map[string]any) {
	c.t.Helper()
	c.last++
	message := map[string]any{"id": c.last, "method": method}
	if params != nil {
		message["params"] = params
	}
	if c.session != "" && method != "Browser.close" {
		message["sessionId"] = c.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.in.Write(append(text, 0)); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

// ask sends a command and waits for its answer, which it puts into result.
func (c *chromium) ask(method string, params map[string]any, result any) {
	c.t.Helper()
	c.send(method, params)
	for {
		m := c.next()
		if m.ID != c.last {
			continue
		}
		if m.Error != nil {
			c.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				c.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

// next is the next message. What a page complains of, or asks from the network, is noted.
func (c *chromium) next() devMessage {
	c.t.Helper()
	text, err := c.out.ReadBytes(0)
	if err != nil {
		c.t.Fatalf("read from chromium: %v", err)
	}
	var m devMessage
	if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
		c.t.Fatalf("read from chromium: %v in %.200s", err, text)
	}
	switch m.Method {
	case "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening":
		c.log = append(c.log, fmt.Sprintf("%s %s", m.Method, m.Params))
	case "Network.requestWillBeSent":
		var sent struct{ Request struct{ URL string } }
		if err := json.Unmarshal(m.Params, &sent); err != nil {
			c.t.Fatal(err)
		}
		c.log = append(c.log, "asks for "+sent.Request.URL)
	}
	return m
}

// visit opens a page.
func (c *chromium) visit(url string) {
	c.t.Helper()
	c.log = nil
	c.ask("Page.navigate", map[string]any{"url": url}, nil)
	for m := c.next(); m.Method != "Page.loadEventFired"; {
		m = c.next()
	}
}

// resize gives the window a width.
func (c *chromium) resize(width int) {
	c.t.Helper()
	c.ask("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": false}, nil)
}

// complaints are what a page that was visited complained of, and loaded besides itself.
func (c *chromium) complaints(url string) []string {
	var log []string
	for _, line := range c.log {
		if line != "asks for "+url && line != "asks for data:," {
			log = append(log, line)
		}
	}
	return log
}

// eval is the value of an expression in the page.
func (c *chromium) eval(expression string, value any) {
	c.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	c.ask("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer)
	if len(answer.ExceptionDetails) > 0 {
		c.t.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	if err := json.Unmarshal(answer.Result.Value, value); err != nil {
		c.t.Fatalf("%s: %v", expression, err)
	}
}
