package tui

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/tui/look"
)

// screen drives an App by hand: messages go in one at a time, and of the commands only those run
// that answer at once.
type screen struct {
	t     testing.TB
	app   *App
	fake  *fake
	out   fakeTerminal // what was written to the terminal beside pictures
	demos int          // how often demo clients were started
}

// fakeTerminal is what an App does with the terminal fakeTerminal pictures.
type fakeTerminal struct {
	bytes.Buffer
	did []string
}

func (b *fakeTerminal) Aside(text string) { b.did = append(b.did, "aside: "+text) }
func (b *fakeTerminal) Back()             { b.did = append(b.did, "back") }
func (b *fakeTerminal) Suspend()          { b.did = append(b.did, "suspend") }

// testSetup is a screen at noon.
func testSetup(getenv func(string) string) setup {
	return setup{
		clock:   func() time.Time { return noon },
		restyle: func(t *look.Theme) *look.Styles { return look.New(t, look.DefaultGraph(getenv), getenv) },
		theme:   look.Themes[0],
		mouse:   true,
		api:     "http://127.0.0.1:7071",
	}
}

// newScreen has taken its first picture.
func newScreen(t testing.TB, f *fake, w, h int) *screen {
	return newScreenWith(t, f, w, h, utf8Locale, false)
}

func newScreenWith(t testing.TB, f *fake, w, h int, getenv func(string) string, readOnly bool) *screen {
	fx := newEffects(context.Background(), f)
	t.Cleanup(func() {
		fx.stop()
		if cause := context.Cause(fx.ctx); errors.Is(cause, errBroken) {
			t.Error(cause)
		}
	})
	s := &screen{t: t, fake: f}
	fx.screen = &s.out
	fx.wait = func(_ context.Context, d time.Duration) bool { return d == 0 }
	fx.demo = func() error { s.demos++; return nil }
	o := testSetup(getenv)
	o.readOnly = readOnly
	s.app = newApp(fx, o)
	s.send(tea.WindowSizeMsg{Width: w, Height: h})
	s.refresh()
	return s
}

func withoutColour(name string) string {
	return map[string]string{"LANG": "C.UTF-8", "NO_COLOR": "1"}[name]
}

func asciiTerminal(name string) string {
	return map[string]string{"LANG": "C.UTF-8", "TERM": "linux"}[name]
}

func utf8Locale(name string) string { return map[string]string{"LANG": "C.UTF-8"}[name] }

// refresh takes a new picture, in the arrangement that is asked for now.
func (s *screen) refresh() {
	msg := s.app.refresh(0)()
	s.send(msg)
}

// send hands over a message and then the answers that need no waiting.
func (s *screen) send(msg tea.Msg) {
	_, cmd := s.app.Update(msg)
	s.run(cmd)
}

func (s *screen) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			s.run(c)
		}
	case rearranged, inspected, kicked, reported, foreignCount, booked:
		s.send(msg)
	}
}

// namedKeys are the keys that are no text.
var namedKeys = map[string]tea.KeyType{
	"ctrl+z": tea.KeyCtrlZ, "enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft,
	"right": tea.KeyRight, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab, "pgdn": tea.KeyPgDown,
	"pgup": tea.KeyPgUp, "home": tea.KeyHome, "end": tea.KeyEnd, "ctrl+u": tea.KeyCtrlU,
	"ctrl+d": tea.KeyCtrlD, "ctrl+c": tea.KeyCtrlC, "space": tea.KeySpace, "backspace": tea.KeyBackspace,
}

// keyMsg is a key by its name, or text.
func keyMsg(name string) tea.KeyMsg {
	typ, ok := namedKeys[name]
	switch {
	case !ok:
		return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
	case typ == tea.KeySpace:
		return tea.KeyMsg{Type: typ, Runes: []rune{' '}}
	}
	return tea.KeyMsg{Type: typ}
}

// press sends keys by their names, a word of several letters as text.
func (s *screen) press(keys ...string) *screen {
	for _, k := range keys {
		s.send(keyMsg(k))
	}
	return s
}

// ask presses a key and answers the kind of message that it leads to.
func (s *screen) ask(name string) string {
	_, cmd := s.app.Update(keyMsg(name))
	if cmd == nil {
		return ""
	}
	return fmt.Sprintf("%T", cmd())
}

// mouse presses and releases the left button on a cell.
func (s *screen) click(x, y int) {
	s.send(tea.MouseMsg{X: x, Y: y, Action: tea.MouseActionPress, Button: tea.MouseButtonLeft})
	s.send(tea.MouseMsg{X: x, Y: y, Action: tea.MouseActionRelease, Button: tea.MouseButtonLeft})
}

// text is the screen without its colours.
func (s *screen) text() string { return ansi.Strip(s.app.View()) }

// line is the first line that contains part, or a failure.
func (s *screen) line(part string) string {
	s.t.Helper()
	for _, l := range strings.Split(s.text(), "\n") {
		if strings.Contains(l, part) {
			return l
		}
	}
	s.t.Fatalf("no %q on the screen:\n%s", part, s.text())
	return ""
}

func (s *screen) lacks(part string) {
	s.t.Helper()
	if strings.Contains(s.text(), part) {
		s.t.Fatalf("unexpected %q on the screen:\n%s", part, s.text())
	}
}

// cursorRow is the client under the cursor.
func (s *screen) cursorRow() string {
	s.t.Helper()
	return strings.Fields(s.line("▸"))[2]
}

// cursorMonitor is the client of the monitor that the cursor is on.
func (s *screen) cursorMonitor() string {
	s.t.Helper()
	_, monitor, _ := strings.Cut(s.line("▸"), "▸")
	return strings.Fields(monitor)[1]
}

// drawn are the clients of the rows that are drawn, from the top.
func (s *screen) drawn() []string {
	var clients []string
	for _, l := range strings.Split(s.text(), "\n") {
		for _, word := range strings.Fields(l) {
			if strings.HasPrefix(word, "demo-") {
				clients = append(clients, word)
				break
			}
		}
	}
	return clients
}

func TestGoldens(t *testing.T) {
	sizes := []struct {
		name string
		w, h int
	}{{"59x14", 59, 14}, {"80x24", 80, 24}, {"120x30", 120, 30}, {"200x60", 200, 60}}
	scenes := []struct {
		name string
		keys []string
	}{
		{"list", nil},
		{"detail", []string{"n", "enter"}},
		{"kick", []string{"n", "x"}},
		{"kick-all", []string{"/", "state=normal", "enter", "X"}},
		{"hidden", []string{"H", "G"}},
		{"marked", []string{"space", "space", "j"}},
		{"columns", []string{"c"}},
		{"clients", []string{"2"}},
		{"events", []string{"4"}},
		{"host", []string{"5"}},
		{"frozen", []string{"p", "F", "P"}},
		{"whole", []string{"n", "enter", "enter"}},
		{"ward", []string{"6", "l", "space"}},
	}
	for _, size := range sizes {
		for _, scene := range scenes {
			t.Run(scene.name+"-"+size.name, func(t *testing.T) {
				s := newScreen(t, newFake(ward(200)...), size.w, size.h)
				s.events()
				golden.RequireEqual(t, []byte(s.press(scene.keys...).text()))
			})
		}
	}
}

// events hands over some of each kind.
func (s *screen) events() {
	c := s.fake.snapshot.Connections
	s.app.Update(happened{events: []model.Event{
		{Seq: 1, Time: noon, Type: model.ConnectionOpened, Connection: &c[2]},
		{Seq: 2, Time: noon, Type: model.StateChanged, Connection: &c[3], From: model.Normal, To: model.Suspect},
		{Seq: 3, Time: noon, Type: model.ConnectionClosed, Connection: &c[8]},
		{Seq: 4, Time: noon, Type: model.HostSampled, Host: &model.Host{CPU: 40, MemoryUsed: 30, MemoryTotal: 100}},
		{Seq: 4, Time: noon, Type: model.HostSampled, Host: &model.Host{CPU: 23, MemoryUsed: 41, MemoryTotal: 100}},
		{Seq: 5, Time: noon, Type: model.ConnectionRefused, Refusal: &model.Refusal{Remote: "10.0.0.1:1", Status: 503, Reason: "full"}},
	}})
}

func TestOtherGoldens(t *testing.T) {
	for _, test := range []struct {
		name   string
		conns  int
		w, h   int
		getenv func(string) string
		keys   []string
	}{
		{"too-small", 20, 59, 14, utf8Locale, nil},
		{"least", 20, 60, 15, utf8Locale, nil},
		{"ascii", 20, 80, 24, asciiTerminal, []string{"n"}},
		{"nobody", 0, 80, 24, utf8Locale, nil},
		{"no-match", 20, 80, 24, utf8Locale, []string{"/", "state=failed rtt>1h", "enter"}},
		{"half-typed", 20, 80, 24, utf8Locale, []string{"/", "demo-0004 rtt>"}},
		{"help", 20, 80, 150, utf8Locale, []string{"?"}},
		{"help-24", 20, 80, 24, utf8Locale, []string{"?"}},
		{"help-120", 20, 120, 110, utf8Locale, []string{"?"}},
		{"help-200", 20, 200, 60, utf8Locale, []string{"?"}},
		{"help-ascii", 20, 120, 36, asciiTerminal, []string{"?"}},
		{"help-search", 20, 120, 36, utf8Locale, []string{"?", "/", "probe", "enter"}},
		{"sort", 20, 80, 24, utf8Locale, []string{"s"}},
		{"ascii-detail", 20, 120, 30, asciiTerminal, []string{"n", "enter"}},
		{"ascii-wide", 100, 200, 60, asciiTerminal, []string{"j"}},
		{"ascii-host", 20, 120, 30, asciiTerminal, []string{"5"}},
		{"ascii-clients", 20, 80, 24, asciiTerminal, []string{"2"}},
		{"ascii-ward", 20, 80, 24, asciiTerminal, []string{"6", "l"}},
		{"ascii-events", 20, 80, 24, asciiTerminal, []string{"4"}},
		{"write", 20, 80, 24, utf8Locale, []string{"w"}},
		{"copy", 20, 80, 24, utf8Locale, []string{"y"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScreenWith(t, newFake(ward(test.conns)...), test.w, test.h, test.getenv, false)
			golden.RequireEqual(t, []byte(s.press(test.keys...).text()))
		})
	}
}

// TestThemeScreens draws the same screen in all colours, and without any.
func TestThemeScreens(t *testing.T) {
	for i, theme := range look.Themes {
		t.Run(theme.Name, func(t *testing.T) {
			s := newScreen(t, newFake(ward(20)...), 120, 30)
			for range i {
				s.press("t")
			}
			golden.RequireEqual(t, []byte(s.press("n", "space", "enter").app.View()))
		})
	}
	t.Run(look.Colourless.Name, func(t *testing.T) {
		s := newScreenWith(t, newFake(ward(20)...), 120, 30, withoutColour, false)
		golden.RequireEqual(t, []byte(s.press("n", "space", "enter").app.View()))
	})
}

func TestColours(t *testing.T) {
	for name, getenv := range map[string]func(string) string{"colours": utf8Locale, "no-colour": withoutColour} {
		t.Run(name, func(t *testing.T) {
			s := newScreenWith(t, newFake(ward(20)...), 80, 24, getenv, false)
			golden.RequireEqual(t, []byte(s.app.View()))
		})
	}
}

func mouseWheel(down bool) tea.MouseMsg {
	if down {
		return tea.MouseMsg{Action: tea.MouseActionPress, Button: tea.MouseButtonWheelDown}
	}
	return tea.MouseMsg{Action: tea.MouseActionPress, Button: tea.MouseButtonWheelUp}
}

// updating reports whether goldens are written anew.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}
