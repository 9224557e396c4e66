package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// crowd returns a snapshot of n connections of n clients, no two alike.
func crowd(n int) model.Snapshot {
	s := snapshot
	s.Activity = make([]model.Activity, model.MaxActivity)
	for i := range n {
		c := connection
		c.ID, c.Client, c.Close = model.ID(i+1), fmt.Sprintf("demo-%05d", i), nil
		c.Remote = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), uint16(i))
		c.State, c.Diagnosis = model.Normal, model.Diagnosis{}
		c.RTT, c.Silence = time.Duration(i)*time.Microsecond, time.Duration(i)*1234*time.Microsecond
		c.Beats = model.Strip{8, 1, 1, 2, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 3, 1, 1, 1, 1, 1, 1, 1}
		s.Connections = append(s.Connections, c)
		s.Clients = append(s.Clients, model.Client{
			ID: c.Client, Generation: 1, Connection: c.ID, Since: at, FirstSeen: at, UserAgent: c.UserAgent,
			Reconnects: []time.Duration{time.Second, 3 * time.Second},
		})
	}
	return s
}

// later returns s after a while in which bytes came on a share of its connections.
func later(s *model.Snapshot, d time.Duration, share float64, random *rand.Rand) model.Snapshot {
	next := *s
	next.Time = s.Time.Add(d)
	next.Connections, next.Clients = slices.Clone(s.Connections), slices.Clone(s.Clients)
	for i := range next.Connections {
		c := &next.Connections[i]
		age(c, d)
		if c.Open() && random.Float64() < share {
			c.Silence, c.BytesIn, c.PongsReceived = time.Millisecond, c.BytesIn+6, c.PongsReceived+1
			copy(c.Beats[:], c.Beats[1:])
		}
	}
	next.Activity = addBins(s.Activity, []model.Activity{{Connects: random.Uint32N(2)}})
	return next
}

// series writes snapshots, reads them back, and fails at the first that is not the same.
func series(t *testing.T, next func(i int, s *model.Snapshot) bool) {
	t.Helper()
	var wire bytes.Buffer
	w, r := NewSnapshotWriter(&wire), NewSnapshotReader(&wire)
	for i, s := 0, (model.Snapshot{}); next(i, &s); i++ {
		if err := w.Write(&s); err != nil {
			t.Fatal(err)
		}
		got, err := r.Read()
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if len(got.Connections) == 0 && len(s.Connections) == 0 {
			got.Connections = s.Connections
		}
		if len(got.Clients) == 0 && len(s.Clients) == 0 {
			got.Clients = s.Clients
		}
		if len(got.Storms) == 0 && len(s.Storms) == 0 {
			got.Storms = s.Storms
		}
		if len(got.Paths) == 0 && len(s.Paths) == 0 {
			got.Paths = s.Paths
		}
		if len(got.Cohorts) == 0 && len(s.Cohorts) == 0 {
			got.Cohorts = s.Cohorts
		}
		if len(got.Services) == 0 && len(s.Services) == 0 {
			got.Services = s.Services
		}
		if !reflect.DeepEqual(got, s) {
			t.Fatalf("%d came back as\n%+v\nwant\n%+v", i, got, s)
		}
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last: %v", err)
	}
}

// grown returns storms a second later: with another one every fourth time.
func grown(storms []model.Storm) []model.Storm {
	next := slices.Clone(storms)
	n := len(next)
	if n == 0 || len(next[n-1].Curve) == 4 {
		another := sampleStorm
		another.ID, another.Curve = 1, []model.Activity{}
		if n > 0 {
			another.ID += next[n-1].ID
		}
		next = append(next, another)
	} else {
		next[n-1].Curve = append(slices.Clone(next[n-1].Curve), model.Activity{Reconnects: 1})
	}
	return next[max(0, len(next)-3):]
}

// moved returns paths of which one has changed, come or gone.
func moved(paths []model.Path, random *rand.Rand) []model.Path {
	next := slices.Clone(paths)
	p := samplePath
	p.ID, p.Open = 1+random.IntN(6), random.IntN(100)
	at, known := slices.BinarySearchFunc(next, p.ID, func(p model.Path, id int) int { return p.ID - id })
	switch {
	case !known:
		return slices.Insert(next, at, p)
	case p.Open < 30:
		return slices.Delete(next, at, at+1)
	}
	next[at] = p
	return next
}

// moreCohorts returns cohorts a second later: with another one every third time.
func moreCohorts(all []model.Cohort) []model.Cohort {
	next := slices.Clone(all)
	n := len(next)
	if n == 0 || next[n-1].Count%3 == 0 {
		another := sampleCohort
		another.ID, another.Count = 1, 1
		if n > 0 {
			another.ID += next[n-1].ID
		}
		next = append(next, another)
	} else {
		next[n-1].Count++
		next[n-1].Newest = next[n-1].Newest.Add(time.Second)
	}
	return next[max(0, len(next)-3):]
}

// served returns services of which one has changed, come or gone.
func served(services []model.Service, random *rand.Rand) []model.Service {
	next := slices.Clone(services)
	s := sampleService
	s.ID, s.Received, s.Uptime = "api-"+string(rune('a'+random.IntN(6))), 30*random.Uint64N(3), float64(random.IntN(10))/10
	at, known := slices.BinarySearchFunc(next, s.ID, func(one model.Service, id string) int { return strings.Compare(one.ID, id) })
	switch {
	case !known:
		return slices.Insert(next, at, s)
	case s.Received < 30:
		return slices.Delete(next, at, at+1)
	}
	next[at] = s
	return next
}

// sampleService has a value in every field.
var sampleService = model.Service{
	ID: "api", Kind: model.Probed, Target: "http://localhost:3000/health", State: model.Suspect, Since: at, Known: at, Heard: at.Add(time.Second),
	Diagnosis: model.Diagnosis{Cause: model.CauseTimedOut, Detail: "No answer."}, Late: time.Second, Status: "503", Clock: -time.Minute,
	Latency: 12 * time.Millisecond, LatencyMean: 13 * time.Millisecond, LatencyDev: 4 * time.Millisecond, Timeout: time.Second,
	Interval: 5 * time.Second, TTL: 15 * time.Second, Missed: 1, Received: 40, Lost: 2, Uptime: 0.9987,
	Strip:   model.Strip{22: model.Beat(3).Raised(4), 23: model.MissedBeat},
	Changes: []model.ServiceChange{{At: at, From: model.Normal, To: model.Suspect, Diagnosis: model.Diagnosis{Cause: model.CauseStatus, Detail: "It answers 503."}, Late: time.Second}},
}

// sampleCohort has a value in every field.
var sampleCohort = model.Cohort{
	ID: 7, Kind: model.CohortData, Cause: model.CauseIdleCut, Side: model.UpstreamSide, Started: at, Newest: at.Add(time.Second),
	Count: 14, Of: 15, Length: time.Minute, Spread: 400 * time.Millisecond, Traits: []model.Trait{{Kind: model.TraitAddress, Value: "10.0.3.7"}},
	Chance: 1e-9, Detail: "14 of 15", Members: []model.ID{3, 4},
}

func TestSeries(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pool := crowd(40)
	now := pool
	now.Connections, now.Clients, now.Activity = nil, nil, nil
	series(t, func(i int, s *model.Snapshot) bool {
		now = later(&now, 250*time.Millisecond, 0.2, random)
		k := random.IntN(40)
		c, cl := pool.Connections[k], pool.Clients[k]
		if at, known := slices.BinarySearchFunc(now.Connections, c.ID, func(a model.Connection, id model.ID) int { return int(a.ID) - int(id) }); known {
			if x := &now.Connections[at]; x.Open() {
				x.State, x.Close, x.Silence, x.DataSilence = model.Closed, &ending, 0, 0
			} else {
				now.Connections = slices.Delete(now.Connections, at, at+1)
			}
		} else {
			now.Connections = slices.Insert(now.Connections, at, c)
		}
		if at, known := slices.BinarySearchFunc(now.Clients, cl.ID, func(a model.Client, id string) int { return strings.Compare(a.ID, id) }); known {
			now.Clients = slices.Delete(now.Clients, at, at+1)
		} else {
			now.Clients = slices.Insert(now.Clients, at, cl)
		}
		if i%10 == 0 {
			now.Storms = grown(now.Storms)
			now.Paths = moved(now.Paths, random)
			now.Cohorts = moreCohorts(now.Cohorts)
			now.Services = served(now.Services, random)
		}
		*s = now
		s.Connections, s.Clients = slices.Clone(now.Connections), slices.Clone(now.Clients)
		return i < 400
	})
}

// What did not change is not written again: that is the purpose of the series.
func TestSeriesTellsOnlyChanges(t *testing.T) {
	var wire bytes.Buffer
	w := NewSnapshotWriter(&wire)
	random := rand.New(rand.NewPCG(1, 2))
	first := crowd(100)
	next := later(&first, time.Second, 0, random)
	next.Connections[7].BytesIn++
	next.Clients = slices.Delete(next.Clients, 3, 4)
	for _, s := range []model.Snapshot{first, next} {
		if err := w.Write(&s); err != nil {
			t.Fatal(err)
		}
	}
	d := json.NewDecoder(&wire)
	var a, b Snapshot
	if err := errors.Join(d.Decode(&a), d.Decode(&b)); err != nil {
		t.Fatal(err)
	}
	if len(a.Connections) != 100 || len(a.Clients) != 100 || len(a.Activity.Closes) != model.MaxActivity {
		t.Errorf("the first is not whole: %d connections, %d clients, %d bins", len(a.Connections), len(a.Clients), len(a.Activity.Closes))
	}
	if len(b.Connections) != 1 || b.Connections[0].ID != "c8" || len(b.ConnectionsGone) != 0 ||
		len(b.Clients) != 0 || !slices.Equal(b.ClientsGone, []string{"demo-00003"}) || len(b.Activity.Closes) > 1 {
		t.Errorf("the second is %+v", b)
	}
}

func TestNewBins(t *testing.T) {
	bins := func(text string) (list []model.Activity) {
		for _, c := range text {
			list = append(list, model.Activity{Connects: uint32(c - '0')})
		}
		return list
	}
	for _, tc := range []struct{ before, now, want string }{
		{"", "", ""}, {"", "123", "123"}, {"123", "123", ""}, {"123", "1234", "4"}, {"123", "234", "4"},
		{"000", "0000", "0"}, {"000", "000", ""}, {"111", "111", ""}, {"121", "212", "2"}, {"123", "456", "456"}, {"123", "3", ""},
	} {
		if got := newBins(bins(tc.before), bins(tc.now)); !slices.Equal(got, bins(tc.want)) {
			t.Errorf("from %q to %q: %v, want %q", tc.before, tc.now, got, tc.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no object":  `[]`,
		"a page":     `<html>`,
		"a text":     `"hello"`,
		"cut":        `{"summary":{`,
		"no JSON":    `{"connections":[{"id":c1}]}`,
		"not closed": `{"connections":[]`,
	} {
		_, err := NewSnapshotReader(strings.NewReader(text)).Read()
		if err == nil || err == io.EOF || len(err.Error()) > 300 {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestReadIsLenient(t *testing.T) {
	const text = `{"new":{"a":[1]},"connections":[{"id":"c2","state":"normal","mood":7},{"id":"c1","state":"normal"}],"summary":{"version":"v9\u001b[31m"}}`
	s, err := NewSnapshotReader(strings.NewReader(text)).Read()
	if err != nil || len(s.Connections) != 2 || s.Connections[0].ID != 1 || strings.Contains(s.Monitor.Version, "\x1b") {
		t.Errorf("got %+v, error %v", s, err)
	}
}

func TestReadIsBounded(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(`{"summary":{"version":"`), &zeros{})
	r := NewSnapshotReader(endless)
	r.limit = 1 << 20
	if _, err := r.Read(); !errors.Is(err, errTooLong) {
		t.Errorf("error %v", err)
	}
}

// zeros is an endless source of zeros.
type zeros struct{}

func (*zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// Reading ends with any input, and what it accepts is the same when it is written and read again.
func FuzzSnapshotReader(f *testing.F) {
	var wire bytes.Buffer
	w := NewSnapshotWriter(&wire)
	first := crowd(2)
	first.Activity = first.Activity[:2]
	second := later(&first, time.Second, 1, rand.New(rand.NewPCG(1, 2)))
	second.Connections = second.Connections[1:]
	for _, s := range []model.Snapshot{first, second} {
		if err := w.Write(&s); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(wire.Bytes())
	f.Add([]byte(`{"connections":[{"id":"c2","state":"failed","silence_ms":-1e300,"close":{"by":"app"}}],"connections_gone":["c2"]} {}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := NewSnapshotReader(bytes.NewReader(text))
		for {
			s, err := r.Read()
			if err != nil {
				return
			}
			var wire bytes.Buffer
			if err := NewSnapshotWriter(&wire).Write(&s); err != nil {
				t.Fatal(err)
			}
			again, err := NewSnapshotReader(&wire).Read()
			if err != nil {
				t.Fatalf("%v in\n%s", err, &wire)
			}
			if len(again.Connections) > len(s.Connections) || len(again.Clients) > len(s.Clients) || len(again.Activity) != len(s.Activity) {
				t.Errorf("%+v became %+v", s, again)
			}
		}
	})
}

func BenchmarkSnapshotWriter(b *testing.B) {
	for name, share := range map[string]float64{"all": 1, "tenth": 0.1} {
		b.Run(name, func(b *testing.B) {
			w := NewSnapshotWriter(io.Discard)
			first := crowd(10_000)
			next := later(&first, 250*time.Millisecond, share, rand.New(rand.NewPCG(1, 2)))
			b.ReportAllocs()
			for b.Loop() {
				w.last = first
				if err := w.Write(&next); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSnapshotReader(b *testing.B) {
	for name, share := range map[string]float64{"all": 1, "tenth": 0.1} {
		b.Run(name, func(b *testing.B) {
			var wire bytes.Buffer
			w := NewSnapshotWriter(&wire)
			first := crowd(10_000)
			next := later(&first, 250*time.Millisecond, share, rand.New(rand.NewPCG(1, 2)))
			w.last = first
			if err := w.Write(&next); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(wire.Len()))
			b.ReportAllocs()
			for b.Loop() {
				r := NewSnapshotReader(bytes.NewReader(wire.Bytes()))
				r.last = first
				if _, err := r.Read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
