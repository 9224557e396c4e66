//go:build unix

package e2e

import (
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"holter/probe/trust/trusttest"
)

// All that holter serves can be reached by TLS alone, with its own tools: swarm, attach and drill.
func TestAllOverTLS(t *testing.T) {
	t.Parallel()
	files := trusttest.New(t, 1)
	backend := start(t, "--tls-cert", files.Cert, "--tls-key", files.Key, "--admin-cert", files.Cert, "--admin-key", files.Key)
	upstream := strings.Replace(strings.TrimSuffix(backend.page, "/"), "127.0.0.1", "localhost", 1)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, "proxy", "--tls-cert", files.Cert, "--tls-key", files.Key, "--admin-cert", files.Cert, "--admin-key", files.Key,
		"--token-file", token, "--upstream-ca", files.Cert, upstream)
	if !strings.HasPrefix(p.websocket, "wss://") || !strings.HasPrefix(p.page, "https://") || !strings.HasPrefix(p.admin, "https://") {
		t.Fatalf("listens on %s, %s, %s", p.websocket, p.page, p.admin)
	}
	release(t, p.websocket+"ws", "-n", "3", "--ca", files.Cert, "--backoff", "fixed:100ms")
	term := atTerminal(t, "attach", p.admin, "--token-file", token, "--ca", files.Cert)
	term.until(t, "swarm-0003")
	if _, err := term.file.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	if code := term.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	script := filepath.Join(t.TempDir(), "drill.yaml")
	if err := os.WriteFile(script, []byte("name: brief\nsteps:\n  - kick: all\nwatch: 10s\nexpect:\n  - recovered>=99% within 9s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, holter, "drill", p.admin, script, "--token-file", token, "--ca", files.Cert)
}

// secrets are what no log, answer, metric or crash may show.
var secrets = []string{"tok3n-of-all", "tok3n-to-read", "s1gning-k3y", "hook-p4th", "he4der-value", "qu3ry-token", "subpr0tocol-token", "guessed-tok3n", "c00kie-value"}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	files := trusttest.New(t, 1)
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("tok3n-of-all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + freePort(t)
	hook := nobody + "/hook-p4th?x=hook-p4th"
	p := start(t, "--token-file", token, "--read-token", "tok3n-to-read", "--admin-cert", files.Cert, "--admin-key", files.Key,
		"--alert", "Some=count(state=open) > 0", "--alert-webhook", hook, "--alert-secret", "s1gning-k3y", "--alertmanager", hook,
		"--health", "api="+nobody+"/health?key=qu3ry-token", "--health-header", "Authorization: Bearer he4der-value", "--identity", "query:token")
	var said strings.Builder
	lines := make(chan struct{})
	go func() {
		defer close(lines)
		for line := range p.log {
			for name, value := range line {
				said.WriteString(name + "=")
				if text, ok := value.(string); ok {
					said.WriteString(text)
				}
				said.WriteString("\n")
			}
		}
	}()
	header := http.Header{"Authorization": {"Bearer he4der-value"}, "Cookie": {"session=c00kie-value"}, "Sec-Websocket-Protocol": {"chat, subpr0tocol-token"}}
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), p.websocket+"?token=qu3ry-token", header)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}, Timeout: moment}
	ask := func(path, token string) (status int, answer string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.admin+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text := make([]byte, 1<<20)
		n, _ := io.ReadFull(response.Body, text) // a stream is read for a moment
		return response.StatusCode, string(text[:n])
	}
	var answers strings.Builder
	for _, path := range []string{"summary", "connections", "connections/c1", "clients", "services", "services/api", "alerts", "advice", "paths", "host", "storms", "cohorts", "events", "snapshots"} {
		status, answer := ask("/api/v1/"+path, "tok3n-to-read")
		if status != http.StatusOK || answer == "" {
			t.Errorf("%s: status %d, %s", path, status, answer)
		}
		answers.WriteString(answer)
	}
	status, metrics := ask("/metrics", "tok3n-of-all")
	if status != http.StatusOK {
		t.Errorf("metrics: status %d", status)
	}
	answers.WriteString(metrics)
	for _, path := range []string{"/api/v1/summary?token=tok3n-of-all", "/api/v1/tok3n-of-all"} {
		status, answer := ask(path, "guessed-tok3n")
		if status/100 != 4 {
			t.Errorf("%s: status %d", path, status)
		}
		answers.WriteString(answer)
	}
	eventually(t, patience, "what fires could not be told", func() bool {
		_, answer := ask("/api/v1/alerts", "tok3n-to-read")
		return strings.Contains(answer, `"failing":"`)
	})
	p.signal(t, syscall.SIGQUIT)
	<-lines
	<-p.over
	for where, text := range map[string]string{"an answer": answers.String(), "the log": said.String(), "the crash": p.stderr.String()} {
		for _, secret := range secrets {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s has %s: …%s", where, secret, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
	if !strings.Contains(p.stderr.String(), "goroutine ") || said.Len() == 0 {
		t.Errorf("no crash: %s", p.stderr.String())
	}
}
