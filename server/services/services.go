// Package services keeps the services beside the connections: those that report their heartbeat to the admin plane, and
// those that holter asks for their health.
//
// A Registry owns the list of services, their hearts, and the goroutines that ask. The hearts judge (heart.Service), the
// checkers of package health ask, and package admin brings the reports. The registry shares the clock, the lateness and the
// log of events with the hub, so that a machine that was busy is no evidence against a service either. It knows nothing of
// connections, and takes no lock but its own while it holds that.
//
// The list is bounded: at most model.MaxServices. When it is full, a new service takes the place of the one that has been
// dead for the longest time. If all of them live, the new one is turned away, which is counted and said. A service that
// reports and has failed stays on the list for an hour, one that has said goodbye as long as a connection lingers.
//
// Any goroutine may call the exported methods.
package services

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"holter/model"
	"holter/model/heart"
	"holter/probe/health"
	"holter/probe/process"
)

// Beside is what the registry shares with the hub.
type Beside interface {
	Now() model.Instant
	Time(model.Instant) time.Time
	Lateness() *heart.Lateness
	Publish(model.Event)
}

// Registry is the services of a monitor. Its lock is mu. The methods of service run under it.
type Registry struct {
	o      Options
	hub    Beside
	linger time.Duration
	log    *slog.Logger
	rhythm heart.Rhythm // of reports
	asks   heart.Rhythm // of questions

	probes []*probe

	mu       sync.Mutex // protects the following
	list     []*service // by id
	beyond   uint64     // reports that were turned away
	saidOver model.Instant
	told     uint64 // of beyond, in the log
}

// service is one on the list.
type service struct {
	id, target string
	kind       model.ServiceKind
	heart      *heart.Service
	known      model.Instant
	since      model.Instant // in its state
	status     string
	clock      time.Duration
	changes    []model.ServiceChange // never changed in place
}

// probe is a service that is asked.
type probe struct {
	id, target string
	kind       model.ServiceKind
	check      health.Checker
	limit      time.Duration
	service    *service
}

const (
	tickEvery     = 100 * time.Millisecond
	keepFailed    = time.Hour
	sayOverEvery  = model.Instant(time.Minute)
	longestWord   = 64 // bytes of a status
	longestTarget = 256
	clockGrace    = 2 * time.Second
	mostClock     = 1e9 // seconds that a clock may be off before it is off by that
)

// New makes a registry. The options are valid and have their defaults, and so has the rhythm.
func New(o Options, rhythm heart.Rhythm, linger time.Duration, hub Beside, log *slog.Logger) *Registry {
	r := &Registry{o: o, hub: hub, linger: linger, log: log, rhythm: rhythm, asks: rhythm}
	r.asks.MaxTimeout = max(r.asks.MinTimeout, min(r.asks.MaxTimeout, o.HealthTimeout))
	return r
}

// Watch adds a service that is asked by a checker. target says what is asked, without what may be secret in it. It must be
// called before Run. The error says that the name is none, or that there is a service of that name.
func (r *Registry) Watch(id, target string, kind model.ServiceKind, check health.Checker) error {
	if err := ValidID(id); err != nil {
		return err
	}
	now := r.hub.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.find(id) != nil {
		return model.Errorf(model.Invalid, "there is a service %q already: give each a name of its own", id)
	}
	p := &probe{id: id, target: model.Clean(target, longestTarget), kind: kind, check: check, limit: r.o.HealthTimeout}
	p.service = &service{
		id: p.id, kind: p.kind, target: p.target, known: now, since: now,
		heart: heart.NewProbed(&r.asks, r.o.HealthEvery, r.o.HealthThreshold, now),
	}
	r.insert(p.service)
	r.probes = append(r.probes, p)
	return nil
}

// Run asks, and judges what is overdue, until ctx ends.
func (r *Registry) Run(ctx context.Context) error {
	parts := []process.Part{r.judge}
	for _, p := range r.probes {
		parts = append(parts, func(ctx context.Context) error { return r.ask(ctx, p) })
	}
	return process.Run(ctx, parts...)
}

// judge looks at all services again and again.
func (r *Registry) judge(ctx context.Context) error { return process.Every(ctx, tickEvery, r.tick) }

func (r *Registry) tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, late := r.hub.Now(), r.hub.Lateness()
	r.sayOver(now)
	forget := false
	for _, s := range r.list {
		if from, to, changed := s.heart.Tick(now, late); changed {
			r.changed(s, from, to, now)
		}
		forget = forget || s.over(now, r.linger)
	}
	if forget {
		r.list = slices.DeleteFunc(r.list, func(s *service) bool { return s.over(now, r.linger) })
	}
}

// over reports whether s has been dead for so long that it is forgotten.
func (s *service) over(now model.Instant, linger time.Duration) bool {
	age := time.Duration(now - s.since)
	switch s.heart.State() {
	case model.Closed:
		return age > linger
	case model.Failed:
		return s.kind == model.Reported && age > keepFailed
	}
	return false
}

// ask asks one service again and again.
func (r *Registry) ask(ctx context.Context, p *probe) error {
	if c, ok := p.check.(interface{ Close() }); ok {
		defer c.Close()
	}
	every := time.Duration(float64(r.o.HealthEvery) * (0.9 + 0.2*rand.Float64()))
	timer := time.NewTimer(time.Duration(rand.Float64() * float64(min(every, time.Second))))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		began := time.Now()
		r.asked(p)
		result := checkWithin(ctx, p)
		if ctx.Err() != nil {
			return nil
		}
		r.answered(p, result)
		timer.Reset(max(every-time.Since(began), every/10))
	}
}

func checkWithin(ctx context.Context, p *probe) health.Result {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	return p.check.Check(ctx)
}

func (r *Registry) asked(p *probe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.service.heart.Ask(r.hub.Now())
}

func (r *Registry) answered(p *probe, result health.Result) {
	now, late := r.hub.Now(), r.hub.Lateness()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := p.service
	s.status = model.Abridge(result.Status, longestWord)
	from, to, changed := model.Unknown, model.Unknown, false
	if result.Well() {
		from, to, changed = s.heart.Answer(now, late)
	} else {
		from, to, changed = s.heart.Refute(now, result.Why, late)
	}
	if changed {
		r.changed(s, from, to, now)
	}
}

// changed records and publishes a change of a service's state.
func (r *Registry) changed(s *service, from, to model.State, now model.Instant) {
	s.since = now
	e := model.Event{Time: r.hub.Time(now), Type: model.ServiceChanged, From: from, To: to}
	var copied model.Service
	r.read(s, &copied, now)
	s.changes = append(slices.Clone(s.changes[max(0, len(s.changes)+1-model.MaxServiceChanges):]), model.ServiceChange{
		At: e.Time, From: from, To: to, Diagnosis: copied.Diagnosis, Late: copied.Late,
	})
	copied.Changes = s.changes
	e.Service = &copied
	r.hub.Publish(e)
}

// read makes a snapshot of a service.
func (r *Registry) read(s *service, to *model.Service, now model.Instant) {
	s.heart.Read(to, r.hub.Time(0), now)
	to.ID, to.Kind, to.Target, to.Status, to.Clock, to.Changes = s.id, s.kind, s.target, s.status, s.clock, s.changes
	to.Since, to.Known = r.hub.Time(s.since), r.hub.Time(s.known)
}

// Snapshot returns all services, by id, and how many reports were turned away for want of room.
func (r *Registry) Snapshot() (all []model.Service, beyond uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) == 0 {
		return nil, r.beyond
	}
	now := r.hub.Now()
	all = make([]model.Service, len(r.list))
	for i, s := range r.list {
		r.read(s, &all[i], now)
	}
	return all, r.beyond
}

// Service returns a service and its newest beats, oldest first, or a NotFound error.
func (r *Registry) Service(id string) (one model.Service, beats []model.Sample, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.find(id)
	if s == nil {
		return one, nil, unknown(id)
	}
	r.read(s, &one, r.hub.Now())
	return one, s.heart.Samples(r.hub.Time(0)), nil
}

func unknown(id string) error {
	return model.Errorf(model.NotFound, "there is no service %q, or it has been gone for too long", model.Clean(id, model.MaxServiceID))
}

// find returns the service with an id, nil if there is none.
func (r *Registry) find(id string) *service {
	if i, found := r.search(id); found {
		return r.list[i]
	}
	return nil
}

func (r *Registry) search(id string) (i int, found bool) {
	return slices.BinarySearchFunc(r.list, id, func(s *service, id string) int {
		switch {
		case s.id < id:
			return -1
		case s.id > id:
			return 1
		}
		return 0
	})
}

func (r *Registry) insert(s *service) {
	i, _ := r.search(s.id)
	r.list = slices.Insert(r.list, i, s)
}
