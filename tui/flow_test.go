package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/exp/teatest"
)

// flow runs the whole program on a pretended terminal.
type flow struct {
	t  *testing.T
	fx *effects
	*teatest.TestModel
}

func newFlow(t *testing.T, f *fake) *flow {
	fx := newEffects(context.Background(), f)
	t.Cleanup(fx.stop)
	app := newApp(fx, testSetup(utf8Locale))
	return &flow{t, fx, teatest.NewTestModel(t, app, teatest.WithInitialTermSize(80, 24))}
}

func (f *flow) sees(text string) {
	f.t.Helper()
	teatest.WaitFor(f.t, f.Output(), func(out []byte) bool { return bytes.Contains(out, []byte(text)) },
		teatest.WithDuration(10*time.Second), teatest.WithCheckInterval(5*time.Millisecond))
}

func (f *flow) key(k tea.KeyType) { f.Send(tea.KeyMsg{Type: k}) }

func (f *flow) quits() {
	f.t.Helper()
	f.WaitFinished(f.t, teatest.WithFinalTimeout(10*time.Second))
}

func TestFlowFilterAndOpen(t *testing.T) {
	f := newFlow(t, newFake(ward(50)...))
	f.sees("demo-0007")
	f.Type("/demo-0012")
	f.sees("1/1 of 50")
	f.key(tea.KeyEnter)
	f.sees("filter")
	f.key(tea.KeyEnter)
	f.sees("round trips")
	f.Type("q")
	f.sees("SILENCE")
	f.Type("q")
	f.quits()
}

func TestFlowSortAndHide(t *testing.T) {
	f := newFlow(t, newFake(ward(50)...))
	f.sees("1/50")
	f.Type("G")
	f.sees("50/50")
	f.Type("H")
	f.sees("47/47, 3 closed hidden")
	f.Type("sc")
	f.sees("1/47, 3 closed hidden")
	f.Send(tea.MouseMsg{X: 79, Y: 21, Action: tea.MouseActionPress, Button: tea.MouseButtonLeft})
	f.Send(tea.MouseMsg{X: 79, Y: 21, Action: tea.MouseActionRelease, Button: tea.MouseButtonLeft})
	f.sees("47/47, 3 closed hidden")
	f.key(tea.KeyCtrlC)
	f.quits()
}

func TestFlowKick(t *testing.T) {
	source := newFake(ward(50)...)
	f := newFlow(t, source)
	f.sees("demo-0007")
	f.Type("x")
	f.sees("Cancel")
	f.key(tea.KeyRight)
	f.key(tea.KeyEnter)
	f.sees("kicked demo-0007 (c7): 1001 going away")
	f.key(tea.KeyCtrlC)
	f.quits()
}

func TestFlowPagesAndBulkKick(t *testing.T) {
	source := newFake(ward(50)...)
	f := newFlow(t, source)
	f.sees("demo-0007")
	f.Type("2")
	f.sees("BACK AFTER")
	f.Type("5")
	f.sees("This holter")
	f.key(tea.KeyTab)
	f.sees(" of 0.52s")
	f.key(tea.KeyTab)
	f.sees("No path is known yet")
	f.key(tea.KeyTab)
	f.sees("SILENCE")
	f.Type("/state=suspect")
	f.sees("/3 of 50 state=suspect")
	f.key(tea.KeyEnter)
	f.Type("X")
	f.sees("Kick 3 that match")
	f.key(tea.KeyTab)
	f.key(tea.KeyEnter)
	f.sees("kicked 3 that match state=suspect")
	f.Type("Q")
	f.quits()
}

func TestFlowWard(t *testing.T) {
	f := newFlow(t, newFake(ward(50)...))
	f.sees("demo-0007")
	f.Type("6")
	f.sees(" of 0.52s")
	f.key(tea.KeyRight)
	f.key(tea.KeyDown)
	f.Type(" ")
	f.sees("1 marked")
	f.key(tea.KeyEnter)
	f.sees("round trips")
	f.key(tea.KeyEsc)
	f.Type("/state=suspect")
	f.sees("/3 of 50 state=suspect")
	f.key(tea.KeyEnter)
	f.Type("X")
	f.sees("Kick 1 marked")
	f.key(tea.KeyEsc)
	f.Type("Q")
	f.quits()
}

// TestRun is about the ends of a screen: by a key, by its context, by a panic.
func TestRun(t *testing.T) {
	t.Run("key", func(t *testing.T) {
		if err := runWith(t.Context(), newFake(ward(5)...), strings.NewReader("q"), io.Discard); err != nil {
			t.Error(err)
		}
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		source := newFake(ward(5)...)
		out := writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })
		if err := runWith(ctx, source, &bytes.Buffer{}, out); err != nil {
			t.Error(err)
		}
	})
	t.Run("panic", func(t *testing.T) {
		source := newFake()
		source.panics = true
		var out bytes.Buffer
		err := runWith(t.Context(), source, &bytes.Buffer{}, &out)
		if !errors.Is(err, errBroken) {
			t.Errorf("error %v", err)
		}
		if got := out.String(); strings.Contains(got, "goroutine") || !strings.Contains(got, "\x1b[?1049l") {
			t.Errorf("the terminal was not restored: %q", got)
		}
	})
}

func runWith(ctx context.Context, source Source, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return Options{Input: in, Output: out}.Run(ctx, source)
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
