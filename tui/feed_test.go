package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
)

// The page of events says who refused a handshake and what mends it, and no more than is known.
func TestRefusalsInWords(t *testing.T) {
	broken := model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: "no Upgrade: set it"}
	for want, r := range map[string]model.Refusal{
		"refused 10.0.0.1:1: 503: full":                           {Status: 503, Reason: "full"},
		"refused 10.0.0.1:1: 403: no":                             {Status: 403, Reason: "no", By: model.RefusedByHolter},
		"refused 10.0.0.1:1 by upstream: 426: no Upgrade: set it": {Status: 426, Reason: "no", By: model.RefusedByUpstream, Diagnosis: broken},
		"refused 10.0.0.1:1 by client: the connection was reset":  {Reason: "the connection was reset", By: model.RefusedByClient},
		"refused 10.0.0.1:1 by net/http: 400: no Upgrade: set it": {Status: 400, Reason: "Bad Request", By: model.RefusedByHTTP, Diagnosis: broken},
	} {
		r.Remote = "10.0.0.1:1"
		it, ok := itemOf(&model.Event{Seq: 1, Type: model.ConnectionRefused, Refusal: &r})
		if !ok || it.text != want {
			t.Errorf("%q, want %q", it.text, want)
		}
	}
}

// An end says its cause if others show it, and else how the connection closed. What holter was late for speaks of no marks: those
// are the user's.
func TestEndsInWords(t *testing.T) {
	c := model.Connection{ID: 7, Client: "demo", State: model.Closed, Close: &model.Close{Code: 1006, By: model.ByNetwork}}
	for want, cause := range map[string]model.Cause{"demo (c7) closed: idle-cut": model.CauseIdleCut, "demo (c7) closed: 1006 no close frame, by network": model.CausePathDown} {
		c.Diagnosis.Cause = cause
		if it, _ := itemOf(&model.Event{Type: model.ConnectionClosed, Connection: &c}); it.text != want {
			t.Errorf("%q, want %q", it.text, want)
		}
	}
	it, _ := itemOf(&model.Event{Type: model.HostLate, Late: &model.Lateness{}})
	if strings.Contains(it.text, "marked") || !slices.Contains(filter.EventKinds, it.Kind) {
		t.Error(it.Kind, it.text)
	}
}

// An event that is told in words of its own can be filtered by them.
func TestKindsOfEvents(t *testing.T) {
	c := model.Connection{ID: 7, Client: "demo", Expires: time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)}
	for want, e := range map[string]model.Event{
		"demo (c7) will be closed: its token expires at 12:00:00": {Type: model.TokenExpiring, Connection: &c},
		"settings reloaded: token; nobody needs one":              {Type: model.ConfigReloaded, Reload: &model.Reload{Changed: []model.SettingChange{{Name: "token"}}, Warning: "nobody needs one"}},
		"settings reloaded: none is written otherwise":            {Type: model.ConfigReloaded, Reload: &model.Reload{}},
	} {
		if it, ok := itemOf(&e); !ok || it.text != want || !slices.Contains(filter.EventKinds, it.Kind) {
			t.Errorf("%s: %q of kind %s, want %q", e.Type, it.text, it.Kind, want)
		}
	}
}

// burst are n events of a type, a few milliseconds after each other, which begin with number seq.
func burst(n int, seq uint64, at time.Time, make func(i int, e *model.Event)) []model.Event {
	events := []model.Event{}
	for i := range n {
		e := model.Event{Seq: seq + uint64(i), Time: at.Add(time.Duration(i) * 5 * time.Millisecond)}
		make(i, &e)
		events = append(events, e)
	}
	return events
}

func refuse(i int, e *model.Event) {
	e.Type = model.ConnectionRefused
	e.Refusal = &model.Refusal{Remote: "10.0.0.1:1", Client: fmt.Sprintf("demo-%04d", 42+i), Status: 503, Reason: "too many at once", By: model.RefusedByHolter}
}

// flooded is a screen after 412 refusals with a suspicion in their middle, and an end after them.
func flooded(t *testing.T, w, h int) *screen {
	s := newScreen(t, newFake(ward(20)...), w, h)
	c := s.fake.snapshot.Connections
	s.tell(burst(200, 1, noon, refuse)...)
	s.tell(model.Event{Seq: 201, Time: noon.Add(time.Second), Type: model.StateChanged, Connection: &c[3], From: model.Normal, To: model.Suspect})
	s.tell(burst(212, 202, noon.Add(time.Second), refuse)...)
	s.tell(model.Event{Seq: 414, Time: noon.Add(3 * time.Second), Type: model.ConnectionClosed, Connection: &c[8]})
	return s
}

// tell hands over events.
func (s *screen) tell(events ...model.Event) { s.app.Update(happened{events: events}) }

func TestFloodIsOneRow(t *testing.T) {
	s := flooded(t, 120, 30).press("4")
	s.line("refused 412 in 2.0s: demo-0042, demo-0043,")
	s.line("209 more; 503: too many at once")
	s.line("demo-0004 (c4) suspect") // is not lost among them
	s.line("demo-0009 (c9) closed")
	s.line(" 3/3 ")
	s.press("k").line("▸12:00:02 ✖ refused")
	s.press("x").line("this event is about no connection that was let in")
	s.press("enter").line(" 2/415")
	s.line("▸12:00:02 ✖ refused 412 in 2.0s")
	s.press("j").line("▸12:00:00 ✖ refused   refused demo-0042: 503: too many at once")
	s.press("esc").line("2/3")
	s.line("▸12:00:02 ✖ refused 412")
	s.press("enter", "enter").line("2/3")
}

// A filter looks at the events of a flood, not at the row that stands for them.
func TestFloodIsFiltered(t *testing.T) {
	s := flooded(t, 120, 30).press("4", "/", "client=demo-0050", "enter")
	s.line("refused demo-0050: 503: too many at once")
	s.line("2/2 of 3 client=demo-0050")
	s.press("/", "ctrl+u", "client~demo-00[5-9]", "enter").line("refused 100 in 1.2s: demo-0050, demo-0051")
	s.line(" more; 503: too many at once")
}

func TestFloodBelowPagesAndOnTheMessageLine(t *testing.T) {
	low := newScreen(t, newFake(ward(20)...), 80, 24)
	low.tell(burst(412, 1, noon, refuse)...)
	low.line(" 12:00:02 ✖ refused 412 in 2.0s: demo-0042 and 411 more; 503: too many at once")
	low.tell(burst(100, 413, noon.Add(2100*time.Millisecond), refuse)...)
	low.line(" 12:00:02 ✖ refused 512 in 2.5s: demo-0042 and 411 more; 503: too many at once")

	high := flooded(t, 200, 60)
	high.line("refused 412 in 2.0s: demo-0042")
	high.line("demo-0004 (c4) suspect")
	if n := strings.Count(high.text(), "503: too many"); n != 1 {
		t.Errorf("the flood is told %d times:\n%s", n, high.text())
	}
}

// Thousands of events of one kind push out neither the others nor each other's number.
func TestFloodPushesNothingOut(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 120, 30)
	c := s.fake.snapshot.Connections
	s.tell(model.Event{Seq: 1, Time: noon, Type: model.ConnectionOpened, Connection: &c[2]})
	for i := range 30 {
		s.tell(burst(200, 2+uint64(200*i), noon.Add(time.Duration(i)*time.Second), refuse)...)
	}
	s.press("4").line("demo-0003 (c3) connected again")
	s.line("refused 6000 in 29.9s: ")
	if n := len(s.app.feed.items); n != keptEvents {
		t.Errorf("%d events are kept", n)
	}
	s.press("p")
	s.tell(burst(200, 6002, noon.Add(30*time.Second), refuse)...)
	s.line("refused 6000 in")
	s.press("p").line("refused 6200 in")
}

// All of the kinds that come by the hundred are folded, each in a row of its own.
func TestFloodsOfAllKinds(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 120, 40).press("4")
	conns := ward(20)
	events := burst(120, 1, noon, func(i int, e *model.Event) {
		e.Connection = &conns[i/3%20]
		switch i % 3 {
		case 0:
			e.Type = model.ConnectionOpened
		case 1:
			c := conns[i/3%20]
			c.Close = &model.Close{Code: 1012, By: model.ByHolter}
			e.Type, e.Connection = model.ConnectionClosed, &c
		case 2:
			e.Type, e.To = model.StateChanged, model.Suspect
		}
	})
	s.tell(events...)
	s.line("● opened  40 in 0.5s: demo-0001, demo-0002")
	s.line("◐ closed  40 in 0.5s: demo-0001, demo-0002 and 18 more; 1012 service restart, by holter")
	s.line("◐ suspect 40 in 0.5s: ")
	s.line("/3 ")
}

// Each client of a drain is asked to wait for another time. That is no other reason to close.
func TestFloodOfADrainHasOneReason(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 120, 40).press("4")
	conns := ward(20)
	s.tell(burst(40, 1, noon, func(i int, e *model.Event) {
		c := conns[i%20]
		c.Close = &model.Close{Code: 1012, Reason: model.RestartReason(time.Duration(i) * time.Second), By: model.ByHolter}
		e.Type, e.Connection = model.ConnectionClosed, &c
	})...)
	s.line("and 17 more; 1012 restart, by holter")
	s.press("enter").line("1012 restart; retry-after=7.0, by holter")
}

// A few events in a second stay lines.
func TestFewEventsStayLines(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 120, 30).press("4")
	s.tell(burst(9, 1, noon, refuse)...)
	s.line("9/9")
}

// What does not fit into its line can be read whole.
func TestEventIsReadWhole(t *testing.T) {
	for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 60, Height: 15}, {Width: 200, Height: 60}} {
		s := newScreen(t, newFake(ward(20)...), size.Width, size.Height).press("4")
		e := model.Event{Seq: 1, Time: noon, Type: model.ConnectionRefused, Refusal: &model.Refusal{
			Remote: "10.0.0.1:1", Status: 426, By: model.RefusedByUpstream, Diagnosis: model.Diagnosis{Cause: model.CauseHandshakeBroken,
				Detail: strings.Repeat("the proxy in front removed the Upgrade header, ", 8) + "so set proxy_set_header; finis"}}}
		s.tell(e)
		s.lacks("finis")
		s.press("enter").line("12:00:00 refused")
		for range 30 {
			if strings.Contains(s.text(), "finis") {
				break
			}
			s.press("j")
		}
		s.line("finis")
		checkSize(t, s.app.View(), size.Width, size.Height)
		s.press("esc").lacks("finis")
		s.press("enter", "enter").lacks("finis")
	}
}

// A sentence that begins with its kind loses it on the page only where the rest makes sense.
func TestStormKeepsItsName(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 120, 30).press("4")
	s.tell(model.Event{Seq: 1, Time: noon, Type: model.StormStarted, Storm: &model.Storm{ID: 3, Clients: 900}})
	s.line("◐ storm   storm 3: 900 clients lost their connection and come back")
}
