package drill

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"holter/model"
	"holter/model/storm"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// play is a record together with what its target knows: its methods send the record the events of the target.
type play struct {
	*record
	snapshot model.Snapshot
	last     model.ID
	open     map[string][]model.ID
	silent   bool // the record misses the events
}

// newPlay makes a play whose clients each opened a connection a minute before the start. A name that stands twice
// has two connections.
func newPlay(clients ...string) *play {
	p := &play{snapshot: model.Snapshot{Time: noon.Add(-time.Second)}, open: make(map[string][]model.ID)}
	for _, name := range clients {
		p.last++
		p.open[name] = append(p.open[name], p.last)
		p.snapshot.Connections = append(p.snapshot.Connections, model.Connection{ID: p.last, Client: name, Opened: noon.Add(-time.Minute)})
	}
	p.record = newRecord(&p.snapshot, noon)
	return p
}

func (p *play) tell(at time.Duration, kind model.EventType, c model.Connection) {
	if !p.silent {
		p.apply(&model.Event{Time: noon.Add(at), Type: kind, Connection: &c})
	}
}

func (p *play) come(name string, at time.Duration) {
	p.last++
	p.open[name] = append(p.open[name], p.last)
	p.tell(at, model.ConnectionOpened, model.Connection{ID: p.last, Client: name, Opened: noon.Add(at)})
}

func (p *play) goes(name string, at time.Duration) {
	id := p.open[name][0]
	p.open[name] = p.open[name][1:]
	p.tell(at, model.ConnectionClosed, model.Connection{
		ID: id, Client: name, Opened: noon.Add(-time.Minute), UserAgent: "app", Path: "/ws",
		Close: &model.Close{Code: 1006, By: model.ByNetwork, At: noon.Add(at)},
	})
}

func (p *play) refuse(name string, at time.Duration) {
	p.apply(&model.Event{Time: noon.Add(at), Type: model.ConnectionRefused, Refusal: &model.Refusal{Client: name}})
}

func (p *play) want(t *testing.T, lost, back int) {
	t.Helper()
	if now, _, _ := p.count(time.Minute, maxTime); p.lost != lost || now != back {
		t.Errorf("%d lost their connection and %d are back, want %d and %d", p.lost, now, lost, back)
	}
	if f := p.figures(time.Minute); f.Lost != lost || f.Back != back {
		t.Errorf("figures say that %d lost their connection and %d are back, want %d and %d", f.Lost, f.Back, lost, back)
	}
}

func TestRecord(t *testing.T) {
	p := newPlay("ann", "bob", "cid")
	p.lossesUntil = 10 * time.Second
	p.tell(-2*time.Second, model.ConnectionClosed, model.Connection{ID: 99, Client: "ann"}) // known from the snapshot
	p.goes("ann", time.Second)
	p.goes("bob", time.Second)
	p.want(t, 2, 0)
	p.refuse("ann", 2*time.Second)
	p.refuse("stranger", 2500*time.Millisecond)
	p.come("ann", 4*time.Second)
	p.want(t, 2, 1)
	p.come("eve", 4*time.Second) // a new client does not count as one that came back
	p.goes("cid", 11*time.Second)
	p.want(t, 2, 1) // the loss of cid is too late to be the drill's doing
	f := p.figures(40 * time.Second)
	if f.Refused != 2 || f.GaveUp != 0 || f.Silent != 1 || f.Back50 != 4*time.Second || f.Back99 != 0 || f.Peak != 2 {
		t.Errorf("%+v", f)
	}
	if f := p.figures(2 * time.Minute); f.GaveUp != 1 || f.Silent != 0 {
		t.Errorf("a client that has not tried for two minutes: %+v", f)
	}
}

// A client that comes back and soon loses its connection again does not count as back.
func TestRecordOfClientsThatDoNotStay(t *testing.T) {
	p := newPlay("ann", "bob", "cid")
	p.lossesUntil = 2 * time.Second
	for _, name := range []string{"ann", "bob"} {
		p.goes(name, time.Second)
		p.come(name, 3*time.Second)
	}
	p.want(t, 2, 2)
	p.goes("ann", 4*time.Second)
	p.goes("bob", 20*time.Second)
	p.want(t, 2, 1)
	p.come("ann", 6*time.Second)
	p.want(t, 2, 2)
	if f := p.figures(time.Minute); f.Back99 != 6*time.Second {
		t.Errorf("back after %v", f.Back99)
	}
}

// Recovery from a client's own loss counts from the loss after which it did not stay.
func TestRecordFromEachLoss(t *testing.T) {
	p := newPlay("early", "late", "restless", "twice")
	p.fromLoss, p.lossesUntil = true, time.Minute
	p.goes("early", time.Second)
	p.come("early", 3*time.Second)
	p.goes("late", 40*time.Second)
	p.come("late", 44*time.Second)
	p.goes("restless", 2*time.Second)
	p.come("restless", 3*time.Second)
	p.goes("restless", 4*time.Second)
	p.come("restless", 10*time.Second)
	p.goes("twice", time.Second)
	p.come("twice", 2*time.Second)
	p.goes("twice", 30*time.Second)
	p.come("twice", 36*time.Second)
	p.want(t, 4, 4)
	want := []time.Duration{2 * time.Second, 4 * time.Second, 6 * time.Second, 8 * time.Second}
	if f := p.figures(time.Minute); !slices.Equal(f.returns, want) || f.Back50 != 4*time.Second || f.Back99 != 8*time.Second {
		t.Errorf("back after %v, half of them after %v, 99 %% after %v", f.returns, f.Back50, f.Back99)
	}
}

// A quick client is back before holter has seen the end of its old connection. It has lost that one nevertheless.
func TestRecordOfClientsThatAreBackBeforeTheEnd(t *testing.T) {
	p := newPlay("quick", "quick in a drain", "two tabs", "two tabs")
	p.fromLoss, p.lossesUntil = true, 20*time.Second
	p.come("quick", time.Second)
	p.want(t, 0, 0)
	p.goes("quick", 1100*time.Millisecond)
	p.want(t, 1, 1)
	p.come("quick in a drain", 10*time.Second)
	p.goes("quick in a drain", 11*time.Second)
	p.come("two tabs", 12*time.Second)
	p.goes("two tabs", 13*time.Second)
	p.want(t, 2, 2) // the other tab is open as before
	p.goes("two tabs", 14*time.Second)
	p.want(t, 3, 3)
	p.come("quick", 30*time.Second)
	p.goes("quick", 31*time.Second) // too late to be the drill's doing
	p.want(t, 3, 3)
	if f := p.figures(time.Minute); f.Peak != 1 || f.Back99 > time.Millisecond || len(f.Policies) > 0 && f.Policies[0].Kind != model.PolicyUnknown {
		t.Errorf("%+v", f)
	}
}

func TestRecordOfManyConnections(t *testing.T) {
	p := newPlay("ann", "ann")
	p.goes("ann", time.Second)
	p.want(t, 0, 0)
	p.goes("ann", time.Second)
	p.want(t, 1, 0)
	p.come("ann", 2*time.Second)
	p.come("ann", 2*time.Second)
	p.want(t, 1, 1)
}

// A snapshot fills the gap of events that were missed.
func TestRecordCatchesUpByASnapshot(t *testing.T) {
	p := newPlay("stays", "lost", "returns", "was away", "tells")
	p.goes("was away", time.Second)
	p.apply(&model.Event{Time: noon.Add(2 * time.Second), Type: model.Dropped, Count: 7})
	p.silent = true
	p.goes("lost", 1500*time.Millisecond)
	p.goes("returns", 1500*time.Millisecond)
	p.come("returns", 3500*time.Millisecond)
	p.come("was away", 3*time.Second)
	p.silent = false
	p.goes("tells", 5*time.Second)

	s := model.Snapshot{Time: noon.Add(4 * time.Second)}
	opened := map[string]time.Duration{"returns": 3500 * time.Millisecond, "was away": 3 * time.Second}
	for _, name := range []string{"stays", "lost", "returns", "was away"} {
		c := model.Client{ID: name, State: model.Away, Since: noon.Add(1500 * time.Millisecond)}
		for _, id := range p.open[name] {
			c.State = model.Normal
			s.Connections = append(s.Connections, model.Connection{ID: id, Client: name, Opened: noon.Add(opened[name])})
		}
		if name == "returns" {
			c.Reconnects = []time.Duration{2 * time.Second}
		}
		s.Clients = append(s.Clients, c)
	}
	s.Connections = append(s.Connections, model.Connection{ID: 5, Client: "tells"})
	s.Clients = append(s.Clients, model.Client{ID: "tells", State: model.Normal})
	early := model.Snapshot{Time: noon.Add(time.Second)}
	p.catchUp(&early)
	p.want(t, 2, 0) // a snapshot from before the gap changes nothing
	p.catchUp(&s)
	p.want(t, 4, 2)
	if f := p.figures(10 * time.Second); f.Missed != 7 || f.Back50 != 3500*time.Millisecond {
		t.Errorf("%+v", f)
	}
	if lost := p.clients["returns"].outage.ended; lost != 1500*time.Millisecond {
		t.Errorf("lost after %v", lost)
	}
	p.come("lost", 6*time.Second)
	p.want(t, 4, 3)
}

// Refusals show the policy of 20 clients that wait 1, 2, 4 and 8 s.
func TestFiguresShowPolicies(t *testing.T) {
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprint("client-", i))
	}
	p := newPlay(names...)
	for i, name := range names {
		at := time.Duration(i) * 10 * time.Millisecond
		p.goes(name, at)
		for _, delay := range []time.Duration{1, 2, 4} {
			at += delay * time.Second
			p.refuse(name, at)
		}
		p.come(name, at+8*time.Second)
	}
	f := p.figures(time.Minute)
	if len(f.Policies) != 1 || f.Policies[0].Kind != model.PolicyExponential || f.Policies[0].Clients != 20 || f.Policies[0].Share > 0.05 {
		t.Errorf("%+v", f.Policies)
	}
	if f.Peak != 20 || f.Crowding < 3 || f.Crowding > 5 { // 80 attempts in 15 s are 5.3 a second
		t.Errorf("peak %v, crowding %v", f.Peak, f.Crowding)
	}
}

// Clients that are told apart only by their order show no policy, and a name that turns out to be that of several is no
// client any more.
func TestClientsThatShareAName(t *testing.T) {
	p := newPlay("js", "js", "ann")
	p.apply(&model.Event{Time: noon, Type: model.WarningRaised, Warning: &model.Warning{Kind: model.SharedIdentity, Client: "js"}})
	if n := p.present(); n != 1 {
		t.Errorf("%d clients are there", n)
	}
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprint("js #", i))
	}
	p = newPlay(names...)
	for _, name := range names {
		p.snapshot.Clients = append(p.snapshot.Clients, model.Client{ID: name, Shared: "js", ByOrder: true})
	}
	p.record = newRecord(&p.snapshot, noon)
	for i, name := range names {
		p.goes(name, 0)
		for k := range 4 {
			p.refuse(name, time.Duration(k+1)*time.Second+time.Duration(i)*time.Millisecond)
		}
	}
	if f := p.figures(time.Minute); f.Lost != 20 || f.Policies[0].Kind != model.PolicyUnknown || f.Policies[0].Doubt.Reason != model.DoubtShared {
		t.Errorf("%+v", f.Policies)
	}
}

func TestFiguresPreferThoseOfTheTarget(t *testing.T) {
	f := &Figures{Lost: 40, Recovery: storm.Recovery{Peak: 3}, Refused: 5, Policies: []model.PoolPolicy{{Policy: model.Policy{Kind: model.PolicyUnknown}}}}
	exact := []model.PoolPolicy{{Policy: model.Policy{Kind: model.PolicyFixed}}}
	f.adoptStorm([]model.Storm{
		{Started: noon.Add(-time.Second), Clients: 500, Peak: 400},
		{Started: noon.Add(time.Second), Clients: 40, Peak: 20, Crowding: 2, Refused: 70, Policies: exact, More: model.PoolCount{Pools: 3, Clients: 21}},
		{Started: noon.Add(time.Minute), Clients: 12, Peak: 9},
	}, noon)
	if f.Peak != 20 || f.Crowding != 2 || f.Refused != 70 || f.Policies[0].Kind != model.PolicyFixed || f.More.Clients != 21 {
		t.Errorf("%+v", f)
	}
}

// A storm about others than the clients of the drill does not tell how those come back, unless the drill knows less.
func TestFiguresAreOfTheClientsOfTheDrill(t *testing.T) {
	for missed, want := range map[uint64]int{0: 40, 9: 37} {
		f := &Figures{Lost: 40, Missed: missed, Policies: []model.PoolPolicy{{Clients: 40}}}
		f.adoptStorm([]model.Storm{{Started: noon.Add(time.Second), Clients: 37, Peak: 20, Policies: []model.PoolPolicy{{Clients: 37}}}}, noon)
		if f.Peak != 20 || f.Policies[0].Clients != want {
			t.Errorf("%d missed: %+v", missed, f)
		}
	}
}

// A storm of 100 000 arrivals.
func BenchmarkFigures(b *testing.B) {
	var names []string
	for i := range 25_000 {
		names = append(names, fmt.Sprint("client-", i))
	}
	p := newPlay(names...)
	for i, name := range names {
		at := time.Duration(i) * time.Millisecond / 100
		p.goes(name, at)
		for k := range 3 {
			p.refuse(name, at+time.Duration(k+1)*time.Second)
		}
		p.come(name, at+5*time.Second)
	}
	for b.Loop() {
		p.figures(time.Minute)
	}
}

// A target that invents clients without end does not use up the memory here. What there is no room for is said to
// be missed.
func TestRecordIsBounded(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p := newPlay("ann")
	const n = 400_000
	for i := range n {
		name := fmt.Sprintf("%0900d", i)
		at := time.Duration(i) * time.Millisecond
		p.apply(&model.Event{Time: noon.Add(at), Type: model.ConnectionOpened, Connection: &model.Connection{ID: model.ID(i + 2), Client: name}})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if mib := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20; mib > 150 {
		t.Errorf("it takes %d MiB", mib)
	}
	if missed := p.figures(time.Hour).Missed; missed == 0 || int(missed) != n+1-len(p.clients) {
		t.Errorf("%d missed of %d, %d recorded", missed, n, len(p.clients))
	}
}
