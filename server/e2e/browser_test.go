//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server/api"
)

// browser is a Chromium without a window, steered over the Chrome DevTools Protocol.
type browser struct {
	address string // of its HTTP end
	devtools
}

// browse opens a page in a new browser, or skips the test if there is none.
func browse(t *testing.T, page string, flags ...string) (*browser, *devtools) {
	t.Helper()
	program := chromium(t)
	dir, err := os.MkdirTemp("", "holter-chromium")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append(flags, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad",
		"--user-data-dir="+dir, "--remote-debugging-port=0", page)...)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it is many processes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		os.RemoveAll(dir) // what the last of its processes may still write there is no matter of the test
	})
	b := &browser{}
	var path string
	eventually(t, 2*patience, "the browser says where its DevTools are", func() bool {
		text, _ := os.ReadFile(filepath.Join(dir, "DevToolsActivePort"))
		port, rest, ok := strings.Cut(string(text), "\n")
		b.address, path = "127.0.0.1:"+port, strings.TrimSpace(rest)
		return ok && path != ""
	})
	b.devtools = *steer(t, "ws://"+b.address+path)
	return b, b.page(t, page)
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("chromium is not installed")
	return ""
}

// page is the tab that shows an address.
func (b *browser) page(t *testing.T, address string) *devtools {
	t.Helper()
	var tab *devtools
	eventually(t, patience, "a tab for "+address, func() bool {
		resp, err := http.Get("http://" + b.address + "/json/list")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var targets []struct{ Type, URL, WebSocketDebuggerURL string }
		if err := json.NewDecoder(resp.Body).Decode(&targets); err != nil {
			t.Fatal(err)
		}
		for _, target := range targets {
			if target.Type == "page" && target.URL == address {
				tab = steer(t, target.WebSocketDebuggerURL)
			}
		}
		return tab != nil
	})
	return tab
}

// devtools is a connection to the browser or to one of its tabs.
type devtools struct {
	conn *websocket.Conn
	last int // id of the last call
}

func steer(t *testing.T, url string) *devtools {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &devtools{conn: conn}
}

// call asks for a method and waits for its answer.
func (d *devtools) call(t *testing.T, method string, params, result any) {
	t.Helper()
	d.last++
	d.conn.SetReadDeadline(time.Now().Add(patience))
	if err := d.conn.WriteJSON(map[string]any{"id": d.last, "method": method, "params": params}); err != nil {
		t.Fatal(err)
	}
	for {
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := d.conn.ReadJSON(&answer); err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		if answer.ID != d.last { // an event
			continue
		}
		if answer.Error != nil {
			t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		if err := json.Unmarshal(answer.Result, result); err != nil {
			t.Fatalf("%s: %v in %s", method, err, answer.Result)
		}
		return
	}
}

// evaluate is the value of a JavaScript expression in the tab, as text.
func (d *devtools) evaluate(t *testing.T, expression string) string {
	t.Helper()
	var answer struct{ Result struct{ Value any } }
	d.call(t, "Runtime.evaluate", map[string]any{"expression": expression}, &answer)
	return fmt.Sprint(answer.Result.Value)
}

// pageSays waits until the page itself shows a state and a generation.
func pageSays(t *testing.T, tab *devtools, state string, generation int) {
	t.Helper()
	want := fmt.Sprint(state, " ", generation)
	eventually(t, patience, "the page says "+want, func() bool {
		return tab.evaluate(t, `document.body.dataset.state + " " + document.body.dataset.generation`) == want
	})
}

// pageClient waits until holter knows one client, in that generation and state.
func (p *program) pageClient(t *testing.T, state string, generation int) (c api.Client) {
	t.Helper()
	eventually(t, patience, fmt.Sprintf("holter knows the page as generation %d, %s", generation, state), func() bool {
		for _, c = range p.clients(t) {
			if c.Generation == generation && c.State == state {
				return true
			}
		}
		return false
	})
	return c
}

func TestBrowser(t *testing.T) {
	t.Parallel()
	p := start(t)
	chrome, tab := browse(t, p.page)
	client := p.pageClient(t, "normal", 1)
	pageSays(t, tab, "open", 1)
	tab.evaluate(t, `seen = []; new MutationObserver(() => seen.at(-1) === document.body.dataset.state || seen.push(document.body.dataset.state))
		.observe(document.body, {attributes: true})`)
	kick := api.Kick{Q: "client=" + client.ID, Reason: "come back"}

	if n := p.kick(t, kick); n != 1 {
		t.Fatalf("kicked %d connections, want the page's", n)
	}
	back := p.pageClient(t, "normal", 2)
	pageSays(t, tab, "open", 2)
	if got := tab.evaluate(t, `seen.join()`); got != "waiting,connecting,open" {
		t.Errorf("after the kick the page was %s, want waiting, connecting, open", got)
	}
	if got := tab.evaluate(t, `document.getElementById("log").innerText`); !strings.Contains(got, "closed with 1001: come back") {
		t.Errorf("the page's log does not tell of the kick: %s", got)
	}
	t.Logf("%s, back after %v ms", chrome.version(t), back.ReconnectsMS)

	chrome.cover(t)
	eventually(t, patience, "the page is hidden", func() bool { return tab.evaluate(t, `document.hidden`) == "true" })
	p.kick(t, kick)
	pageSays(t, tab, "hidden", 2)
	time.Sleep(3 * time.Second) // by far more than the first waits of its backoff
	pageSays(t, tab, "hidden", 2)
	p.pageClient(t, "away", 2)

	tab.call(t, "Page.bringToFront", struct{}{}, &struct{}{})
	p.pageClient(t, "normal", 3)
	pageSays(t, tab, "open", 3)
}

// TestPage tries all that the page proposes, and reads what the page makes of it.
func TestPage(t *testing.T) {
	t.Parallel()
	p := start(t, "--on-fail", "observe") // so that it is the page that ends what is frozen
	_, tab := browse(t, p.page)
	p.pageClient(t, "normal", 1)
	pageSays(t, tab, "open", 1)
	shows := func(what, expression string) {
		t.Helper()
		eventually(t, patience, "the page shows "+what, func() bool { return tab.evaluate(t, expression) == "true" })
	}
	shows("its state in the title", `document.title === "● open – holter"`)
	shows("the scale of the chart", `[...document.querySelectorAll(".scale")].map((l) => l.innerText).join() === "0.1 ms,1 ms,10 ms,100 ms,1 s"`)

	tryOut := func(call string) {
		t.Helper()
		command := tab.evaluate(t, fmt.Sprintf(`[...document.querySelectorAll("#tries code")].map((c) => c.innerText).find((c) => c.includes("/%s "))`, call))
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil || strings.Contains(string(out), "error") {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	tryOut("faults")
	pageSays(t, tab, "open", 2)
	shows("the beat that was lost", `document.querySelectorAll("#chart .lost").length === 1`)
	shows("the return", `document.querySelectorAll("#chart .back").length === 1`)

	tryOut("refuse")
	tryOut("kick")
	shows("that it is refused", `/refused with 503: upgrades are refused for a while/.test(document.getElementById("log").innerText)`)
	shows("that it waits", `/^◐ waiting \d/.test(document.title)`)
	if log := tab.evaluate(t, `document.getElementById("log").innerText`); !strings.Contains(log, "no answer within") || strings.Contains(log, "1006") {
		t.Errorf("the lost beat is not told, or a refusal as an end: %s", log)
	}
	p.ask(t, http.MethodPost, "/api/v1/refuse", map[string]int64{"for_ms": 0}, new(map[string]any))
	pageSays(t, tab, "open", 3)

	kick := map[string]any{"q": "all", "code": 1012, "reason": model.RestartReason(3500 * time.Millisecond)}
	p.ask(t, http.MethodPost, "/api/v1/kick", kick, new(map[string]any))
	shows("for how long it was asked to wait", `/^◐ waiting 3.5 s/.test(document.title)`)
	pageSays(t, tab, "open", 4)

	for _, width := range []int{320, 375, 1280} {
		tab.call(t, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 640, "deviceScaleFactor": 1, "mobile": false}, &struct{}{})
		shows(fmt.Sprintf("nothing beyond %d pixels", width), `document.documentElement.scrollWidth <= innerWidth &&
			![...document.querySelectorAll("main *")].some((e) => e.getBoundingClientRect().right > innerWidth + 1)`)
	}
	tab.picture(t, "page")
}

// picture writes a picture of the tab where HOLTER_E2E_PICTURES says.
func (d *devtools) picture(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("HOLTER_E2E_PICTURES")
	if dir == "" {
		return
	}
	for _, width := range []int{320, 1000} {
		var shot struct{ Data []byte }
		d.call(t, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 1100, "deviceScaleFactor": 1, "mobile": false}, &struct{}{})
		d.call(t, "Page.captureScreenshot", map[string]any{}, &shot)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)), shot.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *browser) version(t *testing.T) string {
	t.Helper()
	var v struct{ Product string }
	b.call(t, "Browser.getVersion", struct{}{}, &v)
	return v.Product
}

// cover opens another tab in front of all others.
func (b *browser) cover(t *testing.T) {
	t.Helper()
	var target struct{ TargetID string }
	b.call(t, "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.call(t, "Target.activateTarget", map[string]any{"targetId": target.TargetID}, &struct{}{})
}
