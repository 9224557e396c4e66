package storm

import (
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// Client is what a Watch knows of one client: its attempts to come back, and its absences in a
// storm. The zero value is a client that has never been away. It belongs to the goroutine of its Watch.
type Client struct {
	reconnect.Attempts

	spans   [2]absence    // in a storm: the one that led to it, and a later one
	counted model.Instant // its newest attempt that is counted in a bin
	ended   model.Instant // its newest connection
	gap     time.Duration // before its newest connection, since the one before ended; 0 for its first
	listed  bool          // in Watch.lost
	former  bool          // it was a client of the server that was here before, and its newest loss is that of then
	plight  *plight       // nil if nothing has kept it out since it last stayed
}

// absence is the time until a client has stayed again, with the connections in it that it could not keep. An instant that
// has not come yet is 0.
type absence struct {
	lost, tried, back model.Instant // back is when the connection opened that the client has now
	end               end           // of the connection
	burst             bool          // it began in a burst, when that was last known
	joined            bool          // it belongs to the storm that is on for another reason
	outside           bool          // it began with a refusal: the client had never had a connection
}

// end is how a connection ended. Its code is 0 if there was no connection.
type end struct {
	code uint16
	by   model.Closer
}

// plight is what has kept a client out during its newest absence.
type plight struct {
	flaps         int
	flapped       model.Instant // when the newest short connection ended
	lasted, every time.Duration
	close         model.Close

	refusals int
	refusal  model.Refusal // the newest; only Status, By and Reason
}

// otherAttempts is how many refusals in a row show that refusals keep a client out, and no longer short connections.
const otherAttempts = 3

// newest returns the present absence, or the last one.
func (a *Client) newest() *absence {
	if a.spans[1].lost != 0 {
		return &a.spans[1]
	}
	return &a.spans[0]
}

// NeverIn reports whether the client has had no connection so far.
func (a *Client) NeverIn() bool { return a.newest().outside && a.newest().back == 0 && a.ended == 0 }

// stayed reports whether the client is back.
func (s *absence) stayed(now model.Instant) bool {
	return s.back != 0 && time.Duration(now-s.back) >= model.Stay
}

// settling reports whether the client has a connection that has yet to last.
func (s *absence) settling(now model.Instant) bool { return s.back != 0 && !s.stayed(now) }

// unstable reports whether the client's connections are closed again and again before it has stayed. It may have given up
// since.
func (a *Client) unstable(now model.Instant) bool {
	p := a.plight
	return p != nil && p.flaps >= reconnect.FewestFlaps && p.refusals < otherAttempts && !a.newest().stayed(now)
}

// short records the end of a connection that has not lasted. A client that comes now and then, and leaves by itself, has
// done what it came for.
func (a *Client) short(at model.Instant, l *reconnect.Loss) {
	if reconnect.Left(&l.Close) && (a.gap == 0 || a.gap >= model.Stay) {
		a.plight = nil
		return
	}
	p := a.trouble()
	if p.flaps > 0 {
		p.every = reconnect.Smooth(p.every, time.Duration(at-p.flapped))
	}
	p.flaps, p.flapped, p.lasted, p.close = p.flaps+1, at, l.Lasted, l.Close
	p.close.At, p.close.Parting = time.Time{}, model.Parting{}
}

// brief reports whether the client has had a short connection since it last stayed, so that it may be about to flap.
func (a *Client) brief() bool {
	p := a.plight
	return p != nil && p.flaps > 0 && p.refusals < otherAttempts
}

func (a *Client) trouble() *plight {
	if a.plight == nil {
		a.plight = new(plight)
	}
	return a.plight
}

// refused records a refusal.
func (a *Client) refused(r *model.Refusal) {
	p := a.trouble()
	p.refusals++
	p.refusal = model.Refusal{Status: r.Status, By: r.By, Reason: r.Reason}
}

// Flapping reports whether the client's connections are closed again and again before it has stayed, and since when it has
// not stayed.
func (a *Client) Flapping(now model.Instant) (since model.Instant, flapping bool) {
	return a.newest().lost, a.unstable(now) && !a.GaveUp(now)
}

// Outage returns what has kept the client out since it last stayed, nil for nothing.
func (a *Client) Outage(now model.Instant) *model.Outage {
	if a.newest().stayed(now) {
		return nil
	}
	gaveUp := a.GaveUp(now)
	p := a.plight
	if p == nil || p.flaps == 0 && p.refusals == 0 {
		if gaveUp {
			return &model.Outage{GaveUp: true}
		}
		return nil
	}
	o := &model.Outage{
		Flaps: p.flaps, Refusals: p.refusals, Status: p.refusal.Status, By: p.refusal.By, Reason: p.refusal.Reason, GaveUp: gaveUp,
	}
	if p.flaps > 0 {
		o.Close, o.Lasted, o.Every = p.close, p.lasted, p.every
	}
	return o
}
