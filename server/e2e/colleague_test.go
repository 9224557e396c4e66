package e2e

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// colleagueVariable is the environment variable that makes the test binary a service: a process that can be stopped and
// killed. It answers /health at once and /jitter after up to a quarter of a second, and WebSockets at /ws. On each line of
// stdin is the URL of an admin plane, to which it reports from then on. It says goodbye there when stdin ends.
const colleagueVariable = "HOLTER_E2E_COLLEAGUE"

// reportEvery is how often a colleague reports.
const reportEvery = 700 * time.Millisecond

func serveAsColleague() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	http.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/jitter", func(http.ResponseWriter, *http.Request) { time.Sleep(rand.N(250 * time.Millisecond)) })
	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			if _, _, err := c.NextReader(); err != nil {
				return
			}
		}
	})
	go http.Serve(l, nil)
	fmt.Println(l.Addr())
	admin, done := "", make(chan struct{})
	var reporting sync.WaitGroup
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		admin = lines.Text()
		reporting.Go(func() {
			for tick := time.NewTicker(reportEvery); ; {
				report(http.MethodPut, admin+"/api/v1/services/reporter/heartbeat", fmt.Sprintf(`{"timestamp": %d, "status": "", "interval_ms": %d}`, time.Now().Unix(), reportEvery.Milliseconds()))
				select {
				case <-tick.C:
				case <-done:
					return
				}
			}
		})
	}
	close(done)
	reporting.Wait()
	report(http.MethodDelete, admin+"/api/v1/services/reporter", "")
	return 0
}

func report(method, url, body string) {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return
	}
	if answer, err := http.DefaultClient.Do(r); err == nil {
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
}

// colleague is a process that serves.
type colleague struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	address string
}

func employ(t *testing.T) *colleague {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &colleague{cmd: exec.CommandContext(t.Context(), self)}
	c.cmd.Env = append(os.Environ(), colleagueVariable+"=1")
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.cmd.Process.Kill(); c.cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	c.address = strings.TrimSpace(line)
	return c
}

func (c *colleague) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
