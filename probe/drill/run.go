package drill

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/probe/process"
)

// Target is the holter whose clients are disturbed. Its methods may be called by several goroutines.
type Target interface {
	// Snapshot returns a snapshot that is at most a few seconds old.
	Snapshot(ctx context.Context) (model.Snapshot, error)
	// Events waits until there are events with a Seq above after, and returns them, oldest first. It keeps waiting
	// while the target is unreachable.
	Events(ctx context.Context, after uint64) ([]model.Event, error)
	// Now returns the present time of the clock that stamps the events. An event that happens later is not stamped
	// earlier.
	Now(ctx context.Context) (time.Time, error)

	// Kick and SetFaults return the number of connections.
	Kick(ctx context.Context, k model.Kick) (int, error)
	Refuse(ctx context.Context, length time.Duration) error
	SetFaults(ctx context.Context, o model.FaultOrder) (int, error)
}

// Progress is the state of a running drill.
type Progress struct {
	Elapsed    time.Duration
	Event      string // the step that has just been performed, "" if none
	Clients    int    // connected when the drill began
	Lost, Back int
	Settling   int // have come back, and have yet to stay
	Flapping   int
	Refused    int
}

const (
	// pollInterval is the time between two snapshots.
	pollInterval = 250 * time.Millisecond
	// aftermath is how long after a disturbance connections may still end because of it. A peer has one second
	// to answer a close frame.
	aftermath = 2 * time.Second
	// stormFigureAge is how long a drill waits for the target's last figures of a storm. The target updates them
	// once a second while the storm lasts.
	stormFigureAge = 1500 * time.Millisecond
	// sampleAge is how old the newest event of a target can be: it samples its host once a second.
	sampleAge = 1250 * time.Millisecond
	// unreachableLimit is how long the target may be unreachable before the drill fails.
	unreachableLimit = 10 * time.Second
	// cleanUpTimeout bounds how long it may take to end refusals and faults.
	cleanUpTimeout = 5 * time.Second
)

// Run performs the drill on t and returns the report. It calls onProgress after each step and several times a
// second, always in the caller's goroutine. When it returns, with or without an error, it has ended all refusals
// and faults of the drill. Only a target that is unreachable then keeps them.
//
// If the drill ends early, the error says why; it is that of ctx if that has ended. The report then holds what was
// seen until then, and the verdict of those expectations that more time could not have changed.
func (d *Drill) Run(ctx context.Context, t Target, onProgress func(Progress)) (*Report, error) {
	r, err := newRunner(ctx, d, t, onProgress)
	if err != nil {
		return d.unbegun(err), err
	}
	reading, stop := context.WithCancel(ctx)
	var done process.Group
	done.Go(func() { r.readEvents(reading) })
	defer done.Wait()
	defer stop()
	defer r.cleanUp()
	if err = r.performSteps(ctx); err == nil {
		err = r.watchRecovery(ctx)
	}
	if ctx.Err() != nil {
		err = ctx.Err() // and not what calls say that it ended
	}
	return r.report(err), err
}

// runner is one run of a drill. Its fields belong to the goroutine in Run, but for record, which the goroutine that
// reads events shares.
type runner struct {
	drill            *Drill
	target           Target
	onProgress       func(Progress)
	started          time.Time // by this process's clock
	targetStarted    time.Time // when the target was started; another time means that it has been restarted
	clients          int
	storms           []model.Storm
	paths            []model.Path
	activeFaults     []activeFault
	refusesUntil     time.Duration // end of the last refusal, from the start of the drill
	done             []Done
	unreachableSince time.Time // since when the target is unreachable; zero if it is reachable

	mu     sync.Mutex // protects record
	record *record
}

// activeFault is a fault that the drill has put on connections and not yet ended.
type activeFault struct {
	ids   []model.ID
	until time.Duration // from the start of the drill
}

// Done is a step that was performed.
type Done struct {
	At   time.Duration // from the start of the drill
	Step string        // Step.String
	Hit  int           // number of connections that were disturbed; 0 for a refusal

	Selects bool // the step is about connections
}

// newRunner starts the record of a run with the clients that are connected now. It fails if there are none.
func newRunner(ctx context.Context, d *Drill, t Target, onProgress func(Progress)) (*runner, error) {
	s, err := t.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	now, err := t.Now(ctx)
	if err != nil {
		return nil, err
	}
	r := &runner{drill: d, target: t, onProgress: onProgress, started: time.Now(), targetStarted: s.Monitor.Started, paths: s.Paths, record: newRecord(&s, now)}
	if r.clients = r.record.present(); r.clients == 0 {
		return nil, model.Errorf(model.Invalid, "no client is connected, so there is nothing to drill")
	}
	r.record.lossesUntil, r.record.fromLoss = r.lossDeadline(s.Monitor.Interval), d.drains()
	r.record.stay = d.Stay
	return r, nil
}

// lossDeadline returns the end of the time in which a lost connection counts as the drill's doing. After a fault
// that time is longer: it can take a few heartbeats until a connection is given up.
func (r *runner) lossDeadline(interval time.Duration) time.Duration {
	end := r.drill.end() + aftermath
	for _, s := range r.drill.Steps {
		if s.Kind == Fault {
			end = max(end, s.end()+aftermath+3*interval)
		}
	}
	return end
}

// readEvents applies events to the record until ctx ends.
func (r *runner) readEvents(ctx context.Context) {
	for seq := uint64(0); ; {
		events, err := r.target.Events(ctx, seq)
		if err != nil {
			return
		}
		r.mu.Lock()
		for i := range events {
			if i > 0 || seq > 0 || events[i].Type != model.Dropped { // events dropped before the first are older than the drill
				r.record.apply(&events[i])
			}
		}
		r.mu.Unlock()
		seq = events[len(events)-1].Seq
	}
}

func (r *runner) elapsed() time.Duration { return time.Since(r.started) }

// performSteps performs the steps, each at its time.
func (r *runner) performSteps(ctx context.Context) error {
	for i := range r.drill.Steps {
		s := &r.drill.Steps[i]
		if err := r.pollUntil(ctx, s.At, func() bool { return false }); err != nil {
			return err
		}
		hit, err := r.perform(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		r.done = append(r.done, Done{At: s.At, Step: s.String(), Hit: hit, Selects: s.Kind != Refuse})
		r.reportProgress(r.done[len(r.done)-1].text())
	}
	return nil
}

// watchRecovery waits until all clients that lost their connection are back, at most for the drill's Watch. A client that
// has come back by then has the time to stay. Then watchRecovery waits a little for the end of the storm.
func (r *runner) watchRecovery(ctx context.Context) error {
	over := r.drill.end() + r.drill.Watch
	err := r.pollUntil(ctx, over, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.drill.Steps) == 0 && r.drill.watches { // there is nothing to come back from, but to look for so long
			return false
		}
		back, _, _ := r.record.count(r.elapsed(), over)
		return r.elapsed() >= r.record.lossesUntil && back == r.record.lost && r.record.missedAt.IsZero()
	})
	if err != nil {
		return err
	}
	err = r.pollUntil(ctx, over+r.drill.Stay+sampleAge, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		_, _, settling := r.record.count(r.elapsed(), over)
		return settling == 0
	})
	if err != nil {
		return err
	}
	return r.pollUntil(ctx, r.elapsed()+stormFigureAge, func() bool { return len(r.storms) == 0 || !r.storms[len(r.storms)-1].On() })
}

// pollUntil polls the target until the given time since the start, or until ready returns true. It ends faults when
// their time is over.
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

// poll reads a snapshot. It tolerates errors for unreachableLimit.
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
		return model.Errorf(model.Unavailable, "holter was restarted during the drill")
	}
	r.unreachableSince = time.Time{}
	r.storms, r.paths = s.Storms, s.Paths
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.catchUp(&s)
	return nil
}

// perform performs a step, and returns how many connections were disturbed.
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
	r.replaceFaults(ids)
	if s.For > 0 {
		r.activeFaults = append(r.activeFaults, activeFault{ids, r.elapsed() + s.For})
	}
	hit, err = r.target.SetFaults(ctx, model.FaultOrder{IDs: ids, Faults: s.Faults})
	return hit, ignoreGone(hit, err)
}

// kick applies the filter here and kicks connections by id, because a target of another version might read the
// filter differently and kick more connections than the drill says. Only "all" is left to the target.
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

// ignoreGone returns nil if the only error was that connections had ended before they could be disturbed, and err
// otherwise.
func ignoreGone(hit int, err error) error {
	if hit > 0 || model.ErrorCode(err) == model.Gone {
		return nil
	}
	return err
}

// selectConnections returns the ids of the connections that a step disturbs.
func (r *runner) selectConnections(ctx context.Context, s *Step) ([]model.ID, error) {
	filter, err := filter.ParseSelection(s.Selection)
	if err != nil {
		return nil, err
	}
	snapshot, err := r.target.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var ids []model.ID
	for i := range snapshot.Connections {
		if c := &snapshot.Connections[i]; c.Open() && filter.Match(c, snapshot.Time) {
			ids = append(ids, c.ID)
		}
	}
	if s.Share < 1 {
		rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		ids = ids[:int(math.Ceil(s.Share*float64(len(ids))))]
	}
	return ids, nil
}

// replaceFaults forgets the faults of earlier steps on these connections: others take their place, and must not end when
// they would have ended.
func (r *runner) replaceFaults(ids []model.ID) {
	replaced := make(map[model.ID]bool, len(ids))
	for _, id := range ids {
		replaced[id] = true
	}
	for i := range r.activeFaults {
		f := &r.activeFaults[i]
		f.ids = slices.DeleteFunc(f.ids, func(id model.ID) bool { return replaced[id] })
	}
	r.activeFaults = slices.DeleteFunc(r.activeFaults, func(f activeFault) bool { return len(f.ids) == 0 })
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
			kept = append(kept, f) // try again later
		}
	}
	r.activeFaults = kept
}

// cleanUp ends all faults and refusals that are still active. It does not use Run's context, which may have ended.
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

func (r *runner) reportProgress(event string) {
	r.mu.Lock()
	back, flapping, settling := r.record.count(r.elapsed(), maxTime)
	p := Progress{
		Elapsed: r.elapsed(), Event: event, Clients: r.clients,
		Lost: r.record.lost, Back: back, Settling: settling, Flapping: flapping, Refused: r.record.refused,
	}
	r.mu.Unlock()
	r.onProgress(p)
}

// report is that of a drill that has ended early if err is not nil.
func (r *runner) report(err error) *Report {
	elapsed := r.elapsed()
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.record.figures(elapsed)
	f.adoptStorm(r.storms, r.record.start)
	f.adoptMargin(r.paths)
	report := &Report{
		Drill: r.drill.Name, About: r.drill.About, Started: r.record.start, Took: elapsed,
		Clients: r.clients, Steps: r.done, Figures: f, Early: err,
	}
	report.judge(r.drill.Expect)
	return report
}
