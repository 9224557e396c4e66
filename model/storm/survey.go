package storm

import (
	"cmp"
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// Survey is a measurement of the storm that is on. It has copies of what the clients in it have done, so that Read, which takes
// most of the time, needs nothing of the Watch.
type Survey struct {
	at      model.Instant
	led     model.Instant // when the storm ends because of another one: the last loss that led to it; else 0
	onset   model.Instant
	late    model.Instant // what is lost after this has not to do with the storm
	busiest time.Duration // see NewRecovery
	bursts  []bool        // for each bin
	first   int64         // number of the first of these bins
	left    []*Client     // that Survey has yet to see
	victims []victim
	storm   model.Storm
	brief   int // clients that had a short connection, and may be about to flap
	silent  int // clients that have not tried for as long as pause, and of which it is not known yet whether they have given up
}

// victim is a client in a storm, as it was at the survey.
type victim struct {
	client   *Client
	attempts reconnect.Attempts
	away     absence       // that belongs to the storm
	newest   model.Instant // its loss, or its newest attempt after that
	stayed   bool          // after that
	neverIn  bool
	former   bool

	unstable, brief bool // see Client
	flap            end  // of its newest short connection, if it is unstable
}

// survey begins a measurement.
func (w *Watch) survey(now model.Instant) *Survey {
	s := w.on
	s.measured = now
	m := &Survey{
		at: now, onset: s.onset, late: s.busy + model.Instant(pause), busiest: time.Duration(s.busiest - s.onset),
		bursts: burst(w.bins), first: w.first, left: w.lost, victims: s.room[:0], storm: s.Storm,
	}
	w.sum(&m.storm)
	return m
}

// surveyedAtOnce bounds the clients that one call of Survey sees: that takes a millisecond or two.
const surveyedAtOnce = 10_000

// Survey lets a measurement see some more clients. It returns false when it has seen all.
func (w *Watch) Survey(m *Survey) (more bool) {
	some := m.left[:min(len(m.left), surveyedAtOnce)]
	m.left = m.left[len(some):]
	for _, a := range some {
		if away := m.absence(a); away != nil {
			m.victims = append(m.victims, a.victim(away, m.at))
		}
	}
	return len(m.left) > 0
}

// absence returns the newest absence of a that belongs to the storm, nil if none does: a loss in a burst, or the absence of a
// client that flaps, or that was refused at first and has tried again. Other absences are those of any day, or of another storm.
func (m *Survey) absence(a *Client) *absence {
	for _, away := range []*absence{&a.spans[1], &a.spans[0]} {
		if away.lost == 0 || away.lost > m.late || away.outside {
			continue
		}
		if i := int64(away.lost)/int64(model.ActivityBin) - m.first; i >= 0 && i < int64(len(m.bursts)) {
			away.burst = m.bursts[i]
		}
		if away.burst && away.lost >= m.onset {
			return away
		}
	}
	away := a.newest()
	away.joined = away.joined || a.unstable(m.at) || away.outside && a.counted >= m.onset
	if away.joined {
		return away
	}
	return nil
}

func (a *Client) victim(away *absence, now model.Instant) victim {
	v := victim{client: a, attempts: a.Copy(), away: *away, newest: max(away.lost, a.counted), stayed: away != a.newest() || away.stayed(now), neverIn: a.NeverIn(), former: a.former}
	if !v.stayed && a.plight != nil {
		v.unstable, v.brief = a.unstable(now), a.brief()
		v.flap = end{uint16(a.plight.close.Code), a.plight.close.By}
	}
	return v
}

// Read computes the figures, when the measurement has seen all clients. It may be called once, while the Watch goes on.
func (m *Survey) Read() {
	m.readPolicies()
	m.readLosses()
	m.readRecovery()
}

func (m *Survey) readPolicies() {
	all := make([]*reconnect.Attempts, 0, len(m.victims))
	for i := range m.victims {
		if v := &m.victims[i]; !v.former { // nobody has seen the first attempts of those
			all = append(all, &v.attempts)
		}
	}
	m.storm.Policies, m.storm.More = reconnect.Infer(all, m.at)
}

func (m *Survey) readLosses() {
	causes := make(map[end]int)
	var delays []time.Duration
	former := 0
	for i := range m.victims {
		v := &m.victims[i]
		if v.away.outside {
			continue
		}
		if v.former { // nobody knows with what code it was closed
			former++
			continue
		}
		causes[v.away.end]++
		if v.away.tried != 0 {
			delays = append(delays, time.Duration(v.away.tried-v.away.lost))
		}
	}
	slices.Sort(delays)
	m.storm.Restart = 2*former > len(m.victims)
	m.storm.Causes, m.storm.Delays = commonest(causes), reconnect.NewHistogram(delays)
}

// readRecovery counts what has become of the clients.
func (m *Survey) readRecovery() {
	s := &m.storm
	s.Clients, s.Settling, s.Flapping, s.GaveUp, s.NeverIn, m.brief, m.silent = len(m.victims), 0, 0, 0, 0, 0, 0
	s.Population = max(s.Population, s.Clients) // after a restart few are known when the storm is noticed
	var returns []Arrival
	flaps := make(map[end]int)
	for i := range m.victims {
		v := &m.victims[i]
		if v.neverIn {
			s.NeverIn++
		}
		switch {
		case v.stayed:
			returns = append(returns, Arrival{time.Duration(max(v.away.back-m.onset, 0)), 1})
			continue
		case v.attempts.GaveUp(m.at):
			s.GaveUp++
			continue
		case v.unstable:
			s.Flapping++
			flaps[v.flap]++
			continue
		case v.brief:
			m.brief++
		}
		if v.attempts.Missing() && time.Duration(m.at-v.newest) >= pause {
			m.silent++
		}
		if v.away.settling(m.at) {
			s.Settling++
		}
	}
	s.Away, s.Flaps = s.Clients-len(returns), commonest(flaps)
	slices.SortFunc(returns, func(a, b Arrival) int { return cmp.Compare(a.At, b.At) })
	attempts := make([]Arrival, len(s.Curve))
	for i, a := range s.Curve {
		attempts[i] = Arrival{time.Duration(i) * model.ActivityBin, float64(a.Reconnects + a.Refused)}
	}
	r := NewRecovery(float64(s.Clients), returns, attempts, m.busiest)
	s.Back50, s.Back90, s.Back99, s.Peak, s.Crowding = r.Back50, r.Back90, r.Back99, r.Peak, r.Crowding
}

// commonest returns the ways in which most connections ended.
func commonest(ends map[end]int) []model.StormCause {
	list := make([]model.StormCause, 0, len(ends))
	for e, n := range ends {
		list = append(list, model.StormCause{Code: int(e.code), By: e.by, Count: n})
	}
	slices.SortFunc(list, func(a, b model.StormCause) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.By, b.By))
	})
	return list[:min(len(list), model.MaxStormCauses)]
}
