package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"holter/server/api"
)

// codeTimeout is the close code for a connection that holter gives up.
const codeTimeout = 3008

// eventually polls until ok says so, and fails the test after a time.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// long skips a test that takes long, unless those are asked for too.
func long(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("HOLTER_E2E_LONG") == "" {
		t.Skipf("%s: HOLTER_E2E_LONG=1 asks for it", why)
	}
}

// run runs another program to its end, and returns what it wrote.
func run(t *testing.T, command ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// ask calls the admin plane and reads its answer into v. The path may have a query.
func (p *program) ask(t *testing.T, method, path string, body, v any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, p.admin+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v: %s", method, path, resp.Status, err, answer)
	}
	if err := json.Unmarshal(answer, v); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, answer)
	}
}

func (p *program) summary(t *testing.T) (s api.Summary) {
	t.Helper()
	p.ask(t, http.MethodGet, "/api/v1/summary", nil, &s)
	return s
}

// connections are those that match, at most a page of them.
func (p *program) connections(t *testing.T, filter string) []api.Connection {
	t.Helper()
	var page api.Connections
	p.ask(t, http.MethodGet, "/api/v1/connections?limit=1000&q="+url.QueryEscape(filter), nil, &page)
	return page.Connections
}

// clients are all that are known, by id.
func (p *program) clients(t *testing.T) map[string]api.Client {
	t.Helper()
	var list api.Clients
	p.ask(t, http.MethodGet, "/api/v1/clients", nil, &list)
	byID := map[string]api.Client{}
	for _, c := range list.Clients {
		byID[c.ID] = c
	}
	return byID
}

func (p *program) storms(t *testing.T) []api.StormDetail {
	t.Helper()
	var s api.Storms
	p.ask(t, http.MethodGet, "/api/v1/storms", nil, &s)
	return s.Storms
}

// tape is what the event stream told since holter started.
type tape struct {
	mu     sync.Mutex
	events []api.Event
	lost   uint64 // events that this reader was too slow for
}

// record follows the event stream until the test ends.
func (p *program) record(t *testing.T) *tape {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.admin+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	tp, done := new(tape), make(chan struct{})
	go func() {
		defer close(done)
		tp.read(resp.Body)
	}()
	t.Cleanup(func() {
		resp.Body.Close()
		<-done
	})
	return tp
}

func (tp *tape) read(body io.Reader) {
	for d := json.NewDecoder(body); ; {
		var e api.Event
		if err := d.Decode(&e); err != nil {
			return // the test is over, or holter is
		}
		tp.mu.Lock()
		if e.Type == "dropped" && len(tp.events) > 0 { // at the beginning it says how much was before
			tp.lost += e.Count
		}
		tp.events = append(tp.events, e)
		tp.mu.Unlock()
	}
}

// since are the events of a connection from an instant on that are worth a look.
func (tp *tape) since(t *testing.T, from time.Time, worth func(*api.Event) bool) []api.Event {
	t.Helper()
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if tp.lost > 0 {
		t.Fatalf("%d events were lost on their way to the test", tp.lost)
	}
	var found []api.Event
	for i := range tp.events {
		if e := &tp.events[i]; e.Connection != nil && !e.Time.Before(from) && worth(e) {
			found = append(found, *e)
		}
	}
	return found
}

// trouble is worth a look where all clients behave: a state that is not normal, and an end by holter.
func trouble(e *api.Event) bool {
	return e.Type == "state.changed" || e.Type == "connection.closed" && e.Connection.Close.By != "peer"
}

// tell writes events for a message.
func tell(events []api.Event) string {
	var b bytes.Buffer
	for _, e := range events {
		c := e.Connection
		fmt.Fprintf(&b, "\n%s %s %s: %s→%s, timeout %.0f ms, silence %.0f ms, %s", e.Time.Format("05.000"), e.Type, c.Client,
			e.From, e.To, float64(c.TimeoutMS), float64(c.SilenceMS), c.Diagnosis.Detail)
	}
	return b.String()
}
