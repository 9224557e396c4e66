package drill

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
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
	Event      string // what has just been done, mostly nothing
	Clients    int    // before the drill
	Lost, Back int
	Refused    int
}

const (
	// pollInterval is the time between two looks.
	pollInterval = 250 * time.Millisecond
	// aftermath is how long after a disturbance connections may still end because of it: a peer has a
	// second to answer a close frame.
	aftermath = 2 * time.Second
	// stormFigureAge is how old the figures of a storm that is on may be, and more.
	stormFigureAge = 1500 * time.Millisecond
	// unreachableLimit is how long the target may be out of reach.
	unreachableLimit = 10 * time.Second
	// cleanUpTimeout bounds how long it may take to end what was begun.
	cleanUpTimeout = 5 * time.Second
)

// Run drills the clients of t and judges them. It tells tell what happens, in its own goroutine. Whatever
// becomes of it, refusals and faults end with the drill.
func (d *Drill) Run(ctx context.Context, t Target, tell func(Progress)) (*Report, error) {
	r, err := newRunner(ctx, d, t, tell)
	if err != nil {
		return nil, err
	}
	following, stop := context.WithCancel(ctx)
	var done process.Group
	done.Go(func() { r.readEvents(following) })
	defer done.Wait()
	defer stop()
	defer r.cleanUp()
	if err := r.performSteps(ctx); err != nil {
		return nil, err
	}
	if err := r.watchRecovery(ctx); err != nil {
		return nil, err
	}
	return r.report(), nil
}

// runner is one run of a drill.
type runner struct {
	drill            *Drill
	target           Target
	onProgress       func(Progress)
	started          time.Time // here
	targetStarted    time.Time // when the target was started
	clients          int
	storms           []model.Storm
	activeFaults     []activeFault
	refusesUntil     time.Duration // until when upgrades are refused
	done             []Done
	unreachableSince time.Time // since when the target is out of reach; zero if it is not

	mu     sync.Mutex // protects record
	record *record
}

// activeFault is one that is on.
type activeFault struct {
	ids   []model.ID
	until time.Duration
}

// Done is a step that was taken.
type Done struct {
	At   time.Duration
	Step string
	Hit  int // connections; 0 of a refusal
}

// newRunner takes note of who is there.
func newRunner(ctx context.Context, d *Drill, t Target, tell func(Progress)) (*runner, error) {
	s, err := t.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	now, err := t.Now(ctx)
	if err != nil {
		return nil, err
	}
	r := &runner{drill: d, target: t, onProgress: tell, started: time.Now(), targetStarted: s.Monitor.Started, record: newRecord(&s, now)}
	if r.clients = r.record.present(); r.clients == 0 {
		return nil, model.Errorf(model.Invalid, "nobody is connected, so there is nobody to drill")
	}
	r.record.lossesUntil = r.lossDeadline(s.Monitor.Interval)
	return r, nil
}

// lossDeadline is until when connections end because of the drill. One that a fault has left without a heartbeat
// may take a few of these to be given up.
func (r *runner) lossDeadline(interval time.Duration) time.Duration {
	end := r.drill.end() + aftermath
	for _, s := range r.drill.Steps {
		if s.Kind == Fault {
			end = max(end, s.end()+aftermath+3*interval)
		}
	}
	return end
}

// readEvents takes events in until ctx ends. Events waits for what is out of reach.
func (r *runner) readEvents(ctx context.Context) {
	for seq := uint64(0); ; {
		events, err := r.target.Events(ctx, seq)
		if err != nil {
			return
		}
		r.mu.Lock()
		for i := range events {
			if i > 0 || seq > 0 || events[i].Type != model.Dropped { // what was lost before the first is of before the drill
				r.record.apply(&events[i])
			}
		}
		r.mu.Unlock()
		seq = events[len(events)-1].Seq
	}
}

func (r *runner) elapsed() time.Duration { return time.Since(r.started) }

// performSteps takes the steps, each at its time.
func (r *runner) performSteps(ctx context.Context) error {
	for i := range r.drill.Steps {
		s := &r.drill.Steps[i]
		if err := r.pollUntil(ctx, s.At, func() bool { return false }); err != nil {
			return err
		}
		hit, err := r.perform(ctx, s)
		if err != nil {
			return err
		}
		r.done = append(r.done, Done{s.At, s.String(), hit})
		r.reportProgress(r.done[len(r.done)-1].text())
	}
	return nil
}

// watchRecovery waits until all are back who lost their connection, or for as long as the drill says.
func (r *runner) watchRecovery(ctx context.Context) error {
	over := r.drill.end() + r.drill.Watch
	err := r.pollUntil(ctx, over, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.elapsed() >= r.record.lossesUntil && r.record.back == r.record.lost && r.record.missedAt.IsZero()
	})
	if err != nil {
		return err
	}
	return r.pollUntil(ctx, r.elapsed()+stormFigureAge, func() bool { return len(r.storms) == 0 || !r.storms[len(r.storms)-1].On() })
}

// pollUntil looks again and again until that time since the start, or until ready says so.
func (r *runner) pollUntil(ctx context.Context, until time.Duration, ready func() bool) error {
	for !ready() && r.elapsed() < until {
		timer := time.NewTimer(min(pollInterval, until-r.elapsed()))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		if err := r.poll(ctx); err != nil {
			return err
		}
		r.endExpiredFaults(ctx)
		r.reportProgress("")
	}
	return nil
}

// poll takes a picture in.
func (r *runner) poll(ctx context.Context) error {
	s, err := r.target.Snapshot(ctx)
	switch {
	case err != nil && r.unreachableSince.IsZero():
		r.unreachableSince = time.Now()
		return nil
	case err != nil && time.Since(r.unreachableSince) > unreachableLimit:
		return err
	case err != nil:
		return nil
	case !s.Monitor.Started.Equal(r.targetStarted):
		return model.Errorf(model.Unavailable, "holter was started anew in the middle of the drill")
	}
	r.unreachableSince = time.Time{}
	r.storms = s.Storms
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.catchUp(&s)
	return nil
}

// perform does what a step says, and answers how many connections it was about.
func (r *runner) perform(ctx context.Context, s *Step) (hit int, err error) {
	switch s.Kind {
	case Refuse:
		r.refusesUntil = r.elapsed() + s.For
		return 0, r.target.Refuse(ctx, s.For)
	case Kick:
		return r.kick(ctx, s)
	}
	ids, err := r.selectConnections(ctx, s)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if s.For > 0 {
		r.activeFaults = append(r.activeFaults, activeFault{ids, r.elapsed() + s.For})
	}
	hit, err = r.target.SetFaults(ctx, model.FaultOrder{IDs: ids, Faults: s.Faults})
	return hit, ignoreGone(hit, err)
}

// kick leaves only "all" to the target, which means the same to each version. One that reads a filter otherwise might
// kick more than the drill says.
func (r *runner) kick(ctx context.Context, s *Step) (hit int, err error) {
	k := s.Kick
	if s.Share == 1 && strings.EqualFold(strings.TrimSpace(s.Selection), "all") {
		k.Query = s.Selection
	} else {
		if k.IDs, err = r.selectConnections(ctx, s); err != nil || len(k.IDs) == 0 {
			return 0, err
		}
	}
	hit, err = r.target.Kick(ctx, k)
	return hit, ignoreGone(hit, err)
}

// ignoreGone is err, but not that connections had ended before they could be disturbed.
func ignoreGone(hit int, err error) error {
	if hit > 0 || model.ErrorCode(err) == model.Gone {
		return nil
	}
	return err
}

// selectConnections picks the connections that a step is about.
func (r *runner) selectConnections(ctx context.Context, s *Step) ([]model.ID, error) {
	filter, err := filter.ParseSelection(s.Selection)
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

// endExpiredFaults ends the faults whose time is over.
func (r *runner) endExpiredFaults(ctx context.Context) {
	kept := r.activeFaults[:0]
	for _, f := range r.activeFaults {
		if r.elapsed() < f.until {
			kept = append(kept, f)
			continue
		}
		_, err := r.target.SetFaults(ctx, model.FaultOrder{IDs: f.ids})
		if model.ErrorCode(err) == model.Unavailable {
			kept = append(kept, f) // to be tried again
		}
	}
	r.activeFaults = kept
}

// cleanUp ends what is still on.
func (r *runner) cleanUp() {
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpTimeout)
	defer cancel()
	for i := range r.activeFaults {
		r.activeFaults[i].until = 0
	}
	r.endExpiredFaults(ctx)
	if r.elapsed() < r.refusesUntil {
		r.target.Refuse(ctx, 0)
	}
}

func (r *runner) reportProgress(news string) {
	r.mu.Lock()
	p := Progress{
		Elapsed: r.elapsed(), Event: news, Clients: r.clients,
		Lost: r.record.lost, Back: r.record.back, Refused: r.record.refused,
	}
	r.mu.Unlock()
	r.onProgress(p)
}

func (r *runner) report() *Report {
	elapsed := r.elapsed()
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.record.figures(elapsed)
	f.adoptStorm(r.storms, r.record.start)
	report := &Report{
		Drill: r.drill.Name, About: r.drill.About, Started: r.record.start, Took: elapsed,
		Clients: r.clients, Steps: r.done, Figures: f,
	}
	for _, e := range r.drill.Expect {
		report.Checks = append(report.Checks, e.check(f))
	}
	return report
}
