//go:build unix

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holter/server/api"
)

// tmux is a shell in a terminal that can be looked at and typed into.
type tmux struct{ socket string }

// startTmux starts a shell, or skips the test where there is no tmux.
func startTmux(t *testing.T, width, height int) tmux {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	x := tmux{fmt.Sprintf("holter-%d-%s", os.Getpid(), t.Name())}
	x.do(t, "-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height),
		"env", "PS1=ready> ", "LC_ALL=C.UTF-8", "sh")
	t.Cleanup(func() { exec.Command("tmux", "-L", x.socket, "kill-server").Run() })
	x.until(t, "ready>")
	return x
}

func (x tmux) do(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, append([]string{"tmux", "-u", "-L", x.socket}, args...)...)
}

// screen is the text on the terminal.
func (x tmux) screen(t *testing.T) string {
	t.Helper()
	return x.do(t, "capture-pane", "-p")
}

// press sends keys by the names that tmux has for them.
func (x tmux) press(t *testing.T, keys ...string) {
	t.Helper()
	x.do(t, append([]string{"send-keys"}, keys...)...)
}

func (x tmux) write(t *testing.T, text string) {
	t.Helper()
	x.do(t, "send-keys", "-l", text)
}

// until waits for text on the screen, and while waits for its end.
func (x tmux) until(t *testing.T, want string) string {
	t.Helper()
	return x.shows(t, fmt.Sprintf("%q on the screen", want), func(s string) bool { return strings.Contains(s, want) })
}

func (x tmux) while(t *testing.T, text string) string {
	t.Helper()
	return x.shows(t, fmt.Sprintf("%q off the screen", text), func(s string) bool { return !strings.Contains(s, text) })
}

// prompt waits until the shell reads again: its prompt stands last. What is typed before that, the
// program gets that is about to stop or to end.
func (x tmux) prompt(t *testing.T) {
	t.Helper()
	x.shows(t, "the prompt at the end", func(s string) bool { return strings.HasSuffix(strings.TrimSpace(s), "ready>") })
}

func (x tmux) shows(t *testing.T, what string, ok func(string) bool) (screen string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if screen = x.screen(t); ok(screen) {
			return screen
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s, but:\n%s", patience, what, screen)
		}
	}
}

// filter puts another filter in place of the one there is.
func (x tmux) filter(t *testing.T, text string) {
	t.Helper()
	x.press(t, "/")
	x.until(t, "enter keep")
	x.press(t, "C-u")
	x.write(t, text)
	x.press(t, "Enter")
	x.until(t, text)
	x.while(t, "enter keep")
}

var (
	rowPattern    = regexp.MustCompile(`(?m)^([▸ ])[●◐✖○] (normal|suspect|failed|closed) +(demo-\d+) +(\d+) `)
	dialogPattern = regexp.MustCompile(`Kick (demo-\d+) \((c\d+)\)`)
)

// row is a line of the table.
type row struct {
	cursor        bool
	state, client string
	generation    int
}

func rows(screen string) (all []row) {
	for _, m := range rowPattern.FindAllStringSubmatch(screen, -1) {
		generation, _ := strconv.Atoi(m[4])
		all = append(all, row{m[1] == "▸", m[2], m[3], generation})
	}
	return all
}

func (x tmux) underCursor(t *testing.T) (client string) {
	t.Helper()
	for _, r := range rows(x.screen(t)) {
		if r.cursor {
			client = r.client
		}
	}
	return client
}

func TestScreenInTmux(t *testing.T) {
	t.Parallel()
	x := startTmux(t, 160, 48)
	listen, admin := freePort(t), freePort(t)
	x.write(t, holter+" --demo 60 --listen "+listen+" --admin "+admin+"; echo exit=$?")
	x.press(t, "Enter")
	x.shows(t, "30 rows", func(screen string) bool { return len(rows(screen)) >= 30 })
	begin := time.Now()
	p := &program{admin: "http://" + admin}

	lookAround(t, x)
	kickByHand(t, x, p.record(t))
	seeAllStates(t, x, begin)

	x.press(t, "q")
	x.until(t, "exit=0")
	if x.do(t, "display-message", "-p", "#{alternate_on}#{cursor_flag}") != "01\n" {
		t.Error("after q the alternate screen is still there, or the cursor is not")
	}
	x.write(t, "stty -a; echo sane=$?")
	x.press(t, "Enter")
	modes := strings.Fields(x.until(t, "sane=0"))
	for _, want := range []string{"icanon", "echo", "isig", "icrnl", "opost"} {
		if !slices.Contains(modes, want) {
			t.Errorf("after q the terminal is not %s: %s", want, modes)
		}
	}
}

// lookAround moves, filters, opens a connection and the help, and goes back.
func lookAround(t *testing.T, x tmux) {
	t.Helper()
	x.filter(t, "state=normal steady")
	first := x.underCursor(t)
	x.press(t, "j", "j")
	x.shows(t, "the cursor two rows on", func(screen string) bool {
		all := rows(screen)
		return len(all) > 2 && all[2].cursor && all[2].client != first
	})
	client := x.underCursor(t)
	x.press(t, "Enter")
	x.until(t, "─ "+client+" (")
	x.until(t, "round trips")
	x.press(t, "Escape")
	x.while(t, "round trips")
	x.press(t, "?")
	x.until(t, "Here: connections")
	x.press(t, "Escape")
	x.while(t, "Here: connections")
}

// kickByHand kicks the connection under the cursor, on the second thought.
func kickByHand(t *testing.T, x tmux, events *tape) {
	t.Helper()
	kicked := func() []api.Event {
		return events.since(t, time.Time{}, func(e *api.Event) bool {
			return e.Type == "connection.closed" && e.Connection.Close.By == "holter" && e.Connection.Close.Code != codeTimeout
		})
	}
	x.press(t, "x")
	x.until(t, "▸ Cancel")
	x.press(t, "Enter")
	x.while(t, "▸ Cancel")
	if found := kicked(); len(found) > 0 {
		t.Fatalf("kicked although enter was on Cancel: %s", tell(found))
	}
	x.press(t, "x")
	m := dialogPattern.FindStringSubmatch(x.until(t, "▸ Cancel"))
	if m == nil {
		t.Fatalf("the dialog does not say whom it is about:\n%s", x.screen(t))
	}
	x.press(t, "Tab")
	x.until(t, "▸ Kick")
	x.press(t, "Enter")
	x.while(t, "▸ Kick")
	eventually(t, patience, "the connection is kicked", func() bool { return len(kicked()) > 0 })
	found := kicked()
	c := found[0].Connection
	if len(found) != 1 || c.Client != m[1] || c.ID != m[2] || c.Close.Code != 1001 || c.State != "closed" {
		t.Errorf("kicked %s (%s), got: %s", m[1], m[2], tell(found))
	}
}

// seeAllStates waits until the demo has shown every state and a client that came back: within a minute,
// or longer where holter itself says that the machine is late and that it stretches timeouts for that.
func seeAllStates(t *testing.T, x tmux, begin time.Time) {
	t.Helper()
	within := time.Minute
	x.filter(t, "state!=normal or generation>1")
	seen := map[string]time.Duration{}
	note := func(what string) {
		if _, ok := seen[what]; !ok {
			seen[what] = time.Since(begin).Round(time.Second)
		}
	}
	for len(seen) < 5 && time.Since(begin) < within {
		x.press(t, "g") // the worst are on top, and the cursor would go down with its row
		screen := x.screen(t)
		if strings.Contains(screen, " timeouts x") {
			within = 3 * time.Minute
		}
		for _, r := range rows(screen) {
			note(r.state)
			if r.generation > 1 {
				note("back")
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("seen on the screen: %v", seen)
	if len(seen) < 5 {
		t.Errorf("within %v the screen showed only %v:\n%s", within, seen, x.screen(t))
	}
}
