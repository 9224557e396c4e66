package input

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// said are messages as text: keys and mouse reports by their names, pastes in brackets.
func said(msgs []tea.Msg) string {
	names := make([]string, len(msgs))
	for i, msg := range msgs {
		names[i] = fmt.Sprint(msg)
		if names[i] == " " {
			names[i] = "space"
		}
	}
	return strings.Join(names, " ")
}

// noon is when bytes come in the tests that are not about time.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// whole are sequences and texts, with the messages that they are.
var whole = []struct{ bytes, said string }{
	{"j", "j"},
	{"xX", "x X"},
	{" ", "space"},
	{"é", "é"},
	{"日本", "日 本"},
	{"🙂", "🙂"},
	{"\r", "enter"},
	{"\t", "tab"},
	{"\x7f", "backspace"},
	{"\x00", "ctrl+@"},
	{"\x03", "ctrl+c"},
	{"\x1a", "ctrl+z"},
	{"\x1bj", "alt+j"},
	{"\x1bé", "alt+é"},
	{"\x1b\x7f", "alt+backspace"},
	{"\x1b\x03", "esc ctrl+c"},
	{"\x1b[A", "up"},
	{"\x1b[1;5C", "ctrl+right"},
	{"\x1b[1;3D", "alt+left"},
	{"\x1b\x1b[D", "alt+left"},
	{"\x1b[Z", "shift+tab"},
	{"\x1b[3~", "delete"},
	{"\x1b[6;5~", "ctrl+pgdown"},
	{"\x1b[7$", "shift+home"},
	{"\x1b[8^", "ctrl+end"},
	{"\x1bOB", "down"},
	{"\x1bOM", "enter"},
	{"\x1bOP", "f1"},
	{"\x1b[[B", "f2"},
	{"\x1b[24~", "f12"},
	{"\x1b[<65;10;10M", "wheel down"},
	{"\x1b\x1b[<64;10;10M", "esc wheel up"},
	{"\x1b[<0;300;200M\x1b[<0;300;200m", "left press left release"},
	{"\x1b[<20;1;1M", "ctrl+shift+left press"},
	{"\x1b[<35;1;1M", "motion"},
	{"\x1b[<0;0;5M", ""}, // there is no such cell
	{"\x1b[M !!", "left press"},
	{"\x1b[Ma!\xf0", "wheel down"},
	{"\x1b[200~xq\r\x1b[A \x1b[201~", "[xq\r[A ]"},
	{"\x1b[200~日\xff本\x1b[201~", "[日本]"},
	{"\x1b[200~\x1b[201~", ""},
	{"\x1b[200~\x1b[20\x1b[201\x1b[201~", "[[20[201]"},
	{"\x1b[201~", ""},
	{"\x1b]11;rgb:1e1e/1e1e/2e2e\a", ""},
	{"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\", ""},
	{"\x1b]0;日本\x1b\\", ""},
	{"\x1b]11;rgb:1e\x1b[A", "up"},        // it breaks off
	{"\x1b]11;rgb:1e\x18x", "x"},          // as it does here
	{"\x1b]11;rgb:1e\x03", "ctrl+c"},      // a person ends it
	{"\x1b]11;rgb:1e\x1b\x1b\\", ""},      // an escape too many
	{"\x1bP>|xterm(354)\x1b\\", ""},       // name and version
	{"\x1bP1+r544e=787465726d\x1b\\", ""}, // a capability
	{"\x1b_Gi=31;OK\x1b\\", ""},           // a picture
	{"\x1b^private\x1b\\", ""},
	{"\x1bXstart\x1b\\", ""},
	{"\x1b\\", ""},
	{"\x1b[?62;22c", ""},                             // what it is
	{"\x1b[>41;354;0c", ""},                          // its version
	{"\x1b[24;80R", ""},                              // the cursor
	{"\x1b[1;2R", ""},                                // which is no F3
	{"\x1b[0n", ""},                                  // it is well
	{"\x1b[?2026;2$y", ""},                           // a mode
	{"\x1b[8;24;80t", ""},                            // its size
	{"\x1b[?0u", ""},                                 // its keyboard
	{"\x1b[97;5u", ""},                               // a key of a keyboard that we did not ask for
	{"\x1b[I\x1b[O", ""},                             // the focus
	{"\x1b[" + strings.Repeat("1;", 1000) + "A", ""}, // no key
	{"\x1b[1;\x03", "ctrl+c"},                        // it breaks off
	{"\x1b[1;\x1b[B", "down"},
	{"\xe6\x97x", "x"}, // half a character
	{"\xff\x80\xc0x", "x"},
	{"\u009b", ""}, // a control character
}

func TestWhole(t *testing.T) {
	for _, w := range whole {
		var p parser
		if got := said(p.feed([]byte(w.bytes), noon)); got != w.said {
			t.Errorf("%q is %q, want %q", w.bytes, got, w.said)
		}
	}
}

// All, one after the other, are the same messages wherever they are cut.
func TestCutInTwo(t *testing.T) {
	var bytes, want string
	for _, w := range whole {
		bytes += w.bytes
		if w.said != "" {
			want += " " + w.said
		}
	}
	want = strings.TrimSpace(want)
	for at := range len(bytes) {
		var p parser
		msgs := p.feed([]byte(bytes[:at]), noon)
		msgs = append(msgs, p.feed([]byte(bytes[at:]), noon)...)
		if got := said(msgs); got != want {
			t.Fatalf("cut at %d, after %q:\n%q, want\n%q", at, bytes[max(0, at-20):at], got, want)
		}
	}
}

// pauses feeds the pieces with a pause before each, in which whatever waits for so long is given up.
func (p *parser) pauses(pause time.Duration, pieces ...string) (msgs []tea.Msg) {
	now := noon
	for _, piece := range pieces {
		later := now.Add(pause)
		for d := p.deadline(); !d.IsZero() && !d.After(later); d = p.deadline() {
			p.now = d
			msgs = append(msgs, p.expire()...)
		}
		now = later
		msgs = append(msgs, p.feed([]byte(piece), now)...)
	}
	return msgs
}

// long is more than an ESC waits.
const long = escapeWait + time.Millisecond

// What is cut behind an ESC, with a long pause, is an escape key and then no text.
func TestCutByAPause(t *testing.T) {
	for _, w := range whole {
		if w.bytes[0] != esc || isTyped(w.bytes, w.said) && w.bytes[1] != 'P' {
			continue
		}
		for at := 1; at < len(w.bytes); at++ {
			var p parser
			got := withoutEscape(said(p.pauses(long, w.bytes[:at], w.bytes[at:])))
			if !slices.Equal(got, withoutEscape(w.said)) {
				t.Errorf("%q, a pause, and %q are %q, want %q", w.bytes[:at], w.bytes[at:], got, w.said)
			}
		}
	}
}

// isTyped reports whether a person may have typed such bytes, when there are pauses between them: escape and then keys.
func isTyped(bytes, said string) bool {
	return strings.Contains(said, "alt") || strings.HasPrefix(bytes, "\x1b\x1b") ||
		len(bytes) > 1 && bytes[0] == esc && strings.IndexByte("X^P", bytes[1]) >= 0
}

// withoutEscape are the messages but for the escape key.
func withoutEscape(said string) []string {
	return slices.DeleteFunc(strings.Fields(said), func(name string) bool { return name == "esc" })
}

func TestAPauseAtEveryByte(t *testing.T) {
	for _, bytes := range []string{
		"\x1b[<65;10;10M", "\x1b[A", "\x1bOB", "\x1b[M !!", "\x1b[[B", "\x1b[3~", "\x1b[200~xq\x1b[201~",
		"\x1b]11;rgb:1e1e/1e1e/2e2e\a", "\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\", "\x1b_Gi=31;OK\x1b\\", "\x1b[?62;22c", "\x1b[24;80R",
	} {
		var p, q parser
		got := said(p.pauses(long, strings.Split(bytes, "")...))
		if want := strings.TrimSpace("esc " + said(q.feed([]byte(bytes), noon))); got != want {
			t.Errorf("%q is %q, want %q", bytes, got, want)
		}
	}
}

// A person presses escape and goes on typing.
func TestPersonAfterEscape(t *testing.T) {
	for _, tc := range []struct {
		pause time.Duration
		typed string
		said  string
	}{
		{altWithin + 1, "\x1b|j", "esc j"},
		{altWithin + 1, "\x1b|X|y", "esc X y"},
		{altWithin + 1, "\x1b|P|j", "esc P j"},
		{altWithin + 1, "\x1b|O|j", "esc O j"},
		{altWithin + 1, "\x1b|[|x", "esc [ x"},
		{altWithin + 1, "\x1b|]|x", "esc ] x"},
		{altWithin + 1, "\x1b|_|x", "esc _ x"},
		{altWithin + 1, "\x1b|\x1b|\x1b|q", "esc esc esc q"},
		{altWithin + 1, "\x1b|\r", "esc enter"},
		{long, "\x1b|j", "esc j"},
		{long, "\x1b|P|", "esc P"},
		{long, "\x1b|P|1", "esc P 1"},
		{long, "\x1b|X|1", "esc X 1"},
		{long, "\x1b|\x1b[A", "esc up"},
		{long, "\x1b|/|[|]", "esc / [ ]"},
		{3 * time.Second, "\x1b|[|", "esc ["},
		{3 * time.Second, "\x1b|]|1", "esc ] 1"},
		{time.Millisecond, "\x1b\x1b\x1b|\x03", "esc esc esc ctrl+c"},
		{long, "\x1b\x1b\x1b|", "esc esc esc"},
	} {
		var p parser
		if got := said(p.pauses(tc.pause, strings.Split(tc.typed, "|")...)); got != tc.said {
			t.Errorf("%q with pauses of %v is %q, want %q", tc.typed, tc.pause, got, tc.said)
		}
	}
}

// typing is a person who types at ten keys a second for so long.
func typing(key string, length time.Duration) []string {
	return slices.Repeat([]string{key}, int(length/(100*time.Millisecond)))
}

// What has no end gives the keyboard back, to a person who waits and to one who types.
func TestWithoutEnd(t *testing.T) {
	flood := strings.Repeat("x", 1<<20)
	for _, tc := range []struct {
		begin, then string
		within      time.Duration
	}{
		{"\x1b]11;rgb:", "", stringWait},
		{"\x1b]11;rgb:" + flood, "", stringWait},
		{"\x1b]", "", stringWait},
		{"\x1bP", "", stringWait},
		{"\x1b[200~paste", "[paste] ", pasteWait},
		{"\x1b[200~paste\x1b", "[paste] ", pasteWait},
		{"\x1b[200~" + flood, "[" + flood[:maxPaste] + "] ", pasteWait},
	} {
		var p parser
		got := said(p.pauses(tc.within+time.Millisecond, tc.begin, "x"))
		if want := tc.then + "x"; got != want {
			t.Errorf("%.40q, a pause, and x are %.60q, want %.60q", tc.begin, got, want)
		}
		p = parser{}
		got = said(p.pauses(100*time.Millisecond, append([]string{tc.begin}, typing("\x7f", tc.within+time.Second)...)...))
		if !strings.HasSuffix(got, "backspace") || strings.Contains(got, "x x") {
			t.Errorf("%.40q and a person who types are %.60q", tc.begin, got)
		}
	}
}

// Escape ends a string that has no end at once, and is no key then: it may be half of the string's own end.
func TestEscapeEndsAString(t *testing.T) {
	var p parser
	if got := said(p.pauses(long, "\x1b]11;rgb:", "xq", "\x1b", "j", "\x1b]1", "\x1b", "\\", "j")); got != "j j" {
		t.Errorf("%q", got)
	}
}

// What flows slowly is no text as long as it flows.
func TestSlowPaste(t *testing.T) {
	piece := strings.Repeat("x", trickle)
	var p parser
	pieces := append([]string{"\x1b[200~"}, slices.Repeat([]string{piece}, 100)...)
	if got := said(p.pauses(pasteWait-time.Second, append(pieces, "\x1b[201~", "j")...)); !strings.HasSuffix(got, "x] j") || strings.Contains(got, " x") {
		t.Errorf("%.60q…", got)
	}
}

// The end of a paste comes after it was given up.
func TestLateEndOfAPaste(t *testing.T) {
	for at := range pasteEnd {
		if at == 0 {
			continue // nothing tells it from a person's escape then
		}
		var p parser
		if got := said(p.pauses(pasteWait+1, "\x1b[200~paste"+pasteEnd[:at], pasteEnd[at:], "j")); got != "[paste] j" {
			t.Errorf("cut at %d: %q", at, got)
		}
	}
}

func TestNothingIsKept(t *testing.T) {
	for _, begin := range []string{"\x1b]", "\x1bP", "\x1b[200~", "\x1b[", "\x1bO", "\xe6"} {
		var p parser
		p.feed([]byte(begin), noon)
		for range 1000 {
			p.feed([]byte(strings.Repeat("1", 1000)), noon)
		}
		if cap(p.held) > 2*maxPaste {
			t.Errorf("after %q and a megabyte %d bytes are held", begin, cap(p.held))
		}
	}
}

// A million bytes of a paste are over before a person notices.
func BenchmarkPaste(b *testing.B) {
	data := []byte("\x1b[200~" + strings.Repeat("x", 1<<20) + "\x1b[201~")
	for b.Loop() {
		var p parser
		p.feed(data, noon)
	}
}

// FuzzCut is about bytes of any kind, cut anywhere: the messages are the same, nothing much is held, and ctrl+c gets through
// in the end.
func FuzzCut(f *testing.F) {
	for _, w := range whole {
		f.Add([]byte(w.bytes+w.bytes), uint64(0x5555))
	}
	f.Fuzz(func(t *testing.T, data []byte, cuts uint64) {
		var one, many parser
		want := said(one.feed(data, noon))
		var msgs []tea.Msg
		for _, piece := range cut(data, cuts) {
			msgs = append(msgs, many.feed(piece, noon)...)
		}
		if got := said(msgs); got != want {
			t.Fatalf("cut: %q, whole: %q", got, want)
		}
		if len(many.held) > maxPaste {
			t.Errorf("%d bytes are held", len(many.held))
		}
		for range 3 {
			if !many.deadline().IsZero() {
				many.expire()
			}
		}
		if got := said(many.feed([]byte{ctrlC}, noon.Add(time.Hour))); !strings.HasSuffix(got, "ctrl+c") {
			t.Errorf("ctrl+c is %q", got)
		}
	})
}

// FuzzMix is about what terminals and people do send, one after the other and cut anywhere, at once or with pauses: the
// messages are those of each alone, and with pauses there may be an escape key more.
func FuzzMix(f *testing.F) {
	f.Add([]byte{0, 30, 40, 43, 2, 7}, uint64(0xffff))
	f.Fuzz(func(t *testing.T, mix []byte, cuts uint64) {
		var data []byte
		var want []string
		paused := true // may be
		for _, choice := range mix {
			w := whole[int(choice)%len(whole)]
			data = append(data, w.bytes...)
			want = append(want, strings.Fields(w.said)...)
			paused = paused && !isTyped(w.bytes, w.said)
		}
		var p parser
		pieces := cut(data, cuts)
		var msgs []tea.Msg
		for _, piece := range pieces {
			msgs = append(msgs, p.feed(piece, noon)...)
		}
		if got := strings.Fields(said(msgs)); !slices.Equal(got, want) {
			t.Fatalf("%q cut: %q, want %q", data, got, want)
		}
		if !paused {
			return
		}
		p = parser{}
		texts := make([]string, len(pieces))
		for i := range pieces {
			texts[i] = string(pieces[i])
		}
		got := withoutEscape(said(p.pauses(long, texts...)))
		if want = withoutEscape(strings.Join(want, " ")); !slices.Equal(got, want) {
			t.Errorf("%q with pauses: %q, want %q", texts, got, want)
		}
	})
}

// cut cuts data after each byte whose bit is set, the first 64 bytes over and over.
func cut(data []byte, cuts uint64) (pieces [][]byte) {
	begin := 0
	for i := range data {
		if cuts>>(i%64)&1 == 1 {
			pieces = append(pieces, data[begin:i+1])
			begin = i + 1
		}
	}
	return append(pieces, data[begin:])
}

// recorder is a program that writes down what Bubble Tea's own reader makes of sequences, of which it gets one at a time.
type recorder struct {
	sequences []string
	at        int
	next      bool // a full stop, behind each sequence
}

func (r *recorder) Read(buf []byte) (int, error) {
	if r.at == len(r.sequences) {
		return 0, io.EOF
	}
	r.next = !r.next
	if r.next {
		return copy(buf, r.sequences[r.at]), nil
	}
	r.at++
	if r.at == len(r.sequences) {
		return copy(buf, "!"), nil
	}
	return copy(buf, "."), nil
}

// collector is its model.
type collector struct {
	sequences []string
	heard     map[string][]tea.Msg
}

func (c *collector) Init() tea.Cmd { return nil }
func (c *collector) View() string  { return "" }

func (c *collector) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch key := fmt.Sprint(msg); {
	case key == "!":
		return c, tea.Quit
	case key == ".":
		c.sequences = c.sequences[1:]
	default:
		switch msg.(type) {
		case tea.KeyMsg, tea.MouseMsg:
			c.heard[c.sequences[0]] = append(c.heard[c.sequences[0]], msg)
		}
	}
	return c, nil
}

// Whatever Bubble Tea knows, this package knows as the same message.
func TestLikeBubbleTea(t *testing.T) {
	var sequences []string
	for b := 1; b < 0x80; b++ {
		if b != esc && b != '.' && b != '!' {
			sequences = append(sequences, string(rune(b)))
		}
	}
	for _, letter := range "ABCDFHZabcd" {
		sequences = append(sequences, "\x1b["+string(letter))
		for modifiers := 2; modifiers <= 8; modifiers++ {
			sequences = append(sequences, fmt.Sprintf("\x1b[1;%d%c", modifiers, letter))
		}
	}
	for number := 1; number <= 24; number++ {
		for _, final := range "~^@" {
			sequences = append(sequences, fmt.Sprintf("\x1b[%d%c", number, final))
		}
		for modifiers := 3; modifiers <= 8; modifiers++ { // with 2 it takes delete for insert, and F5 for F17
			sequences = append(sequences, fmt.Sprintf("\x1b[%d;%d~", number, modifiers))
		}
	}
	for _, letter := range "ABCDPQRS" {
		sequences = append(sequences, "\x1bO"+string(letter), "\x1b\x1bO"+string(letter))
	}
	for code := range 256 {
		sequences = append(sequences, fmt.Sprintf("\x1b[<%d;10;20M", code), fmt.Sprintf("\x1b[<%d;300;1m", code))
		if code >= 32 {
			sequences = append(sequences, string([]byte{esc, '[', 'M', byte(code), 33, 200}))
		}
	}
	sequences = append(sequences, "\x1b[7$", "\x1b[8$")
	c := &collector{slices.Clone(sequences), map[string][]tea.Msg{}}
	program := tea.NewProgram(c, tea.WithInput(&recorder{sequences: sequences}), tea.WithOutput(io.Discard), tea.WithoutSignalHandler())
	if _, err := program.Run(); err != nil {
		t.Fatal(err)
	}
	if len(c.heard) < 400 {
		t.Fatalf("Bubble Tea knows only %d of %d", len(c.heard), len(sequences))
	}
	for sequence, want := range c.heard {
		var p parser
		if got := said(p.feed([]byte(sequence), noon)); got != said(want) {
			t.Errorf("%q is %q, for Bubble Tea %q", sequence, got, said(want))
		}
	}
}
