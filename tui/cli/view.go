package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"holter/model/reload"
	"holter/tui"
	"holter/tui/eventlog"
	"holter/tui/terminal"
)

// View are the options of a command that shows connections on a screen or in a log.
type View struct {
	Screen   tui.Options      `embed:"" group:"Screen and log:"`
	Headless *bool            `group:"Screen and log:" help:"Log lines instead of the screen; this is the default without a terminal."`
	Log      eventlog.Options `embed:"" group:"Screen and log:"`

	look *eventlog.Look // of the log, nil beside a screen
}

// WantsScreen decides between screen and log. On a terminal that cannot show a screen it says why there is none.
func (v *View) WantsScreen(s Streams) (bool, error) {
	missing := whyNoScreen(s)
	switch {
	case v.Headless != nil && *v.Headless:
		return false, nil
	case missing == "":
		return true, nil
	case v.Headless != nil:
		return false, UsageError{fmt.Errorf("--headless=false asks for the screen, but %s, or leave the flag out", missing)}
	case terminal.Interactive(s.In, s.Out):
		fmt.Fprintf(s.Err, "holter: log lines instead of the screen: %s\n", missing)
	}
	return false, nil
}

// whyNoScreen says what is missing for a screen and what to do about it, "" if nothing is.
func whyNoScreen(s Streams) string {
	if !terminal.Interactive(s.In, s.Out) {
		return "there is no terminal: run holter in one"
	}
	if why := terminal.Refuses(os.Getenv); why != "" {
		return why + ": set it to what the terminal is, such as TERM=xterm-256color"
	}
	return ""
}

// Logger writes where the screen would be. Beside a screen there is no place for it.
func (v *View) Logger(s Streams, screen bool) *slog.Logger {
	if screen {
		return slog.New(slog.DiscardHandler)
	}
	log, look := v.Log.Logger(s.Out)
	v.look = look
	return log
}

// Prepare has the log look as v says now.
func (v *View) Prepare() (reload.Commit, error) {
	if v.look == nil {
		return nil, nil
	}
	return v.look.Prepare(v.Log)
}

// NeedScreen fails where no screen can be shown, for a command that can do nothing else.
func NeedScreen(command string, s Streams) error {
	if missing := whyNoScreen(s); missing != "" {
		return UsageError{errors.New(command + " shows a screen, but " + missing)}
	}
	return nil
}

// TakeTerminal gives o the terminal to show a screen on. It returns what gives the terminal back before the program ends in
// a way that the screen cannot see coming.
func TakeTerminal(o *tui.Options, s Streams) (abort func()) {
	o.Terminal = terminal.Open(s.In, s.Out)
	return o.Terminal.Abort
}
