package drill

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/probe/process"
)

// Target is the holter whose clients are disturbed.
type Target interface {
	// Snapshot is the whole picture, at most a few seconds old.
	Snapshot(ctx context.Context) (model.Snapshot, error)
	// Events are those with a Seq above after, oldest first. It waits until there is one.
	Events(ctx context.Context, after uint64) ([]model.Event, error)
	// Now is what the clock says by which events are told. Whatever is done afterwards is told later.
	Now(ctx context.Context) (time.Time, error)

	Kick(ctx context.Context, k model.Kick) (int, error)
	Refuse(ctx context.Context, length time.Duration) error
	SetFaults(ctx context.Context, o model.FaultOrder) (int, error)
}

// Progress is how far a drill is.
type Progress struct {
	Elapsed    time.Duration
	News       string // what has just been done, mostly nothing
	Clients    int    // before the drill
	Lost, Back int
	Refused    int
}

const (
	// tick is the time between two looks.
	tick = 250 * time.Millisecond
	// aftermath is how long after a disturbance connections may still end because of it: a peer has a
	// second to answer a close frame.
	aftermath = 2 * time.Second
	// stormLook is how old the figures of a storm that is on may be, and more.
	stormLook = 1500 * time.Millisecond
	// lostAfter is how long the target may be out of reach.
	lostAfter = 10 * time.Second
	// undoWithin bounds how long it may take to end what was begun.
	undoWithin = 5 * time.Second
)

// Run drills the clients of t and judges them. It tells tell what happens, in its own goroutine. Whatever
// becomes of it, refusals and faults end with the drill.
func (d *Drill) Run(ctx context.Context, t Target, tell func(Progress)) (*Report, error) {
	r, err := begin(ctx, d, t, tell)
	if err != nil {
		return nil, err
	}
	following, stop := context.WithCancel(ctx)
	var done process.Group
	done.Go(func() { r.follow(following) })
	defer done.Wait()
	defer stop()
	defer r.undoAll()
	if err := r.disturb(ctx); err != nil {
		return nil, err
	}
	if err := r.watch(ctx); err != nil {
		return nil, err
	}
	return r.report(), nil
}

// runner is one run of a drill.
type runner struct {
	drill   *Drill
	target  Target
	tell    func(Progress)
	began   time.Time // here
	run     time.Time // when the target was started
	clients int
	storms  []model.Storm
	faulty  []fault
	refused time.Duration // until when upgrades are refused
	done    []Done
	silent  time.Time // since when the target is out of reach; zero if it is not

	mu     sync.Mutex // protects record
	record *record
}

// fault is one that is on.
type fault struct {
	ids   []model.ID
	until time.Duration
}

// Done is a step that was taken.
type Done struct {
	At   time.Duration
	Step string
	Hit  int // connections; 0 of a refusal
}

// begin takes note of who is there.
func begin(ctx context.Context, d *Drill, t Target, tell func(Progress)) (*runner, error) {
	s, err := t.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	now, err := t.Now(ctx)
	if err != nil {
		return nil, err
	}
	r := &runner{drill: d, target: t, tell: tell, began: time.Now(), run: s.Monitor.Started, record: newRecord(&s, now)}
	if r.clients = r.record.present(); r.clients == 0 {
		return nil, model.Errorf(model.Invalid, "nobody is connected, so there is nobody to drill")
	}
	r.record.closing = r.losing(s.Monitor.Interval)
	return r, nil
}

// losing is until when connections end because of the drill. One that a fault has left without a heartbeat
// may take a few of these to be given up.
func (r *runner) losing(interval time.Duration) time.Duration {
	end := r.drill.end() + aftermath
	for _, s := range r.drill.Steps {
		if s.Kind == Fault {
			end = max(end, s.end()+aftermath+3*interval)
		}
	}
	return end
}

// follow takes events in until ctx ends. Events waits for what is out of reach.
func (r *runner) follow(ctx context.Context) {
	for seq := uint64(0); ; {
		events, err := r.target.Events(ctx, seq)
		if err != nil {
			return
		}
		r.mu.Lock()
		for i := range events {
			if i > 0 || seq > 0 || events[i].Type != model.Dropped { // what was lost before the first is of before the drill
				r.record.take(&events[i])
			}
		}
		r.mu.Unlock()
		seq = events[len(events)-1].Seq
	}
}

func (r *runner) elapsed() time.Duration { return time.Since(r.began) }

// disturb takes the steps, each at its time.
func (r *runner) disturb(ctx context.Context) error {
	for i := range r.drill.Steps {
		s := &r.drill.Steps[i]
		if err := r.wait(ctx, s.At, func() bool { return false }); err != nil {
			return err
		}
		hit, err := r.take(ctx, s)
		if err != nil {
			return err
		}
		r.done = append(r.done, Done{s.At, s.String(), hit})
		r.progress(r.done[len(r.done)-1].text())
	}
	return nil
}

// watch waits until all are back who lost their connection, or for as long as the drill says.
func (r *runner) watch(ctx context.Context) error {
	over := r.drill.end() + r.drill.Watch
	err := r.wait(ctx, over, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.elapsed() >= r.record.closing && r.record.back == r.record.lost && r.record.behind.IsZero()
	})
	if err != nil {
		return err
	}
	return r.wait(ctx, r.elapsed()+stormLook, func() bool { return len(r.storms) == 0 || !r.storms[len(r.storms)-1].On() })
}

// wait looks again and again until that time since the start, or until ready says so.
func (r *runner) wait(ctx context.Context, until time.Duration, ready func() bool) error {
	for !ready() && r.elapsed() < until {
		timer := time.NewTimer(min(tick, until-r.elapsed()))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		if err := r.look(ctx); err != nil {
			return err
		}
		r.undo(ctx)
		r.progress("")
	}
	return nil
}

// look takes a picture in.
func (r *runner) look(ctx context.Context) error {
	s, err := r.target.Snapshot(ctx)
	switch {
	case err != nil && r.silent.IsZero():
		r.silent = time.Now()
		return nil
	case err != nil && time.Since(r.silent) > lostAfter:
		return err
	case err != nil:
		return nil
	case !s.Monitor.Started.Equal(r.run):
		return model.Errorf(model.Unavailable, "holter was started anew in the middle of the drill")
	}
	r.silent = time.Time{}
	r.storms = s.Storms
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.catchUp(&s)
	return nil
}

// take does what a step says, and answers how many connections it was about.
func (r *runner) take(ctx context.Context, s *Step) (hit int, err error) {
	switch s.Kind {
	case Refuse:
		r.refused = r.elapsed() + s.For
		return 0, r.target.Refuse(ctx, s.For)
	case Kick:
		return r.kick(ctx, s)
	}
	ids, err := r.choose(ctx, s)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if s.For > 0 {
		r.faulty = append(r.faulty, fault{ids, r.elapsed() + s.For})
	}
	hit, err = r.target.SetFaults(ctx, model.FaultOrder{IDs: ids, Faults: s.Faults})
	return hit, unlessGone(hit, err)
}

func (r *runner) kick(ctx context.Context, s *Step) (hit int, err error) {
	k := s.Kick
	if k.Query = s.Whom; s.Share < 1 {
		k.Query = ""
		if k.IDs, err = r.choose(ctx, s); err != nil || len(k.IDs) == 0 {
			return 0, err
		}
	}
	hit, err = r.target.Kick(ctx, k)
	return hit, unlessGone(hit, err)
}

// unlessGone is err, but not that connections had ended before they could be disturbed.
func unlessGone(hit int, err error) error {
	if hit > 0 || model.ErrorCode(err) == model.Gone {
		return nil
	}
	return err
}

// choose picks the connections that a step is about.
func (r *runner) choose(ctx context.Context, s *Step) ([]model.ID, error) {
	filter, err := filter.ParseSelection(s.Whom)
	if err != nil {
		return nil, err
	}
	picture, err := r.target.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var ids []model.ID
	for i := range picture.Connections {
		if c := &picture.Connections[i]; c.Open() && filter.Match(c, picture.Time) {
			ids = append(ids, c.ID)
		}
	}
	if s.Share < 1 {
		rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		ids = ids[:int(math.Ceil(s.Share*float64(len(ids))))]
	}
	return ids, nil
}

// undo ends the faults whose time is over.
func (r *runner) undo(ctx context.Context) {
	kept := r.faulty[:0]
	for _, f := range r.faulty {
		if r.elapsed() < f.until {
			kept = append(kept, f)
			continue
		}
		_, err := r.target.SetFaults(ctx, model.FaultOrder{IDs: f.ids})
		if model.ErrorCode(err) == model.Unavailable {
			kept = append(kept, f) // to be tried again
		}
	}
	r.faulty = kept
}

// undoAll ends what is still on.
func (r *runner) undoAll() {
	ctx, cancel := context.WithTimeout(context.Background(), undoWithin)
	defer cancel()
	for i := range r.faulty {
		r.faulty[i].until = 0
	}
	r.undo(ctx)
	if r.elapsed() < r.refused {
		r.target.Refuse(ctx, 0)
	}
}

func (r *runner) progress(news string) {
	r.mu.Lock()
	p := Progress{
		Elapsed: r.elapsed(), News: news, Clients: r.clients,
		Lost: r.record.lost, Back: r.record.back, Refused: r.record.refused,
	}
	r.mu.Unlock()
	r.tell(p)
}

func (r *runner) report() *Report {
	elapsed := r.elapsed()
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.record.figures(elapsed)
	f.adopt(r.storms, r.record.start)
	report := &Report{
		Drill: r.drill.Name, About: r.drill.About, Started: r.record.start, Took: elapsed,
		Clients: r.clients, Steps: r.done, Figures: f,
	}
	for _, e := range r.drill.Expect {
		report.Checks = append(report.Checks, e.check(f))
	}
	return report
}
