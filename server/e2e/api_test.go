package e2e

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// adminCall is a call of the admin plane and what its answer has to have in it.
type adminCall struct {
	method, path, body string
	accept             string
	status             int
	want               []string // substrings; of a stream, of what comes within a moment
}

// adminCalls are all calls there are, and a few that are refused. ID stands for the connection of a client
// "tester", OTHER for that of another.
var adminCalls = []adminCall{
	{"GET", "/health", "", "", 200, []string{`"ok"`}},
	{"GET", "/api/v1/summary", "", "", 200, []string{`"version":`, `"uptime_ms":`, `"states":{"normal":2,"suspect":0,"failed":0,"closed":0}`,
		`"clients":{"present":2,"away":0,"flapping":0}`, `"rates":{`, `"storm":null`, `"host":{`}},
	{"GET", "/api/v1/connections", "", "", 200, []string{`"id":"ID"`, `"client":"tester"`, `"generation":1`, `"remote":"127.0.0.1:`, `"path":"/ws"`,
		`"user_agent":`, `"subprotocol":""`, `"state":"normal"`, `"since":"`, `"opened_at":"`, `"rtt_ms":`, `"rtt_mean_ms":`,
		`"rtt_dev_ms":`, `"timeout_ms":`, `"interval_ms":`, `"silence_ms":`, `"data_silence_ms":`, `"missed":0`, `"pings_sent":`, `"pongs_received":`,
		`"pings_received":`, `"frames_in":`, `"frames_out":`, `"bytes_in":`, `"bytes_out":`, `"diagnosis":{"cause":"","detail":""}`, `"faults":[]`,
		`"close":null`, `"total":2`, `"next":""`}},
	{"GET", "/api/v1/connections?q=client%3Dtester&state=normal&sort=-age&limit=1", "", "", 200, []string{`"client":"tester"`, `"total":1`}},
	{"GET", "/api/v1/connections?q=rtt%3E", "", "", 400, []string{`"code":"invalid"`, `expected`}},
	{"GET", "/api/v1/connections/ID", "", "", 200, []string{`"id":"ID"`, `"samples":[`, `"transitions":[`, `"evidence":{`}},
	{"GET", "/api/v1/connections/c999", "", "", 404, []string{`"code":"not_found"`}},
	{"GET", "/api/v1/clients", "", "", 200, []string{`"id":"tester"`, `"reconnects_ms":[]`}},
	{"GET", "/api/v1/clients/tester", "", "", 200, []string{`"connection":"ID"`, `"connections":[{`}},
	{"GET", "/api/v1/host", "", "", 200, []string{`"cpu_percent":`, `"memory_used_bytes":`, `"load_1":`, `"goroutines":`, `"open_files":`, `"max_files":`}},
	{"GET", "/api/v1/events", "", "", 200, []string{`"seq":1,`, `"type":"connection.opened"`}},
	{"GET", "/api/v1/events?since=1", "", "", 200, []string{`"seq":2,`}},
	{"GET", "/api/v1/events", "", "text/event-stream", 200, []string{"id: 1\n", "event: connection.opened\n", "data: {"}},
	{"POST", "/api/v1/kick", `{"q": ""}`, "", 400, []string{`"code":"invalid"`, `all`}},
	{"POST", "/api/v1/kick", `{"q": "client=nobody"}`, "", 200, []string{`"kicked":0`}},
	{"POST", "/api/v1/kick", `{"q": "client=other", "code": 1012, "reason": "deploy", "rst": false, "over_ms": 0}`, "", 200, []string{`"kicked":1`}},
	{"DELETE", "/api/v1/connections/ID?code=1001&reason=bye", "", "", 200, []string{`"kicked":1`}},
	{"POST", "/api/v1/refuse", `{"for_ms": 60000}`, "", 200, []string{`"refusing_until":"2`}},
	{"GET", "/api/v1/summary", "", "", 200, []string{`"refusing_until":"2`}},
	{"POST", "/api/v1/refuse", `{"for_ms": 0}`, "", 200, []string{`"refusing_until":null`}},
	{"POST", "/api/v1/refuse", `{"for": 1}`, "", 400, []string{`"code":"invalid"`}},
	{"PUT", "/api/v1/kick", "", "", 405, []string{`"code":"method_not_allowed"`}},
	{"GET", "/api/v1/nothing", "", "", 404, []string{`"code":"not_found"`}},
}

func (c adminCall) stream() bool {
	return strings.HasPrefix(c.path, "/api/v1/events") && c.status == 200
}

// callAll makes all calls with one program that has two connections.
func callAll(t *testing.T, do func(*testing.T, string, adminCall) (status int, answer string)) {
	p := start(t)
	ids := map[string]string{}
	for _, name := range []string{"tester", "other"} {
		join(t, p.websocket, name, func() {})
		ids[name] = p.connections(t, "client="+name)[0].ID
	}
	eventually(t, patience, "a sample of the host", func() bool { return p.summary(t).Host.MemoryTotalBytes > 0 })
	replace := strings.NewReplacer("ID", ids["tester"])
	for _, c := range adminCalls {
		c.path = replace.Replace(c.path)
		status, answer := do(t, p.admin, c)
		if status != c.status {
			t.Errorf("%s %s %s: status %d, want %d: %s", c.method, c.path, c.body, status, c.status, answer)
		}
		for _, want := range c.want {
			if want = replace.Replace(want); !strings.Contains(answer, want) {
				t.Errorf("%s %s %s: no %s in %s", c.method, c.path, c.body, want, answer)
			}
		}
	}
	eventually(t, patience, "both connections are closed", func() bool { return p.summary(t).States.Closed == 2 })
	for _, c := range p.connections(t, "state=closed") {
		if c.Close.By != "holter" || c.Close.Code == 1001 != (c.Client == "tester") {
			t.Errorf("%s: closed with %+v", c.Client, *c.Close)
		}
	}
}

// moment is how long a stream is read.
const moment = time.Second

func TestAdminPlane(t *testing.T) {
	t.Parallel()
	callAll(t, func(t *testing.T, admin string, c adminCall) (int, string) {
		ctx := t.Context()
		if c.stream() {
			short, cancel := context.WithTimeout(ctx, moment)
			defer cancel()
			ctx = short
		}
		req, err := http.NewRequestWithContext(ctx, c.method, admin+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", c.accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil && !c.stream() {
			t.Fatal(err)
		}
		return resp.StatusCode, string(answer)
	})
}

func TestCurl(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	const timedOut = 28 // curl's exit code
	callAll(t, func(t *testing.T, admin string, c adminCall) (int, string) {
		args := []string{"--silent", "--no-buffer", "--write-out", "\n%{http_code}", "--request", c.method, admin + c.path}
		if c.body != "" {
			args = append(args, "--data", c.body)
		}
		if c.accept != "" {
			args = append(args, "--header", "Accept: "+c.accept)
		}
		if c.stream() {
			args = append(args, "--max-time", strconv.Itoa(int(moment.Seconds())))
		}
		out, err := exec.CommandContext(t.Context(), "curl", args...).Output()
		if e, ok := errors.AsType[*exec.ExitError](err); err != nil && !(ok && c.stream() && e.ExitCode() == timedOut) {
			t.Fatalf("curl %q: %v", args, err)
		}
		answer := string(out)
		end := strings.LastIndex(answer, "\n")
		status, err := strconv.Atoi(answer[end+1:])
		if err != nil {
			t.Fatalf("curl %q: %q", args, answer)
		}
		return status, answer[:end]
	})
}

// Pictures go through a pipe of tools that take a line for a value, packed or not.
func TestCurlAndJq(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	p := start(t)
	dial(t, p.websocket)
	p.line(t, "connection opened")
	for _, how := range []string{"", "--compressed", "--compressed --header 'Accept-Encoding: gzip, identity;q=0'"} {
		// sh reads line by line: jq sees three of them, each alone, and the pipe breaks.
		pipe := "curl --silent --no-buffer " + how + " '" + p.admin + "/api/v1/snapshots?every_ms=100' | head -n 3 | " +
			"while IFS= read -r line; do printf '%s\\n' \"$line\" | jq -c '.summary.states | .normal + .suspect + .failed'; done"
		out, err := exec.CommandContext(t.Context(), "sh", "-c", pipe).Output()
		if err != nil || string(out) != "1\n1\n1\n" {
			t.Errorf("%s: %q, error %v", pipe, out, err)
		}
	}
}
