package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"holter/tui/cli/noquery"
)

// patience bounds every wait. It is no measure of speed.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	noquery.Restore()
	os.Exit(m.Run())
}

// alone has the test find no configuration, and leave no log behind.
func alone(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
}

// run executes a command line without a terminal.
func run(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = execute(ctx, args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsageErrors(t *testing.T) {
	alone(t)
	if err := os.WriteFile("cert.pem", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("broken.yaml", []byte("interval: 5s\nintervall: 5s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"poxy":                         "unexpected argument poxy: the commands are serve, proxy, attach, swarm, drill, compare, config, health, version, man, completion (see holter --help)",
		"serve poxy":                   "unexpected argument poxy (see holter serve --help)",
		"--intervall 5s":               `unknown flag --intervall, did you mean "--interval"? (see holter serve --help)`,
		"proxy --intervall 5s http://": "unknown flag --intervall",
		"drill http://127.0.0.1:1 deploy --token a --token-file cert.pem": "--token with --token-file: give one or the other",
		"attach https://a --ca cert.pem --insecure":                       "give one or the other",
		"--admin :7071":            "can be reached from other machines: add --token-file FILE or --token SECRET",
		"--read-token a --token a": "write another",
		"--admin-cert cert.pem":    "--admin-cert without --admin-key",
		"--interval 5":             `--interval: expected duration but got "5"`,
		"--interval 0s":            "interval 0s is too short: write at least 10ms (see holter serve --help)",
		"--max-conns":              "--max-conns: no value follows",
		"--scheme all":             "--scheme must be one of",
		"--log-format xml":         "--log-format must be one of",
		"--refresh 1ms":            "--refresh 1ms: write a time from 50ms to 1m0s, such as 2s (see holter serve --help)",
		"attach h --refresh 1h":    "--refresh 1h0m0s: write a time from 50ms to 1m0s, such as 2s (see holter attach --help)",
		"--min-timeout 5s":         "max-timeout 4s is below min-timeout 5s",
		"--admin 127.0.0.1:7070":   "are the same port",
		"--tls-cert cert.pem":      "--tls-cert without --tls-key: write both",
		"--demo -1":                "--demo is -1: write how many clients to start (see holter serve --help)",
		"--demo 5 --tls-cert cert.pem --tls-key cert.pem": "so give one or the other",
		"--headless=false":                         "--headless=false asks for the screen, but there is no terminal",
		"--config broken.yaml":                     `broken.yaml:2:1: unknown setting "intervall": did you mean interval?`,
		"--profile prod":                           "--profile prod needs a configuration file",
		"proxy":                                    `expected "<upstream>" (see holter proxy --help)`,
		"proxy localhost":                          "(see holter proxy --help)",
		"proxy http://h --listen 127.0.0.1:7071":   "are the same port",
		"proxy http://h --upstream-server-name b":  "--upstream-server-name is for an https upstream",
		"proxy https://h --upstream-cert cert.pem": "--upstream-cert without --upstream-key: write both (see holter proxy --help)",
		"proxy http://h --identity path:0":         "write path:1 for the first one, path:-1 for the last (see holter proxy --help)",
		"attach":                                   `expected "<url>" (see holter attach --help)`,
		"attach ws://127.0.0.1:7070/ws":            "is where clients connect, not the admin plane",
		"attach 127.0.0.1:7071":                    "attach shows a screen, but there is no terminal",
		"swarm":                                    `expected "<url>" (see holter swarm --help)`,
		"swarm http://127.0.0.1/ws":                "write ws://HOST:PORT/PATH",
		"swarm ws://h --fail-if happy<1":           "expected one of connected, stayed",
		"swarm ws://h -n 0":                        "--clients is 0: write 1 or more",
		"swarm ws://h --preset phoenix --jitter e": "(see holter swarm --help)",
		"drill":                               "write the address of an admin plane and a drill",
		"drill 127.0.0.1:7071":                "127.0.0.1:7071 without a drill",
		"drill ws://127.0.0.1:7070/ws deploy": "is where clients connect, not the admin plane",
		"drill 127.0.0.1:7071 deplyo":         "there is no file and no built-in drill named deplyo",
		"drill --print deploy 127.0.0.1:7071": "--print only prints",
		"compare --markdown --json":           "can't be used together",
		"compare --config x":                  "unknown flag --config",
		"version now":                         "unexpected argument now",
		"man serve --to x":                    "leave out serve (see holter man --help)",
		"health --admin 7071":                 "is no address: write HOST:PORT",
		"completion":                          "see holter completion --help",
		"completion tcsh":                     "must be one of",
	} {
		code, out, errs := run(t.Context(), strings.Fields(line)...)
		if code != exitUsage || out != "" || !oneLine(errs) || !strings.Contains(errs, want) {
			t.Errorf("holter %s: exit code %d, stdout %q, stderr\n%swant 2 and one line with\n%s", line, code, out, errs, want)
		}
	}
}

func TestFailures(t *testing.T) {
	alone(t)
	if err := os.WriteFile("cert.pem", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"--headless --listen 192.0.2.1:0":                                                     "listen 192.0.2.1:0",
		"--listen 127.0.0.1:0 --tls-cert cert.pem --tls-key cert.pem":                         "load --tls-cert and --tls-key",
		"proxy http://127.0.0.1:1 --listen 192.0.2.1:0":                                       "listen 192.0.2.1:0",
		"proxy https://127.0.0.1:1 --upstream-ca cert.pem":                                    "cert.pem has no certificate in it",
		"proxy https://127.0.0.1:1 --upstream-cert cert.pem --upstream-key cert.pem":          "load --upstream-cert and --upstream-key",
		"drill 127.0.0.1:1 deploy":                                                            "127.0.0.1:1 does not answer",
		"health --admin 127.0.0.1:1":                                                          "http://127.0.0.1:1: connect: connection refused",
		"man pant":                                                                            "there is no command \"pant\": write serve, ",
		"swarm ws://127.0.0.1:1/ws":                                                           "connect to ws://127.0.0.1:1/ws: ",
		"swarm wss://127.0.0.1:1/ws --ca missing.pem":                                         "read --ca: ",
		"--listen 127.0.0.1:0 --admin 127.0.0.1:0 --demo 100000000":                           "100000000 clients",
		"swarm ws://127.0.0.1:1/ws -n 100000000":                                              "a swarm of 100000000 clients",
		"--listen 127.0.0.1:0 --admin 127.0.0.1:0 --token-file cert.pem":                      "cert.pem is empty: write the token into it",
		"--listen 127.0.0.1:0 --admin 127.0.0.1:0 --admin-cert cert.pem --admin-key cert.pem": "load --admin-cert and --admin-key",
	} {
		code, out, errs := run(t.Context(), strings.Fields(line)...)
		if code != exitFailure || out != "" || !oneLine(errs) || !strings.Contains(errs, want) {
			t.Errorf("holter %s: exit code %d, stdout %q, stderr\n%swant 1 and one line with\n%s", line, code, out, errs, want)
		}
	}
}

// oneLine reports whether text is one line of holter's.
func oneLine(text string) bool {
	return strings.HasPrefix(text, "holter: ") && strings.Count(text, "\n") == 1 && strings.HasSuffix(text, "\n")
}

func TestCompareThatIsStopped(t *testing.T) {
	alone(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	code, out, errs := run(ctx, "compare", "--quick")
	if code != exitFailure || out != "" || errs != "holter: compare was stopped before it had anything to report\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, out, errs)
	}
}

func TestWhatIsOnlyPrinted(t *testing.T) {
	alone(t)
	for line, want := range map[string]string{
		"version":                           "holter ",
		"--help":                            "holter --demo 200 ",
		"help":                              "holter --demo 200 ",
		"help proxy":                        "holter proxy --upstream-ca ca.pem https://backend.example",
		"serve --help":                      "--max-conns as HOLTER_MAX_CONNS",
		"proxy --help":                      "holter proxy --upstream-ca ca.pem https://backend.example",
		"attach --help":                     "Usage: holter attach <url>",
		"swarm --help":                      "--preset=CLIENT",
		"drill --help":                      "--junit drill.xml",
		"compare --help":                    "--quick",
		"drill --print deploy":              "name: deploy",
		"completion bash":                   "complete -o default -F _holter holter",
		"man":                               ".TH HOLTER 1",
		"man proxy":                         "\n\\fB\\-\\-upstream\\-ca\\fR \\fIFILE\\fR\n",
		"complete -- --log-format j":        "json\n",
		"complete -- drill 127.0.0.1:7071 ": "",
	} {
		code, out, errs := run(t.Context(), strings.Fields(line)...)
		if code != 0 || errs != "" || !strings.Contains(out, want) {
			t.Errorf("holter %s: exit code %d, stderr %q, stdout\n%swant 0 and\n%s", line, code, errs, out, want)
		}
	}
}

// running is a command line that serves, until the test ends.
type running struct {
	lines                  *bufio.Scanner
	websocket, page, admin string
	stop                   func()
	code                   chan int
	errs                   bytes.Buffer
}

// serve executes a command line that serves without a screen, on free ports, and returns once it listens.
func serve(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	s := &running{lines: bufio.NewScanner(r), stop: stop, code: make(chan int, 1)}
	args = append(args, "--log-format", "json", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	go func() {
		s.code <- execute(ctx, args, strings.NewReader(""), w, &s.errs)
		w.Close()
	}()
	t.Cleanup(func() {
		stop()
		io.Copy(io.Discard, r)
	})
	first := s.line(t)
	if first["msg"] != "holter listens" {
		t.Fatalf("first line %v", first)
	}
	s.websocket, s.page, s.admin = first["websocket"].(string), first["page"].(string), first["admin"].(string)
	return s
}

// line is the next line of the log.
func (s *running) line(t *testing.T) map[string]any {
	t.Helper()
	if !s.lines.Scan() {
		t.Fatalf("ended with %d: %s", <-s.code, &s.errs)
	}
	var line map[string]any
	if err := json.Unmarshal(s.lines.Bytes(), &line); err != nil {
		t.Fatalf("%s: %v", s.lines.Bytes(), err)
	}
	return line
}

// end stops the server and is what it logged until its end.
func (s *running) end(t *testing.T) (messages []string) {
	t.Helper()
	s.stop()
	for s.lines.Scan() {
		var line struct{ Msg string }
		json.Unmarshal(s.lines.Bytes(), &line)
		messages = append(messages, line.Msg)
	}
	select {
	case code := <-s.code:
		if code != 0 || s.errs.Len() > 0 {
			t.Errorf("exit code %d, stderr %s", code, &s.errs)
		}
	case <-time.After(patience):
		t.Fatal("does not end with its context")
	}
	return messages
}

func TestServeUntilItsContextEnds(t *testing.T) {
	alone(t)
	s := serve(t, "--demo", "3")
	if first := s.line(t); first["msg"] != "connection opened" {
		t.Errorf("a line %v, want that of a demo client", first)
	}
	if log := strings.Join(s.end(t), "\n"); !strings.Contains(log, "connection closed") {
		t.Errorf("the connections that the shutdown closed are missing:\n%s", log)
	}
}

// What Gin says of its routes in debug mode would be among the lines of the log, or on the screen.
func TestServePrintsNothingOfGin(t *testing.T) {
	alone(t)
	var out bytes.Buffer
	before, mode := gin.DefaultWriter, gin.Mode()
	t.Cleanup(func() { gin.SetMode(mode); gin.DefaultWriter = before })
	gin.SetMode(gin.DebugMode)
	gin.DefaultWriter = &out
	serve(t).end(t)
	if out.Len() > 0 {
		t.Errorf("printed %s", &out)
	}
}

func TestProxyUntilItsContextEnds(t *testing.T) {
	alone(t)
	backend := serve(t)
	p := serve(t, "proxy", backend.page)
	code, out, errs := run(t.Context(), "swarm", p.websocket+"ws", "-n", "2", "--ramp", "0s", "--duration", "100ms", "--json")
	var report struct{ Connects int }
	if err := json.Unmarshal([]byte(out), &report); code != 0 || err != nil || report.Connects != 2 {
		t.Errorf("swarm: exit code %d, %v, stderr %s, stdout\n%s", code, err, errs, out)
	}
	p.end(t)
	backend.end(t)
}

func TestSwarmAndDrill(t *testing.T) {
	alone(t)
	s := serve(t, "--token", "secret")
	if code, _, errs := run(t.Context(), "drill", s.admin, "herd", "--token", "secret"); code != exitFailure || !strings.Contains(errs, "no client is connected") {
		t.Errorf("drill without clients: exit code %d, stderr %s", code, errs)
	}
	if code, _, errs := run(t.Context(), "drill", s.admin, "herd"); code != exitFailure || !strings.Contains(errs, "token") {
		t.Errorf("drill without the token: exit code %d, stderr %s", code, errs)
	}
	code, out, errs := run(t.Context(), "swarm", s.websocket, "-n", "3", "--ramp", "0s", "--duration", "200ms", "--json")
	var report struct{ Clients, Connects int }
	if err := json.Unmarshal([]byte(out), &report); code != 0 || err != nil || report.Clients != 3 || report.Connects != 3 {
		t.Errorf("swarm: exit code %d, %v, stderr %s, stdout\n%s", code, err, errs, out)
	}
	s.end(t)
}

// The file of this directory is named before anything else, and may not open a port to other machines.
func TestFoundFileIsNamed(t *testing.T) {
	alone(t)
	if err := os.WriteFile("holter.yaml", []byte("interval: 2s\nprofiles: {prod: {admin: \"0.0.0.0:0\", token: s3cret}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, _ := run(t.Context(), "--log-format", "json", "--listen", "192.0.2.1:0") // which fails
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(out, "\n")
	if !strings.Contains(first, `"msg":"settings from the file that is in this directory"`) || !strings.Contains(first, `"files":"`+filepath.Join(dir, "holter.yaml")) {
		t.Errorf("first %s", first)
	}
	code, _, errs := run(t.Context(), "--listen", "127.0.0.1:0", "--profile", "prod")
	if code != exitUsage || !oneLine(errs) || !strings.Contains(errs, "which a file that was only found in this directory may not do: add --config holter.yaml") {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

// A mistake in a rule of a file is where it is in the file, and not in a flag.
func TestMistakeInARuleOfAFile(t *testing.T) {
	alone(t)
	if err := os.WriteFile("holter.yaml", []byte("alert:\n- alert: A\n  expr: strom\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := run(t.Context(), "--listen", "127.0.0.1:0")
	if code != exitUsage || !oneLine(errs) || !strings.Contains(errs, "holter.yaml:3:9: expr, position 0: expected storm") || strings.Contains(errs, "--alert") {
		t.Errorf("exit code %d, %s", code, errs)
	}
}
