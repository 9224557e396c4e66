package alert

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"holter/model"
	"holter/model/alert"
	"holter/probe/process"
)

const (
	judgeEvery = time.Second
	// restFactor is how many times as long as a look the desk rests after it.
	restFactor = 50
)

// Desk judges rules, and tells of what they find. Any goroutine may call its methods.
type Desk struct {
	o        Options
	snapshot func(context.Context) (model.Snapshot, error)
	publish  func(model.Event)
	outputs  []output

	mu   sync.Mutex // protects all following
	book *alert.Book
	told map[string]bool // ids of what outputs were told that it fires
}

// output is where alerts go to.
type output interface {
	// tell takes an alert that began to fire, or one that it was told of and that is resolved. It never waits.
	tell(a model.Alert)
	run(ctx context.Context) error
	report() model.AlertOutput
}

// New makes a desk that gets its snapshots from a function, and publishes events with another. link is the address of this
// holter's admin plane, "" for none.
func New(o Options, link string, snapshot func(context.Context) (model.Snapshot, error), publish func(model.Event), log *slog.Logger) *Desk {
	d := &Desk{o: o, snapshot: snapshot, publish: publish, book: alert.NewBook(o.rules()), told: make(map[string]bool)}
	for _, address := range o.AlertWebhook {
		d.outputs = append(d.outputs, newQueue(newWebhook(address, link, o.AlertSecret), log))
	}
	for _, address := range o.Alertmanager {
		d.outputs = append(d.outputs, newManager(address, link, log))
	}
	if o.AlertCommand != "" {
		d.outputs = append(d.outputs, newQueue(&command{line: o.AlertCommand, link: link}, log))
	}
	return d
}

// Run judges until ctx ends, and waits for the outputs, which end with it.
func (d *Desk) Run(ctx context.Context) error {
	var parts []process.Part
	if len(d.o.rules()) > 0 {
		parts = append(parts, d.watch)
	}
	for _, out := range d.outputs {
		parts = append(parts, out.run)
	}
	return process.Run(ctx, parts...)
}

func (d *Desk) watch(ctx context.Context) error {
	for pause := judgeEvery; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		began := time.Now()
		if s, err := d.snapshot(ctx); err == nil {
			d.judge(&s)
		}
		pause = max(judgeEvery, restFactor*time.Since(began))
	}
}

// judge judges all rules by a snapshot.
func (d *Desk) judge(s *model.Snapshot) {
	failing := 0
	for _, out := range d.outputs {
		if out.report().Failing != "" {
			failing++
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.book.Judge(s, failing) {
		d.publish(model.Event{Time: s.Time, Type: model.AlertChanged, Alert: &a})
		if a.State == model.AlertResolved && d.told[a.ID] {
			delete(d.told, a.ID)
			d.tell(a)
		}
	}
	d.tellLoud(s.Time)
}

// tellLoud tells of all that calls for somebody and was not told of: also of what fired in silence, once that is over.
func (d *Desk) tellLoud(now time.Time) {
	if len(d.outputs) == 0 {
		return
	}
	for _, a := range d.book.Alerts() {
		if a.Loud(now) && !d.told[a.ID] && d.o.tells(&a) {
			d.told[a.ID] = true
			d.tell(a)
		}
	}
}

func (d *Desk) tell(a model.Alert) {
	for _, out := range d.outputs {
		out.tell(a)
	}
}

// Alerts are all alerts, the most urgent first.
func (d *Desk) Alerts() []model.Alert {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book.Alerts()
}

// Book is all that is known of alerts.
func (d *Desk) Book() model.AlertBook {
	d.mu.Lock()
	b := model.AlertBook{Rules: d.book.Rules(), Alerts: d.book.Alerts(), Log: d.book.Log()}
	d.mu.Unlock()
	for _, out := range d.outputs {
		b.Outputs = append(b.Outputs, out.report())
	}
	return b
}

// Carry carries out an order: see alert.Book.Carry.
func (d *Desk) Carry(o model.AlertOrder) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book.Carry(o, time.Now())
}

// progress is how an output does. Its methods may be called from any goroutine.
type progress struct {
	mu  sync.Mutex // protects now
	now model.AlertOutput
	log *slog.Logger
}

func (p *progress) report() model.AlertOutput {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// took notes that n notifications were taken.
func (p *progress) took(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Sent += n
	if p.now.Failing != "" {
		p.log.Info("alerts are delivered again", "output", p.now.Name)
		p.now.Failing, p.now.Since = "", time.Time{}
	}
}

// failed notes why an attempt failed. The log has it once, until that is over.
func (p *progress) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now.Failing == "" {
		p.log.Warn("alerts are not delivered", "output", p.now.Name, "error", err)
		p.now.Since = time.Now()
	}
	p.now.Failing = model.Clean(err.Error(), 200)
}

// dropped notes that notifications will never be delivered.
func (p *progress) dropped(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Dropped += n
}

func (p *progress) waiting(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Waiting = n
}

// group takes from the front of a list all that can go in one notification: alerts of one rule and in one state.
func group(list []model.Alert) int {
	n := slices.IndexFunc(list, func(a model.Alert) bool { return a.Rule != list[0].Rule || a.State != list[0].State })
	if n < 0 {
		n = len(list)
	}
	return n
}
