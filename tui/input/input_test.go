package input

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a reader with a line to it, in a bubble of pretended time.
type line struct {
	*io.PipeWriter
	*Reader
	t *testing.T
}

func newLine(t *testing.T) *line {
	t.Helper()
	from, to := io.Pipe()
	r, err := Open(from)
	if err != nil {
		t.Fatal(err)
	}
	go r.Pump()
	t.Cleanup(func() {
		r.Close()
		to.Close()
	})
	return &line{to, r, t}
}

// sends writes pieces, each after a pause.
func (l *line) sends(pause time.Duration, pieces ...string) {
	for _, p := range pieces {
		time.Sleep(pause)
		io.WriteString(l, p)
	}
}

// heard are the messages of the next Next, and how long it waited.
func (l *line) heard() (string, time.Duration) {
	l.t.Helper()
	begin := time.Now()
	msgs, err := l.Next(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return said(msgs), time.Since(begin)
}

func (l *line) hears(want string, after time.Duration) {
	l.t.Helper()
	if got, took := l.heard(); got != want || took != after {
		l.t.Errorf("%q after %v, want %q after %v", got, took, want, after)
	}
}

func TestReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t)
		go l.sends(0, "jk", "\x1b[A\x1b", "[B", "\x1b]11;rgb:1e", "1e/1e1e\a", "\x1b", "q")
		l.hears("j k", 0)
		l.hears("up", 0)
		l.hears("down", 0)
		l.hears("alt+q", 0)
	})
}

func TestReaderWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t)
		go l.sends(0, "\x1b")
		l.hears("esc", escapeWait)
		go l.sends(time.Second, "[", "A", "\x1b", "[<65;1;1M")
		l.hears("up", 2*time.Second)
		l.hears("esc", time.Second+escapeWait)
		l.hears("wheel down", time.Second-escapeWait)
		go l.sends(0, "\x1b[200~paste")
		l.hears("[paste]", pasteWait)
		go l.sends(time.Minute, "x")
		l.hears("x", time.Minute)
	})
}

// Between bytes the reader waits, and does not ask again and again: a hundred seconds of silence take no turns of the loop.
func TestReaderRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t)
		go l.sends(0, "\x1b[1;", strings.Repeat("\x1b]11;", 10))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		turns := 0
		for {
			turns++
			if msgs, err := l.step(ctx); errors.Is(err, context.DeadlineExceeded) {
				break
			} else if len(msgs) > 0 {
				t.Errorf("%q", said(msgs))
			}
		}
		if turns > 5 {
			t.Errorf("%d turns", turns)
		}
	})
}

// Bytes that are there go before a deadline that passed while nobody asked.
func TestReaderComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t)
		go l.sends(time.Millisecond, "j\x1b", "[A")
		l.hears("j", time.Millisecond)
		time.Sleep(time.Second)
		l.hears("up", 0)
	})
}

func TestReaderEnds(t *testing.T) {
	r, err := Open(strings.NewReader("q\x1b"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go r.Pump()
	var msgs []tea.Msg
	for err == nil {
		var more []tea.Msg
		more, err = r.Next(t.Context())
		msgs = append(msgs, more...)
	}
	if said(msgs) != "q esc" || !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v", said(msgs), err)
	}
}

func TestReaderStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if msgs, err := l.Next(ctx); len(msgs) > 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("%q, %v", said(msgs), err)
		}
	})
}

// A reader that is closed before it is used reads nothing.
func TestClosedBefore(t *testing.T) {
	r, err := Open(strings.NewReader("q"))
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	r.Close()
	r.Pump()
}
