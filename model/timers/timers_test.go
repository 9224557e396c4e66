package timers

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"holter/model"
)

const second = model.Instant(time.Second)

// lived is a path on which connections have lived for a while: each beats at a rate, in a rhythm of its own.
type lived struct {
	every  time.Duration // of the client's beats, 0 for none
	jitter time.Duration // by which each is later
	calm   time.Duration // the longest silence that they have survived
	near   int           // how often there was one of that length
	half   int           // and one of at least half of it
	for_   time.Duration
	conns  int
	cuts   []time.Duration // silences of connections that were cut
	boxes  Boxes
	mode   Mode
}

func (l lived) picture() model.Path {
	r := rand.New(rand.NewPCG(1, 2))
	p := New(second)
	now := second + model.Instant(l.for_)
	for range l.conns {
		p.Opened(l.boxes)
		if l.every == 0 {
			continue
		}
		last := time.Duration(0)
		for at := second; at < now; {
			p.Beat(false, at, last, last)
			last = l.every
			if l.jitter > 0 {
				last += time.Duration(r.Int64N(int64(l.jitter)))
			}
			at += model.Instant(last)
		}
	}
	var cuts []Cut
	if n := len(l.cuts); n > 0 {
		cuts = []Cut{{Limit: model.Limit{Kind: model.SilenceLimit, After: l.cuts[n/2], Spread: l.cuts[n-1] - l.cuts[n/2], Ends: n, Of: n}, Cohort: 1}}
	}
	for i, silence := range l.cuts {
		p.Ended(End{
			Kind: Kind{model.PathEnd{Code: 1006, By: model.ByNetwork, Cause: model.CauseIdleCut}, 1}, At: now - model.Instant(i)*second,
			Last: Observation{Age: silence + time.Duration(i)*7*time.Second, Silence: silence, Beating: l.mode.Interval > 0, Beaten: l.mode.Interval > 0},
		}, l.mode)
	}
	p.Begin(now)
	for range l.conns {
		p.Observe(Observation{Age: l.for_, Calm: l.calm, Near: l.near, Half: l.half, Beating: l.mode.Interval > 0, Beaten: l.mode.Interval > 0}, l.mode)
	}
	p.Done()
	return p.Picture(now, l.mode, cuts)
}

func repeat(d time.Duration, n int) (all []time.Duration) {
	for i := range n {
		all = append(all, d+time.Duration(i)*time.Millisecond)
	}
	return all
}

func TestWarnings(t *testing.T) {
	s := time.Second
	for _, tt := range []struct {
		name string
		lived
		want   model.WarningKind
		says   string // in the warning or, without one, in the notes
		margin float64
	}{
		{"nothing is known", lived{every: 25 * s, for_: 5 * time.Minute, conns: 3, calm: 25 * s}, "", "", model.NoMargin},
		{"a beat that is fast enough", lived{every: 20 * s, for_: 5 * time.Minute, conns: 3, calm: 20 * s, cuts: repeat(60*s, 14)}, "", "", 2.99},
		{
			"a race with a cut that was seen", lived{every: 55 * s, jitter: 6 * s, for_: time.Hour, conns: 3, calm: 59 * s, cuts: repeat(60*s, 14)},
			model.TimerRace, "meets the cut at 60 s that ended 14 of 14 connections: 31 of the last 184 came later than that. Beat every 20 s.", 0.99,
		},
		{
			"a race with what the handshake names", lived{every: 60 * s, for_: time.Hour, conns: 3, calm: 59 * s, boxes: ALB},
			model.TimerRace, "The client's beat every 60 s meets the 60 s that AWS ALB idle timeout has unless it is set otherwise: ", 1,
		},
		{
			"which has been outlived", lived{every: 60 * s, for_: time.Hour, conns: 3, calm: 62 * s, boxes: ALB},
			"", "", model.NoMargin,
		},
		{
			"what is often on the way", lived{every: 59 * s, for_: time.Hour, conns: 3, calm: 59 * s},
			"", "nginx proxy_read_timeout, AWS ALB idle timeout", model.NoMargin,
		},
		{
			"a beat that comes after the cut", lived{every: 90 * s, for_: time.Hour, conns: 3, calm: 30 * s, boxes: Nginx},
			model.SlowBeats, "it keeps nothing alive. Beat every 20 s, or set proxy_read_timeout to at least 4m30s.", 0.66,
		},
		{"milliseconds taken for seconds", lived{every: 30000 * s, for_: 20 * time.Hour, conns: 1, calm: time.Minute}, model.SlowBeats, "30000 ms would be 30 s", model.NoMargin},
		{"no beats", lived{for_: 3 * time.Minute, conns: 2, calm: 2 * time.Minute}, model.NoBeats, "Let one end ping every 20 s", model.NoMargin},
		{"no beats, but young", lived{for_: time.Minute, conns: 2, calm: time.Minute}, "", "", model.NoMargin},
		{"no beats, but never silent", lived{for_: time.Hour, conns: 2, calm: 20 * s}, "", "", model.NoMargin},
		{"no beats, and cut", lived{for_: 10 * s, conns: 1, calm: s, cuts: repeat(3*s, 4)}, model.NoBeats, "Neither end beats before the cut at 3 s that ended 4 of 4 connections. Let one end ping every 1 s.", 0},
		{"no beats but holter's, which come too late", lived{for_: 10 * s, conns: 1, calm: s, cuts: repeat(3*s, 4), mode: Mode{Interval: 20 * s}}, model.NoBeats, "Let one end ping every 1 s, or run holter with --interval 1s, which beats every 20 s now.", 0},
		{"a flag that is wrong", lived{every: 9 * s, for_: 5 * time.Minute, conns: 3, calm: 9 * s, mode: Mode{Idle: 5 * s}}, "", "--idle-cut 5s is wrong here: connections have been silent for 9 s, and live. Set it to the silence that ends them, or leave it out.", model.NoMargin},
		{"messages beat", lived{for_: 10 * time.Minute, conns: 2, calm: 25 * s, near: 9, boxes: Nginx}, "", "", 2.4},
		{"messages come at any time", lived{for_: 10 * time.Minute, conns: 2, calm: 25 * s, near: 9, half: 20, boxes: Nginx}, "", "", 0},
		{
			"holter's own beats hide a cut", lived{for_: 10 * time.Minute, conns: 2, calm: 5 * time.Minute, boxes: Nginx, mode: Mode{Interval: 5 * s}},
			model.NoBeats, "and the 60 s that nginx proxy_read_timeout has unless it is set otherwise ends such connections", 0,
		},
		{
			"holter's own beats are the application's", lived{for_: 10 * time.Minute, conns: 2, calm: 5 * time.Minute, boxes: Nginx, mode: Mode{Interval: 5 * s, Own: true}},
			"", "", 10.9,
		},
		{
			"little room before a cut that was seen", lived{every: 45 * s, for_: time.Hour, conns: 3, calm: 45 * s, cuts: repeat(60*s, 14)},
			model.BeatInterval, "The client's beat every 45 s leaves little room before the cut at 60 s that ended 14 of 14 connections: the margin is 1.33. Beat every 20 s.", 1.33,
		},
		{"little room before what is only named", lived{every: 45 * s, for_: time.Hour, conns: 3, calm: 45 * s, boxes: ALB}, "", "", 1.33},
		{
			"holter's own beat races", lived{for_: 10 * time.Minute, conns: 2, calm: 5 * time.Minute, mode: Mode{Interval: 30 * s, Own: true, Idle: 33 * s}},
			model.TimerRace, "Beat every 10 s, as with --interval 10s.", 1,
		},
		{"what the user knows of", lived{every: 3 * s, for_: time.Minute, conns: 2, calm: 3 * s, mode: Mode{Idle: 3 * s}}, model.TimerRace, "that --idle-cut tells of", 1},
	} {
		p := tt.picture()
		got, text := model.WarningKind(""), strings.Join(p.Notes, " ")
		if len(p.Warnings) > 0 {
			got, text = p.Warnings[0].Kind, p.Warnings[0].Detail
		}
		if got != tt.want || !strings.Contains(text, tt.says) || tt.says == "" && text != "" {
			t.Errorf("%s: %q, %q; want %q, %q", tt.name, got, text, tt.want, tt.says)
		}
		if p.Margin < tt.margin-0.02 || p.Margin > tt.margin+0.02 {
			t.Errorf("%s: the margin is %.3f, want %.2f", tt.name, p.Margin, tt.margin)
		}
	}
}

// A warning matters as much as its cut is certain.
func TestUrgency(t *testing.T) {
	s := time.Second
	for name, tt := range map[string]struct {
		lived
		want    model.Urgency
		touched int
	}{
		"a race with a cut that was seen":        {lived{every: 60 * s, for_: time.Hour, conns: 3, calm: 59 * s, cuts: repeat(60*s, 14)}, model.Harm, 14},
		"with one that is set":                   {lived{every: 3 * s, for_: time.Minute, conns: 2, calm: 3 * s, mode: Mode{Idle: 3 * s}}, model.Risk, 2},
		"with what the handshake names":          {lived{every: 60 * s, for_: time.Hour, conns: 3, calm: 59 * s, boxes: ALB}, model.Risk, 3},
		"in hours":                               {lived{every: 30000 * s, for_: 20 * time.Hour, conns: 1, calm: time.Minute}, model.Risk, 1},
		"no beats, and nothing is known":         {lived{for_: 3 * time.Minute, conns: 2, calm: 2 * time.Minute}, model.Hint, 2},
		"no beats, and cut":                      {lived{for_: 10 * s, conns: 1, calm: s, cuts: repeat(3*s, 4)}, model.Harm, 4},
		"little room before a cut that was seen": {lived{every: 45 * s, for_: time.Hour, conns: 3, calm: 45 * s, cuts: repeat(60*s, 14)}, model.Hint, 3},
	} {
		p := tt.picture()
		if len(p.Warnings) != 1 || p.Warnings[0].Urgency != tt.want || p.Warnings[0].Touched != tt.touched {
			t.Errorf("%s: %+v, want %v, %d", name, p.Warnings, tt.want, tt.touched)
		}
	}
}

func TestKeptAliveIsNoted(t *testing.T) {
	p := lived{for_: 10 * time.Minute, conns: 2, calm: 5 * time.Minute, boxes: Nginx, mode: Mode{Interval: 5 * time.Second}}.picture()
	want := "For up to 5m00s nothing passed here but holter's own beats, every 5 s: they keep this path alive. Without them, the 60 s that nginx proxy_read_timeout has unless it is set otherwise would end these connections; --scheme none only watches."
	if p.KeptAlive != 5*time.Minute || len(p.Notes) != 1 || p.Notes[0] != want || p.Survived > 6*time.Second {
		t.Errorf("%v, survived %v, %q", p.KeptAlive, p.Survived, p.Notes)
	}
}

// A cut that others have shown is none of a path on which nothing was cut, and one that is named after the fact is.
func TestCutsAreOfThePathsThatHaveThem(t *testing.T) {
	cuts := []Cut{
		{Limit: model.Limit{Kind: model.SilenceLimit, After: time.Minute, Ends: 9, Of: 9}, Cohort: 1},
		{Limit: model.Limit{Kind: model.AgeLimit, After: time.Hour, Ends: 9, Of: 9}, Cohort: 2},
	}
	p := New(second)
	p.Opened(Nginx)
	unnamed := Kind{PathEnd: model.PathEnd{Code: 1006, By: model.ByNetwork}}
	named := unnamed
	named.Cause, named.Limit = model.CauseIdleCut, 1
	p.Ended(End{Kind: unnamed, At: 70 * second, Last: Observation{Age: 2 * time.Minute}}, Mode{})
	seen := func() (all []model.Limit) {
		s := p.Picture(80*second, Mode{}, cuts)
		for _, l := range s.Limits {
			if l.From == model.LimitSeen {
				all = append(all, l)
			}
		}
		return all
	}
	if got := seen(); len(got) != 0 {
		t.Errorf("before one was cut: %+v", got)
	}
	p.Named(unnamed, named)
	if got := seen(); len(got) != 1 || got[0].Kind != model.SilenceLimit || got[0].Name != "nginx proxy_read_timeout" || got[0].Ends != 1 || got[0].Of != 1 {
		t.Errorf("after one was cut: %+v", got)
	}
	if s := p.Picture(80*second, Mode{}, cuts); len(s.Ends) != 1 || s.Ends[0].Cause != model.CauseIdleCut || s.Ends[0].Count != 1 || s.Ended != 1 {
		t.Errorf("%+v", s.Ends)
	}
}

// A cut that others have shown counts where connections go the same way, until one has outlived it.
func TestCutsElsewhereCount(t *testing.T) {
	near, far := netip.MustParseAddr("10.0.3.7"), netip.MustParseAddr("10.0.3.8")
	limit := model.Limit{Kind: model.SilenceLimit, After: 5 * time.Second, Ends: 340, Of: 345, Where: "/rooms/*"}
	shorter := limit
	shorter.After = 4 * time.Second
	for name, tt := range map[string]struct {
		cut    Cut
		vias   []netip.Addr
		margin float64
		want   model.WarningKind
	}{
		"the same upstream":       {Cut{Limit: limit, Cohort: 1, Side: model.UpstreamSide}, []netip.Addr{near, far}, 1.03, model.TimerRace},
		"the same address":        {Cut{Limit: limit, Cohort: 1, Via: near}, []netip.Addr{near, near}, 1.03, model.TimerRace},
		"another address":         {Cut{Limit: limit, Cohort: 1, Via: near}, []netip.Addr{far, far}, 12.37, ""},
		"several addresses":       {Cut{Limit: limit, Cohort: 1, Via: near}, []netip.Addr{far, near}, 12.37, ""},
		"of no address":           {Cut{Limit: limit, Cohort: 1}, []netip.Addr{{}, {}}, 12.37, ""},
		"which has been outlived": {Cut{Limit: shorter, Cohort: 1, Side: model.UpstreamSide}, []netip.Addr{near, far}, 12.37, ""},
	} {
		p := New(second)
		for range tt.vias {
			p.Opened(Nginx)
			for i := range 4 {
				p.Beat(false, second+model.Instant(time.Duration(i)*4850*time.Millisecond), min(1, time.Duration(i))*4850*time.Millisecond, 0)
			}
		}
		p.Begin(20 * second)
		for _, via := range tt.vias {
			p.Observe(Observation{Age: 19 * time.Second, Calm: 4850 * time.Millisecond, Via: via}, Mode{})
		}
		p.Done()
		s := p.Picture(20*second, Mode{}, []Cut{tt.cut})
		got, detail := model.WarningKind(""), ""
		if len(s.Warnings) > 0 {
			got, detail = s.Warnings[0].Kind, s.Warnings[0].Detail
		}
		if got != tt.want || s.Margin < tt.margin-0.01 || s.Margin > tt.margin+0.01 {
			t.Errorf("%s: %q and the margin %.2f, want %q and %.2f", name, got, s.Margin, tt.want, tt.margin)
		}
		if tt.want != "" && (s.Warnings[0].Urgency != model.Risk || !strings.Contains(detail, "that ended 340 of 345 connections on /rooms/*, which go the same way: the margin is 1.03. Beat every 1 s")) {
			t.Errorf("%s: %q", name, detail)
		}
	}
}

// What may be a lifetime is an idle timeout if one is known to be as long on the way.
func TestALimitOfSilenceSettlesWhatAnotherIs(t *testing.T) {
	either := Cut{Limit: model.Limit{Kind: model.SilenceLimit, After: 5 * time.Second, Either: true}, Cohort: 1}
	elsewhere := Cut{Limit: model.Limit{Kind: model.SilenceLimit, After: 5*time.Second - 10*time.Millisecond, Ends: 9, Of: 9}, Cohort: 2, Side: model.UpstreamSide}
	other := elsewhere
	other.After = 7 * time.Second
	p := New(second)
	p.Beat(false, second, 0, 4990*time.Millisecond)
	for range 5 {
		p.Ended(End{Kind: Kind{model.PathEnd{Code: 1006, Cause: model.CauseUnknown}, 1}, At: 2 * second, Last: Observation{Age: 5 * time.Second, Silence: 5 * time.Second}}, Mode{})
	}
	for kind, cuts := range map[model.WarningKind][]Cut{model.NoBeats: {either, other}, model.TimerRace: {either, elsewhere}} {
		if s := p.Picture(3*second, Mode{}, cuts); len(s.Warnings) != 1 || s.Warnings[0].Kind != kind || s.Cut().Either != (kind == model.NoBeats) {
			t.Errorf("want %s: %+v, %+v", kind, s.Cut(), s.Warnings)
		}
	}
}

// Two populations are told apart, and the slower is the one in danger.
func TestPopulations(t *testing.T) {
	p := New(second)
	for i := range 200 {
		at := second + model.Instant(i)*second
		p.Beat(false, at, 25*time.Second+time.Duration(i)*time.Millisecond, 0)
		if i%10 == 0 {
			p.Beat(false, at, 60*time.Second, 0)
		}
		if i == 100 {
			p.Beat(false, at, 600*time.Second, 0) // once
		}
	}
	s := p.Picture(300*second, Mode{Idle: time.Minute}, nil)
	if len(s.Clocks) != 2 || s.Clocks[0].Period.Round(time.Second) != 25*time.Second || s.Clocks[1].Period != time.Minute || s.Clocks[1].Count != 20 {
		t.Fatalf("%+v", s.Clocks)
	}
	if s.Margin != 1 {
		t.Errorf("the margin is %v", s.Margin)
	}
}

// Some programs beat only after a silence of a fixed length: then that is the period, however busy the connection is.
func TestBeatsAfterSilence(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	p := New(second)
	for i := range 60 {
		busy := time.Duration(r.Int64N(int64(5 * time.Minute)))
		p.Beat(true, second+model.Instant(i)*second, busy+20*time.Second, 20*time.Second)
	}
	if s := p.Picture(100*second, Mode{}, nil); len(s.Clocks) != 1 || s.Clocks[0].Of != model.ServerClock || s.Clocks[0].Period != 20*time.Second || s.Clocks[0].Late != 0 {
		t.Errorf("%+v", s.Clocks)
	}
}

func TestBoxes(t *testing.T) {
	for _, tt := range []struct {
		header  http.Header
		request Boxes
		answer  Boxes
	}{
		{http.Header{}, 0, 0},
		{http.Header{"Cf-Ray": {"1"}}, Cloudflare, 0},
		{http.Header{"X-Amzn-Trace-Id": {"Root=1"}}, ALB, 0},
		{http.Header{"X-Amzn-Trace-Id": {"Root=1"}, "X-Amz-Cf-Id": {"x"}}, CloudFront, 0},
		{http.Header{"Via": {"1.1 google"}}, GoogleLB, GoogleLB},
		{http.Header{"Via": {"1.1 vegur", "1.1 x"}}, Heroku, Heroku},
		{http.Header{"X-Scheme": {"https"}}, 0, 0},
		{http.Header{"X-Scheme": {"https"}, "X-Forwarded-Scheme": {"https"}}, Nginx, 0},
		{http.Header{"Server": {"nginx/1.24.0"}}, 0, Nginx},
		{http.Header{"Server": {"Cowboy"}}, 0, Cowboy},
	} {
		if got := InRequest(tt.header); got != tt.request {
			t.Errorf("a request with %v: %b", tt.header, got)
		}
		if got := InResponse(tt.header); got != tt.answer {
			t.Errorf("an answer with %v: %b", tt.header, got)
		}
	}
}

// Whatever happens, a path keeps its size, and its lists their bounds.
func TestPathIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	p, now := New(second), second
	for i := range 200_000 {
		now += model.Instant(r.Int64N(int64(20 * time.Millisecond)))
		p.Beat(i%2 == 0, now, time.Duration(r.Int64N(int64(time.Hour))), 0)
		p.Gap(now, time.Duration(r.Int64N(int64(time.Minute))))
		p.Ended(End{Kind: Kind{model.PathEnd{Code: r.IntN(5000), By: model.Closer(r.IntN(4)), Cause: model.Cause(fmt.Sprint(r.IntN(20)))}, i}, At: now, Last: Observation{Age: time.Duration(i)}}, Mode{})
	}
	s := p.Picture(now, Mode{Interval: time.Second, Idle: time.Minute, Age: time.Hour}, nil)
	if len(s.Ends) > model.MaxPathEnds || len(s.Clocks) > model.MaxClocks || len(s.Limits) > model.MaxLimits || len(s.Data.Bins) > model.MaxGapBins || len(s.Notes) > model.MaxNotes {
		t.Errorf("%d ends, %d clocks, %d limits, %d bins", len(s.Ends), len(s.Clocks), len(s.Limits), len(s.Data.Bins))
	}
	if n := len(p.halves[0].ends) + len(p.halves[1].ends); n > 4*mostKinds {
		t.Errorf("%d kinds of ends", n)
	}
	for name, n := range map[string]int{"server": cap(p.server.values), "gaps": cap(p.gaps.values)} {
		if n > 2*kept {
			t.Errorf("%d values of %s", n, name)
		}
	}
}

// Two paths that turn out to be one know together what each knew.
func TestMerge(t *testing.T) {
	a, b := New(second), New(5*second)
	for i := range 10 {
		a.Beat(false, model.Instant(10+i)*second, 25*time.Second, 0)
		b.Beat(false, model.Instant(10+i)*second, 25*time.Second, 0)
	}
	a.Opened(Nginx)
	b.Opened(0)
	b.Ended(End{Kind: Kind{PathEnd: model.PathEnd{Code: 1000}}, At: 30 * second, Last: Observation{Age: time.Minute, Calm: 50 * time.Second}}, Mode{})
	a.Merge(b)
	s := a.Picture(40*second, Mode{}, nil)
	if s.Opened != 2 || s.Ended != 1 || s.Survived != 50*time.Second || len(s.Clocks) != 1 || s.Clocks[0].Count != 20 || s.Margin != 2.4 {
		t.Errorf("%+v", s)
	}
}

func BenchmarkPicture(b *testing.B) {
	p, now := New(second), second
	for i := range 2000 {
		now += second / 2
		p.Beat(i%2 == 0, now, 25*time.Second+time.Duration(i), 0)
		p.Gap(now, time.Duration(i)*time.Millisecond)
		p.Ended(End{Kind: Kind{PathEnd: model.PathEnd{Code: 1006, By: model.ByNetwork}}, At: now, Last: Observation{Age: time.Duration(i) * time.Second}}, Mode{})
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Picture(now, Mode{Interval: 5 * time.Second}, nil)
	}
}
