//go:build unix

package tui

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
)

// atTerminal is a screen with 400 connections at a real pseudo-terminal.
type atTerminal struct {
	t       *testing.T
	source  *fake
	control *os.File
	ended   chan error // gets the error of Run

	mu  sync.Mutex
	out bytes.Buffer // what the screen wrote
}

func newAtTerminal(t *testing.T) *atTerminal {
	t.Helper()
	control, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("LANG", "C.UTF-8")
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 36, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	a := &atTerminal{t: t, source: newFake(ward(400)...), control: control, ended: make(chan error, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 64<<10)
		for {
			n, err := control.Read(buf)
			a.mu.Lock()
			a.out.Write(buf[:n])
			a.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	go func() {
		a.ended <- Options{Input: terminal, Output: terminal}.Run(t.Context(), a.source)
		terminal.Close()
	}()
	t.Cleanup(func() {
		control.Close()
		<-read
	})
	a.sees("demo-0007")
	return a
}

// sees waits for text on the terminal.
func (a *atTerminal) sees(text string) {
	a.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(a.written(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			a.t.Fatalf("no %q on the terminal, but:\n%q", text, a.written())
		}
	}
}

func (a *atTerminal) written() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.out.String()
}

// types sends the pieces to the screen, with a pause after each.
func (a *atTerminal) types(pause time.Duration, pieces ...string) {
	a.t.Helper()
	for _, p := range pieces {
		if _, err := a.control.WriteString(p); err != nil {
			a.t.Fatal(err)
		}
		time.Sleep(pause)
	}
}

// leaves ends the screen with Q and returns the picture that it leaves.
func (a *atTerminal) leaves() string {
	a.t.Helper()
	a.types(0, "Q")
	select {
	case err := <-a.ended:
		if err != nil {
			a.t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		a.t.Fatalf("the screen does not end; on the terminal:\n%q", a.written())
	}
	time.Sleep(20 * time.Millisecond) // until the rest of the output is read
	_, left, _ := strings.Cut(a.written(), "\x1b[?1049l")
	return ansi.Strip(left)
}

// untouched checks that the screen still shows the connections, with the cursor on the given row, and that nothing was
// asked of the source.
func (a *atTerminal) untouched(row string) {
	a.t.Helper()
	left := a.leaves()
	if !strings.Contains(left, " "+row+" ") {
		a.t.Errorf("the cursor is not at %s:\n%s", row, left)
	}
	if !strings.Contains(left, "CLIENT ") || strings.Contains(left, "┌") || strings.Contains(left, "▸ sort by") {
		a.t.Errorf("not the connections alone:\n%s", left)
	}
	a.source.mu.Lock()
	defer a.source.mu.Unlock()
	if len(a.source.kicks)+len(a.source.orders)+len(a.source.refused) > 0 {
		a.t.Errorf("the source was told to act: %v %v %v", a.source.kicks, a.source.orders, a.source.refused)
	}
}

const (
	wheelDown = "\x1b[<65;10;10M"
	wheelUp   = "\x1b[<64;10;10M"
)

// A burst of the wheel has 440 bytes. Bubble Tea's reader takes 256 at once.
func TestWheelBurst(t *testing.T) {
	a := newAtTerminal(t)
	a.types(0, strings.Repeat(wheelDown, 40))
	a.untouched("121/400")
}

func TestWheelBurstCutAtEveryByte(t *testing.T) {
	a := newAtTerminal(t)
	down, up := strings.Repeat(wheelDown, 40), strings.Repeat(wheelUp, 40)
	for at := range len(down) {
		a.types(2*time.Millisecond, down[:at], down[at:], up)
	}
	a.types(0, wheelDown)
	a.untouched("4/400")
}

func TestWheelBurstWithAPauseAtEveryByte(t *testing.T) {
	a := newAtTerminal(t)
	a.types(2*time.Millisecond, strings.Split(strings.Repeat(wheelDown, 40), "")...)
	a.untouched("121/400")
}

// answers are what terminals say when a program asks them something, and the focus that comes and goes.
var answers = []string{
	"\x1b]11;rgb:1e1e/1e1e/2e2e\a",
	"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
	"\x1b]52;c;eHEwUQ==\x1b\\",
	"\x1b[?62;22c",
	"\x1b[>41;354;0c",
	"\x1b[24;80R",
	"\x1b[?2026;2$y",
	"\x1b[8;24;80t",
	"\x1b[?0u",
	"\x1bP>|xterm(354)\x1b\\",
	"\x1bP1+r544e=787465726d\x1b\\",
	"\x1b_Gi=31;OK\x1b\\",
	"\x1b^xq\x1b\\",
	"\x1bXxq\x1b\\",
	"\x1b[I",
	"\x1b[O",
}

func TestLateAnswersCutAtEveryByte(t *testing.T) {
	a := newAtTerminal(t)
	for _, answer := range answers {
		for at := range len(answer) {
			a.types(2*time.Millisecond, answer[:at], answer[at:])
		}
	}
	a.untouched("1/400")
}

func TestLateAnswersWhileAFilterIsTyped(t *testing.T) {
	a := newAtTerminal(t)
	a.types(0, "/demo-0")
	for _, answer := range answers {
		for at := range len(answer) {
			a.types(2*time.Millisecond, answer[:at], answer[at:])
		}
	}
	a.types(0, "012\r")
	a.sees("1/1")
	if left := a.leaves(); !strings.Contains(left, "1/1 of 400 demo-0012 ") {
		t.Errorf("the filter is not what was typed:\n%s", left)
	}
}

// An ESC that stays alone for long is the escape key, but what comes after it is still no text.
func TestLateAnswersBehindAPause(t *testing.T) {
	a := newAtTerminal(t)
	for _, answer := range append(answers, wheelDown) {
		if answer[1] != '^' && answer[1] != 'X' { // no terminal sends these, and a person types them
			a.types(150*time.Millisecond, answer[:1], answer[1:])
		}
	}
	a.untouched("4/400")
}

// Keys that a person types after the escape key are keys.
func TestKeysAfterEscape(t *testing.T) {
	a := newAtTerminal(t)
	a.types(150*time.Millisecond, "\x1b", "P")
	a.sees("addresses are masked")
	a.types(150*time.Millisecond, "\x1b", "jjj")
	a.types(65*time.Millisecond, "\x1b", "j")
	a.untouched("5/400")
}

// A megabyte is pasted where it is no text, and where the first few hundred characters are.
func TestPasteOfAMegabyte(t *testing.T) {
	text := "\x1b[200~" + strings.Repeat("xq\rX0\r ", 150_000) + "\x1b[201~"
	for at := 1; at <= 5; at++ {
		a := newAtTerminal(t)
		begin := time.Now()
		a.types(2*time.Millisecond, text[:len(text)-at], text[len(text)-at:], "j")
		a.untouched("2/400")
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
	}
	a := newAtTerminal(t)
	a.types(0, "/", text, "\x15demo-0012\r")
	a.sees("1/1")
	if left := a.leaves(); !strings.Contains(left, "1/1 of 400 demo-0012 ") {
		t.Errorf("the filter is not what was typed after the paste:\n%s", left)
	}
}
