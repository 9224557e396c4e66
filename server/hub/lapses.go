package hub

import (
	"sync"
	"time"

	"holter/model"
	"holter/probe/halt"
)

// lapses are the times in which holter itself did not run. The scheduler finds them, and maintain tells of them: why is known
// only a moment later.
type lapses struct {
	mu      sync.Mutex // protects the following
	pending []lapse

	// Used by maintain alone.
	untold map[model.LateKind]*model.Lateness
	told   map[model.LateKind]model.Instant // the last event
	looked model.Instant                    // Watch.Look was called last
}

type lapse struct {
	end    model.Instant
	length time.Duration
}

const (
	// mostPending bounds the lapses of which maintain has not told.
	mostPending = 16
	// settledAfter is how long after a lapse its reason is looked for: the signal to go on takes a moment to arrive.
	settledAfter = model.Instant(100 * time.Millisecond)
	// lookEvery is the time between two looks at what the reason of the next lapse is compared with.
	lookEvery = model.Instant(time.Second)
	// toldAtOnce is a lapse that has an event of its own. Shorter ones of a kind share one event in tellEvery, so that a
	// machine which starves does not push everything else out of the log.
	toldAtOnce = time.Second
	tellEvery  = model.Instant(10 * time.Second)
)

func (l *lapses) add(one lapse) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) < mostPending {
		l.pending = append(l.pending, one)
	}
}

// take returns the pending lapses if the newest of them is settled. It reports whether there are none at all.
func (l *lapses) take(now model.Instant) (all []lapse, none bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.pending)
	if n == 0 || now < l.pending[n-1].end+settledAfter && n < mostPending {
		return nil, n == 0
	}
	all, l.pending = l.pending, nil
	return all, false
}

// reportLapses publishes what kept holter from running.
func (h *Hub) reportLapses() {
	now, l := h.now(), &h.lapses
	all, none := l.take(now)
	for _, one := range all {
		l.gather(h.o.Halt.Why(one.length, h.time(one.end)), one, h.time(one.end))
	}
	if len(all) > 0 || none && !h.late.Overdue(now) && now >= l.looked+lookEvery {
		l.looked = now
		h.o.Halt.Look() // not while there is a lapse to be explained
	}
	for kind, late := range l.untold {
		if late.For < toldAtOnce && l.told[kind] != 0 && now < l.told[kind]+tellEvery {
			continue
		}
		delete(l.untold, kind)
		l.told[kind] = now
		h.log.Publish(model.Event{Time: h.time(now), Type: model.HostLate, Late: late})
	}
}

func (l *lapses) gather(kind model.LateKind, one lapse, at time.Time) {
	if l.untold == nil {
		l.untold, l.told = make(map[model.LateKind]*model.Lateness), make(map[model.LateKind]model.Instant)
	}
	late := l.untold[kind]
	if late == nil {
		late = &model.Lateness{Kind: kind}
		l.untold[kind] = late
	}
	late.At, late.For = at, max(late.For, one.length)
	late.Times++
	late.Total += one.length
}

// passing measures the time between two runs of the scheduler. The monotonic clock may stand still while the machine sleeps.
// Where the platform tells how long that was, the wall clock does not matter, which may be set.
type passing struct {
	halt   *halt.Watch
	before time.Time
	slept  time.Duration
}

func (h *Hub) passing(now time.Time) *passing {
	p := &passing{halt: h.o.Halt, before: now}
	p.slept, _ = p.halt.Slept()
	return p
}

// beyond returns by how much a run comes later than pause after the one before it.
func (p *passing) beyond(now time.Time, pause time.Duration) time.Duration {
	slept, known := p.halt.Slept()
	passed := passed(now.Sub(p.before), now.Round(0).Sub(p.before.Round(0)), slept-p.slept, known)
	if p.before = now; known {
		p.slept = slept
	}
	return passed - pause
}

// passed returns how much time has passed by the monotonic clock and that of the day, and for how long the machine slept
// meanwhile, if that is known.
func passed(monotonic, day, slept time.Duration, known bool) time.Duration {
	if known {
		return monotonic + max(0, slept)
	}
	return max(monotonic, day)
}
