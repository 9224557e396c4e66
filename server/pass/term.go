package pass

import "time"

// Term is until when a connection may stay whose client has a pass. It goes by the clock on the wall, as tokens do: a
// machine that slept has not stopped it. A nil Term has no end. It is not safe for use by several goroutines at a time.
type Term struct {
	Expires time.Time
	end     time.Time
	warning time.Time // zero for none, or after it
}

// Term returns until when a connection with the pass may stay, nil for ever. A nil pass stands for no guard.
func (p *Pass) Term() *Term {
	if p == nil || p.Expires.IsZero() {
		return nil
	}
	t := &Term{Expires: p.Expires, end: p.Until}
	if t.end.IsZero() {
		t.end = p.Expires
	}
	if p.Warn > 0 {
		t.warning = p.Expires.Add(-p.Warn)
	}
	return t
}

// Over reports whether the connection must be closed.
func (t *Term) Over() bool { return t != nil && !time.Now().Before(t.end) }

// Warn reports whether it is time to warn of the end. It does so once.
func (t *Term) Warn() bool {
	if t == nil || t.warning.IsZero() || time.Now().Before(t.warning) {
		return false
	}
	t.warning = time.Time{}
	return true
}

// longest is the longest time that Next returns: the clock on the wall may be set meanwhile.
const longest = time.Hour

// Next returns after what time something is due, at most an hour. It is not called for a nil Term.
func (t *Term) Next() time.Duration {
	next := t.end
	if !t.warning.IsZero() && t.warning.Before(next) {
		next = t.warning
	}
	return min(longest, max(0, time.Until(next)))
}
