package process

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain is also the program that panics.
func TestMain(m *testing.M) {
	switch os.Getenv("CRASH") {
	case "":
		os.Exit(m.Run())
	case "tidy":
		BeforeAbort(func() { fmt.Fprintln(os.Stderr, "tidied up") })
	}
	Go(breakDown)
	select {}
}

func breakDown() { panic("of the machine") }

func run(t *testing.T, how string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "CRASH="+how)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 2 {
		t.Fatalf("ended with %v, want exit code 2:\n%s", err, out)
	}
	return string(out)
}

func TestTidy(t *testing.T) {
	text := run(t, "tidy")
	if !strings.HasPrefix(text, "tidied up\npanic: of the machine") || !strings.Contains(text, "breakDown") {
		t.Errorf("the program said\n%s", text)
	}
}

func TestWithoutBefore(t *testing.T) {
	if text := run(t, "plain"); !strings.HasPrefix(text, "panic: of the machine\n") || !strings.Contains(text, "breakDown") {
		t.Errorf("the program said\n%s", text)
	}
}

func TestTidyWithoutPanic(t *testing.T) {
	BeforeAbort(func() { t.Error("tidied up after nothing") })
	defer before.Store(nil)
	Guard(func() {})()
}
