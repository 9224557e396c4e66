//go:build linux

package e2e

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A process of higher priority takes the only processor that holter may use. That is an event too, and another one than
// a stop.
func TestStarvedHolter(t *testing.T) {
	if os.Getuid() != 0 || runtime.NumCPU() < 2 {
		t.Skip("a real-time priority needs root, and the test needs a processor of its own")
	}
	for _, tool := range []string{"chrt", "taskset"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	if text, err := os.ReadFile("/proc/self/task/" + strconv.Itoa(os.Getpid()) + "/schedstat"); err != nil || len(strings.Fields(string(text))) != 3 {
		t.Skip("this kernel does not tell how long a thread waits for a processor")
	}
	const cpu, span = "0", 800 * time.Millisecond
	p := start(t, "--interval", "1s")
	run(t, "taskset", "-a", "-p", "-c", cpu, strconv.Itoa(p.cmd.Process.Pid))
	time.Sleep(2 * time.Second) // so that it has looked at its threads there
	ctx, stop := context.WithTimeout(t.Context(), span)
	defer stop()
	exec.CommandContext(ctx, "chrt", "-f", "10", "taskset", "-c", cpu, "sh", "-c", "while :; do :; done").Run()
	if line := p.lateLine(t, "starved"); line["for_ms"].(float64) < float64(span.Milliseconds())/2 {
		t.Errorf("%v", line)
	}
}
