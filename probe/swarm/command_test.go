package swarm

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/gorilla/websocket"

	"holter/model"
	"holter/probe/process"
)

// command parses a command line.
func command(args ...string) (*Command, error) {
	var c Command
	k, err := kong.New(&c)
	if err != nil {
		return nil, err
	}
	_, err = k.Parse(args)
	return &c, err
}

// runs is a running command.
type runs struct {
	out, live bytes.Buffer // may be read after end
	end       func() error // stops the command, as Ctrl-C does
}

func begin(t *testing.T, args ...string) *runs {
	t.Helper()
	c, err := command(args...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, result := new(runs), make(chan error, 1)
	go func() { result <- c.run(ctx, &r.out, &r.live) }()
	r.end = sync.OnceValue(func() error {
		cancel()
		return <-result
	})
	t.Cleanup(func() { r.end() })
	return r
}

// report parses what the command has written with --json.
func (r *runs) report(t *testing.T) (found struct {
	Clients, Connected, Peak, Attempts, Connects, Reconnects int
	GaveUp                                                   int `json:"gave_up"`
	Failed, Ended                                            map[string]int
	MessagesSent                                             int `json:"messages_sent"`
	MessagesReceived                                         int `json:"messages_received"`
	Handshake, Message, Beat, Reconnect                      map[string]float64
}) {
	t.Helper()
	if err := json.Unmarshal(r.out.Bytes(), &found); err != nil {
		t.Fatalf("%v in %q", err, &r.out)
	}
	return found
}

func TestCommandWritesItsSummaryAtCtrlC(t *testing.T) {
	t.Parallel()
	const n = 20
	e := newEcho(t)
	r := begin(t, e.url(), "-n", "20", "--json", "--rate", "20", "--payload", "300", "--interval", "100ms", "--id-prefix", "web", "--first-id", "41")
	for _, id := range []string{"web-0041", "web-0060"} {
		p := e.generation(t, id, 1)
		eventually(t, "messages and beats", func() bool { return with(p, func() bool { return len(p.messages) > 5 && len(p.pings) > 3 }) })
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	s := r.report(t)
	if s.Clients != n || s.Connected != n || s.Peak != n || s.Attempts != n || s.Connects != n || s.Reconnects != 0 {
		t.Errorf("counts: %+v", s)
	}
	if s.MessagesSent < 6*2 || s.MessagesReceived < 6*2 || s.MessagesReceived > s.MessagesSent {
		t.Errorf("messages: %+v", s)
	}
	for name, timing := range map[string]map[string]float64{"handshake": s.Handshake, "message": s.Message, "beat": s.Beat} {
		if timing["count"] == 0 || timing["p50_ms"] <= 0 || timing["p99_ms"] < timing["p50_ms"] || timing["max_ms"] < timing["p999_ms"] || timing["mean_ms"] <= 0 {
			t.Errorf("%s: %v", name, timing)
		}
	}
	if int(s.Message["count"]) < s.MessagesReceived || s.Handshake["count"] != n || s.Reconnect["count"] != 0 {
		t.Errorf("timings: %+v", s)
	}
	eventually(t, "the farewells", func() bool {
		p := e.generations("web-0041")[0]
		return with(p, func() bool { return p.end != nil })
	})
}

func TestCommandEndsAfterItsDuration(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	c, err := command(e.url(), "-n", "3", "--duration", "300ms", "--beat", "none")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.run(t.Context(), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 clients of " + strings.Replace(e.url(), "room=1", "room=(not shown)", 1), "connected   3 (peak 3)", "attempts    3: 3 connected, 0 of these were reconnects", "handshake", "back-off exponential:1s,2,30s full"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "reconnect ") {
		t.Errorf("timings of reconnects, but there were none:\n%s", &out)
	}
}

func TestCommandCountsReconnects(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	r := begin(t, e.url(), "-n", "5", "--json", "--ramp", "0s", "--backoff", "fixed:200ms", "--beat", "none")
	for _, id := range []string{"swarm-0001", "swarm-0005"} {
		e.generation(t, id, 1)
	}
	first := e.generation(t, "swarm-0003", 1)
	first.conn.NetConn().Close()
	e.generation(t, "swarm-0003", 2)
	eventually(t, "the reconnect to be counted", func() bool { return len(e.generations("swarm-0003")) == 2 })
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	s := r.report(t)
	if s.Ended["end of stream"]+s.Ended["connection reset by peer"] != 1 || s.Connects < 5 {
		t.Errorf("%+v", s)
	}
	if s.Reconnect["count"] == 1 && s.Reconnect["p50_ms"] < 200 {
		t.Errorf("reconnected after %v ms, sooner than the policy allows", s.Reconnect["p50_ms"])
	}
}

// The handshake has the headers and subprotocols of the flags, and the client's id in place of {id}.
func TestHandshakeFollowsTheFlags(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	url := strings.Replace(e.url(), "/ws", "/rooms/{id}/ws", 1)
	begin(t, url, "-n", "2", "--header", "Authorization: Bearer {id}, yes", "--header", "User-Agent: mine", "--subprotocol", "chat.v1", "--subprotocol", "chat.v2")
	p := e.generation(t, "swarm-0002", 1)
	if p.agent != "mine" || p.header.Get("Authorization") != "Bearer swarm-0002, yes" {
		t.Errorf("header %v", p.header)
	}
	if p.path != "/rooms/swarm-0002/ws?room=1" || p.conn.Subprotocol() != "chat.v2" {
		t.Errorf("path %s, subprotocol %q", p.path, p.conn.Subprotocol())
	}
}

func TestCommandThroughTLS(t *testing.T) {
	t.Parallel()
	e := newEchoOn(t, httptest.NewTLSServer)
	url := "ws" + strings.TrimPrefix(e.URL, "http") + "/ws"
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{{"--insecure"}, {"--ca", ca}, {"--insecure", "--slow-read", "100%"}} {
		args := append([]string{url, "-n", "2", "--duration", "300ms", "--ramp", "0s"}, flags...)
		c, err := command(args...)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := c.run(t.Context(), &out, io.Discard); err != nil || !strings.Contains(out.String(), "peak 2") {
			t.Errorf("%v: %v\n%s", flags, err, &out)
		}
	}
	c, err := command(url)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.run(t.Context(), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "trust it with --ca FILE") {
		t.Errorf("untrusted certificate: %v", err)
	}
}

func TestCommandReportsWhyItCannotConnect(t *testing.T) {
	t.Parallel()
	router := http.NewServeMux()
	router.HandleFunc("/403", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	router.HandleFunc("/200", func(http.ResponseWriter, *http.Request) {})
	router.Handle("/302", http.RedirectHandler("/login", http.StatusFound))
	router.HandleFunc("/chat", func(w http.ResponseWriter, r *http.Request) {
		(&websocket.Upgrader{}).Upgrade(w, r, http.Header{"Sec-Websocket-Protocol": {"chat"}})
	})
	server := httptest.NewServer(router)
	defer server.Close()
	root := "ws" + strings.TrimPrefix(server.URL, "http")
	liar := liar(t)
	for url, want := range map[string]string{
		closedPort(t):           "connection refused",
		root + "/403":           "handshake refused with 403 Forbidden: it may need --header",
		root + "/404":           `handshake refused with 404 Not Found ("404 page not found"): is this the path of a WebSocket endpoint?`,
		root + "/200":           "handshake refused with 200 OK: is this the path",
		root + "/302":           `(to /login, "<a href="/login">Found</a>."): clients do not follow that`,
		root + "/chat":          `a subprotocol that was not offered ("chat"): offer it with --subprotocol`,
		"wss" + root[2:]:        "does not speak TLS, so write ws://",
		liar:                    "malformed HTTP",
		"ws://nowhere.invalid/": "nowhere.invalid",
	} {
		c, err := command(url, "-n", "50")
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err = c.run(t.Context(), &out, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n\x1b") || out.Len() > 0 {
			t.Errorf("%s: %q; want an error with %q\n%s", url, err, want, &out)
		}
	}
}

// closedPort returns an address at which no server listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "ws://" + l.Addr().String() + "/ws"
}

// liar starts a server that answers with control characters, which must not reach a terminal.
func liar(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	t.Cleanup(func() { l.Close(); group.Wait() })
	group.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "\x1b[31mmore\nthan one line")
			c.Close()
		}
	})
	return "ws://" + l.Addr().String() + "/"
}

// Clients try again while the server is busy. If none ever connects, the command fails.
func TestCommandFailsIfNoClientConnects(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	e.set(func() { e.refuse = http.Header{} })
	c, err := command(e.url(), "-n", "4", "--ramp", "0s", "--json", "--backoff", "fixed:10ms", "--attempts", "2")
	if err != nil {
		t.Fatal(err)
	}
	r := new(runs)
	if err := c.run(t.Context(), &r.out, &r.live); err == nil || !strings.Contains(err.Error(), "no client could connect") {
		t.Errorf("ended with %v", err)
	}
	if s := r.report(t); s.GaveUp != 4 || s.Failed["refused with 503"] != 12 || s.Attempts != 12 {
		t.Errorf("%+v", s)
	}
}

func TestCommandSaysWhatToWrite(t *testing.T) {
	const url = "ws://127.0.0.1:1/ws"
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"http://127.0.0.1:1/ws"}, "write ws://HOST:PORT/PATH or wss://…"},
		{[]string{"127.0.0.1:7070"}, "write ws://HOST:PORT/PATH"},
		{[]string{"ws://me:secret@host/"}, "write --header 'Authorization: …'"},
		{[]string{url + "#top"}, "leave out what comes after #"},
		{[]string{url, "-n", "0"}, "--clients is 0: write 1 or more"},
		{[]string{url, "--ramp=-1s"}, "--ramp is -1s: write 0s or more"},
		{[]string{url, "--duration=-1s"}, "--duration is -1s: write a time above 0s, or leave it out"},
		{[]string{url, "--duration", "0"}, "--duration is 0s: write a time above 0s, or leave it out"},
		{[]string{url, "--first-id", "0"}, "--first-id is 0: write 1 or more"},
		{[]string{url, "--id-prefix", ""}, `--id-prefix "": write 1 to 64`},
		{[]string{url, "--id-prefix", "a\tb"}, "write 1 to 64"},
		{[]string{url, "--header", "no colon"}, "write 'NAME: VALUE'"},
		{[]string{url, "--header", "A b: c"}, "write 'NAME: VALUE'"},
		{[]string{url, "--header", "A: b\nC: d"}, "write 'NAME: VALUE'"},
		{[]string{url, "--header", "sec-websocket-protocol: chat"}, "--subprotocol offers"},
		{[]string{url, "--header", "Upgrade: h2c"}, "the handshake sets this header itself"},
		{[]string{url, "--subprotocol", "a, b"}, "without spaces and commas"},
		{[]string{url, "--source-addr", "eth0"}, `--source-addr "eth0": write an address of this machine, or a network such as 127.0.0.0/24`},
		{[]string{url, "--source-addr", "127.0.0.0/8"}, "more than 4096 addresses: write a smaller network"},
		{[]string{url, "--source-addr", "127.0.0.0/21,127.0.8.0/21,127.0.16.0/24"}, "more than 4096 addresses"},
		{[]string{url, "--fail-if", "stayed<95"}, `--fail-if "stayed<95": position 7: expected a share from 0% to 100%`},
		{[]string{url, "--fail-if", "happy"}, "expected one of connected, stayed, flapping, recovered, back_50, back_90, back_99, peak_rate, refused"},
		{[]string{url, "--fail-if", "refused>0 lost>0"}, "write the rest as another expectation"},
		{[]string{url, "--insecure"}, "write wss:// instead of " + url},
		{[]string{url, "--ca", "x.pem"}, "write wss://"},
		{[]string{"wss://h/", "--ca", "x.pem", "--insecure"}, "give one or the other"},
		{[]string{url, "--rate=-1"}, "--rate is -1: write 0 to 1000"},
		{[]string{url, "--rate", "2000"}, "write 0 to 1000"},
		{[]string{url, "--rate", "NaN"}, "write 0 to 1000"},
		{[]string{url, "--rate", "1e-300"}, "write 0, or at least 0.000001"},
		{[]string{url, "--payload", "100"}, "add --rate 1"},
		{[]string{url, "--payload", "10", "--rate", "1"}, "write 64 to 1048576 bytes"},
		{[]string{url, "--payload", "9999999", "--rate", "1"}, "write 64 to 1048576 bytes"},
		{[]string{url, "--beat", "drum"}, "ping"},
		{[]string{url, "--interval", "1ms"}, "write at least 10ms"},
		{[]string{url, "--backoff", "quadratic:1s"}, "write none, fixed:1s, exponential:1s,2,60s, linear:0s,1s,5s or steps:0s,2s,10s"},
		{[]string{url, "--backoff", "none", "--jitter", "full"}, "has no delay to work on"},
		{[]string{url, "--jitter", "some"}, "write none, full, equal, decorrelated, partial:20%"},
		{[]string{url, "--backoff", "fixed:1s", "--jitter", "decorrelated"}, "needs a base and a cap"},
		{[]string{url, "--preset", "phoenix", "--jitter", "full"}, "give one or the other"},
		{[]string{url, "--preset", "phoenix", "--backoff", "none"}, "give one or the other"},
		{[]string{url, "--preset", "primus"}, "write socketio, phoenix,"},
		{[]string{url, "--preset", "phoenx"}, "did you mean phoenix?"},
		{[]string{url, "--attempts=-1"}, "--attempts is -1: write 1 or more"},
		{[]string{url, "--freeze", "5"}, "write 0% to 100%"},
		{[]string{url, "--mute", "101%"}, "write 0% to 100%"},
		{[]string{url, "--mute", "NaN%"}, "write 0% to 100%"},
		{[]string{url, "--mute", "60%", "--freeze", "50%"}, "are 110% together"},
	} {
		_, err := command(test.args...)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: %v; want an error with %q", test.args, err, test.says)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the password is repeated: %v", test.args, err)
		}
	}
}

func TestCommandWithoutEnoughDescriptors(t *testing.T) {
	limit, limited := process.DescriptorLimit()
	if !limited || limit > 1<<29 {
		t.Skip("this process has no limit of open sockets")
	}
	e := newEcho(t)
	c, err := command(e.url(), "-n", "1000000000")
	if err != nil {
		t.Fatal(err)
	}
	err = c.run(t.Context(), io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "1000000000 sockets need 1000000064 file descriptors and the limit is") {
		t.Errorf("got %v", err)
	}
	if n := len(e.generations("swarm-0001")); n > 0 {
		t.Error("a client started in spite of the error")
	}
}

func TestCommandWithoutAUsableCA(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{empty: "there is no certificate in it", empty + "x": "no such file"} {
		c, err := command("wss://127.0.0.1:1/", "--ca", path)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.run(t.Context(), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want an error with %q", err, want)
		}
	}
}

func TestFlagsAsRoles(t *testing.T) {
	c, err := command("ws://h/", "--freeze", "5%", "--mute", "1%", "--slow-read", "2%", "--late", "3%", "--drop", "4%", "--rate", "4", "--beat", "json", "--preset", "signalr", "--attempts", "9")
	if err != nil {
		t.Fatal(err)
	}
	o, err := c.options()
	if err != nil {
		t.Fatal(err)
	}
	shares := map[string]float64{}
	for _, role := range o.Cast {
		shares[role.Name] = role.Share
		if role.Talk != (Span{250 * time.Millisecond, 250 * time.Millisecond}) || role.Payload != usualPayload || !role.JSONBeat ||
			role.Beat != 5*time.Second || role.Policy.MaxAttempts != 9 || role.Policy.Kind != model.PolicySteps {
			t.Errorf("%+v", role)
		}
	}
	for name, want := range map[string]float64{"steady": 0.85, "freezing": 0.05, "mute": 0.01, "slow-reading": 0.02, "late": 0.03, "dropping": 0.04} {
		if got := shares[name]; got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%s: %g, want %g", name, got, want)
		}
	}
	if err := validateRoles(o.Cast); err != nil {
		t.Error(err)
	}
}
