// Package tui is holter's screen in a terminal.
//
// It draws what a Source tells it, and cannot tell whether that is a monitor in this process, one behind an admin API, or
// something else. An application that embeds the monitor calls Run with its source; the command line sets Options.
//
// App is the root: it owns the size, the pages, the dialog that is open, the message line and the drawing, which is the value
// that says in which styles and over how much time everything is drawn. Pages get a picture and keys and return lines. The
// root asks them for abilities (opener, lister, sorter and others in pages.go) and never which page they are.
//
// Three rules keep the screen quick. All that waits is a command of effects: it ends with the context, and Run returns only
// when every command is over. There is one message for each refresh, however much has happened. And whatever costs time with
// the number of connections, such as filtering and sorting, is done by commands on a picture, which never changes once it is
// made. Update and View run on one goroutine and never block.
//
// The rooms: terminal is the terminal that is taken and given back, paint writes pictures to it, input reads keys and the
// mouse, look has styles and text, chart draws figures, widget has tables, menus and forms, svg and export write files, traffic
// measures bytes per second, describe words the detail of a connection, paths the timer map, advice what could be better, alerts what rules found, glossary the words of the screen. They import model and
// each other, never tui. Package cli, the command line's own furniture, and eventlog, which writes the events of a source as log
// lines, stand beside it.
package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/input"
	"holter/tui/look"
	"holter/tui/paint"
	"holter/tui/terminal"
)

// Options are the settings of a screen. The zero value is a screen on the program's own terminal.
type Options struct {
	Theme   string `enum:"system,dark,light,blind" default:"system" help:"Colours of the screen: system (the terminal's sixteen), dark, light, or blind for colour-blind eyes."`
	Graph   string `enum:",braille,block,ascii" default:"" placeholder:"KIND" help:"What charts are drawn with: braille, block or ascii; what terminal and locale can show if not given."`
	NoMouse bool   `help:"Leave the mouse to the terminal; m takes it while the screen runs."`

	Notify string `enum:"off,bell,osc9,osc777" default:"off" placeholder:"HOW" help:"What the terminal does when an alert begins to fire: nothing (off), ring its bell, or show a notification, by OSC 9 or OSC 777 as it understands."`

	Refresh time.Duration `default:"250ms" placeholder:"DURATION" help:"How often the picture is renewed; less often for a slow line."`

	ReadOnly bool         `kong:"-"` // only show, even if the source allows changes
	API      string       `kong:"-"` // root of the admin API's addresses, "" if there is none
	Demo     func() error `kong:"-"` // starts 20 demo clients, nil if there are none

	// Foreign reports whether a connection ends with the screen, and is not of this process's own clients. Before such ones
	// end, the screen asks. If it is nil, none does.
	Foreign func(*model.Connection) bool `kong:"-"`

	// Elsewhere says that the connections are another process's. Then ctrl+z stops this one, as it does other programs. A
	// process that serves connections is never stopped.
	Elsewhere bool `kong:"-"`

	Input    io.Reader          `kong:"-"` // keys, nil for standard input
	Output   io.Writer          `kong:"-"` // nil for standard output
	Terminal *terminal.Terminal `kong:"-"` // that of both, for a caller who must be able to give it back; nil for one of its own
}

// Validate is called by kong.
func (o Options) Validate() error {
	if o.Refresh != 0 && o.Refresh < leastRefresh || o.Refresh > mostRefresh {
		return fmt.Errorf("--refresh %v: write a time from %v to %v, such as 2s", o.Refresh, leastRefresh, mostRefresh)
	}
	return nil
}

// Source is all that the screen knows of where its picture comes from: a monitor in this process,
// or one behind an admin plane. Its methods may wait and are called from commands only, never from
// Update or View.
//
// Errors are sentences for the message line. An error of Snapshot means that there is no newer picture for now, with
// the code model.Unavailable if there is no answer; the screen keeps the last picture and asks again. The sequence
// numbers of events only grow, even when the monitor behind the source is restarted.
type Source interface {
	// Snapshot is the whole picture now, or the newest there is, with its age. The caller may keep and change it. An old
	// one is returned while a newer one is coming in; when nothing of that has come for five seconds, an error.
	Snapshot(ctx context.Context) (model.Snapshot, error)
	// Detail is one connection, with a model.NotFound error once it is forgotten.
	Detail(ctx context.Context, id model.ID) (model.Detail, error)
	// Events returns the events with a Seq above after, oldest first, and waits until there is one. If some were
	// lost since then, one model.Dropped event in front counts them.
	Events(ctx context.Context, after uint64) ([]model.Event, error)
	// Kick ends connections and returns how many. It returns an error as well if some of several were gone
	// already.
	Kick(ctx context.Context, k model.Kick) (int, error)
	// SetFaults replaces the faults of connections and returns of how many. Like Kick, it may succeed for some and
	// return an error as well.
	SetFaults(ctx context.Context, o model.FaultOrder) (int, error)
	// Refuse refuses upgrades for the given time from now on; 0 accepts them again.
	Refuse(ctx context.Context, length time.Duration) error
	// Dismiss takes a piece of advice away until it becomes worse, by its ID.
	Dismiss(ctx context.Context, id string) error
	// Recall takes that back.
	Recall(ctx context.Context, id string) error
	// Alerts is all that is known of alerts: the rules too, and where they are sent to.
	Alerts(ctx context.Context) (model.AlertBook, error)
	// OrderAlert acknowledges or silences alerts, and returns how many.
	OrderAlert(ctx context.Context, o model.AlertOrder) (int, error)
}

// Run shows the screen with no options: see Options.Run.
func Run(ctx context.Context, source Source) error { return Options{}.Run(ctx, source) }

// Run shows the screen until ctx ends or the user quits, neither of which is an error. It leaves the
// terminal as it was, also after a panic in the screen, which becomes an error of one line. It leaves
// signals to the caller: ctrl-c is a key here.
func (o Options) Run(ctx context.Context, source Source) error {
	setup, err := o.setup()
	if err != nil {
		return err
	}
	fx := newEffects(ctx, source)
	defer fx.stop()
	fx.demo = o.Demo
	if fx.keys, err = input.Open(o.Input); err != nil {
		return err
	}
	t := o.terminal(fx.keys)
	enter, err := t.Take()
	if err != nil {
		t.Close("")
		return fmt.Errorf("take the terminal: %w", err)
	}
	screen := paint.New(t, enter)
	fx.screen = screen
	app := newApp(fx, setup)
	_, err = tea.NewProgram(screen.Over(fx.ctx, app, fx.recover), programOptions(fx)...).Run()
	cause := context.Cause(fx.ctx)
	fx.stop()
	screen.Close(app.remains())
	switch {
	case errors.Is(cause, errBroken):
		return cause
	case cause != nil: // ctx is over, or the terminal is gone, which is the same as if the user had quit
		return nil
	case err != nil:
		return fmt.Errorf("show the screen: %w", err)
	}
	return nil
}

// terminal is the one to show the screen on.
func (o Options) terminal(keys *input.Reader) *terminal.Terminal {
	switch {
	case o.Terminal != nil:
		return o.Terminal
	case keys != nil:
		return terminal.Open(keys.From(), o.Output)
	}
	return terminal.Open(o.Input, o.Output)
}

func (o Options) setup() (setup, error) {
	t, err := look.FindTheme(o.Theme)
	if err != nil {
		return setup{}, err
	}
	g, err := look.ChooseGraph(o.Graph, os.Getenv)
	if err != nil {
		return setup{}, err
	}
	return setup{
		clock:    time.Now,
		restyle:  func(t *look.Theme) *look.Styles { return look.New(t, g, os.Getenv) },
		theme:    t,
		readOnly: o.ReadOnly,
		mouse:    !o.NoMouse,
		api:      o.API,
		foreign:  o.Foreign,
		notify:   o.Notify,
		every:    cmp.Or(o.Refresh, defaultRefresh),
		stops:    o.Elsewhere && terminal.CanSuspend,
	}, nil
}

// programOptions have Bubble Tea run the program, and leave the terminal to the screen.
func programOptions(fx *effects) []tea.ProgramOption {
	options := []tea.ProgramOption{
		tea.WithContext(fx.ctx),
		tea.WithoutSignalHandler(),
		tea.WithoutRenderer(),
		tea.WithOutput(io.Discard),
	}
	if fx.keys != nil {
		options = append(options, tea.WithInput(nil)) // there is another reader
	}
	return options
}
