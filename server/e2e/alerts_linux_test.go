package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"holter/server/alert"
	"holter/server/api"
)

// alertmanager runs Debian's Alertmanager, which tells a receiver at once of all that it is told.
func alertmanager(t *testing.T, receiver string) (address string) {
	t.Helper()
	dir, host := t.TempDir(), freePort(t)
	config := filepath.Join(dir, "alertmanager.yml")
	text := fmt.Sprintf(`
route: {receiver: ours, group_by: [alertname], group_wait: 100ms, group_interval: 200ms, repeat_interval: 1h}
receivers:
  - name: ours
    webhook_configs: [{url: %q, send_resolved: true}]
`, receiver)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	attend(t, host, "prometheus-alertmanager", "--config.file", config, "--storage.path", filepath.Join(dir, "data"),
		"--web.listen-address", host, "--cluster.listen-address=", "--log.level", "error")
	return "http://" + host
}

// noticeReceiver takes notices, and checks their signature as the specification of Standard Webhooks has it if there is a secret.
func noticeReceiver(t *testing.T, secret string) (address string, notices chan alert.Notice) {
	notices = make(chan alert.Notice, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		id, at := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
		mac := hmac.New(sha256.New, []byte(secret))
		io.WriteString(mac, id+"."+at+"."+string(body))
		seconds, _ := strconv.ParseInt(at, 10, 64)
		if old := time.Since(time.Unix(seconds, 0)); secret != "" && (r.Header.Get("webhook-signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) || old > time.Minute || id == "") {
			t.Errorf("forged: %v", r.Header)
		}
		var n alert.Notice
		if err := json.Unmarshal(body, &n); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		notices <- n
	}))
	t.Cleanup(s.Close)
	return s.URL, notices
}

func nextNotice(t *testing.T, who string, notices chan alert.Notice) alert.Notice {
	t.Helper()
	select {
	case n := <-notices:
		return n
	case <-time.After(patience):
		t.Fatalf("%s is told nothing", who)
	}
	return alert.Notice{}
}

// All clients freeze, and go on. A rule of the configuration file fires and is resolved: a webhook that checks the signature is
// told of both, an Alertmanager takes both and tells its own receiver, a command is run, and the log and the API have it.
func TestAlertsAreDelivered(t *testing.T) {
	t.Parallel()
	need(t, "prometheus-alertmanager")
	const secret = "a secret of two"
	hook, direct := noticeReceiver(t, secret)
	behind, relayed := noticeReceiver(t, "")
	manager := alertmanager(t, behind)
	dir := t.TempDir()
	config := filepath.Join(dir, "holter.yaml")
	if err := os.WriteFile(config, []byte(fmt.Sprintf(`
alert:
  - alert: Frozen
    expr: count(state=failed cause=peer-stalled) >= 3
    for: 1s
    labels: {severity: page}
    annotations: {summary: "{{ $value }} clients are frozen"}
alert-webhook: %s
alertmanager: %s
alert-command: echo "$HOLTER_ALERT_NAME $HOLTER_ALERT_STATE $HOLTER_ALERT_SUMMARY" >> %s
`, hook, manager, filepath.Join(dir, "told"))), 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, "--config", config, "--alert-secret", secret, "--interval", "500ms", "--on-fail", "observe")
	clients := hire(t, orders{URL: p.websocket, Clients: 3})
	eventually(t, patience, "everybody has beaten", func() bool { return len(p.connections(t, "pongs_received>=3")) == 3 })
	clients.signal(t, syscall.SIGSTOP)
	for who, notices := range map[string]chan alert.Notice{"the webhook": direct, "the receiver of Alertmanager": relayed} {
		n := nextNotice(t, who, notices)
		if n.Status != "firing" || len(n.Alerts) != 1 || n.Alerts[0].Labels["alertname"] != "Frozen" || n.CommonLabels["severity"] != "page" ||
			n.Alerts[0].Annotations["summary"] != "3 clients are frozen" || !strings.HasPrefix(n.Alerts[0].GeneratorURL, "http://127.0.0.1") {
			t.Errorf("%s: %+v", who, n)
		}
	}
	var book api.Alerts
	p.ask(t, http.MethodGet, "/api/v1/alerts", nil, &book)
	if len(book.Alerts) == 0 || book.Alerts[0].Rule != "Frozen" || book.Alerts[0].State != "firing" || len(book.Outputs) != 3 || book.Rules[0].State != "firing" {
		t.Errorf("%+v", book)
	}
	clients.signal(t, syscall.SIGCONT)
	for who, notices := range map[string]chan alert.Notice{"the webhook": direct, "the receiver of Alertmanager": relayed} {
		n := nextNotice(t, who, notices)
		if n.Status != "resolved" || len(n.Alerts) != 1 || n.Alerts[0].Labels["alertname"] != "Frozen" || !n.Alerts[0].EndsAt.After(n.Alerts[0].StartsAt) || n.Alerts[0].EndsAt.After(time.Now()) {
			t.Errorf("%s, in the end: %+v", who, n)
		}
	}
	if line := p.line(t, "alert firing"); line["rule"] != "Frozen" || line["level"] != "WARN" {
		t.Errorf("%v", line)
	}
	p.line(t, "alert resolved")
	eventually(t, patience, "the command", func() bool {
		text, _ := os.ReadFile(filepath.Join(dir, "told"))
		return string(text) == "Frozen firing 3 clients are frozen\nFrozen resolved 3 clients are frozen\n"
	})
	p.ask(t, http.MethodGet, "/api/v1/alerts", nil, &book)
	for _, o := range book.Outputs {
		if o.Sent < 2 || o.Dropped > 0 || o.Failing != "" {
			t.Errorf("%+v", o)
		}
	}
}
