package compare

import (
	"context"
	"math/rand/v2"
	"time"

	"holter/probe/pause"
	"holter/probe/process"
)

// trial is the life of one connection in one scheme under one fault.
type trial struct {
	lab    *lab
	scheme *scheme
	fault  *fault
	plan   plan
	turn   int // for faults of one end: odd turns strike the client, even turns the server
	random *rand.Rand

	client, server *end
	guest          *guest
	link           *link
	ends           process.Group // the client's
	opened         time.Time
}

// plan is when things happen in a trial.
type plan struct {
	pace     pace
	opens    time.Duration // real time, from the start of all trials
	life     time.Duration // scheme's time, until the fault strikes
	cut      bool          // whether it strikes at all
	patience time.Duration // scheme's time; an end that has not noticed the fault by then never will
}

// result is what came of a trial; times are the scheme's.
type result struct {
	lived          time.Duration // until the fault struck, or the connection was lost
	server, client sight
	traffic        traffic
}

// sight is what one end believed of its peer.
type sight struct {
	suspicions, failures int           // before the fault, so each is a mistake
	struck               bool          // the fault struck its peer, so this end should have noticed
	suspected, over      time.Duration // after that; never if it saw nothing
}

// traffic is what a connection costs while nothing happens.
type traffic struct {
	span           time.Duration
	bytes, packets float64
}

// settle is how long a connection is left alone before its traffic counts.
const settle = 500 * time.Millisecond

func (t *trial) run(ctx context.Context) (result, error) {
	if !pause.For(ctx, t.plan.opens) {
		return result{}, context.Cause(ctx)
	}
	defer t.close()
	if err := t.open(ctx); err != nil {
		return result{}, err
	}
	var r result
	if t.fault.strike == nil {
		r.traffic = t.measure(ctx)
	}
	t.alive(ctx, t.plan.life)
	struck := time.Now()
	r.lived = t.plan.pace.scheme(struck.Sub(t.opened))
	r.server.suspicions, r.server.failures = t.server.record.mistakes()
	r.client.suspicions, r.client.failures = t.client.record.mistakes()
	if t.plan.cut && t.whole() && ctx.Err() == nil {
		t.fault.strike(t)
		t.await(ctx)
		t.judge(&r, struck)
	}
	return r, context.Cause(ctx)
}

// open connects both ends over a link.
func (t *trial) open(ctx context.Context) error {
	t.server, t.client = t.lab.newEnd(0), t.lab.newEnd(t.random.Float64())
	t.guest = t.lab.expect(t.scheme, t.plan.pace, t.server)
	link, socket, err := newLink(ctx, t.lab.address, t.fault.path, t.random)
	if err != nil {
		return err
	}
	t.link = link
	if err := t.lab.handshake(ctx, t.guest, t.client, socket); err != nil {
		socket.Close()
		return err
	}
	t.opened = time.Now()
	join := t.scheme.client()
	t.ends.Go(func() { join(t.client) })
	return nil
}

// close returns once nothing of the trial is left.
func (t *trial) close() {
	if t.link != nil {
		t.link.close()
	}
	if t.guest != nil {
		t.lab.leave(t.guest)
	}
	t.ends.Wait()
}

// victim is the end that is struck, where a fault strikes only one.
func (t *trial) victim() *end {
	if t.turn%2 == 1 {
		return t.client
	}
	return t.server
}

// whole reports whether both ends still take the connection for alive.
func (t *trial) whole() bool {
	select {
	case <-t.server.record.done:
		return false
	case <-t.client.record.done:
		return false
	default:
		return true
	}
}

// alive lets the connection live until d after it opened, or until an end gives it up.
func (t *trial) alive(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(time.Until(t.opened.Add(t.plan.pace.real(d))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.server.record.done:
	case <-t.client.record.done:
	case <-ctx.Done():
	}
}

// await returns when both ends have noticed the fault, or when the plan's patience is over.
func (t *trial) await(ctx context.Context) {
	timer := time.NewTimer(t.plan.pace.real(t.plan.patience))
	defer timer.Stop()
	for _, e := range []*end{t.server, t.client} {
		if t.unaware(e) {
			continue
		}
		select {
		case <-e.record.done:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// unaware reports whether e is the one end that is struck, and so has nothing to notice.
func (t *trial) unaware(e *end) bool { return t.fault.oneEnd && e == t.victim() }

func (t *trial) judge(r *result, struck time.Time) {
	for e, s := range map[*end]*sight{t.server: &r.server, t.client: &r.client} {
		if t.unaware(e) {
			continue
		}
		suspected, over := e.record.noticed(struck)
		s.struck, s.suspected, s.over = true, t.plan.pace.scheme(suspected), t.plan.pace.scheme(over)
	}
}

// measure counts what passes in whole intervals between pings, so that none is counted by half.
func (t *trial) measure(ctx context.Context) traffic {
	begin := t.plan.pace.scheme(settle)
	span := (t.plan.life - begin).Truncate(t.scheme.ping)
	t.alive(ctx, begin)
	bytes, packets := t.passed()
	t.alive(ctx, begin+span)
	bytesAfter, packetsAfter := t.passed()
	return traffic{span, bytesAfter - bytes, packetsAfter - packets}
}

func (t *trial) passed() (bytes, packets float64) {
	return float64(t.link.bytes.Load()), float64(segments(t.link.server.from))
}
