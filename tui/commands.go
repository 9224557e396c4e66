package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/input"
	"holter/tui/traffic"
)

const (
	leastRefresh   = 50 * time.Millisecond
	defaultRefresh = 250 * time.Millisecond
	mostRefresh    = time.Minute

	retryEvery   = time.Second     // after the source failed
	answerWithin = 5 * time.Second // for all but the wait for events

	// A refresh rests restFactor times as long as it worked, so that the screen takes at most a tenth of a core for it.
	// longestRest bounds that for a refresh that had to wait for its source.
	restFactor  = 10
	longestRest = 2 * time.Second
)

// effects makes the commands, which do everything that waits for the source or for time. Bubble Tea runs each in a
// goroutine and does not wait for it, so effects counts them, and they end with the context.
type effects struct {
	source Source
	demo   func() error                                    // starts demo clients, nil if there are none
	screen canvas                                          // the terminal
	wait   func(ctx context.Context, d time.Duration) bool // reports whether d passed before ctx ended
	meter  traffic.Meter                                   // used by one refresh at a time
	keys   *input.Reader                                   // nil where Bubble Tea reads the keys
	ctx    context.Context
	end    context.CancelCauseFunc // ends the screen with an error

	mu      sync.Mutex // orders start against wait
	running sync.WaitGroup
}

func newEffects(ctx context.Context, source Source) *effects {
	ctx, end := context.WithCancelCause(ctx)
	return &effects{source: source, wait: wait, ctx: ctx, end: end}
}

// do makes f a command. A panic in f ends the screen in an orderly way; Bubble Tea alone would print a stack trace over
// the picture.
func (e *effects) do(f func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		if !e.start() {
			return nil
		}
		defer e.running.Done()
		defer e.recover()
		return f(e.ctx)
	}
}

func (e *effects) start() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ctx.Err() != nil {
		return false
	}
	e.running.Add(1)
	return true
}

// stop ends all commands and waits until they are over.
func (e *effects) stop() {
	e.mu.Lock()
	e.end(nil)
	e.mu.Unlock()
	if e.keys != nil {
		e.keys.Close()
	}
	e.running.Wait()
}

// pump has the terminal read, until stop.
func (e *effects) pump() tea.Cmd {
	return func() tea.Msg {
		if e.keys != nil {
			defer e.recover()
			e.keys.Pump()
		}
		return nil
	}
}

// hear waits for what is typed, clicked and pasted. A terminal that is gone ends the screen.
func (e *effects) hear() tea.Cmd {
	return e.do(func(ctx context.Context) tea.Msg {
		if e.keys == nil {
			return nil
		}
		msgs, err := e.keys.Next(ctx)
		if errors.Is(err, input.ErrGone) {
			e.end(err)
		}
		return heard{msgs: msgs, last: err != nil}
	})
}

// refresh gets a picture after a pause, and the detail of id unless that is 0. The picture is arranged unless arrange is nil.
func (e *effects) refresh(pause time.Duration, arrange func(*picture) *picture, id model.ID) tea.Cmd {
	return e.do(func(ctx context.Context) tea.Msg {
		if !e.wait(ctx, pause) {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		begin := time.Now()
		s, err := e.source.Snapshot(ctx)
		if err != nil {
			return refreshed{err: err}
		}
		msg := refreshed{picture: newPicture(&s, e.meter.Read(&s))}
		if arrange != nil {
			msg.picture = arrange(msg.picture)
		}
		msg.took = time.Since(begin)
		if id != 0 {
			d := inspect(ctx, e.source, id)
			msg.detail = &d
		}
		return msg
	})
}

// rearrange filters and sorts a picture anew.
func (e *effects) rearrange(p *picture, arrange func(*picture) *picture) tea.Cmd {
	return e.do(func(context.Context) tea.Msg { return rearranged{arrange(p)} })
}

// inspect asks for the detail of a connection.
func (e *effects) inspect(id model.ID) tea.Cmd {
	return e.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		return inspect(ctx, e.source, id)
	})
}

func inspect(ctx context.Context, source Source, id model.ID) inspected {
	d, err := source.Detail(ctx, id)
	return inspected{id: id, detail: d, err: err}
}

// listen waits for events after a pause. Because of the pause many events come as one message.
func (e *effects) listen(pause time.Duration, after uint64) tea.Cmd {
	return e.do(func(ctx context.Context) tea.Msg {
		if !e.wait(ctx, pause) {
			return nil
		}
		events, err := e.source.Events(ctx, after)
		if ctx.Err() != nil {
			return nil
		}
		return happened{events: events, first: after == 0, err: err}
	})
}

// kick ends connections. The source says so if they are gone by now.
func (e *effects) kick(k model.Kick, to victims, how string) tea.Cmd {
	return e.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		n, err := e.source.Kick(ctx, k)
		if err == nil && n == 0 {
			err = model.Errorf(model.Gone, "it is gone already")
		}
		return kicked{label: to.label, how: how, others: to.others(), asked: len(to.ids), n: n, err: err}
	})
}

// startDemo starts demo clients.
func (e *effects) startDemo() tea.Cmd {
	return e.report("start demo clients", func() (string, error) { return "demo clients are starting", e.demo() })
}

// canvas is the terminal, beside the pictures. Nothing of it waits for the terminal.
type canvas interface {
	// Write puts a sequence that is not part of a picture between two of them.
	Write(p []byte) (int, error)
	// Aside shows what was there before the screen, with text below, until Back.
	Aside(text string)
	Back()
	// Suspend stops the process, until a shell has it go on.
	Suspend()
}

// report does what needs no source, such as writing a file, and says on the message line how it went.
func (e *effects) report(what string, do func() (done string, err error)) tea.Cmd {
	return e.do(func(context.Context) tea.Msg {
		done, err := do()
		return reported{what: what, done: done, err: err}
	})
}

// wait reports whether d passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// errBroken is behind the error of a screen that panicked.
var errBroken = errors.New("the screen broke")

// recover is deferred wherever our own code runs. It turns a panic into one line that names the
// place.
func (e *effects) recover() {
	if r := recover(); r != nil {
		e.end(fmt.Errorf("%w: %v at %s", errBroken, r, panicSite()))
	}
}

// panicSite is the innermost place of the panic in progress that is not the runtime's.
func panicSite() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if dir := filepath.Base(filepath.Dir(f.File)); f.Line > 0 && dir != "runtime" {
			return fmt.Sprintf("%s/%s:%d", dir, filepath.Base(f.File), f.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}

// heard are keys and mouse reports that came together, in their order.
type heard struct {
	msgs []tea.Msg
	last bool
}

// refreshed is the one message of a refresh: the picture, and the detail if one is open.
type refreshed struct {
	picture *picture // nil if err is set
	detail  *inspected
	took    time.Duration // to get the picture, without the pause before
	err     error
}

// rearranged is the last snapshot in another arrangement.
type rearranged struct{ picture *picture }

// inspected is the detail of one connection.
type inspected struct {
	id     model.ID
	detail model.Detail
	err    error
}

// happened are the events since the last such message.
type happened struct {
	events []model.Event
	first  bool // of this screen, which has missed nothing that was dropped before
	err    error
}

// kicked is the answer to a kick.
type kicked struct {
	label    string // names the connections
	how      string // what was sent
	others   string // what became of those that were not kicked
	asked, n int    // how many were to be kicked, and were
	err      error
}

// reported is the answer to any other command: what was done, or what could not be done.
type reported struct {
	what, done string
	err        error
}
