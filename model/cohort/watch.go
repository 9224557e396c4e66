package cohort

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"holter/model"
)

const (
	// kept is the number of ends that are remembered.
	kept = 16 << 10
	// scanned is the number of ends, the newest of a class, that are searched for limits.
	scanned = 1024
	// traitsEvery is the time between two comparisons of traits, for which all open connections are looked at.
	traitsEvery = 5 * time.Second
	// doubtEvery is the time between two looks at what has outlived a limit.
	doubtEvery = 10 * time.Second

	sides = 2 // of a connection: see model.Side
)

// Watch finds cohorts. It belongs to one goroutine at a time, and its calls must be in the order of time, to within a few
// milliseconds.
type Watch struct {
	zero    time.Time // of every Instant
	ends    []entry   // the newest, in a ring once there are kept
	next    int       // in the ring
	total   int       // ends and suspicions so far
	cuts    [len(classes)]int
	scans   [len(classes)]scan
	streams [2 * sides]stream
	bursts  []burst // that are over, and not judged yet
	limits  []*limit
	all     []*group // oldest first
	last    int      // number of cohorts so far

	traitsAt, doubtAt model.Instant // of the last time
	abnormal          int           // ends so far
	abnormalAt        model.Instant // of the newest
}

// scan is when the ends of a class were last searched.
type scan struct {
	cuts int // by then
	at   model.Instant
	of   int // ends
}

// burst is bins of a stream.
type burst struct {
	stream   int
	from, to int64
}

// entry is an end, and the cohort that it is a member of.
type entry struct {
	End
	in    *group
	named bool // by a cause of a cohort
}

func byTime(a, b *entry) int { return cmp.Compare(a.At, b.At) }

// group is a cohort with what it needs to grow.
type group struct {
	model.Cohort
	verdict *Verdict // of the members; nil if there is none
	dirty   bool     // Detail and verdict are not those of the counts
	hush    *hush    // of suspects, while more may come
	manner  Manner   // of the members of one with a limit
}

// vague reports whether a cohort has a limit that may be one of two: its members may turn out to belong to another one.
func (g *group) vague() bool {
	return g.Cause == model.CauseUnknown && slices.Contains(kinds[:], g.Kind)
}

// News is what a Tick has found.
type News struct {
	Look  bool           // more depends on what is open: call Tick again with that
	Found []model.Cohort // new, or known better than before
	Named []Named        // ends before they were understood
}

// Named is an end with its cause.
type Named struct {
	ID       model.ID
	Side     model.Side
	*Verdict      // shared, and never changed
	First    bool // it is the first cause of a cohort that this end has
}

// name names an end, if there is something to name it by.
func (n *News) name(e *entry, verdict *Verdict) {
	if verdict == nil {
		return
	}
	first := !e.named && verdict.Cause.ByCohort()
	e.named = e.named || first
	n.Named = append(n.Named, Named{e.ID, e.Side, verdict, first})
}

// Verdict is why an end came.
type Verdict struct {
	model.Diagnosis
	Limit int // the cohort of the limit that cut it, 0 if it was none
}

// NewWatch makes a Watch. zero is the time of instant 0.
func NewWatch(zero time.Time) *Watch {
	w := &Watch{zero: zero}
	for side := range sides {
		w.streams[sides+side].suspicions = true
	}
	return w
}

// Add takes an end or a suspicion. It returns the cause if that is known already, or nil. What it returns is shared and
// never changes.
func (w *Watch) Add(e *End) *Verdict {
	if int(e.Side) >= sides {
		return nil
	}
	w.total++
	if e.abnormal() {
		w.abnormal, w.abnormalAt = w.abnormal+1, e.At
	}
	if s := classOf(e); s >= 0 {
		w.cuts[s]++
	}
	in := w.explain(e)
	w.remember(entry{*e, in, in != nil && in.verdict != nil && in.verdict.Cause.ByCohort()})
	if in != nil {
		return in.verdict
	}
	if !e.orderly() {
		w.streams[streamOf(e)].add(e.At)
	}
	return nil
}

// streamOf is the number of the stream of ends that an end belongs to.
func streamOf(e *End) int {
	if e.Manner == Suspected {
		return sides + int(e.Side)
	}
	return int(e.Side)
}

// remember puts an end into the ring.
func (w *Watch) remember(e entry) {
	if len(w.ends) < kept {
		w.ends = append(w.ends, e)
		return
	}
	w.ends[w.next] = e
	w.next = (w.next + 1) % kept
}

// newest returns the remembered ends, the newest first.
func (w *Watch) newest() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for i := range w.ends {
			at := w.next - 1 - i
			if at < 0 {
				at += len(w.ends)
			}
			if !yield(&w.ends[at]) {
				return
			}
		}
	}
}

// Tick looks for cohorts, a few times a second. open are the open connections, or nil: they are needed rarely, and then
// News.Look is set.
func (w *Watch) Tick(now model.Instant, open iter.Seq[Living]) (news News) {
	for i := range classes {
		if w.scans[i].due(w.cuts[i], now) {
			w.scans[i] = scan{cuts: w.cuts[i], at: now}
			if !w.findLimit(i, open, &news) {
				w.scans[i], news.Look = scan{}, true
			}
		}
	}
	for i := range w.streams {
		if from, to, over := w.streams[i].over(now); over {
			w.bursts = append(w.bursts, burst{i, from, to})
		}
	}
	if open == nil {
		news.Look = news.Look || len(w.bursts) > 0 || w.grown() || w.doubts(now) || w.compares(now)
	} else {
		w.lookAround(now, open, &news)
	}
	w.gather(now)
	for _, g := range w.all {
		g.refresh(w)
	}
	return news
}

// due reports whether there are new ends. A search of many takes long, so it waits for more of them.
func (s *scan) due(cuts int, now model.Instant) bool {
	return cuts != s.cuts && (s.of < scanned/4 || time.Duration(now-s.at) >= time.Second)
}

func (w *Watch) doubts(now model.Instant) bool {
	return time.Duration(now-w.doubtAt) >= doubtEvery && len(w.limits) > 0
}

func (w *Watch) compares(now model.Instant) bool {
	return time.Duration(now-w.traitsAt) >= traitsEvery && w.abnormal >= fewestClients && time.Duration(now-w.abnormalAt) <= traitsOver
}

// lookAround does the work that needs the open connections.
func (w *Watch) lookAround(now model.Instant, open iter.Seq[Living], news *News) {
	for _, b := range w.bursts {
		w.judge(b, open, news)
	}
	w.bursts = nil
	for _, l := range w.limits {
		if l.grown() {
			w.revise(l, open, news)
		}
	}
	if w.doubts(now) {
		w.doubtAt = now
		w.doubt(now, open)
	}
	if w.compares(now) {
		w.traitsAt = now
		w.compare(now, open, news)
	}
}

// Cohorts returns those that are remembered, oldest first. What they point to is shared and never changes.
func (w *Watch) Cohorts() []model.Cohort {
	all := make([]model.Cohort, len(w.all))
	for i, g := range w.all {
		g.refresh(w)
		all[i] = g.Cohort
	}
	return all
}

// begin makes a cohort of ends, which become members.
func (w *Watch) begin(g *group, members []*entry, news *News) {
	w.last++
	g.ID = w.last
	g.Started = w.time(members[0].At)
	if len(w.all) == model.MaxCohorts {
		old := w.all[0]
		w.all = slices.Delete(w.all, 0, 1)
		w.limits = slices.DeleteFunc(w.limits, func(l *limit) bool { return l.group == old })
	}
	w.all = append(w.all, g)
	for _, e := range members {
		g.take(w, e)
	}
	g.dirty = true
	g.refresh(w)
	w.tell(g, members, news)
}

// tell reports a cohort, and names its members.
func (w *Watch) tell(g *group, members []*entry, news *News) {
	news.Found = append(news.Found, g.Cohort)
	for _, e := range members {
		if e.Manner == Cut {
			news.name(e, g.verdict)
		}
	}
}

// take makes an end a member.
func (g *group) take(w *Watch, e *entry) {
	e.in = g
	g.count(w, &e.End)
}

// count counts a member.
func (g *group) count(w *Watch, e *End) {
	g.Count++
	if at := w.time(e.At); at.After(g.Newest) {
		g.Newest = at
	}
	if n := len(g.Members); n < model.MaxMembers {
		g.Members = append(g.Members[:n:n], e.ID)
	} else {
		g.Members = append(slices.Clone(g.Members[1:]), e.ID)
	}
	g.dirty = true
}

// refresh words a cohort anew if it has changed.
func (g *group) refresh(w *Watch) {
	if !g.dirty {
		return
	}
	g.dirty = false
	if l := w.limitOf(g); l != nil {
		l.measure(w)
	}
	if g.hush != nil {
		g.survey(w)
	}
	g.Detail = sentence(g)
	if g.verdict != nil {
		g.verdict = &Verdict{Diagnosis: model.Diagnosis{Cause: g.verdict.Cause, Detail: g.Detail}}
		if g.Kind != model.CohortMoment {
			g.verdict.Limit = g.ID
		}
	}
}

func (w *Watch) time(i model.Instant) time.Time { return w.zero.Add(time.Duration(i)) }
