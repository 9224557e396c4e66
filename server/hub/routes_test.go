package hub

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
)

// watching are options to send nothing and to close nothing.
func watching() Options {
	o := observing()
	o.Rhythm.Scheme = model.SchemeNone
	return o
}

// thePath returns the only path of a hub.
func thePath(t *testing.T, h *Hub) model.Path {
	t.Helper()
	s := snapshot(t, h)
	if len(s.Paths) != 1 {
		t.Fatalf("%d paths: %+v", len(s.Paths), s.Paths)
	}
	return s.Paths[0]
}

// kinds are those of the warnings that were raised, in the order of time.
func kinds(h *Hub) (all []model.WarningKind) {
	for _, w := range raised(h) {
		all = append(all, w.Kind)
	}
	return all
}

func cause(p *model.Path) model.WarningKind {
	if len(p.Warnings) == 0 {
		return ""
	}
	return p.Warnings[0].Kind
}

// A cut that the user knows of: the beats that meet it are named before they end anything.
func TestRaceWithAKnownCutIsNamedBeforeADeath(t *testing.T) {
	for _, tt := range []struct {
		every, cut time.Duration
		want       model.WarningKind
		margin     float64
	}{
		{3 * time.Second, 3 * time.Second, model.TimerRace, 1},
		{2900 * ms, 3 * time.Second, model.TimerRace, 1.03},
		{4 * time.Second, 3 * time.Second, "", model.NoMargin}, // they have outlived it
		{time.Second, 3 * time.Second, "", 3},
		{1500 * ms, 3 * time.Second, "", 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := watching()
			o.IdleCut = tt.cut
			h, _ := start(t, o)
			for i := range 4 {
				p := connect(t, h, fmt.Sprint(i))
				go p.every(tt.every, p.ping)
			}
			time.Sleep(3*tt.every + 2*time.Second)
			synctest.Wait()
			p := thePath(t, h)
			if cause(&p) != tt.want || p.Margin < tt.margin-0.02 || p.Margin > tt.margin+0.02 {
				t.Errorf("a beat every %v and a cut at %v: %q and the margin %.3f, want %q and %.2f", tt.every, tt.cut, cause(&p), p.Margin, tt.want, tt.margin)
			}
			if got, want := kinds(h), tt.want; want != "" && !slices.Equal(got, []model.WarningKind{want}) || want == "" && len(got) > 0 {
				t.Errorf("raised %v, want %q once", got, want)
			}
			if w := snapshot(t, h).Warnings; len(w) != len(p.Warnings) || len(w) > 0 && (w[0].Path != "/ws" || w[0].Since.IsZero() || w[0].Detail == "") {
				t.Errorf("the warnings are %+v", w)
			}
		})
	}
}

// Silent connections are cut after three seconds. That names the beat of those that are not silent, before one of them
// is cut.
func TestRaceWithACutThatOthersHaveShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, watching())
		for i := range 5 {
			p := connect(t, h, fmt.Sprint("idle", i))
			go func() {
				time.Sleep(time.Duration(i) * 700 * ms)
				p.say("hello")
				time.Sleep(3 * time.Second)
				p.conn.Close()
			}()
		}
		time.Sleep(8 * time.Second)
		if p := thePath(t, h); cause(&p) != model.NoBeats || p.Margin != 0 || p.Ended != 5 {
			t.Errorf("of silent ones alone: %+v", p)
		}
		for i := range 3 {
			p := connect(t, h, fmt.Sprint("beating", i))
			go p.every(2950*ms, p.ping)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		p := thePath(t, h)
		if cause(&p) != model.TimerRace || !strings.Contains(p.Warnings[0].Detail, "the cut at 3 s that ended 5 of 5 connections") {
			t.Errorf("%+v", p.Warnings)
		}
		if len(p.Ends) != 1 || p.Ends[0] != (model.PathEnd{Cause: model.CauseIdleCut, Code: 1006, By: model.ByNetwork, Count: 5}) {
			t.Errorf("those that ended before the cause was known: %+v", p.Ends)
		}
		if p.Open != 3 || p.Opened != 8 || p.MedianAge < 3*time.Second || p.MedianAge > 6*time.Second {
			t.Errorf("%+v", p)
		}
	})
}

// One limit cuts connections of several paths. Each path tells of its own.
func TestFiguresOfACutAreThePathsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, watching())
		for i := range 12 {
			p := connectBy(t, h, asking([]string{"/race", "/race", "/race3"}[i%3], fmt.Sprint("10.0.0.7:", 1000+i)))
			time.Sleep(time.Duration(700+90*i) * ms)
			p.say("hello")
			time.Sleep(3 * time.Second)
			p.conn.Close()
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		s := snapshot(t, h)
		if len(s.Cohorts) != 1 || s.Cohorts[0].Count != 12 || len(s.Paths) != 2 {
			t.Fatalf("%+v", s.Cohorts)
		}
		for i, want := range []int{8, 4} {
			cut := s.Paths[i].Cut()
			if cut == nil || cut.Ends != want || cut.Of != want || len(s.Paths[i].Warnings) != 1 || s.Paths[i].Warnings[0].Touched != want {
				t.Errorf("%s: %+v, %+v", s.Paths[i].Template, cut, s.Paths[i].Warnings)
			}
		}
	})
}

// A cut at the upstream that was seen on one path holds on the others too, before one of their connections dies.
func TestCutOfTheUpstreamCountsOnOtherPaths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, watching())
		for i := range 5 {
			client, upstream := proxied(t, h)
			time.Sleep(time.Duration(700+90*i) * ms)
			client.say("hello")
			ws.WriteFrame(upstream.conn, ws.NewTextFrame([]byte("welcome")))
			time.Sleep(5 * time.Second)
			upstream.conn.Close()
			<-upstream.over
			synctest.Wait()
			client.conn.Close()
			<-client.over
		}
		for i := range 3 {
			p := connectBy(t, h, asking("/race2", fmt.Sprint("10.0.0.7:", 1000+i)))
			go p.every(4850*ms, p.ping)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		for _, p := range snapshot(t, h).Paths {
			if p.Template == "/race2" && (cause(&p) != model.TimerRace || p.Margin < 1 || p.Margin > 1.05 || !strings.Contains(p.Warnings[0].Detail, "5 of 5 connections on /ws")) {
				t.Errorf("the margin is %.2f: %+v", p.Margin, p.Warnings)
			}
		}
	})
}

// The clients' beat comes when the path is cut: most die before the first one, and no two come in a row.
func TestFirstBeatsThatMeetACut(t *testing.T) {
	for name, tt := range map[string]struct {
		beating time.Duration // after the last byte, one of them
		want    model.WarningKind
		says    string
	}{
		"one got through": {4990 * ms, model.TimerRace, "A beat of the client's after 5 s of silence meets the cut at 5 s"},
		"one came early":  {time.Second, model.NoBeats, "Hardly anything beats before the cut at 5 s that"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, watching())
				for i := range 8 {
					p := connect(t, h, fmt.Sprint("client-", i))
					time.Sleep(time.Duration(700+300*i) * ms)
					p.say("hello")
					if i == 7 {
						time.Sleep(tt.beating)
						p.ping()
					}
					time.Sleep(5 * time.Second)
					p.conn.Close()
				}
				time.Sleep(5 * time.Second)
				synctest.Wait()
				p := thePath(t, h)
				if cause(&p) != tt.want || !strings.Contains(p.Warnings[0].Detail, tt.says) || p.Warnings[0].Urgency != model.Harm {
					t.Errorf("%+v of %+v, margin %.2f", p.Warnings, p.Ends, p.Margin)
				}
			})
		})
	}
}

// Connections that say something at once, and no more, are as silent as they are old when they are cut. The advice says that it
// is one of the two, and what tells them apart.
func TestACutThatMayBeALifetimeIsAdvised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, watching())
		for i := range 8 {
			p := connect(t, h, fmt.Sprint("client-", i))
			p.say("hello")
			time.Sleep(5*time.Second + time.Duration(i)*ms)
			p.conn.Close()
			<-p.over
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		p := thePath(t, h)
		if cut := p.Cut(); cut == nil || !cut.Either || cut.Ends != 8 || cut.From != model.LimitSeen || p.Margin != 0 {
			t.Errorf("%+v, the margin is %.2f", cut, p.Margin)
		}
		if len(p.Warnings) != 1 || p.Warnings[0].Kind != model.NoBeats || p.Warnings[0].Urgency != model.Risk || p.Warnings[0].Touched != 8 ||
			!strings.HasPrefix(p.Warnings[0].Detail, "8 of 8 connections ended 5 s after they had opened, silent all that time: an idle timeout or a maximum lifetime") {
			t.Errorf("%+v", p.Warnings)
		}
		if len(advised(t, h)) != 1 {
			t.Errorf("%+v", advised(t, h))
		}
		for i := range 3 {
			p := connect(t, h, fmt.Sprint("pinging-", i))
			go p.every(time.Second, p.ping)
		}
		time.Sleep(10 * time.Second)
		p2 := connect(t, h, "again")
		p2.say("hello")
		time.Sleep(5 * time.Second)
		p2.conn.Close()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		p = thePath(t, h)
		if cut := p.Cut(); cut == nil || cut.Either || len(p.Warnings) != 0 || p.Margin < 4.9 || p.Margin > 5 {
			t.Errorf("after three have outlived it: %+v, %+v, the margin is %.2f", cut, p.Warnings, p.Margin)
		}
	})
}

func TestNoBeatsAreNamedWithinFiveMinutes(t *testing.T) {
	for name, tt := range map[string]struct {
		every time.Duration
		do    func(*peer)
		want  model.WarningKind
	}{
		"silent":                    {time.Hour, (*peer).ping, model.NoBeats},
		"messages now and then":     {110 * time.Second, func(p *peer) { p.say("x") }, model.NoBeats},
		"pings":                     {90 * time.Second, (*peer).ping, ""},
		"pongs that nobody asked":   {90 * time.Second, func(p *peer) { p.send(ws.NewPongFrame(nil)) }, ""},
		"messages at a steady pace": {30 * time.Second, func(p *peer) { p.say("heartbeat") }, ""},
		"a busy stream":             {time.Second, func(p *peer) { p.say("price") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, watching())
				p := connect(t, h, "ann")
				go p.every(tt.every, func() { tt.do(p) })
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				if path := thePath(t, h); cause(&path) != tt.want {
					t.Errorf("%q, want %q: %+v", cause(&path), tt.want, path)
				}
			})
		})
	}
}

// What holter has done to a connection shows nothing about its path, nor does what has waited in holter.
func TestClocksOfTheDisturbedAreLeftOut(t *testing.T) {
	for name, disturb := range map[string]func(h *Hub, client, upstream *peer){
		"by a fault": func(h *Hub, client, _ *peer) {
			for _, f := range []model.Faults{{Drop: 1000}, {}} {
				if n, err := h.SetFaults(t.Context(), model.FaultOrder{IDs: []model.ID{client.id}, Faults: f}); n != 1 || err != nil {
					t.Error(n, err)
				}
			}
		},
		"an upstream that does not read": func(_ *Hub, _, upstream *peer) {
			upstream.stall.Store(int64(4 * time.Minute))
			upstream.server.out.room = 10
			go func() {
				upstream.tell("first")
				upstream.tell(strings.Repeat("x", 100))
			}()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, watching())
				client, upstream := proxied(t, h)
				disturb(h, client, upstream)
				time.Sleep(3 * time.Minute)
				client.say("x")
				time.Sleep(3 * time.Minute)
				if p := thePath(t, h); p.Open != 1 || len(p.Warnings) > 0 || p.Survived > 0 {
					t.Errorf("%d open, survived %v, %+v", p.Open, p.Survived, p.Warnings)
				}
			})
		})
	}
}

// Holter's own beats hide a cut, unless they are meant to keep the path alive.
func TestOwnBeatsThatKeepAPathAliveAreTold(t *testing.T) {
	for _, tt := range []struct {
		scheme model.Scheme
		onFail model.OnFail
		kept   bool
		beats  model.WarningKind
	}{
		{model.SchemeBoth, model.OnFailObserve, true, model.NoBeats},
		{model.SchemeBoth, model.OnFailClose, false, ""},
		{model.SchemeNone, model.OnFailObserve, false, model.NoBeats},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := quick()
			o.Rhythm.Scheme, o.OnFail = tt.scheme, tt.onFail
			h, _ := start(t, o)
			connect(t, h, "ann")
			time.Sleep(3 * time.Minute)
			synctest.Wait()
			p := thePath(t, h)
			if kept := p.KeptAlive > 170*time.Second; kept != tt.kept || kept != (len(p.Notes) > 0) || cause(&p) != tt.beats {
				t.Errorf("%s, %s: kept alive for %v, %q, %q", tt.scheme, tt.onFail, p.KeptAlive, cause(&p), p.Notes)
			}
			if tt.kept && !strings.Contains(p.Notes[0], "--scheme none") {
				t.Errorf("%q", p.Notes)
			}
		})
	}
}

// What the server's application sends passes on the leg to the client, whoever relays it there.
func TestClocksOfBothEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, watching())
		for i := range 4 {
			p := connect(t, h, fmt.Sprint(i))
			go p.every(25*time.Second, p.ping)
			go p.every(20*time.Second, func() { ws.WriteFrame(p.app, ws.NewPingFrame([]byte("app"))) })
			go p.every(1100*ms, func() { p.say("data") })
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		p := thePath(t, h)
		of := make(map[model.ClockOf]model.Clock)
		for _, c := range p.Clocks {
			of[c.Of] = c
		}
		if c := of[model.ServerClock]; c.Period.Round(100*ms) != 20*time.Second || c.Share != 1 {
			t.Errorf("the server's: %+v", c)
		}
		if c := of[model.ClientClock]; c.Period.Round(100*ms) != 25*time.Second {
			t.Errorf("the client's: %+v", c)
		}
		if p.Data.Median.Round(100*ms) != 1100*ms || p.Survived > 1200*ms || p.DataSurvived.Round(100*ms) != 1100*ms {
			t.Errorf("data: %+v, survived %v, without data %v", p.Data, p.Survived, p.DataSurvived)
		}
	})
}

func TestPathsBecomeTemplates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, watching())
		for i := range 12 {
			r := httptest.NewRequest("GET", fmt.Sprintf("/ocpp/CP%d", i+1), nil)
			r.Header.Set("X-Client-ID", fmt.Sprint(i))
			p := connectBy(t, h, r)
			go p.every(10*time.Second, p.ping)
		}
		connect(t, h, "ann")
		time.Sleep(40 * time.Second)
		synctest.Wait()
		var seen []string
		for _, p := range snapshot(t, h).Paths {
			seen = append(seen, fmt.Sprintf("%s %d %d", p.Template, p.Open, len(p.Clocks)))
		}
		if want := []string{"/ws 1 0", "/ocpp/* 12 1"}; !slices.Equal(seen, want) {
			t.Errorf("%q, want %q", seen, want)
		}
	})
}

// However many paths there are, the room for them is bounded, and what is over comes back when they are gone.
func TestPathsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, watching())
		for i := range model.MaxPaths + 50 {
			r := httptest.NewRequest("GET", fmt.Sprintf("/%s/%s", strings.Repeat("a", 1+i/26), string(rune('a'+i%26))), nil)
			for range 9 { // of so many clients that it is no client's own
				forgedBy(t, h, r)
			}
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		paths := snapshot(t, h).Paths
		open := 0
		for _, p := range paths {
			open += p.Open
		}
		if len(paths) > model.MaxPaths || open != 9*(model.MaxPaths+50) {
			t.Errorf("%d paths with %d connections", len(paths), open)
		}
	})
}

// BenchmarkReportPaths measures the look that is taken once a second, at ten thousand connections to a few paths and to many.
func BenchmarkReportPaths(b *testing.B) {
	for name, path := range map[string]func(i int) string{
		"4 paths":   func(i int) string { return fmt.Sprintf("/route%c", 'a'+i%4) },
		"200 paths": func(i int) string { return fmt.Sprintf("/%c/%c", 'a'+i%20, 'a'+i/20%10) },
	} {
		b.Run(name, func(b *testing.B) {
			h := New(watching())
			for i := range 10_000 {
				r := request(fmt.Sprint(i))
				r.URL.Path = path(i)
				c, _, _ := forgedBy(b, h, r)
				for k := range 4 {
					c.toClient.Beat(h.now()+model.Instant(k)*model.Instant(20*time.Second), true)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				h.reportPaths()
			}
		})
	}
}
