package hub

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holter/model"
	"holter/model/cohort"
	"holter/server/tap"
)

// cohorts shows the ends of connections to a cohort.Watch. Each end comes from the goroutine that moves the bytes, which
// gets the cause at once if it is known; maintain has the Watch look at all of them, and names those before. That look takes
// long, and an end comes under Hub.mu: while maintain has the Watch for itself, ends wait for it to be given back.
type cohorts struct {
	mu      sync.Mutex    // protects the following; no lock is taken under it
	watch   *cohort.Watch // nil while maintain has it
	waiting []cohort.End  // that came meanwhile, at most mostWaiting

	found atomic.Pointer[[]model.Cohort] // by the newest look; what it points to never changes
}

const (
	// sleptFor and wakesFor: after holter, or its machine, has stood still for so long, what ends within so long after it may
	// have ended long before.
	sleptFor = time.Second
	wakesFor = 10 * time.Second
	// mostFound is the number of ends named after the fact that have events of their own. The event of the cohort has
	// their number.
	mostFound = 64
	// namedAtOnce is the number of ends that are named under Hub.mu before others may have it.
	namedAtOnce = 256
	// mostWaiting bounds the ends that come during one look, which takes a fraction of a second.
	mostWaiting = 16 << 10
)

func (s *cohorts) add(e *cohort.End) *cohort.Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watch != nil {
		return s.watch.Add(e)
	}
	if len(s.waiting) < mostWaiting {
		s.waiting = append(s.waiting, *e)
	}
	return nil
}

// lend gives the Watch to maintain.
func (s *cohorts) lend() *cohort.Watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watch
	s.watch = nil
	return w
}

// giveBack takes the Watch back from maintain, once it has seen the ends that came meanwhile. It returns those of them whose
// causes are known.
func (s *cohorts) giveBack(w *cohort.Watch) (named []cohort.Named) {
	found := w.Cohorts()
	s.found.Store(&found)
	for {
		waiting := s.tryGiveBack(w)
		if waiting == nil {
			return named
		}
		for i := range waiting {
			e := &waiting[i]
			if d := w.Add(e); d != nil {
				named = append(named, cohort.Named{ID: e.ID, Side: e.Side, Verdict: d, First: d.Cause.ByCohort()})
			}
		}
	}
}

// tryGiveBack takes the Watch back unless ends wait for it, which it returns.
func (s *cohorts) tryGiveBack(w *cohort.Watch) (waiting []cohort.End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting, s.waiting = s.waiting, nil
	if waiting == nil {
		s.watch = w
	}
	return waiting
}

// list returns the cohorts as of the newest look.
func (s *cohorts) list() []model.Cohort {
	if found := s.found.Load(); found != nil {
		return slices.Clone(*found)
	}
	return nil
}

// ended tells the Watch that the leg has ended, and keeps the cause if that is known. It is called before the heart ends.
// What holter has done says nothing, nor does a leg that ends because the other one has.
func (l *leg) ended(now model.Instant) {
	c := l.conn
	other := c.other(l)
	switch {
	case c.id == 0, l.killed, l.disturbed(), c.hub.slept(now):
	case other != nil && l.end.close.By == model.ByApp: // it passes on how the other one has ended
	case other != nil && other.end != nil && other.end.close.By != model.ByApp:
	case l.end.close.By == model.ByHolter, l.heart.State() != model.Normal:
	case l.end.close.Parting.How == model.SignLost: // the kernel has given up on a path
	default:
		l.end.verdict = c.hub.cohorts.add(l.shape(now))
	}
}

// suspected tells the Watch that the leg has become suspect.
func (l *leg) suspected(now model.Instant) {
	c := l.conn
	if c.id == 0 || l.end != nil || l.disturbed() || c.hub.slept(now) {
		return
	}
	e := l.shape(now)
	e.Manner, e.Cause = cohort.Suspected, l.heart.Diagnosis().Cause
	c.hub.cohorts.add(e)
}

// disturbed reports whether holter has ever put faults on the connection: what that has led to may come later.
func (l *leg) disturbed() bool {
	t := l.conn.toClient.tap
	return t != nil && t.Disturbed()
}

// slept reports whether holter has been late by so much, and so lately, that the time of an end is not known.
func (h *Hub) slept(now model.Instant) bool {
	void := h.late.VoidBefore()
	return void != 0 && time.Duration(now-void) < wakesFor && h.late.LateBy() >= sleptFor
}

// shape is the leg's end as a Watch sees it.
func (l *leg) shape(now model.Instant) *cohort.End {
	e := &cohort.End{ID: l.conn.id, At: now, Side: l.side, Clocks: l.clocks(now), Peer: l.peer()}
	if l.end == nil {
		return e
	}
	e.Code, e.By = l.end.close.Code, l.end.close.By
	switch first := l.end.close.Parting.First; {
	case e.By == model.ByApp && l.conn.toUpstream == nil:
		e.Manner = cohort.Shut
	case e.By != model.ByNetwork, first == model.ByApp, first == model.ByHolter:
		e.Manner = cohort.Told
	}
	return e
}

func (l *leg) clocks(now model.Instant) (read cohort.Clocks) {
	opened := l.conn.opened
	heard, said := max(l.tap.Heard(), opened), max(l.tap.Said(), opened)
	read[cohort.Silence] = since(now, max(heard, said))
	read[cohort.SilenceIn], read[cohort.SilenceOut] = since(now, heard), since(now, said)
	read[cohort.Data], read[cohort.Age] = since(now, max(l.tap.Data(), opened)), since(now, opened)
	return read
}

func (l *leg) peer() cohort.Peer {
	c := l.conn
	shake := c.handshake.Value()
	return cohort.Peer{
		Via: addressOf(l.tap), Address: c.remote.Addr(), Forwarded: shake.forwarded, Client: c.client.id, Path: shake.path, Agent: shake.agent,
	}
}

// addressOf returns the address of the other end of a socket.
func addressOf(t *tap.Conn) netip.Addr {
	switch a := t.RemoteAddr().(type) {
	case nil:
		return netip.Addr{}
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap()
	default:
		return addrPort(a.String()).Addr()
	}
}

// living are the open connections, as a Watch compares them with those that ended.
func (h *Hub) living(now model.Instant) []cohort.Living {
	all := h.all()
	open := make([]cohort.Living, 0, len(all))
	for _, c := range all {
		c.mu.Lock()
		for _, l := range c.legs() {
			if l.end == nil && l.heart != nil {
				one := cohort.Living{Side: l.side, Opened: c.opened, Peer: l.peer()}
				if !l.disturbed() { // or it would seem to outlive a limit
					one.Clocks = l.clocks(now)
				}
				open = append(open, one)
			}
		}
		c.mu.Unlock()
	}
	return open
}

// reportCohorts publishes the cohorts that have been found, and names the ends in them. Only maintain calls it.
func (h *Hub) reportCohorts() {
	now, watch := h.now(), h.cohorts.lend()
	news := watch.Tick(now, nil)
	if news.Look {
		more := watch.Tick(now, slices.Values(h.living(now)))
		news.Found, news.Named = append(news.Found, more.Found...), append(news.Named, more.Named...)
	}
	news.Named = append(news.Named, h.cohorts.giveBack(watch)...)
	h.tell(&news, now)
}

func (h *Hub) tell(news *cohort.News, now model.Instant) {
	for i := range news.Found {
		h.log.Publish(model.Event{Time: h.time(now), Type: model.CohortFound, Cohort: &news.Found[i]})
	}
	for _, n := range news.Named {
		if n.First {
			h.cut(n.Side, n.Cause)
		}
	}
	published := 0
	for some := range slices.Chunk(news.Named, namedAtOnce) {
		h.name(some, now, &published)
	}
}

// name sets the cause of ends that came before it was known. The first ones have an event each.
func (h *Hub) name(ends []cohort.Named, now model.Instant, published *int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range ends {
		if c := h.registry.conns[n.ID]; c != nil {
			c.mu.Lock()
			if c.name(n) && *published < mostFound {
				c.publish(model.Event{Type: model.CauseFound}, now)
				*published++
			}
			c.mu.Unlock()
		}
	}
}

// name sets the cause of the end of a leg. It reports whether that is news.
func (c *connection) name(n cohort.Named) bool {
	for _, l := range c.legs() {
		if l.side != n.Side || l.end == nil {
			continue
		}
		before := l.end.verdict
		if c.toClient.end != nil {
			defer c.renamed(c.firstEnd())
		}
		l.end.verdict = n.Verdict
		for i := range c.transitions {
			if t := &c.transitions[i]; t.side == l.side && t.to == model.Closed {
				t.diagnosis = l.diagnosis()
			}
		}
		return before == nil || before.Cause != n.Diagnosis.Cause
	}
	return false
}

// diagnosis is what is wrong with the leg, or why it ended.
func (l *leg) diagnosis() model.Diagnosis {
	own := l.heart.Diagnosis()
	if l.end == nil || l.end.verdict == nil || own.Cause != "" && !l.end.verdict.Cause.ByCohort() {
		return own
	}
	return l.end.verdict.Diagnosis
}

// explain adds to s, which shows one leg of c, why the other leg ended: that ended the connection.
func (c *connection) explain(s *model.Connection, l *leg) {
	other := c.other(l)
	if other == nil || other.end == nil || s.Diagnosis.Cause.ByCohort() {
		return
	}
	if other.killed && s.Diagnosis.Cause == "" {
		s.Diagnosis = other.heart.Diagnosis()
	}
	if other.end.verdict == nil {
		return
	}
	if s.Diagnosis.Cause == "" || other.end.verdict.Cause.ByCohort() {
		s.Diagnosis = other.end.verdict.Diagnosis
	}
}
