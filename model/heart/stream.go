package heart

import (
	"fmt"
	"time"

	"holter/model"
)

// Flow takes in how data flows over the connection, which is judged elsewhere: see package habit. It matters while the
// heart finds nothing worse. Flow reports whether the cause is news.
func (h *Heart) Flow(s *model.Stream) (news bool) {
	before := h.Diagnosis().Cause
	found := s.Quiet > 0 || s.Minutes > 0
	ours := before == model.CauseStreamStalled || before == model.CausePageThrottled
	switch {
	case h.ended || h.state != model.Normal:
	case found && h.Well(), ours && s.Back > 0:
		proxied, side := h.place()
		h.diagnose(&model.Evidence{State: h.state, Proxied: proxied, Side: side, Stream: *s})
		return found && h.Diagnosis().Cause != before
	case ours && !found:
		h.diagnosis, h.calm = nil, 0
	}
	return false
}

// Well reports whether the peer answers as it should, whatever its data does.
func (h *Heart) Well() bool {
	if h.ended || h.state != model.Normal || h.missed > 0 {
		return false
	}
	switch h.Diagnosis().Cause {
	case "", model.CauseJitter, model.CausePingBehindData, model.CauseStreamStalled, model.CausePageThrottled:
		return true
	}
	return false
}

func streamStalled(e *model.Evidence) bool {
	return e.State == model.Normal && e.Stream.Quiet > 0 && !e.Stream.Page
}

func writeStreamStalled(e *model.Evidence) string {
	s := &e.Stream
	from := "the client"
	switch {
	case s.Sent && e.Proxied:
		from = "the upstream"
	case s.Sent:
		from = "the application"
	}
	return fmt.Sprintf("No data has come from %s for %s, where pauses are usually %s and at most %s, while %s%s. "+
		"Look at what makes this data: a subscription that has ended, a producer that waits, an error that was not logged.",
		from, span(s.Quiet), span(s.Usual), span(s.Longest), pongsOnTime(s), onThePath(s))
}

func pageThrottled(e *model.Evidence) bool {
	return e.State == model.Normal && e.Stream.Page && (e.Stream.Quiet > 0 || e.Stream.Minutes > 0)
}

// aboutPages is what to do about a page that is hidden.
const aboutPages = " Let the server beat, and give the beats of a page 70 s before their absence means anything."

func writePageThrottled(e *model.Evidence) string {
	s := &e.Stream
	if s.Quiet > 0 {
		return fmt.Sprintf("The page has sent nothing for %s, where its pauses are usually %s and at most %s, while %s: the browser answers pings, but the page's script does not run, as in a hidden, frozen or stuck tab.",
			span(s.Quiet), span(s.Usual), span(s.Longest), pongsOnTime(s)) + aboutPages
	}
	row := ""
	if s.Minutes > 1 {
		row = fmt.Sprintf(" (%d in a row)", s.Minutes)
	}
	return fmt.Sprintf("The page's messages come about a minute apart%s, where its pauses are usually %s and at most %s, while %s: the browser runs the timers of a hidden tab once a minute.",
		row, span(s.Usual), span(s.Longest), pongsOnTime(s)) + aboutPages
}

func pongsOnTime(s *model.Stream) string {
	if s.Pong == 0 {
		return "other bytes come as before"
	}
	took := span(s.Pong)
	if s.Pong < 10*time.Millisecond {
		took = fmt.Sprintf("%.1f ms", s.Pong.Seconds()*1000)
	}
	return fmt.Sprintf("pongs come on time (the last took %s)", took)
}

func onThePath(s *model.Stream) string {
	if s.Others == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d of %d other streams on this path flow on", s.Flowing, s.Others)
}
