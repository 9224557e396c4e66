package paint

import (
	"context"
	"errors"
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/terminal"
)

// lookEvery is how often the size of the terminal is looked at, which also shows that it is still there.
const lookEvery = 500 * time.Millisecond

// Model is a Bubble Tea program whose View is shown on a screen. It must be run without a renderer of Bubble Tea's.
//
// It tells the program the size of the terminal, and Skips when pictures are left out. It obeys tea.EnableMouseCellMotion and
// tea.DisableMouse. A terminal that is gone ends the program as if the user had quit.
type Model struct {
	inner  tea.Model
	screen *Screen
	ctx    context.Context // of the commands
	guard  func()          // deferred in each goroutine
	w, h   int
	skips  Skips
}

// Over puts a program on the screen, until ctx ends. guard is deferred in each goroutine of the screen's, to recover it.
func (s *Screen) Over(ctx context.Context, inner tea.Model, guard func()) *Model {
	return &Model{inner: inner, screen: s, ctx: ctx, guard: guard}
}

// Init starts the program, the writing, and the watch over the size.
func (m *Model) Init() tea.Cmd {
	return tea.Batch(m.write, m.watch(sized{}), m.inner.Init())
}

// write is a command for as long as the screen lives.
func (m *Model) write() tea.Msg {
	defer m.guard()
	if m.screen.run(m.ctx) != nil { // the terminal is gone
		return tea.QuitMsg{}
	}
	return nil
}

// sized is a size of the terminal, in cells.
type sized struct{ w, h int }

// watch is a command that waits for another size than now.
func (m *Model) watch(now sized) tea.Cmd {
	return func() tea.Msg {
		defer m.guard()
		changed, stop := terminal.Changes()
		defer stop()
		look := time.NewTicker(lookEvery)
		defer look.Stop()
		var told os.Signal // nil if nothing was signalled
		for {
			w, h, err := m.screen.term.Size()
			switch {
			case errors.Is(err, terminal.ErrGone):
				return tea.QuitMsg{}
			case err != nil:
				return nil
			case now != sized{w, h}:
				return sized{w, h}
			case told != nil:
				m.screen.repaint() // it was another size for a moment, and nobody knows what it shows
			}
			select {
			case <-m.ctx.Done():
				return nil
			case <-look.C:
				told = nil
			case told = <-changed:
				if terminal.Continued(told) {
					m.screen.resume()
				}
			}
		}
	}
}

// resume takes the terminal again after a shell had it.
func (s *Screen) resume() {
	if !s.isAside() {
		s.Back()
	}
}

// repaint has the whole picture painted.
func (s *Screen) repaint() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget, s.fresh = true, true
	s.wakeUp()
}

// Update hands a message to the program.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if skips := m.screen.Skipped(); skips != m.skips {
		m.skips = skips
		m.inner, _ = m.inner.Update(skips)
	}
	switch msg := msg.(type) {
	case sized:
		m.w, m.h = msg.w, msg.h
		return m, tea.Batch(m.hand(tea.WindowSizeMsg{Width: m.w, Height: m.h}), m.watch(msg))
	case tea.WindowSizeMsg: // a Windows console tells it among the keys
		m.w, m.h = msg.Width, msg.Height
	}
	switch msg {
	case tea.EnableMouseCellMotion():
		m.screen.Mouse(true)
	case tea.DisableMouse():
		m.screen.Mouse(false)
	}
	return m, m.hand(msg)
}

func (m *Model) hand(msg tea.Msg) (cmd tea.Cmd) {
	m.inner, cmd = m.inner.Update(msg)
	return cmd
}

// View shows the program's picture.
func (m *Model) View() string {
	m.screen.Show(m.inner.View(), m.w, m.h)
	return ""
}
