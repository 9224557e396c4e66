// Package e2e tests the program as it is built: what it says, how it ends, what it does at a terminal.
package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience bounds every wait. It is no measure of speed.
const patience = 20 * time.Second

// holter is the path of the program under test.
var holter string

func TestMain(m *testing.M) {
	if text := os.Getenv(ordersVariable); text != "" {
		os.Exit(serveAsCrew(text))
	}
	if text := os.Getenv(regularsVariable); text != "" {
		os.Exit(serveAsRegulars(text))
	}
	if os.Getenv(colleagueVariable) != "" {
		os.Exit(serveAsColleague())
	}
	// Programs inherit what is ignored, such as by a nohup around the tests, but not what is caught.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	flag.Set("test.parallel", "16") // unless the command line says otherwise: these tests wait, they do not compute
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "holter")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	holter = filepath.Join(dir, "holter")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", holter, "holter").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(holter)+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "xdg"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"refused": refused, "narrow": narrow},
	})
}

// refused runs a command that must end with the given code, one line on stderr and nothing on stdout.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refused code program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if e, ok := ts.Exec(args[1], args[2:]...).(*exec.ExitError); ok {
		code = e.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
	if line := ts.ReadFile("stderr"); strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "holter: ") {
		ts.Fatalf("stderr is not one line of holter's:\n%s", line)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("stdout:\n%s", out)
	}
}

// narrow wants all of stdout to fit on a terminal of 80 columns.
func narrow(ts *testscript.TestScript, _ bool, _ []string) {
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			ts.Fatalf("%d columns: %s", n, line)
		}
	}
}

// program is a running holter whose log is JSON. When the test is over, the program tells how it ended if the test has failed, and
// fails the test if it ended by itself.
type program struct {
	cmd    *exec.Cmd
	log    chan map[string]any // its lines, closed at the end
	over   chan struct{}       // closed when it has ended
	stderr bytes.Buffer        // to be read after that
	told   atomic.Bool         // to end, or the test looks at how it ends

	websocket, page, admin string // where it listens
}

// start runs holter serve without a screen on free ports, and returns once it listens.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	return launch(t, "serve", args...)
}

// launch is start for any command that serves.
func launch(t *testing.T, command string, args ...string) *program {
	t.Helper()
	args = append([]string{command, "--headless", "--log-format", "json", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)
	return begin(t, exec.CommandContext(t.Context(), holter, args...))
}

// begin starts a command that serves, and returns once it listens.
func begin(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{cmd: cmd, log: make(chan map[string]any, 1000), over: make(chan struct{})}
	out, in := io.Pipe()
	p.cmd.Dir = t.TempDir()
	p.cmd.Stdout, p.cmd.Stderr = in, &p.stderr
	p.cmd.Cancel, p.cmd.WaitDelay = p.kill, patience
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.over)
		p.cmd.Wait()
		in.Close()
	}()
	t.Cleanup(func() {
		p.kill()
		p.end()
		switch {
		case !p.told.Load():
			t.Errorf("%q has ended by itself: %s", p.cmd.Args, p.last())
		case t.Failed():
			t.Logf("%q: %s", p.cmd.Args, p.last())
		}
	})
	go func() {
		defer close(p.log)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			line := map[string]any{}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				line["msg"] = "no JSON: " + lines.Text()
			}
			p.log <- line
		}
	}()
	first := p.line(t, "holter listens")
	p.websocket, p.page, p.admin = first["websocket"].(string), first["page"].(string), first["admin"].(string)
	return p
}

// kill kills the program, unless it has ended before.
func (p *program) kill() error {
	err := p.cmd.Process.Kill()
	if err == nil {
		p.told.Store(true)
	}
	return err
}

// end returns when the program has ended. It discards what is left of the log, for which the program might wait.
func (p *program) end() {
	for range p.log {
	}
	<-p.over
}

// last is how the program has ended, with what it wrote to stderr. Of much it is the beginning, where a panic says why it is one,
// and the end.
func (p *program) last() string {
	const most = 16 << 10
	text := p.stderr.Bytes()
	if len(text) > most {
		text = slices.Concat(text[:most/2], []byte("\n…\n"), text[len(text)-most/2:])
	}
	return fmt.Sprintf("%v\n%s", p.cmd.ProcessState, text)
}

// line is the next line of the log with that message.
func (p *program) line(t *testing.T, message string) map[string]any {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, ok := <-p.log:
			if !ok {
				t.Fatalf("ended without a line %q", message)
			}
			if line["msg"] == message {
				return line
			}
		case <-late:
			t.Fatalf("no line %q within %v", message, patience)
		}
	}
}

func (p *program) signal(t *testing.T, s os.Signal) {
	t.Helper()
	switch s {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGKILL:
		p.told.Store(true)
	}
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// wait answers the exit code once the program has ended, and how long that took.
func (p *program) wait(t *testing.T) (int, time.Duration) {
	t.Helper()
	p.told.Store(true)
	begin := time.Now()
	late := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer late.Stop()
	p.end()
	return p.cmd.ProcessState.ExitCode(), time.Since(begin)
}
