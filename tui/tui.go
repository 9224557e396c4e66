// Package tui is holter's screen. It draws what a Source tells it and does not know where that comes
// from.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// framesPerSecond bounds how often the terminal is written to.
const framesPerSecond = 20

// Options are what a screen can be told. The zero value is a screen on the program's own terminal.
type Options struct {
	ReadOnly bool // show, and change nothing

	Input  io.Reader // keys, nil for standard input
	Output io.Writer // nil for standard output
}

// Run shows the screen with no options: see Options.Run.
func Run(ctx context.Context, source Source) error { return Options{}.Run(ctx, source) }

// Run shows the screen until ctx ends or the user quits, neither of which is an error. It leaves the
// terminal as it was, also after a panic in the screen, which becomes an error of one line. It leaves
// signals to the caller: ctrl-c is a key here.
func (o Options) Run(ctx context.Context, source Source) error {
	fx := newEffects(ctx, source)
	defer fx.stop()
	app := newApp(fx, newStyles(themes[0], defaultGraph(os.Getenv), os.Getenv), time.Now, o.ReadOnly)
	_, err := tea.NewProgram(app, programOptions(fx.ctx, o)...).Run()
	if cause := context.Cause(fx.ctx); errors.Is(cause, errBroken) {
		return cause
	}
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("show the screen: %w", err)
	}
	return nil
}

func programOptions(ctx context.Context, o Options) []tea.ProgramOption {
	options := []tea.ProgramOption{
		tea.WithContext(ctx),
		tea.WithAltScreen(),
		tea.WithFPS(framesPerSecond),
		tea.WithoutSignalHandler(),
	}
	if o.Input != nil {
		options = append(options, tea.WithInput(o.Input))
	}
	if o.Output != nil {
		options = append(options, tea.WithOutput(o.Output))
	}
	return options
}
