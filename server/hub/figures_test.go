package hub

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// ledger notes what a hub reports, a line for each.
type ledger struct {
	mu    sync.Mutex // protects lines
	lines []string
}

func (l *ledger) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *ledger) Opened(side model.Side) { l.note("opened %s", side) }
func (l *ledger) Closed(side model.Side, end *model.Close, cause model.Cause, lasted time.Duration) {
	l.note("closed %s %d by %s for %q after %s", side, end.Code, end.By, cause, lasted.Round(time.Second))
}
func (l *ledger) Cut(side model.Side, cause model.Cause) { l.note("cut %s %s", side, cause) }
func (l *ledger) Refused(r *model.Refusal)               { l.note("refused %d", r.Status) }
func (l *ledger) Beat(side model.Side, result BeatResult) {
	l.note("beat %s %s", side, BeatResultNames[result])
}
func (l *ledger) RoundTrip(_ model.Side, rtt time.Duration) { l.note("round trip %s", rtt) }
func (l *ledger) Suspected(side model.Side, cause model.Cause) {
	l.note("suspected %s %s", side, cause)
}
func (l *ledger) Failed(side model.Side, silence time.Duration) {
	l.note("failed %s after %s", side, silence.Round(time.Second))
}
func (l *ledger) Returned(absence time.Duration) { l.note("returned after %s", absence) }
func (l *ledger) Storm()                         { l.note("storm") }
func (l *ledger) Late(by time.Duration)          { l.note("late by %s", by) }

// counts are how often each line is there. Of a kind that is given, all lines count together.
func (l *ledger) counts(kinds ...string) map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := map[string]int{}
	for _, line := range l.lines {
		i := slices.IndexFunc(kinds, func(kind string) bool { return strings.HasPrefix(line, kind) })
		if i >= 0 {
			line = kinds[i]
		}
		n[line]++
	}
	return n
}

// A client is steady, hangs for a while, comes back by itself, dies, and comes again.
func TestObserverSeesALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		var seen ledger
		h.Observe(&seen)
		p := connect(t, h, "ann")
		p.stall.Store(int64(20 * ms))
		time.Sleep(20 * time.Second)
		steady := len(p.pinged())
		p.stall.Store(int64(1500 * ms)) // later than its timeout, and before it fails
		time.Sleep(3 * time.Second)
		p.stall.Store(int64(20 * ms))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := seen.counts("suspected"); n["suspected"] != 1 || n["beat client missed"] != 1 || n["beat client late"] != 1 || n["failed"] != 0 {
			t.Errorf("after it hung: %v", n)
		}
		if n := seen.counts("round trip 20ms")["round trip 20ms"]; n < steady {
			t.Errorf("%d round trips of %d beats and more", n, steady)
		}
		if f := h.Figures(); f.Open[model.ClientSide] != [3]int{1, 0, 0} || f.Open[model.UpstreamSide] != [3]int{} {
			t.Errorf("while it is steady: %v", f.Open)
		}
		p.frozen.Store(true)
		time.Sleep(10 * time.Second)
		connect(t, h, "ann")
		h.Report(request("bob"), model.Refusal{Status: 503})
		synctest.Wait()
		got := seen.counts("beat client answered", "round trip", "suspected", "beat client missed", "failed client", "closed client 3008 by holter")
		maps.DeleteFunc(got, func(line string, _ int) bool { return strings.HasPrefix(line, "returned after") })
		if beats, trips := got["beat client answered"], got["round trip"]; trips < beats*9/10 || trips > beats+1 {
			t.Errorf("%d round trips of %d beats", trips, beats)
		}
		want := map[string]int{
			"opened client": 2, "refused 503": 1, "beat client late": 1, "suspected": 2, "beat client missed": 2,
			"beat client answered": got["beat client answered"], "round trip": got["round trip"],
			"failed client": 1, "closed client 3008 by holter": 1,
		}
		if !maps.Equal(got, want) {
			t.Errorf("got  %v,\nwant %v", got, want)
		}
		if n := seen.counts("returned after")["returned after"]; n != 1 {
			t.Errorf("%d returns", n)
		}
	})
}

// An end that is named later counts as a cut then, and one that is named at once counts at once: each once.
func TestObserverSeesCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, passive())
		var seen ledger
		h.Observe(&seen)
		const n = 8
		for i := range n {
			p := connect(t, h, fmt.Sprint("client-", i))
			time.Sleep(time.Duration(7+13*i) * time.Second)
			p.say("the last word")
			time.Sleep(time.Minute + time.Duration(i)*ms/10)
			p.conn.Close()
			time.Sleep(time.Second)
		}
		got := seen.counts("closed client 1006")
		if want := map[string]int{"opened client": n, "closed client 1006": n, "cut client idle-cut": n}; !maps.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// Frames and bytes are never counted back, and what has ended still counts.
func TestFiguresOfTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stop := start(t, passive())
		var peers []*peer
		for i := range 5 {
			p := connect(t, h, fmt.Sprint("client-", i))
			p.say("a word")
			p.ping()
			peers = append(peers, p)
		}
		synctest.Wait()
		const text, ping = 1, 4
		before := h.Figures()
		if in := before.In; in.Frames[text] != 5 || in.Frames[ping] != 5 || in.Bytes != 5*(6+6+6) {
			t.Errorf("%+v", in)
		}
		for _, p := range peers {
			p.conn.Close()
		}
		synctest.Wait()
		stop()
		if after := h.Figures(); after.In != before.In || after.Out != before.Out || after.Open != [2][3]int{} {
			t.Errorf("after the end %+v, before %+v", after, before)
		}
	})
}
