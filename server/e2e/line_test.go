//go:build unix

package e2e

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/gorilla/websocket"
	"golang.org/x/term"

	"holter/tui/paint/vt"
)

// line is a holter at the end of a line that is as fast as the test wants.
type line struct {
	cmd     *exec.Cmd
	control *os.File
	before  term.State
	screen  *vt.Terminal
	speed   atomic.Int64 // bytes a second; 0 takes nothing
	came    atomic.Int64 // bytes
	ended   chan struct{}

	mu  sync.Mutex
	raw bytes.Buffer
}

// anySpeed is a line that takes all that comes.
const anySpeed = 1 << 30

// online starts a command on a line. TERM is the environment's, if it has one.
func online(t *testing.T, width, height int, environment []string, command ...string) *line {
	t.Helper()
	control, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	defer tty.Close()
	l := &line{cmd: exec.CommandContext(t.Context(), command[0], command[1:]...), control: control,
		screen: vt.New(width, height), ended: make(chan struct{})}
	pty.Setsize(control, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	l.before = l.settings(t)
	l.speed.Store(anySpeed)
	l.cmd.Dir = t.TempDir()
	l.cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TERM=") }), "LC_ALL=C.UTF-8")
	l.cmd.Env = append(l.cmd.Env, environment...)
	l.cmd.Stdin, l.cmd.Stdout, l.cmd.Stderr = tty, tty, tty
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		l.read()
	}()
	go func() {
		defer close(l.ended)
		l.cmd.Wait()
	}()
	t.Cleanup(func() {
		l.speed.Store(anySpeed)
		l.cmd.Process.Kill()
		<-l.ended
		control.Close()
		<-read
	})
	return l
}

// read reads at the speed of the line until the other end is closed.
func (l *line) read() {
	buf := make([]byte, 64<<10)
	for {
		const step = 20 * time.Millisecond
		want := l.speed.Load() * int64(step) / int64(time.Second)
		if want < int64(len(buf)) {
			time.Sleep(step)
		}
		if want == 0 {
			continue
		}
		n, err := l.control.Read(buf[:min(want, int64(len(buf)))])
		l.came.Add(int64(n))
		l.mu.Lock()
		l.raw.Write(buf[:n])
		l.mu.Unlock()
		l.screen.Write(buf[:n])
		if err != nil {
			return
		}
	}
}

func (l *line) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.raw.String()
}

func (l *line) settings(t *testing.T) term.State {
	t.Helper()
	s, err := term.GetState(int(l.control.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

func (l *line) typed(t *testing.T, keys string) {
	t.Helper()
	if _, err := l.control.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// until waits for text on the screen and returns how long that took.
func (l *line) until(t *testing.T, want string) time.Duration {
	t.Helper()
	begin := time.Now()
	for !strings.Contains(l.screen.Text(), want) {
		if time.Since(begin) > patience {
			t.Fatalf("no %q on the screen, but:\n%s", want, l.screen.Text())
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(begin)
}

// ends waits for the end of the program, and returns the exit code and how long that took.
func (l *line) ends(t *testing.T) (code int, took time.Duration) {
	t.Helper()
	begin := time.Now()
	select {
	case <-l.ended:
	case <-time.After(patience):
		t.Fatalf("lives on; on the screen:\n%s", l.screen.Text())
	}
	return l.cmd.ProcessState.ExitCode(), time.Since(begin)
}

// asBefore checks that the terminal is as it was before the program.
func (l *line) asBefore(t *testing.T) {
	t.Helper()
	if l.settings(t) != l.before {
		t.Error("the terminal's settings are not as before")
	}
}

// left checks that nothing of the screen is on the terminal any more.
func (l *line) left(t *testing.T) {
	t.Helper()
	l.asBefore(t)
	eventually(t, patience, "the end of the alternate screen", func() bool { return !l.screen.Mode(1049) })
	for _, mode := range []int{1000, 1002, 1003, 1004, 1006, 2004, 2026} {
		if l.screen.Mode(mode) {
			t.Errorf("mode %d is on", mode)
		}
	}
	for _, mode := range []int{7, 25} {
		if !l.screen.Mode(mode) {
			t.Errorf("mode %d is off", mode)
		}
	}
}

// watched is a holter on a line with its screen up, and a client that counts the pings that come.
func watched(t *testing.T, flags ...string) (*line, *atomic.Int64) {
	t.Helper()
	address := freePort(t)
	l := online(t, 100, 30, []string{"TERM=xterm-256color"},
		append([]string{holter, "--listen", address, "--admin", "127.0.0.1:0", "--interval", "100ms"}, flags...)...)
	l.until(t, "1 connections")
	return l, heartbeat(t, "ws://"+address+"/ws")
}

// heartbeat connects a client and counts the pings that come to it.
func heartbeat(t *testing.T, url string) *atomic.Int64 {
	t.Helper()
	c := dial(t, url)
	c.SetReadDeadline(time.Time{})
	var pings atomic.Int64
	c.SetPingHandler(func(text string) error {
		pings.Add(1)
		return c.WriteControl(websocket.PongMessage, []byte(text), time.Now().Add(patience))
	})
	go func() {
		for {
			if _, _, err := c.ReadMessage(); err != nil {
				return
			}
		}
	}()
	return &pings
}

// getsBeats checks that pings keep coming for a while.
func getsBeats(t *testing.T, pings *atomic.Int64, during time.Duration) {
	t.Helper()
	before := pings.Load()
	time.Sleep(during)
	if n, want := pings.Load()-before, int64(during/(100*time.Millisecond)/2); n < want {
		t.Errorf("%d beats in %v, want at least %d", n, during, want)
	}
}

func TestEverySignalGivesTheTerminalBack(t *testing.T) {
	for _, tc := range []struct {
		signal syscall.Signal
		code   int
		says   string
	}{
		{syscall.SIGTERM, 0, ""},
		{syscall.SIGINT, 0, ""},
		{syscall.SIGHUP, 0, ""},
		{syscall.SIGQUIT, 2, "holter was told to quit"},
		{syscall.SIGABRT, 2, "holter was told to abort"},
	} {
		t.Run(tc.signal.String(), func(t *testing.T) {
			t.Parallel()
			l, _ := watched(t)
			l.until(t, "normal  tester")
			if l.settings(t) == l.before || !l.screen.Mode(1002) {
				t.Error("the screen has not taken the terminal")
			}
			l.cmd.Process.Signal(tc.signal)
			if code, _ := l.ends(t); code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			l.left(t)
			if tc.says != "" {
				eventually(t, patience, tc.says, func() bool { return strings.Contains(l.text(), tc.says) })
				if _, after, _ := strings.Cut(l.text(), "\x1b[?1049l"); !strings.Contains(after, tc.says) {
					t.Error("the stacks were written before the terminal was given back")
				}
			}
		})
	}
}

// A line that takes nothing, such as that of a stalled ssh, neither keeps the process alive nor slows the connections.
func TestLineThatTakesNothing(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, l *line){
		"term":   func(t *testing.T, l *line) { l.cmd.Process.Signal(syscall.SIGTERM) },
		"ctrl+c": func(t *testing.T, l *line) { l.typed(t, "\x03") },
		"quit":   func(t *testing.T, l *line) { l.cmd.Process.Signal(syscall.SIGQUIT) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, pings := watched(t)
			l.until(t, "normal  tester")
			l.speed.Store(0)
			for range 200 { // the line fills up
				l.typed(t, "t?")
				time.Sleep(5 * time.Millisecond)
			}
			getsBeats(t, pings, 3*time.Second)
			end(t, l)
			if _, took := l.ends(t); took > 2*time.Second {
				t.Errorf("ended after %v", took)
			}
			if used := l.cmd.ProcessState.UserTime() + l.cmd.ProcessState.SystemTime(); used > 2500*time.Millisecond {
				t.Errorf("computed for %v, of which 3 s with nothing to do", used)
			}
			l.asBefore(t)
		})
	}
}

// A process that nobody can see or reach any more does not live on.
func TestTerminalGone(t *testing.T) {
	for name, trap := range map[string]string{"hangup": "", "nohup": "trap '' HUP; "} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := freePort(t)
			l := online(t, 100, 30, []string{"TERM=xterm"}, "sh", "-c",
				trap+"exec "+holter+" --admin 127.0.0.1:0 --listen "+address)
			l.until(t, "1 connections")
			c := dial(t, "ws://"+address+"/ws")
			l.typed(t, "p") // what is frozen writes nothing
			l.until(t, "FROZEN")
			l.control.Close()
			if code, took := l.ends(t); code != 0 || took > 5*time.Second {
				t.Errorf("exit code %d after %v", code, took)
			}
			if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
				t.Errorf("the client saw %v, want a close frame with 1001", err)
			}
		})
	}
}

func TestTerminalWithoutScreen(t *testing.T) {
	for _, tc := range []struct{ name, variable, says string }{
		{"dumb", "TERM=dumb", "TERM=dumb is a terminal without a screen"},
		{"empty", "TERM=", "TERM is not set"},
		{"unset", "UNUSED=", "TERM is not set"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			address := freePort(t)
			l := online(t, 200, 30, []string{tc.variable}, holter, "--listen", address, "--admin", "127.0.0.1:0")
			l.until(t, "log lines instead of the screen: "+tc.says)
			l.until(t, "holter listens")
			dial(t, "ws://"+address+"/ws")
			l.until(t, "connection opened")
			l.typed(t, "\x03")
			if code, _ := l.ends(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if text := l.text(); strings.Contains(text, "\x1b") {
				t.Errorf("escape sequences in %q", text)
			}
			l.asBefore(t)
		})
	}
}

// ctrl+z gives the screen back, and the server goes on.
func TestStepAside(t *testing.T) {
	l, pings := watched(t)
	l.until(t, "normal  tester")
	l.typed(t, "\x1a")
	l.until(t, "holter goes on, open connections: 1. enter shows it again, ctrl+c ends it.")
	if l.screen.Mode(1049) || l.screen.Mode(1002) || !l.screen.Mode(25) {
		t.Error("the screen has not stepped aside")
	}
	getsBeats(t, pings, time.Second)
	l.typed(t, "\x1a")
	l.typed(t, "x :q!") // what somebody types who looks for the prompt
	came := l.came.Load()
	getsBeats(t, pings, 500*time.Millisecond)
	if n := l.came.Load() - came; n > 0 {
		t.Errorf("%d bytes written while aside", n)
	}
	l.typed(t, "\r")
	l.until(t, "1 connections")
	if !l.screen.Mode(1049) || !l.screen.Mode(1002) || strings.Contains(l.screen.Text(), "Cancel") {
		t.Errorf("not back as before:\n%s", l.screen.Text())
	}
	l.typed(t, "\x1a")
	l.until(t, "holter goes on")
	l.typed(t, "\x03")
	if code, _ := l.ends(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	l.left(t)
}

// These wait for most of the time, but measure: they run beside each other, and beside no other test.
func TestSlowLines(t *testing.T) {
	long(t, "they measure for half a minute")
	t.Run("slow", slowLine)
	t.Run("too slow", lineThatIsTooSlow)
}

// On a slow line a key is answered within about the time that its picture takes, and the screen says that it skips others.
func slowLine(t *testing.T) {
	t.Parallel()
	const speed = 2000
	l := online(t, 120, 36, []string{"TERM=xterm-256color"}, holter, "--demo", "200", "--listen", freePort(t), "--admin", "127.0.0.1:0")
	l.until(t, "1 connections")
	l.speed.Store(speed)
	time.Sleep(15 * time.Second)
	for _, key := range []struct{ key, shows string }{{"5", "goroutines"}, {"1", "BEATS"}, {"?", "Here: connections"}, {"\x1b", "BEATS"}, {"4", "opened"}} {
		before := l.came.Load()
		l.typed(t, key.key)
		took := l.until(t, key.shows)
		came := l.came.Load() - before
		t.Logf("%q showed %q after %v and %d bytes", key.key, key.shows, took.Round(10*time.Millisecond), came)
		if came > 9000 { // at this size a page is 2 to 5 kB
			t.Errorf("%q was answered behind %d bytes", key.key, came)
		}
		time.Sleep(2 * time.Second)
	}
}

// A line for which the pictures are too many gets fewer of them, and the screen says so. What waits in the line drains, so that
// keys are answered soon again.
func lineThatIsTooSlow(t *testing.T) {
	t.Parallel()
	l := online(t, 200, 60, []string{"TERM=xterm-256color"}, holter, "--demo", "200", "--refresh", "50ms",
		"--listen", freePort(t), "--admin", "127.0.0.1:0")
	l.until(t, "q quit")
	l.speed.Store(2000)
	said := false
	for begin := time.Now(); time.Since(begin) < 2*patience && !said; said = strings.Contains(l.screen.Text(), "slow terminal: skipped") {
		l.typed(t, "5") // more than the line takes
		time.Sleep(200 * time.Millisecond)
		l.typed(t, "1")
		time.Sleep(200 * time.Millisecond)
	}
	if !said {
		t.Errorf("the screen does not say that it skips pictures:\n%s", l.screen.Text())
	}
	soon := 0
	for begin := time.Now(); soon < 2; time.Sleep(3 * time.Second) {
		for _, key := range []struct{ key, shows string }{{"5", "goroutines"}, {"1", "BEATS"}} {
			before := l.came.Load()
			l.typed(t, key.key)
			took := l.until(t, key.shows)
			came := l.came.Load() - before
			t.Logf("%q showed %q after %v and %d bytes", key.key, key.shows, took.Round(10*time.Millisecond), came)
			if soon++; came > 9000 { // the new page, and what was being written: a pseudo-terminal alone has 12 kB
				soon = 0
			}
		}
		if soon < 2 && time.Since(begin) > time.Minute {
			t.Fatalf("after %v keys are still answered behind more than 9 kB", time.Since(begin))
		}
	}
}

// A screen that serves nothing is stopped as other programs are, and goes on with the whole picture.
func TestAttachedScreenIsStopped(t *testing.T) {
	t.Parallel()
	p := start(t)
	dial(t, p.websocket)
	x := startTmux(t, 100, 30)
	x.write(t, holter+" attach "+p.admin)
	x.press(t, "Enter")
	x.until(t, "normal  tester")
	x.press(t, "C-z")
	x.prompt(t)
	if screen := x.screen(t); !strings.Contains(screen, "Stopped") || strings.Contains(screen, "1 connections") {
		t.Errorf("not stopped:\n%s", screen)
	}
	x.write(t, "stty -a; echo sane=$?")
	x.press(t, "Enter")
	if modes := x.until(t, "sane=0"); !strings.Contains(modes, " icanon") || !strings.Contains(modes, " echo ") {
		t.Errorf("the terminal is not as before:\n%s", modes)
	}
	x.write(t, "fg")
	x.press(t, "Enter")
	x.until(t, "normal  tester")
	x.press(t, "5")
	x.until(t, "Machine")
	x.press(t, "q")
	x.prompt(t)
}

// Whatever sizes a terminal has had, also in the middle of a picture, it shows in the end what it would have shown without them.
func TestResizedAllTheTime(t *testing.T) {
	t.Parallel()
	l, _ := watched(t)
	l.until(t, "normal  tester")
	l.typed(t, "p") // a picture that stands still
	l.until(t, "FROZEN")
	l.typed(t, "x")
	l.until(t, "Cancel")
	resize := func(w, h int) {
		l.screen.Resize(w, h)
		pty.Setsize(l.control, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)})
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		resize(20+r.IntN(381), 5+r.IntN(116))
		time.Sleep(10 * time.Millisecond)
		if r.IntN(4) == 0 { // there and back at once
			resize(100, 30)
			resize(60, 20)
			resize(100, 30)
		}
	}
	resize(100, 30)
	l.until(t, "Cancel")
	ages := regexp.MustCompile(` *FROZEN \d+s, \d+ new| for [0-9.]+s|(?m)^ (frozen:|\d\d:).*$`)
	eventually(t, patience, "the same as painted anew", func() bool {
		time.Sleep(300 * time.Millisecond)
		before := l.screen.Text()
		l.cmd.Process.Signal(syscall.SIGCONT)
		time.Sleep(300 * time.Millisecond)
		return ages.ReplaceAllString(before, "") == ages.ReplaceAllString(l.screen.Text(), "")
	})
}
