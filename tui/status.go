package tui

import (
	"slices"
	"time"

	"holter/model"
	"holter/tui/flood"
	"holter/tui/look"
)

const (
	noticeFor = 6 * time.Second // how long an answer to a key is shown
	newsFor   = 3 * time.Second // how long an event is not replaced by a less important one
)

// status is the message line. An error of the source stands there until it is over, the answer to a
// key for a while, and below these the newest notable event.
type status struct {
	now    time.Time
	failed string    // what is wrong with the source
	seen   time.Time // when the newest picture came

	notice  func() string // "" when it is no longer true
	alarm   bool
	expires time.Time

	news   item
	newsAt time.Time
}

// say shows the answer to a key.
func (s *status) say(text string) { s.tell(func() string { return text }) }

// tell shows what may change while it is shown.
func (s *status) tell(words func() string) {
	s.notice, s.alarm, s.expires = words, false, s.now.Add(noticeFor)
}

// hush takes back what was said.
func (s *status) hush() { s.notice = nil }

// said is the notice, "" for none.
func (s *status) said() string {
	if s.notice == nil || !s.now.Before(s.expires) {
		return ""
	}
	return s.notice()
}

// complain shows why something did not work.
func (s *status) complain(text string) {
	s.say(text)
	s.alarm = true
}

// offer shows an event, unless a more important one is still fresh.
func (s *status) offer(it item) {
	if it.weight >= s.news.weight || s.now.Sub(s.newsAt) > newsFor {
		s.news, s.newsAt = it, s.now
	}
}

// view is one line of at most w cells. News that is listed elsewhere is left out.
func (s *status) view(st *look.Styles, w int, listed func(seq uint64) bool) string {
	g, notice := &st.Glyphs, s.said()
	switch {
	case s.failed != "":
		text := s.failed
		if !s.seen.IsZero() {
			text += "; this is from " + look.Span(s.now.Sub(s.seen)) + " ago"
		}
		return st.Alarm.String(g.Cut(" "+g.Plain(text), w))
	case notice != "":
		text := g.Cut(" "+g.Plain(notice), w)
		if s.alarm {
			return st.Alarm.String(text)
		}
		return st.Strong.String(text)
	case s.news.weight > 0 && !listed(s.news.seq):
		return s.news.view(st, w)
	}
	return ""
}

// item is an event as one line, or a flood of them.
type item struct {
	flood.Event
	seq        uint64
	text       string
	state      model.State // whose glyph and colour it has
	weight     int
	connection *model.Connection // as it was then, nil if it is about none
	refusal    *model.Refusal    // nil unless it is one
	service    *model.Service    // as it was then, nil if it is about none
	source     *model.Event      // that it words

	members []*item // of a flood, oldest first, nil for a single event
	gone    int     // members that are forgotten
	first   uint64  // seq of the first member, which stays while the flood goes on
	inside  bool    // it is listed below its flood
}

// common reports whether it is of a kind that may come in floods, and that holter and clients and not the screen say.
func (it *item) common() bool { return it.weight < weightLoss && it.Kind != "other" }

// key tells a row from all others: the row of a flood from its first item's too.
func (it *item) key() uint64 {
	if it.members != nil {
		return 2*it.first + 1
	}
	return 2 * it.seq
}

// shows reports whether the row shows an event.
func (it *item) shows(seq uint64) bool {
	return it.seq == seq || slices.ContainsFunc(it.members, func(m *item) bool { return m.seq == seq })
}

// words are the event in at most w cells.
func (it *item) words(w int, g *look.Glyphs) string {
	switch {
	case it.members != nil:
		events := make([]*flood.Event, len(it.members))
		for i, m := range it.members {
			events[i] = &m.Event
		}
		return flood.Words(events, it.gone, w, g)
	case it.inside:
		return g.Cut("  "+g.Plain(it.text), w)
	}
	return g.Cut(g.Plain(it.text), w)
}

func (it *item) view(s *look.Styles, w int) string {
	at := " " + look.Clock(it.At) + " "
	mark := s.States[min(it.state, model.Unknown)].String(s.Glyphs.States[min(it.state, model.Unknown)])
	return s.Dim.String(at) + mark + " " + it.words(w-look.Width(at)-2, &s.Glyphs)
}
