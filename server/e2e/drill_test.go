package e2e

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// suite is a report as JUnit writes it.
type suite struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Output   string `xml:"system-out"`
	Cases    []struct {
		Name    string     `xml:"name,attr"`
		Failure *complaint `xml:"failure"`
		Error   *complaint `xml:"error"`
	} `xml:"testcase"`
}

type complaint struct {
	Message string `xml:"message,attr"`
}

// readSuite reads the report of a drill.
func readSuite(t *testing.T, path string) suite {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		Suites []suite `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &root); err != nil || len(root.Suites) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	return root.Suites[0]
}

// rehearse runs a drill with a report for CI, and reads that back.
func rehearse(t *testing.T, p *program, script string, args ...string) (code int, stdout, stderr string, report suite) {
	t.Helper()
	dir := t.TempDir()
	file, junit := filepath.Join(dir, "drill.yaml"), filepath.Join(dir, "junit.xml")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, progress strings.Builder
	cmd := exec.CommandContext(t.Context(), holter, append([]string{"drill", p.admin, file, "--junit", junit}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &progress
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), progress.String(), readSuite(t, junit)
}

// startWithGuests runs holter with clients of its own, all of them connected.
func startWithGuests(t *testing.T, args ...string) *program {
	t.Helper()
	p := start(t, append(args, "--demo", "60")...)
	eventually(t, patience, "60 clients", func() bool { return p.summary(t).Clients.Present == 60 })
	return p
}

func TestDrillThatPasses(t *testing.T) {
	t.Parallel()
	code, stdout, stderr, report := rehearse(t, startWithGuests(t), `
name: restart
steps:
  - refuse: 1s
  - kick: all
    code: 1012
expect:
  - lost>=60
  - recovered>=90% within 50s
  - recovered<100%@500ms
  - no_client_gave_up
`, "--expect", "refused>0")
	if code != 0 || !strings.HasPrefix(stdout, "drill restart: passed\n") || strings.Contains(stdout, "✖") {
		t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
	}
	if !strings.Contains(stderr, "refuse upgrades for 1s\n") || !strings.Contains(stderr, "kick all with 1012: ") {
		t.Errorf("progress:\n%s", stderr)
	}
	if report.Tests != 5 || report.Failures != 0 || report.Output != stdout || report.Cases[4].Name != "refused>0" {
		t.Errorf("%+v", report)
	}
}

func TestDrillThatFails(t *testing.T) {
	t.Parallel()
	code, stdout, stderr, report := rehearse(t, startWithGuests(t), `
name: impatience
steps:
  - kick: client~^demo
    share: 50%
    reset: true
watch: 30s
expect:
  - lost>=30
  - recovered>=99% within 1ms
  - lost>60
`, "--json")
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	if last := lines[len(lines)-1]; code != 1 || last != "holter: drill impatience failed, 2 of 3 expectations do not hold" {
		t.Errorf("exit code %d, %s", code, last)
	}
	var answer struct {
		Passed       bool
		Lost         int
		Expectations []struct{ Passed bool }
	}
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	if answer.Passed || answer.Lost < 30 || answer.Lost > 60 || len(answer.Expectations) != 3 || answer.Expectations[1].Passed {
		t.Errorf("%s", stdout)
	}
	if report.Failures != 2 || report.Cases[0].Failure != nil || report.Cases[1].Failure == nil || !strings.Contains(report.Cases[1].Failure.Message, "within 1ms") {
		t.Errorf("%+v", report)
	}
}

// A signal in the middle of a drill ends what it has begun. The report says that there is no verdict.
func TestDrillInterrupted(t *testing.T) {
	t.Parallel()
	p := startWithGuests(t)
	dir := t.TempDir()
	file, junit := filepath.Join(dir, "drill.yaml"), filepath.Join(dir, "junit.xml")
	if err := os.WriteFile(file, []byte("name: long\nsteps: [{refuse: 1h}]\nexpect: [lost=0, recovered=100%]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), holter, "drill", p.admin, file, "--junit", junit)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "refusing", func() bool { return p.summary(t).RefusingUntil != nil })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.HasSuffix(stderr.String(), "holter: drill long: interrupted, so there is no verdict\n") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
	if until := p.summary(t).RefusingUntil; until != nil {
		t.Errorf("still refusing until %v", until)
	}
	r := readSuite(t, junit)
	if r.Tests != 3 || r.Errors != 1 || r.Skipped != 2 || r.Cases[2].Error == nil || r.Cases[2].Error.Message != "interrupted" {
		t.Errorf("%+v", r)
	}
}

// A holter that only shows is not disturbed.
func TestDrillOfAHolterThatOnlyShows(t *testing.T) {
	t.Parallel()
	p := startWithGuests(t, "--read-only")
	out, err := exec.CommandContext(t.Context(), holter, "drill", p.admin, "deploy").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--read-only") {
		t.Errorf("%v: %s", err, out)
	}
}
