package services

import (
	"math"
	"time"

	"holter/model"
	"holter/model/heart"
)

// Heartbeat takes in a report of a service, and returns what is known of that then. A service that is new, or had said
// goodbye, is on the list from now on. The time that the report names counts for nothing: see model.Service.Clock.
func (r *Registry) Heartbeat(b model.Heartbeat) (model.Service, error) {
	interval, ttl, err := r.pace(b)
	if err == nil {
		err = ValidID(b.ID)
	}
	if err != nil {
		return model.Service{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.hub.Now()
	s := r.find(b.ID)
	switch {
	case s == nil:
		if !r.makeRoom(now) {
			return model.Service{}, r.turnAway(now)
		}
		s = &service{id: b.ID, kind: model.Reported}
		r.insert(s)
		r.begin(s, interval, ttl, now)
	case s.kind != model.Reported:
		return model.Service{}, model.Errorf(model.Invalid, "holter asks %s for its health itself: report under another name, or leave out its --health", s.id)
	case s.heart.State() == model.Closed:
		r.begin(s, interval, ttl, now)
	default:
		if from, to, changed := s.heart.Report(now, interval, ttl, r.hub.Lateness()); changed {
			r.changed(s, from, to, now)
		}
	}
	s.status, s.clock = model.Abridge(b.Status, longestWord), clockOff(b.Timestamp, r.hub.Time(now))
	var one model.Service
	r.read(s, &one, now)
	return one, nil
}

// pace returns the interval and the time to live that a report asks for, or else those that are set.
func (r *Registry) pace(b model.Heartbeat) (interval, ttl time.Duration, err error) {
	interval, ttl = b.Interval, b.TTL
	if interval == 0 {
		interval = r.o.ServiceInterval
	}
	if ttl == 0 {
		ttl = r.o.ttl(interval)
		if b.Interval != 0 {
			ttl = max(ttl, usualIntervals*interval) // the one that is set may be too short for it
		}
	}
	return interval, ttl, validPace(interval, ttl)
}

// begin makes s live.
func (r *Registry) begin(s *service, interval, ttl time.Duration, now model.Instant) {
	s.heart, s.known = heart.NewReported(&r.rhythm, interval, ttl, now), now
	r.changed(s, model.Closed, model.Normal, now)
}

// clockOff returns by how much the clock behind a time is ahead of ours, 0 for one that is near enough.
func clockOff(timestamp *float64, now time.Time) time.Duration {
	if timestamp == nil || math.IsNaN(*timestamp) {
		return 0
	}
	off := min(max(*timestamp-float64(now.UnixMicro())/1e6, -mostClock), mostClock)
	if d := time.Duration(off * float64(time.Second)); d > clockGrace || d < -clockGrace {
		return d.Round(time.Millisecond)
	}
	return 0
}

// makeRoom forgets the service that has been dead for the longest time if the list is full. It reports whether there is room.
func (r *Registry) makeRoom(now model.Instant) bool {
	if len(r.list) < model.MaxServices {
		return true
	}
	oldest := -1
	for i, s := range r.list {
		dead := s.kind == model.Reported && (s.heart.State() == model.Closed || s.heart.State() == model.Failed)
		if dead && (oldest < 0 || s.since < r.list[oldest].since) {
			oldest = i
		}
	}
	if oldest < 0 {
		return false
	}
	r.list = append(r.list[:oldest], r.list[oldest+1:]...)
	return true
}

// turnAway counts a report for which there was no room, and says so in the log, once in a while.
func (r *Registry) turnAway(now model.Instant) error {
	r.beyond++
	if r.saidOver == 0 || now >= r.saidOver+sayOverEvery {
		r.saidOver = now
		r.log.Warn("a service is turned away: the list is full", "services", len(r.list), "turned_away", r.beyond)
	}
	return model.Errorf(model.Unavailable, "holter has %d services on its list, which is all that it takes, and all of them live", len(r.list))
}

// Goodbye takes a service that reports off the list of the living.
func (r *Registry) Goodbye(id string) (model.Service, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.find(id)
	switch {
	case s == nil:
		return model.Service{}, unknown(id)
	case s.kind != model.Reported:
		return model.Service{}, model.Errorf(model.Invalid, "holter asks %s for its health itself: leave out its --health instead", s.id)
	}
	now := r.hub.Now()
	if from, to, changed := s.heart.End(now, r.hub.Lateness()); changed {
		r.changed(s, from, to, now)
	}
	var one model.Service
	r.read(s, &one, now)
	return one, nil
}
