//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"holter/server/api"
)

// heard reads the log until each of some services has a line of its state. Nothing else may be said of any of them meanwhile.
func (p *program) heard(t *testing.T, want map[string][]string) map[string]string {
	t.Helper()
	causes := map[string]string{}
	for late := time.After(patience); ; {
		open := 0
		for _, states := range want {
			open += len(states)
		}
		if open == 0 {
			return causes
		}
		select {
		case line, ok := <-p.log:
			if !ok {
				t.Fatal("holter has ended")
			}
			name, ofService := line["service"].(string)
			if !ofService {
				continue
			}
			if len(want[name]) == 0 || line["msg"] != "service "+want[name][0] {
				t.Fatalf("of %s came %v, want %v", name, line, want[name])
			}
			want[name] = want[name][1:]
			causes[name], _ = line["cause"].(string)
		case <-late:
			t.Fatalf("missing after %v: %v", patience, want)
		}
	}
}

// living is the names of the services on the list of the living.
func (p *program) living(t *testing.T, query string) (names []string) {
	t.Helper()
	answer, err := http.Get(p.admin + "/api/v1/services?q=" + url.QueryEscape(query))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var list api.Services
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	for _, s := range list.Services {
		names = append(names, s.ID)
	}
	return names
}

// A service that reports, the same one asked, and one whose latency jitters: the process is stopped, goes on, says goodbye and
// is gone. The jitter alone is no reason to suspect anybody.
func TestServicesEndToEnd(t *testing.T) {
	t.Parallel()
	c := employ(t)
	p := start(t, "--health", "web=http://"+c.address+"/health", "--health", "jitter=http://"+c.address+"/jitter",
		"--health-every", "500ms", "--health-timeout", "2s", "--health-threshold", "2")
	fmt.Fprintln(c.stdin, p.admin)
	p.heard(t, map[string][]string{"reporter": {"normal"}, "web": {"normal"}, "jitter": {"normal"}})
	time.Sleep(4 * time.Second) // in which the log says nothing, as the next call of heard makes sure
	if got := fmt.Sprint(p.living(t, "state=alive")); got != "[jitter reporter web]" {
		t.Errorf("alive are %s", got)
	}

	c.signal(t, syscall.SIGSTOP)
	causes := p.heard(t, map[string][]string{"reporter": {"suspect", "failed"}, "web": {"suspect", "failed"}, "jitter": {"suspect", "failed"}})
	if causes["reporter"] != "no-heartbeat" || causes["web"] != "timed-out" {
		t.Errorf("causes %v", causes)
	}
	if got := p.living(t, "state=alive"); got != nil {
		t.Errorf("still alive are %s", got)
	}
	if got := fmt.Sprint(p.living(t, "service=web state=failed cause=timed-out")); got != "[web]" {
		t.Errorf("failed is %s", got)
	}
	term := atTerminal(t, "attach", p.admin)
	term.until(t, "\x1b[?1049h")
	if _, err := term.file.WriteString("8"); err != nil {
		t.Fatal(err)
	}
	term.until(t, "no-heartbeat")
	term.until(t, "jitter")

	c.signal(t, syscall.SIGCONT)
	p.heard(t, map[string][]string{"reporter": {"normal"}, "web": {"normal"}, "jitter": {"normal"}})
	c.stdin.Close()
	c.cmd.Wait()
	causes = p.heard(t, map[string][]string{"reporter": {"closed"}, "web": {"suspect", "failed"}, "jitter": {"suspect", "failed"}})
	if causes["reporter"] != "" || causes["web"] != "refused" {
		t.Errorf("causes after the end %v", causes)
	}
}

// A frozen backend is seen by a WebSocket of holter's own, while no client is connected.
func TestProxyAsksItsUpstream(t *testing.T) {
	t.Parallel()
	c := employ(t)
	p := launch(t, "proxy", "--upstream-probe", "/ws", "--health-every", "300ms", "--health-timeout", "1s", "http://"+c.address)
	p.heard(t, map[string][]string{"upstream": {"normal"}})
	c.signal(t, syscall.SIGSTOP)
	if causes := p.heard(t, map[string][]string{"upstream": {"suspect", "failed"}}); causes["upstream"] != "timed-out" {
		t.Errorf("causes %v", causes)
	}
	c.signal(t, syscall.SIGCONT)
	p.heard(t, map[string][]string{"upstream": {"normal"}})
	if got := fmt.Sprint(p.living(t, "kind=upstream state=normal")); got != "[upstream]" {
		t.Errorf("alive is %s", got)
	}
}
