//go:build unix

package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holter/server/api"
)

// programsVariable names the directory with the programs of other people's making, as npm has installed it.
const programsVariable = "HOLTER_E2E_PROGRAMS"

// programs is that directory, or skips the test.
func programs(t *testing.T) string {
	t.Helper()
	dir := os.Getenv(programsVariable)
	if dir == "" {
		t.Skipf("%s does not say where .ci/programs is installed", programsVariable)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Skipf("npm has not installed the programs: %v", err)
	}
	return dir
}

// node is the command that runs one of the scripts there.
func node(t *testing.T, script string, args ...string) []string {
	t.Helper()
	dir := programs(t)
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	return append([]string{"node", filepath.Join(dir, script)}, args...)
}

// python is the same for Debian's own Python, the one that Debian's packages are for, and for one of these.
func python(t *testing.T, module, script string) []string {
	t.Helper()
	const interpreter = "/usr/bin/python3"
	if err := exec.Command(interpreter, "-c", "import "+module).Run(); err != nil {
		t.Skipf("python3-%s is not installed: %v", module, err)
	}
	return []string{interpreter, filepath.Join(programs(t), script)}
}

// actor is a running program that tells line by line what happens to it, and goes when its stdin ends.
type actor struct {
	stdin  io.Closer
	lines  *bufio.Scanner
	said   []string // all lines that were read
	stderr bytes.Buffer
	cmd    *exec.Cmd
}

func act(t *testing.T, command []string) *actor {
	t.Helper()
	a := &actor{cmd: exec.CommandContext(t.Context(), command[0], command[1:]...)}
	a.cmd.Stderr = &a.stderr
	stdin, err := a.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(6*patience, func() { a.cmd.Process.Kill() })
	t.Cleanup(func() {
		late.Stop()
		a.cmd.Process.Kill()
		for a.lines.Scan() {
			a.said = append(a.said, a.lines.Text())
		}
		a.cmd.Wait()
		if t.Failed() {
			t.Logf("%q said\n%s\n%s", a.cmd.Args, strings.Join(a.said, "\n"), &a.stderr)
		}
	})
	a.stdin, a.lines = stdin, bufio.NewScanner(out)
	return a
}

// until reads on to a line that begins so, and returns the rest of it.
func (a *actor) until(t *testing.T, begin string) string {
	t.Helper()
	for a.lines.Scan() {
		a.said = append(a.said, a.lines.Text())
		if rest, ok := strings.CutPrefix(a.lines.Text(), begin); ok {
			return rest
		}
	}
	a.cmd.Wait()
	t.Fatalf("%q ended (%v) without a line %q:\n%s\n%s", a.cmd.Args, a.cmd.ProcessState, begin, strings.Join(a.said, "\n"), &a.stderr)
	return ""
}

// dismiss lets the program end, and returns all that it said.
func (a *actor) dismiss(t *testing.T) []string {
	t.Helper()
	a.stdin.Close()
	for a.lines.Scan() {
		a.said = append(a.said, a.lines.Text())
	}
	if err := a.cmd.Wait(); err != nil {
		t.Fatalf("%q: %v after\n%s\n%s", a.cmd.Args, err, strings.Join(a.said, "\n"), &a.stderr)
	}
	return a.said
}

// play is what a server and a client do with each other.
type play struct {
	open   func(t *testing.T) (url string, close func() []string) // starts the server; close returns what it said
	client []string                                               // command, to which the URL is added
}

// scripted opens a server that is an actor.
func scripted(command []string) func(*testing.T) (string, func() []string) {
	return func(t *testing.T) (string, func() []string) {
		t.Helper()
		server := act(t, command)
		url := "http://127.0.0.1:" + server.until(t, "listening on ")
		server.said = nil
		return url, func() []string { return server.dismiss(t) }
	}
}

// perform plays once, through holter proxy if there is somebody to watch, who is called when the client is
// ready. It returns what client and server have said.
func (p play) perform(t *testing.T, watch func(*program, *actor)) (client, server []string) {
	t.Helper()
	url, end := p.open(t)
	var h *program
	if watch != nil {
		h = inFrontOf(t, url)
		url = strings.TrimSuffix(h.page, "/")
	}
	c := act(t, append(slices.Clone(p.client), url))
	c.until(t, "ready")
	if watch != nil {
		watch(h, c)
	}
	client = c.dismiss(t)
	return client, end()
}

// inFrontOf runs holter proxy.
func inFrontOf(t *testing.T, url string) *program {
	t.Helper()
	return launch(t, "proxy", url, "--interval", "200ms")
}

// compare plays without and with holter, and wants both sides to say the same.
func (p play) compare(t *testing.T, watch func(*program, *actor)) {
	t.Helper()
	client, server := p.perform(t, nil)
	proxiedClient, proxiedServer := p.perform(t, watch)
	same(t, "client", client, proxiedClient)
	same(t, "server", byConnection(server), byConnection(proxiedServer))
	t.Logf("the client's %d lines and the server's %d are the same", len(client), len(server))
}

// byConnection orders a server's lines by the number of the connection that they begin with: what happens on two
// connections reaches a server in either order.
func byConnection(lines []string) []string {
	number := func(line string) int {
		word, _, _ := strings.Cut(line, " ")
		n, _ := strconv.Atoi(word)
		return n
	}
	slices.SortStableFunc(lines, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	return lines
}

func same(t *testing.T, who string, direct, proxied []string) {
	t.Helper()
	if !slices.Equal(direct, proxied) {
		t.Errorf("without holter the %s said\n%s\nthrough it\n%s", who, strings.Join(direct, "\n"), strings.Join(proxied, "\n"))
	}
}

// beating waits until so many connections are open, each with beats answered on both legs, and returns them.
func (p *program) beating(t *testing.T, n int) (all []api.Detail) {
	t.Helper()
	eventually(t, patience, fmt.Sprintf("%d connections beat on both sides", n), func() bool {
		all = nil
		for _, c := range p.connections(t, "state=normal") {
			var d api.Detail
			p.ask(t, http.MethodGet, "/api/v1/connections/"+c.ID, nil, &d)
			if len(d.Legs) == 2 && beats(&d.Legs[0]) && beats(&d.Legs[1]) {
				all = append(all, d)
			}
		}
		return len(all) == n
	})
	return all
}

func beats(leg *api.Detail) bool { return leg.PongsReceived >= 2 && leg.RTTMS > 0 }

// ends are the codes of the closed connections and who closed them, by path.
func (p *program) ends(t *testing.T) map[string]string {
	t.Helper()
	ends := map[string]string{}
	for _, c := range p.connections(t, "state=closed") {
		ends[c.Path] = fmt.Sprint(c.Close.Code, " ", c.Close.By)
	}
	return ends
}

func (p *program) ended(t *testing.T, want map[string]string) {
	t.Helper()
	got := p.ends(t)
	for path, end := range want {
		if got[path] != end {
			t.Errorf("holter saw %s end with %q, want %q", path, got[path], end)
		}
	}
}

func TestSocketIO(t *testing.T) {
	t.Parallel()
	p := play{scripted(node(t, "socketio-server.js")), node(t, "socketio-client.js")}
	p.compare(t, func(h *program, _ *actor) {
		if c := h.beating(t, 1)[0]; c.Path != "/socket.io/" || c.Generation != 2 {
			t.Errorf("generation %d of %s, want the second of /socket.io/: the server has cut the first", c.Generation, c.Path)
		}
	})
	p.perform(t, func(h *program, client *actor) {
		first := h.beating(t, 1)[0]
		if n := h.kick(t, api.Kick{Q: "state=normal", Reason: "come back"}); n != 1 {
			t.Fatalf("kicked %d connections, want one", n)
		}
		client.until(t, "disconnect: transport close")
		client.until(t, `again`)
		if c := h.beating(t, 1)[0]; c.Client != first.Client || c.Generation != first.Generation+1 {
			t.Errorf("generation %d of %q after %d of %q", c.Generation, c.Client, first.Generation, first.Client)
		}
	})
}

func TestWS(t *testing.T) {
	t.Parallel()
	p := play{scripted(node(t, "ws-server.js")), node(t, "ws-client.js")}
	p.compare(t, func(h *program, _ *actor) {
		h.beating(t, 1)
		h.ended(t, map[string]string{
			"/compressed": "1000 peer", "/plain": "1000 peer", "/coded": "4321 peer", "/codeless": "1005 peer", "/dismissed": "4002 app",
			"/restart": "1012 app", "/cut": "1006 app", "/vanished": "1006 network",
		})
	})
}

func TestPythonWebsockets(t *testing.T) {
	t.Parallel()
	p := play{scripted(python(t, "websockets", "websockets_server.py")), python(t, "websockets", "websockets_client.py")}
	p.compare(t, func(h *program, _ *actor) {
		if c := h.beating(t, 1)[0]; c.PingsReceived == 0 {
			t.Error("holter saw no keepalive of the client's")
		}
		h.ended(t, map[string]string{"/mine": "4001 peer", "/yours": "4002 app"})
	})
}

func TestMQTT(t *testing.T) {
	t.Parallel()
	p := play{openMosquitto, node(t, "mqtt-client.js")}
	p.compare(t, func(h *program, _ *actor) {
		for _, c := range h.beating(t, 2) {
			if c.Subprotocol != "mqtt" || c.Path != "/mqtt" {
				t.Errorf("subprotocol %q at %s, want mqtt at /mqtt", c.Subprotocol, c.Path)
			}
		}
	})
}

// openMosquitto starts a broker that says nothing.
func openMosquitto(t *testing.T) (url string, close func() []string) {
	t.Helper()
	program, err := exec.LookPath("mosquitto")
	if err != nil {
		t.Skip("mosquitto is not installed")
	}
	address := freePort(t)
	_, port, _ := net.SplitHostPort(address)
	dir := t.TempDir()
	settings := filepath.Join(dir, "mosquitto.conf")
	text := "listener 0 " + dir + "/mqtt\n" + // mosquitto 2.0.11 does not start with nothing but WebSockets
		"listener " + port + " 127.0.0.1\nprotocol websockets\nallow_anonymous true\nuser root\n"
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	broker := act(t, []string{program, "-c", settings})
	eventually(t, patience, "mosquitto listens", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return "http://" + address, func() []string {
		broker.cmd.Process.Kill()
		return nil
	}
}

// site is a directory of pages that Vite serves while they are edited.
type site struct {
	dir  string
	vite *actor
}

const (
	siteIndex = `<!doctype html><script type="module" src="/main.js"></script>`
	siteMain  = `import "./style.css"
import { text } from "./text.js"
document.body.innerText = text
import.meta.hot.accept("./text.js", (fresh) => { document.body.innerText = fresh.text })`
	siteText  = `export const text = "version %d"`
	siteStyle = `body { color: rgb(%d, 0, 0) }`
)

// buildSite starts Vite on a new site.
func buildSite(t *testing.T) (s site, url string) {
	t.Helper()
	s.dir = t.TempDir()
	command := node(t, "vite-server.js", s.dir)
	s.write(t, "index.html", siteIndex)
	s.write(t, "main.js", siteMain)
	s.write(t, "text.js", fmt.Sprintf(siteText, 1))
	s.write(t, "style.css", fmt.Sprintf(siteStyle, 1))
	s.vite = act(t, command)
	return s, "http://127.0.0.1:" + s.vite.until(t, "listening on ") + "/"
}

func (s site) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// edit changes one file after the other, and returns what the tab showed.
func (s site) edit(t *testing.T, tab *devtools) (seen []string) {
	t.Helper()
	shows := func(want string) {
		t.Helper()
		const now = `document.body.innerText + ", " + getComputedStyle(document.body).color + ", same page: " + Boolean(window.marked)`
		eventually(t, patience, "the page shows "+want, func() bool { return tab.evaluate(t, now) == want })
		seen = append(seen, want)
	}
	s.vite.until(t, "hot reload is connected")
	shows("version 1, rgb(1, 0, 0), same page: false")
	tab.evaluate(t, `window.marked = true`)
	s.write(t, "text.js", fmt.Sprintf(siteText, 2))
	shows("version 2, rgb(1, 0, 0), same page: true")
	s.write(t, "style.css", fmt.Sprintf(siteStyle, 2))
	shows("version 2, rgb(2, 0, 0), same page: true")
	s.write(t, "index.html", siteIndex+"<p>")
	s.vite.until(t, "hot reload is connected")
	shows("version 2, rgb(2, 0, 0), same page: false")
	return seen
}

func TestVite(t *testing.T) {
	t.Parallel()
	s, url := buildSite(t)
	_, tab := browse(t, url)
	direct := s.edit(t, tab)
	s.vite.dismiss(t)

	s, url = buildSite(t)
	h := inFrontOf(t, strings.TrimSuffix(url, "/"))
	_, tab = browse(t, h.page)
	same(t, "page", direct, s.edit(t, tab))
	if c := h.beating(t, 1)[0]; c.Subprotocol != "vite-hmr" {
		t.Errorf("subprotocol %q, want that of Vite's hot reload", c.Subprotocol)
	}

	tab.evaluate(t, `window.marked = true`)
	h.kick(t, api.Kick{Q: "state=normal", Reason: "come back"})
	s.vite.until(t, "hot reload is connected")
	eventually(t, patience, "the page has loaded itself again", func() bool { return tab.evaluate(t, `Boolean(window.marked)`) == "false" })
	h.beating(t, 1)
	s.vite.dismiss(t)
}
