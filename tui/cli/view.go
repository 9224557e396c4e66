package cli

import (
	"errors"
	"log/slog"

	"holter/tui"
	"holter/tui/cli/terminal"
	"holter/tui/eventlog"
)

// View are the options of a command that shows connections on a screen or in a log.
type View struct {
	Screen   tui.Options      `embed:"" group:"Screen and log:"`
	Headless *bool            `group:"Screen and log:" help:"Log lines instead of the screen; this is the default without a terminal."`
	Log      eventlog.Options `embed:"" group:"Screen and log:"`
}

// WantsScreen decides between screen and log.
func (v *View) WantsScreen(s Streams) (bool, error) {
	possible := terminal.Interactive(s.In, s.Out)
	if v.Headless == nil {
		return possible, nil
	}
	if !*v.Headless && !possible {
		return false, UsageError{errors.New("--headless=false asks for the screen, but there is no terminal: run holter in one, or leave the flag out")}
	}
	return !*v.Headless, nil
}

// Logger writes where the screen would be. Beside a screen there is no place for it.
func (v *View) Logger(s Streams, screen bool) *slog.Logger {
	if screen {
		return slog.New(slog.DiscardHandler)
	}
	return v.Log.Logger(s.Out)
}

// NeedScreen fails where there is no terminal for a command that can do nothing but show a screen.
func NeedScreen(command string, s Streams) error {
	if terminal.Interactive(s.In, s.Out) {
		return nil
	}
	return UsageError{errors.New(command + " shows a screen, but there is no terminal: run holter in one")}
}
