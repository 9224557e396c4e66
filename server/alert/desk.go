package alert

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"holter/model"
	"holter/model/alert"
	"holter/model/reload"
)

const (
	judgeEvery = time.Second
	// restFactor is how many times as long as a look the desk rests after it.
	restFactor = 50
)

// Desk judges rules, and tells of what they find. Any goroutine may call its methods.
type Desk struct {
	snapshot func(context.Context) (model.Snapshot, error)
	publish  func(model.Event)
	link     string
	log      *slog.Logger

	mu      sync.Mutex // protects all following
	o       Options
	outputs outputs
	book    *alert.Book
}

// New makes a desk that gets its snapshots from a function, and publishes events with another. link is the address of this
// holter's admin plane, "" for none.
func New(o Options, link string, snapshot func(context.Context) (model.Snapshot, error), publish func(model.Event), log *slog.Logger) *Desk {
	d := &Desk{snapshot: snapshot, publish: publish, link: link, log: log, o: o, book: alert.NewBook(o.rules())}
	d.outputs.set(d.wanted(o))
	return d
}

// wanted are the outputs that options ask for.
func (d *Desk) wanted(o Options) []named {
	var list []named
	for _, address := range o.AlertWebhook {
		list = append(list, named{"webhook " + address + " " + o.AlertSecret, func() output { return newQueue(newWebhook(address, d.link, o.AlertSecret), d.log) }})
	}
	for _, address := range o.Alertmanager {
		list = append(list, named{"alertmanager " + address, func() output { return newManager(address, d.link, d.log) }})
	}
	if o.AlertCommand != "" {
		list = append(list, named{"command " + o.AlertCommand, func() output { return newQueue(&command{line: o.AlertCommand, link: d.link}, d.log) }})
	}
	return list
}

// Prepare has other rules and outputs take the place of those that are there. What fires goes on firing if its rule stays, and an
// output that stays keeps what waits for it. A new output is told of all that fires.
func (d *Desk) Prepare(next Options) (reload.Commit, error) {
	rules := next.rules()
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		now := time.Now()
		for _, a := range d.book.Replace(rules, now) {
			d.changed(a, now)
		}
		d.o = next
		d.outputs.set(d.wanted(next))
		d.warnIdle()
	}, nil
}

// Run judges until ctx ends, and waits for the outputs, which end with it.
func (d *Desk) Run(ctx context.Context) error {
	d.mu.Lock()
	d.outputs.start(ctx)
	d.warnIdle()
	d.mu.Unlock()
	d.watch(ctx)
	d.mu.Lock()
	ended := d.outputs.stop()
	d.mu.Unlock()
	ended()
	return nil
}

func (d *Desk) watch(ctx context.Context) {
	for pause := judgeEvery; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = judgeEvery
		if !d.hasWork() {
			continue
		}
		began := time.Now()
		if s, err := d.snapshot(ctx); err == nil {
			d.judge(&s)
		}
		pause = max(judgeEvery, restFactor*time.Since(began))
	}
}

// warnIdle says in the log that the outputs would never be told of anything.
func (d *Desk) warnIdle() {
	if len(d.outputs.list) == 0 || !d.o.idle() {
		return
	}
	names := make([]string, len(d.outputs.list))
	for i, out := range d.outputs.list {
		names[i] = out.report().Name
	}
	d.log.Warn("nothing will be sent: no rule tells the outputs of alerts; write --alert NAME=CONDITION, or --alert-builtin all for the rules of holter", "outputs", strings.Join(names, ", "))
}

// hasWork reports whether there are rules, or alerts of rules that were there.
func (d *Desk) hasWork() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.book.Empty()
}

// judge judges all rules by a snapshot.
func (d *Desk) judge(s *model.Snapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	failing := 0
	for _, out := range d.outputs.list {
		if out.report().Failing != "" {
			failing++
		}
	}
	for _, a := range d.book.Judge(s, failing) {
		d.changed(a, s.Time)
	}
	d.tellLoud(s.Time)
}

// changed publishes an alert that began to fire or is resolved. Of the latter the outputs are told, if they know that it fired.
func (d *Desk) changed(a model.Alert, now time.Time) {
	d.publish(model.Event{Time: now, Type: model.AlertChanged, Alert: &a})
	for _, out := range d.outputs.list {
		if a.State == model.AlertResolved && out.told[a.ID] {
			delete(out.told, a.ID)
			out.tell(a)
		}
	}
}

// tellLoud tells each output of all that calls for somebody and that it was not told of: also of what fired in silence, once that
// is over, or before there was the output.
func (d *Desk) tellLoud(now time.Time) {
	if len(d.outputs.list) == 0 {
		return
	}
	for _, a := range d.book.Alerts() {
		if !a.Loud(now) || !d.o.tells(&a) {
			continue
		}
		for _, out := range d.outputs.list {
			if !out.told[a.ID] {
				out.told[a.ID] = true
				out.tell(a)
			}
		}
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
	defer d.mu.Unlock()
	b := model.AlertBook{Rules: d.book.Rules(), Alerts: d.book.Alerts(), Log: d.book.Log()}
	for _, out := range d.outputs.list {
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
