package compare

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"
)

func TestQuick(t *testing.T) {
	report, err := Run(t.Context(), Options{Quick: true, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range schemes {
		s := &schemes[i]
		t.Run(s.name, func(t *testing.T) {
			checkEnds(t, report, s)
			checkSilence(t, report, s, halfOpen)
			checkSilence(t, report, s, "frozen peer")
			checkCosts(t, report.scheme(s.name), s)
		})
	}
	both, chat := report.cell("holter both", halfOpen), report.cell("fixed 54s/60s", halfOpen)
	if b, c := both.Server.Over.MeanMS, chat.Server.Over.MeanMS; b > c/2 {
		t.Errorf("both gives up after %.0f ms, the chat example after %.0f ms", b, c)
	}
}

// checkEnds wants an end that can be seen to be seen without any timer's help.
func checkEnds(t *testing.T, r *Report, s *scheme) {
	for _, fault := range []string{"clean close", "reset"} {
		c := r.cell(s.name, fault)
		for side, sight := range map[string]*Sight{"server": &c.Server, "client": &c.Client} {
			if sight.Struck == 0 || sight.Over.Count != sight.Struck || sight.Over.WorstMS > 2000 {
				t.Errorf("%s at the %s: %+v", fault, side, sight)
			}
		}
	}
}

// checkSilence wants silence to be seen within the limits of the scheme, and only by those that look.
func checkSilence(t *testing.T, r *Report, s *scheme, fault string) {
	c := r.cell(s.name, fault)
	least, most := limits(s)
	server := &c.Server
	if server.Struck == 0 || server.Over.Count != server.Struck || server.Suspected.MeanMS > server.Over.MeanMS {
		t.Fatalf("%s: %+v", fault, server)
	}
	if mean, worst := server.Over.MeanMS, server.Over.WorstMS; mean < millis(least) || worst > millis(most) {
		t.Errorf("%s: given up after %.0f ms on average, %.0f at worst, want %v to %v", fault, mean, worst, least, most)
	}
	looks := !s.fixed() && s.who.ClientBeats()
	if c.Client.Struck == 0 || looks != (c.Client.Over.Count > 0) {
		t.Errorf("%s: the client that looks (%t) saw %+v", fault, looks, c.Client)
	}
	if c.Server.FalseFailures+c.Client.FalseFailures > 0 {
		t.Errorf("%s: given up before anything happened: %+v", fault, c)
	}
}

// limits are how soon a scheme gives a silent peer up on average at the soonest, and at worst. What it
// is granted beyond that is for a busy machine, in compressed time.
func limits(s *scheme) (least, most time.Duration) {
	const grace = 5 * time.Second
	switch {
	case s.fixed():
		return s.dead - s.ping, s.dead + 2*grace
	case s.who.ServerBeats(): // half an interval, a timeout of at least 0.5 s, probes of 0.5, 1 and 2 s
		return s.ping/2 + 3*time.Second, s.ping*11/10 + 4500*time.Millisecond + grace
	}
	// one and a half intervals less the half that has passed already, and one more of grace
	return s.ping * 3 / 2, s.ping*3 + grace
}

// checkCosts wants the bytes of a fixed scheme: an empty ping has two, its masked pong six. A busy machine
// may move some to the wrong side of the count.
func checkCosts(t *testing.T, r *SchemeReport, s *scheme) {
	if want := 8 * 60 / s.ping.Seconds(); s.fixed() && math.Abs(r.Bytes-want) > want/4 {
		t.Errorf("%.2f bytes a minute, want %.2f", r.Bytes, want)
	}
	if r.Bytes <= 0 || r.MemoryBytes < 1024 || r.MemoryBytes > 64*1024 {
		t.Errorf("costs %+v", r)
	}
}

func TestStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	_, err := Run(ctx, Options{Quick: true, Progress: func(line string) {
		if strings.Contains(line, "connections done") {
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestPhases(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const n = 10
	for turn := range n {
		part := turn / 2
		if p := phase(turn, n, random); p < float64(part)/5 || p >= float64(part+1)/5 {
			t.Errorf("turn %d is struck at %.3f", turn, p)
		}
	}
}

func TestSameSeedSamePlans(t *testing.T) {
	plans := func(seed uint64) (all []plan) {
		for _, trial := range draw(&full, Options{Seed: seed}) {
			all = append(all, trial.plan)
		}
		return all
	}
	one, again, other := plans(1), plans(1), plans(2)
	same := 0
	for i := range one {
		if one[i] != again[i] {
			t.Fatalf("trial %d: %+v, then %+v", i, one[i], again[i])
		}
		if one[i] == other[i] {
			same++
		}
		if one[i].compression != 1 {
			t.Fatalf("trial %d is compressed", i)
		}
	}
	if same > 0 {
		t.Errorf("%d plans do not depend on the seed", same)
	}
}

// sample is a report with everything that a table may have to show.
func sample(compression float64) *Report {
	r := newReport(Options{Seed: 7})
	r.TookMS, r.LateMS = 160_400, 12
	for i := range r.Schemes {
		s := &r.Schemes[i]
		s.Bytes, s.Packets, s.CPUMS, s.MemoryBytes = 384.4, 48.25, 27.4, 9500
	}
	r.Schemes[5].Packets, r.Schemes[5].CPUMS = 0, 0
	for i := range r.Cells {
		c := &r.Cells[i]
		c.Compression, c.Connections, c.Hours = compression, 24, 0.5
		c.Server = Sight{Struck: 24, Suspected: Spread{24, 3052, 5611}, Over: Spread{24, 6551, 9104}}
		c.Client = Sight{Struck: 24, Suspected: Spread{24, .3, 4}, Over: Spread{23, 33_012, 59_996}}
	}
	*r.cell("holter server", halfOpen) = Cell{
		Scheme: "holter server", Fault: halfOpen, Compression: compression, Connections: 24, Hours: 0.5,
		Client: Sight{Struck: 24},
	}
	r.cell("holter both", latePongs).Server.FalseSuspicions = 3
	r.cell("holter both", loss).Client.FalseFailures = 1
	return r
}

func TestTables(t *testing.T) {
	for name, compression := range map[string]float64{"true scale": 1, "compressed": 5} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			r := sample(compression)
			if compression > 1 {
				r.LateMS, r.LateOften = 332, 5
			}
			if err := r.WriteText(&b); err != nil {
				t.Fatal(err)
			}
			golden.RequireEqual(t, []byte(b.String()))
		})
	}
	t.Run("markdown", func(t *testing.T) {
		var b strings.Builder
		if err := sample(1).WriteMarkdown(&b); err != nil {
			t.Fatal(err)
		}
		golden.RequireEqual(t, []byte(b.String()))
	})
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	want := sample(1)
	if err := want.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if c := got.cell("holter both", latePongs); *c != *want.cell("holter both", latePongs) || len(got.Cells) != len(want.Cells) {
		t.Errorf("read back %+v", c)
	}
}
