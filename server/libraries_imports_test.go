package server_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Whoever imports the monitor gets no terminal library with it, and no command line.
func TestMonitorImportsNoTerminal(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "holter/server").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "github.com/gin-gonic/gin\n") {
		t.Fatal("the list is not one of dependencies")
	}
	for path := range strings.Lines(string(out)) {
		for _, unwanted := range []string{"charmbracelet", "termenv", "x/term", "tcell", "kong", "holter/tui"} {
			if strings.Contains(path, unwanted) {
				t.Errorf("holter/server imports %s", path)
			}
		}
	}
}
