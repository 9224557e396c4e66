package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

const metricsFolder = "../metrics"

// prom is a real Prometheus that scrapes a holter twice a second.
type prom struct{ host string }

// prometheus runs one with the rules that holter ships, and other flags.
func prometheus(t *testing.T, p *program, token string, flags ...string) prom {
	t.Helper()
	rules, err := filepath.Abs(filepath.Join(metricsFolder, "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir, host := t.TempDir(), freePort(t)
	config := strings.NewReplacer("RULES", rules, "TARGET", strings.TrimPrefix(p.admin, "http://"), "TOKEN", token).Replace(`
global: {scrape_interval: 500ms, evaluation_interval: 500ms}
rule_files: ["RULES"]
scrape_configs:
  - job_name: holter
    authorization: {credentials: TOKEN}
    static_configs: [{targets: ["TARGET"]}]
`)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	attend(t, host, append([]string{"prometheus", "--config.file", file, "--storage.tsdb.path", filepath.Join(dir, "data"),
		"--web.listen-address", host, "--log.level", "error"}, flags...)...)
	return prom{host}
}

// get asks its API. v is for the data of the answer.
func (pr prom) get(t *testing.T, path string, query url.Values, v any) {
	t.Helper()
	res, err := http.Get("http://" + pr.host + "/api/v1/" + path + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: v}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatalf("%s %s: %v, %s", path, query, err, answer.Error)
	}
}

type series struct {
	Metric    map[string]string
	Value     [2]any
	Values    [][2]any
	Histogram [2]any
}

func (pr prom) query(t *testing.T, expression string) []series {
	t.Helper()
	var data struct{ Result []series }
	pr.get(t, "query", url.Values{"query": {expression}}, &data)
	return data.Result
}

// value is that of an expression with one result, NaN if it has none.
func (pr prom) value(t *testing.T, expression string) float64 {
	t.Helper()
	all := pr.query(t, expression)
	if len(all) != 1 {
		return math.NaN()
	}
	return number(t, all[0].Value)
}

func number(t *testing.T, pair [2]any) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(pair[1].(string), 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// A box cuts silent connections after three seconds. A real Prometheus sees the cut, a rule of those that holter ships fires,
// and every panel of the dashboard has something to show.
func TestPrometheusDrawsACut(t *testing.T) {
	long(t, "it takes half a minute")
	t.Parallel()
	need(t, "prometheus", "promtool")
	const n, token = 20, "a-secret" // a busy machine cuts a few later, and they are not named
	healthy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(healthy.Close)
	p := start(t, "--scheme", "none", "--token", token, "--health", "api="+healthy.URL)
	classic := prometheus(t, p, token)
	native := prometheus(t, p, token, "--enable-feature=native-histograms")
	eventually(t, patience, "the first scrapes", func() bool {
		return classic.value(t, "up") == 1 && native.value(t, "up") == 1
	})
	cutter := &box{from: "127.0.0.7", to: strings.TrimSuffix(strings.TrimPrefix(p.websocket, "ws://"), "/ws"), silence: 3 * time.Second}
	crowdOf(t, n, time.Second, cutter.place(t), "cut", 200*time.Millisecond, func() time.Duration {
		return time.Duration(rand.Float64() * float64(2*time.Second))
	})
	eventually(t, patience, "the cuts are counted", func() bool {
		return classic.value(t, `sum(holter_cuts_total{cause="idle-cut",side="client"})`) >= n/2 &&
			classic.value(t, `sum(holter_connections{side="client"})`) == 0
	})
	var alerts struct {
		Alerts []struct {
			Labels, Annotations map[string]string
			State               string
		}
	}
	eventually(t, patience, "a rule fires", func() bool {
		classic.get(t, "alerts", nil, &alerts)
		for _, a := range alerts.Alerts {
			if a.State == "firing" && a.Labels["alertname"] == "HolterConnectionsCut" {
				return a.Labels["cause"] == "idle-cut" && a.Labels["side"] == "client" &&
					a.Annotations["summary"] == "idle-cut: something on the way to the client ends connections"
			}
		}
		return false
	})
	drawn(t, classic, n)
	panels(t, classic)
	eventually(t, patience, "a native histogram of how long connections lasted", func() bool {
		all := native.query(t, "holter_connection_duration_seconds")
		return len(all) == 1 && all[0].Histogram[1] != nil && all[0].Histogram[1].(map[string]any)["count"] == strconv.Itoa(n)
	})
	if low, high := native.value(t, "histogram_quantile(0, holter_connection_duration_seconds)"), native.value(t, "histogram_quantile(1, holter_connection_duration_seconds)"); low < 2.8 || high > 6 {
		t.Errorf("by the native histogram they lasted from %v to %v s", low, high)
	}
}

// drawn checks the graph of the cut: nothing, then n connections open, then none, and n cuts.
func drawn(t *testing.T, pr prom, n int) {
	t.Helper()
	highest := func(expression string) (first, most, last float64) {
		var data struct{ Result []series }
		now := time.Now()
		pr.get(t, "query_range", url.Values{"query": {expression}, "step": {"0.5"}, "start": {stamp(now.Add(-time.Minute))}, "end": {stamp(now)}}, &data)
		if len(data.Result) != 1 {
			t.Fatalf("%s: %+v", expression, data.Result)
		}
		values := data.Result[0].Values
		for _, v := range values {
			most = max(most, number(t, v))
		}
		return number(t, values[0]), most, number(t, values[len(values)-1])
	}
	if first, most, last := highest(`sum(holter_connections{side="client"})`); first != 0 || most < float64(n)/2 || last != 0 {
		t.Errorf("open: %v at first, %v at most, %v at last", first, most, last)
	}
	if first, _, last := highest(`holter_cuts_total{side="client",cause="idle-cut"}`); first != 0 || last < float64(n)/2 || last > float64(n) {
		t.Errorf("cuts: %v at first, %v at last", first, last)
	}
	const within = `sum(holter_connection_duration_seconds_bucket{le="10"}) - sum(holter_connection_duration_seconds_bucket{le="1"})`
	if got := pr.value(t, within); got != float64(n) {
		t.Errorf("%v connections lasted from 1 to 10 s", got)
	}
}

func stamp(at time.Time) string { return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64) }

// endsByCause is the only panel that may be empty: all the ends may have been named after the fact.
const endsByCause = "Ends per second, by cause"

// panels asks for what every panel of the dashboard draws, and what every rule compares.
func panels(t *testing.T, pr prom) {
	t.Helper()
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Annotations struct{ List []struct{ Expr string } }
	}
	parse(t, "dashboard.json", json.Unmarshal, &board)
	grafana := strings.NewReplacer("$job", ".*", "$instance", ".*", "$__rate_interval", "10s", "$__interval", "10s")
	asked := 0
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			asked++
			if len(pr.query(t, grafana.Replace(target.Expr))) == 0 && panel.Title != endsByCause {
				t.Errorf("the panel %q shows nothing: %s", panel.Title, target.Expr)
			}
		}
	}
	for _, a := range board.Annotations.List {
		pr.query(t, grafana.Replace(a.Expr))
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	parse(t, "rules.yaml", func(text []byte, v any) error { return yaml.Unmarshal(text, v) }, &file)
	for _, r := range file.Groups[0].Rules {
		asked++
		// What it compares is there, although the comparison may not hold.
		compared, _, _ := strings.Cut(strings.ReplaceAll(r.Expr, "\n", " "), " > ")
		compared, _, _ = strings.Cut(compared, " == ")
		if len(pr.query(t, r.Expr)) == 0 && len(pr.query(t, compared)) == 0 {
			t.Errorf("the rule %s is about nothing: %s", r.Alert, compared)
		}
	}
	if asked < 40 {
		t.Errorf("%d expressions in all", asked)
	}
}

func parse(t *testing.T, name string, decode func([]byte, any) error, v any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(metricsFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := decode(text, v); err != nil {
		t.Fatal(err)
	}
}

// promtool finds nothing wrong with the rules, with their own tests, and with the names and texts of a scrape.
func TestPromtool(t *testing.T) {
	t.Parallel()
	need(t, "promtool")
	run(t, "promtool", "check", "rules", "--lint=all", "--lint-fatal", filepath.Join(metricsFolder, "rules.yaml"))
	run(t, "promtool", "test", "rules", filepath.Join(metricsFolder, "rules_test.yaml"))
	p := start(t)
	run(t, "sh", "-c", fmt.Sprintf("curl -sf %s/metrics | promtool check metrics", p.admin))
}
