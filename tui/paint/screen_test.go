package paint

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/paint/vt"
	"holter/tui/terminal"
)

// slow is a terminal that takes what is written when the test lets it.
type slow struct {
	*vt.Terminal
	writes atomic.Int32
	open   chan struct{} // closed when it takes everything
}

func (s *slow) Write(p []byte) (int, error) {
	s.writes.Add(1)
	<-s.open
	return s.Terminal.Write(p)
}

// shown is a screen that runs on a terminal until the test ends.
func shown(t *testing.T, out io.Writer) *Screen {
	t.Helper()
	term := terminal.Open(strings.NewReader(""), out)
	enter, err := term.Take()
	if err != nil {
		t.Fatal(err)
	}
	s := New(term, enter)
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(func() {
		stop()
		s.Close("")
	})
	go s.run(ctx)
	s.wakeUp()
	return s
}

func TestSlowTerminalGetsTheNewestPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &slow{Terminal: vt.New(20, 2), open: make(chan struct{})}
		s := shown(t, out)
		for n := range 10 {
			s.Show(fmt.Sprintf("picture %d", n), 20, 2)
			time.Sleep(100 * time.Millisecond)
		}
		if out.writes.Load() != 1 {
			t.Errorf("%d writes at once", out.writes.Load())
		}
		close(out.open)
		time.Sleep(2 * time.Second)
		if text := out.Text(); text != "picture 9\n" {
			t.Errorf("shows %q", text)
		}
		if n := s.Skipped().Pictures; n < 5 || n > 9 {
			t.Errorf("%d pictures skipped", n)
		}
		skips := s.Skipped()
		for n := range 20 {
			s.Show(fmt.Sprintf("another %d", n), 20, 2)
			time.Sleep(100 * time.Millisecond)
		}
		if s.Skipped() != skips {
			t.Errorf("skipped %d more when the terminal was quick again", s.Skipped().Pictures-skips.Pictures)
		}
	})
}

func TestAPictureIsShownAtOnceAndTheNextAFrameLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &slow{Terminal: vt.New(20, 2), open: make(chan struct{})}
		close(out.open)
		s := shown(t, out)
		time.Sleep(time.Second)
		for _, text := range []string{"one", "two", "three"} {
			s.Show(text, 20, 2)
			synctest.Wait()
		}
		if text := out.Text(); text != "one\n" {
			t.Errorf("at once %q", text)
		}
		time.Sleep(frameTime)
		synctest.Wait()
		if text := out.Text(); text != "three\n" {
			t.Errorf("a frame later %q", text)
		}
		if n := s.Skipped().Pictures; n > 0 {
			t.Errorf("%d pictures skipped", n)
		}
	})
}

func TestAsideAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := vt.New(20, 3)
		fmt.Fprint(out, "$ holter\r\n")
		s := shown(t, out)
		s.Mouse(true)
		s.Show("picture", 20, 3)
		time.Sleep(time.Second)
		if !out.Mode(1049) || !out.Mode(1002) || out.Text() != "picture\n\n" {
			t.Errorf("shows %q", out.Text())
		}
		s.Aside("goes on\r\n")
		s.Show("a later picture", 20, 3)
		time.Sleep(time.Second)
		if out.Mode(1049) || out.Mode(1002) || out.Text() != "$ holter\ngoes on\n" {
			t.Errorf("aside shows %q", out.Text())
		}
		s.Back()
		time.Sleep(time.Second)
		if !out.Mode(1049) || !out.Mode(1002) || out.Text() != "a later picture\n\n" {
			t.Errorf("back shows %q", out.Text())
		}
		s.Aside("never mind")
		s.Back()
		time.Sleep(time.Second)
		if !out.Mode(1049) || out.Text() != "a later picture\n\n" {
			t.Errorf("shows %q", out.Text())
		}
	})
}

func TestCloseLeavesAText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := vt.New(20, 3)
		s := shown(t, out)
		s.Show("picture", 20, 3)
		time.Sleep(time.Second)
		s.Close("the last picture")
		s.Show("more", 20, 3)
		s.Close("again")
		time.Sleep(time.Second)
		if out.Mode(1049) || out.Text() != "the last picture\n\n" {
			t.Errorf("shows %q", out.Text())
		}
	})
}

// program is one that counts and tells what it was told.
type program struct{ got []string }

func (p *program) Init() tea.Cmd { return nil }
func (p *program) View() string  { return strings.Join(p.got, " ") }
func (p *program) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	p.got = append(p.got, fmt.Sprintf("%T", msg))
	return p, nil
}

func TestModelTellsTheProgram(t *testing.T) {
	s := New(terminal.Open(strings.NewReader(""), io.Discard), "")
	inner := &program{}
	m := s.Over(t.Context(), inner, func() {})
	m.Update(sized{80, 24})
	m.Update(tea.EnableMouseCellMotion())
	if !s.mouse {
		t.Error("the mouse is not on")
	}
	s.skips.Pictures++
	m.Update(tea.DisableMouse())
	if s.mouse {
		t.Error("the mouse is on")
	}
	m.View()
	if want := "tea.WindowSizeMsg tea.enableMouseCellMotionMsg paint.Skips tea.disableMouseMsg"; inner.View() != want || s.picture != want || s.w != 80 || s.h != 24 {
		t.Errorf("%q, shown %q at %dx%d", inner.View(), s.picture, s.w, s.h)
	}
}
