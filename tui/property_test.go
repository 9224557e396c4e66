package tui

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"holter/model"
	"holter/tui/look"
)

// nasty are texts that have broken terminals.
var nasty = []string{
	"", " ", "日本語のクライアント", "👩‍👩‍👧‍👦👍🏽🇩🇪", "é́́́́́́́", "مرحبا بالعالم", "\u202edrawkcab\u2066", "\x1b[31mred\x1b]0;title\a",
	"\x1b[2J\x1b[1;1H", "tab\tnew\nline\r", "\xff\xfe\x80", strings.Repeat("w", 300), strings.Repeat("漢", 200),
	"\u200b\u200d\ufeff", "a\u0000b", "\u2028\u2029\u0085", "\u009b31m", "ｆｕｌｌ", "✖●◐", "\U000e0041",
}

func nastyWard(r *rand.Rand, n int) []model.Connection {
	pick := func() string { return nasty[r.IntN(len(nasty))] }
	span := func() time.Duration {
		return []time.Duration{0, -time.Hour, 1, time.Millisecond, time.Hour, 1e6 * time.Hour, math.MaxInt64}[r.IntN(7)]
	}
	conns := ward(n)
	for i := range conns {
		c := &conns[i]
		c.Client, c.Path, c.UserAgent, c.Subprotocol = pick(), pick(), pick(), pick()
		c.Diagnosis = model.Diagnosis{Cause: model.Cause(pick()), Detail: pick() + pick()}
		c.RTT, c.Timeout, c.Silence, c.Interval, c.RTTMean = span(), span(), span(), span(), span()
		c.State = model.State(r.IntN(7))
		c.Generation = r.IntN(math.MaxInt32)
		if c.Close != nil {
			c.Close.Reason = pick()
		}
		if r.IntN(2) == 0 {
			c.Remote = netip.MustParseAddrPort("[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535")
		}
	}
	return conns
}

// TestNeverTooLarge draws the screen in every state at many sizes: no line is wider than the
// terminal, there are never more lines than it has, and nothing of a socket's reaches it as a
// control character.
func TestNeverTooLarge(t *testing.T) {
	walks := [][]string{
		nil, {"enter"}, {"enter", "enter", "G"}, {"n", "x"}, {"x", "tab", "right"}, {"?"}, {"?", "G"}, {"s"},
		{"/", "rtt>"}, {"/", "nobody has this name", "enter"}, {"/", strings.Repeat("demo ", 90) + "rtt>"},
		{"/", "\"" + strings.Repeat("漢", 90) + "\" rtt>"}, {"G"}, {"G", "enter", "pgdn"},
		{"2"}, {"2", "G", "s"}, {"4"}, {"4", "n", "enter"}, {"5", "G"}, {"X"}, {"X", "tab"}, {"c", "up"}, {"w"}, {"y"},
		{"p", "F", "P"}, {"space", "v", "j", "j", "v", "X"}, {"-", "-", "enter", "enter"}, {"?", "/", "mark"},
		{"6"}, {"6", "G", "space", "k", "h", "-"}, {"6", "s", "c", "enter"}, {"6", "+", "+", "P", "X"},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 80 {
		f := newFake(nastyWard(r, 20+r.IntN(100))...)
		f.snapshot.Monitor.Address = "ws://" + nasty[r.IntN(len(nasty))]
		f.snapshot.Monitor.Upstream = "http://" + nasty[r.IntN(len(nasty))]
		f.snapshot.Host.CPU = 1e300
		s := newScreen(t, f, 80, 24)
		s.events()
		s.press(walks[r.IntN(len(walks))]...)
		for range 15 {
			w, h := 1+r.IntN(400), 1+r.IntN(120)
			s.send(tea.WindowSizeMsg{Width: w, Height: h})
			s.click(r.IntN(w), r.IntN(h))
			checkSize(t, s.app.View(), w, h)
		}
	}
}

func checkSize(t *testing.T, view string, w, h int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) > h {
		t.Fatalf("%d lines in a terminal of %dx%d", len(lines), w, h)
	}
	for _, line := range lines {
		if got := ansi.StringWidth(line); got > w {
			t.Fatalf("%d cells in a terminal of %dx%d: %q", got, w, h, line)
		}
		if bare := ansi.Strip(line); strings.ContainsFunc(bare, func(r rune) bool { return r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 }) {
			t.Fatalf("control character in %q", line)
		}
		if strings.Contains(line, "\x1b[31mred") || strings.Contains(line, "\x1b[2J") || strings.Contains(line, "\x1b]") {
			t.Fatalf("escape sequence of a socket's in %q", line)
		}
	}
}

// TestFullHeight keeps the message line and the keys at the bottom, whatever there is to show.
func TestFullHeight(t *testing.T) {
	for _, n := range []int{0, 1, 500} {
		for _, size := range []size{{60, 15}, {80, 24}, {120, 30}, {119, 30}, {190, 44}, {200, 60}, {300, 100}, {400, 120}} {
			for _, keys := range [][]string{nil, {"enter"}, {"enter", "enter"}, {"?"}, {"x"}, {"X"}, {"c"}, {"2"}, {"4"}, {"5"}, {"6"}} {
				s := newScreen(t, newFake(ward(n)...), size.w, size.h).press(keys...)
				if got := strings.Count(s.app.View(), "\n") + 1; got != size.h {
					t.Errorf("%d connections, %v, %v: %d lines", n, size, keys, got)
				}
			}
		}
	}
}

// TestKeysFasterThanFrames presses keys at random, with pictures and sizes in between: the screen must
// take whatever comes, in any order.
func TestKeysFasterThanFrames(t *testing.T) {
	var keys []string
	for _, b := range allBindings(t, new(newKeyMap(look.UnicodeGlyphs.Keys))) {
		if name := b.Keys()[0]; name != "w" && name != "y" {
			keys = append(keys, name)
		}
	}
	keys = append(keys, "r", "5", "demo")
	r := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		n := []int{0, 1, 10, 40}[r.IntN(4)]
		s := newScreen(t, newFake(nastyWard(r, n)...), 120, 30)
		if n >= 10 {
			s.events()
		}
		size := size{120, 30}
		for range 60 {
			switch r.IntN(12) {
			case 0:
				s.refresh()
			case 1:
				size.w, size.h = 1+r.IntN(400), 1+r.IntN(120)
				s.send(tea.WindowSizeMsg{Width: size.w, Height: size.h})
			default:
				name := keys[r.IntN(len(keys))]
				if name == " " {
					name = "space"
				}
				s.press(name)
			}
			checkSize(t, s.app.View(), size.w, size.h)
		}
	}
}
