package e2e

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
)

func TestProxyWritesOnlyItsLog(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), holter, "proxy", "http://127.0.0.1:9", "--headless", "--log-format", "json",
		"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); !strings.HasPrefix(line, `{"time"`) {
		t.Errorf("the first line is %q, %v, want JSON", line, err)
	}
}
