package swarm

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"holter/model"
	"holter/probe/pulse"
)

var testClock = pulse.NewClock()

func TestFailIf(t *testing.T) {
	ms := func(n int64) int64 { return n * 1000 } // in µs
	r := Report{
		Clients: 200, Connected: 190, Stayed: 180, Flapping: 4, GaveUp: 3, Lost: 100, Recovered: 90, Attempts: 500, Connects: 460, Refused: 30, PeakRate: 120,
		Ended: map[string]int{"close 1012": 260, "timeout": 5}, Late: millis(20 * time.Millisecond),
		Handshake: Timing{Count: 460, P50: millis(3 * time.Millisecond), P99: millis(700 * time.Millisecond)},
		outages:   newOutages([]hdrhistogram.Bar{{From: ms(100), To: ms(100), Count: 50}, {From: ms(9000), To: ms(9000), Count: 40}}, 10),
	}
	for text, want := range map[string]struct {
		holds bool
		found string
	}{
		"connected<95%":            {false, "190 of 200 clients"},
		"connected<=95%":           {true, "190 of 200 clients"},
		"stayed<99%":               {true, "180 of 200 clients"},
		"flapping>3":               {true, "4 of 200 clients"},
		"flapping>2%":              {false, "4 of 200 clients"},
		"recovered<95%":            {true, "90 of 100 clients"},
		"recovered<50% within 1s":  {false, "50 of 100 times within 1s"},
		"back<=50%@1s":             {true, "50 of 100 times within 1s"},
		"recovered<95% within 10s": {true, "90 of 100 times within 10s"},
		"back_50>1s":               {false, "100ms"},
		"back_90>1s":               {true, "9s"},
		"back_99>1h":               {true, "never"},
		"peak_rate>100/s":          {true, "120/s"},
		"peak>70%/s":               {false, "120/s of 200 clients"},
		"refused>0":                {true, "30"},
		"failed>40":                {false, "40"},
		"ended>264":                {true, "265"},
		"lost>=100":                {true, "100 of 200 clients"},
		"gave_up>3":                {false, "3 of 200 clients"},
		"late>10ms":                {true, "20ms"},
		"handshake_50>3ms":         {false, "3ms"},
		"handshake_99>500ms":       {true, "700ms"},
		"message_99>500ms":         {true, "never"},
		"beat_99<500ms":            {false, "never"},
	} {
		e, err := language.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		holds, found := figures[e.Parts[0].Subject].of(&e.Parts[0], &r)
		if holds != want.holds || found != want.found {
			t.Errorf("%s: %t, %s; want %t, %s", text, holds, found, want.holds, want.found)
		}
	}
}

// Nothing can be said of how clients come back where none has gone.
func TestFailIfWithoutLosses(t *testing.T) {
	r := Report{Clients: 2, Connected: 2, Stayed: 2}
	for _, text := range []string{"recovered<99%", "recovered<99% within 1s", "back_99>1s"} {
		e, err := language.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if holds, found := figures[e.Parts[0].Subject].of(&e.Parts[0], &r); holds || found != nothingLost {
			t.Errorf("%s: %t, %s", text, holds, found)
		}
	}
}

// A client is back when it has stayed, not when it is let in.
func TestPresence(t *testing.T) {
	at := func(d time.Duration) model.Instant { return model.Instant(time.Hour + d) }
	var p presence
	p.arrive(at(0))
	if !p.stayed(at(0)) {
		t.Error("a client with its first connection has not stayed")
	}
	p.leave(at(time.Second))
	for i := range 10 { // let in and thrown out again
		p.arrive(at(time.Duration(2+i) * time.Second))
		if _, back := p.leave(at(time.Duration(2+i)*time.Second + stays/2)); back || p.stayed(at(time.Hour)) {
			t.Error("a client that is thrown out again is back")
		}
		if flaps := p.flapping(at(time.Minute)); flaps != (i >= 1) { // with its first connection these are three
			t.Errorf("thrown out %d times: flapping %t", i+2, flaps)
		}
	}
	p.arrive(at(20 * time.Second))
	if !p.flapping(at(21 * time.Second)) {
		t.Error("a client that is let in has stayed at once")
	}
	if p.stayed(at(20*time.Second + stays - 1)) {
		t.Error("stayed too early")
	}
	if away, back := p.settle(at(20*time.Second + stays)); !back || away != 19*time.Second {
		t.Errorf("away for %s, back %t; want 19s, from the first loss to the connection that stayed", away, back)
	}
	if _, back := p.settle(at(time.Minute)); back || !p.stayed(at(time.Minute)) || p.flapping(at(time.Minute)) {
		t.Error("it is back twice, or has not stayed")
	}
	if _, back := p.leave(at(time.Hour)); back || !p.lost || p.flapping(at(time.Hour)) {
		t.Error("it is back when it leaves, or flaps")
	}
}

func TestPeakRate(t *testing.T) {
	var p pace
	for i := range 100 { // one each 50 ms
		p.count(model.Instant(i) * model.Instant(50*time.Millisecond))
	}
	if p.worst != 20 {
		t.Errorf("%d in the worst second, want 20", p.worst)
	}
	for range 30 {
		p.count(model.Instant(time.Hour))
	}
	p.count(model.Instant(time.Hour) - model.Instant(time.Second)) // late to the count
	if p.worst != 31 {
		t.Errorf("%d in the worst second, want 31", p.worst)
	}
}

// flapping makes the server close each connection as soon as it has a message.
func flapping(t *testing.T) string {
	h := newHostile(t, func(w io.Writer, head string) { io.WriteString(w, head+"\r\n\x88\x02\x11\x31") }) // 4401
	return h.url
}

func TestNobodyStays(t *testing.T) {
	t.Parallel()
	c, err := command(flapping(t), "-n", "5", "--ramp", "0s", "--backoff", "fixed:20ms", "--duration", "500ms", "--json")
	if err != nil {
		t.Fatal(err)
	}
	r := new(runs)
	err = c.run(t.Context(), &r.out, &r.live)
	if err == nil || !strings.Contains(err.Error(), "no client has stayed") || !strings.Contains(err.Error(), "by close 4401") {
		t.Errorf("ended with %v", err)
	}
	var found struct {
		Stayed, Flapping, Lost, Recovered int
		Reason                            string
	}
	if jsonErr := json.Unmarshal(r.out.Bytes(), &found); jsonErr != nil || found.Stayed != 0 || found.Flapping != 5 || found.Lost != 5 || found.Recovered != 0 || found.Reason != errorText(err) {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestFailIfDecides(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	flaps := flapping(t)
	for _, test := range []struct {
		url    string
		failIf []string
		want   string // "" for none
	}{
		{e.url(), []string{"stayed<100%", "refused>0"}, ""},
		{e.url(), []string{"refused>0", "connected>=50%", "lost<1"}, "failed, because connected>=50% (3 of 3 clients), lost<1 (0 of 3 clients)"},
		{flaps, []string{"refused>0"}, ""},
		{flaps, []string{"recovered<50% within 10s"}, "failed, because recovered<50% within 10s (0 of 3 times within 10s)"},
	} {
		args := []string{test.url, "-n", "3", "--ramp", "0s", "--duration", "300ms", "--backoff", "fixed:20ms"}
		for _, text := range test.failIf {
			args = append(args, "--fail-if", text)
		}
		c, err := command(args...)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err = c.run(t.Context(), &out, io.Discard)
		if got := errorText(err); got != test.want {
			t.Errorf("%v: error %q, want %q", test.failIf, got, test.want)
		}
		if !strings.Contains(out.String(), test.failIf[0]) {
			t.Errorf("%v is missing in\n%s", test.failIf, &out)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// hanging is a server that answers the first so many handshakes, and takes the others without an answer.
func hanging(t *testing.T, answered int) string {
	turns := make(chan struct{}, answered)
	for range answered {
		turns <- struct{}{}
	}
	return newHostile(t, func(w io.Writer, head string) {
		select {
		case <-turns:
			io.WriteString(w, head+"\r\n")
		default:
		}
	}).url
}

// Handshakes that hang end with the duration, and with Ctrl-C.
func TestHangingHandshakesEndWithTheDuration(t *testing.T) {
	t.Parallel()
	for answered, want := range map[int]string{1: "", 0: "no answer within --duration, 300ms"} {
		c, err := command(hanging(t, answered), "-n", "5", "--ramp", "0s", "--duration", "300ms", "--beat", "none")
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		err = c.run(t.Context(), io.Discard, io.Discard)
		if took := time.Since(begin); took > handshakeTimeout/2 {
			t.Errorf("took %s, error %v", took, err)
		}
		if got := errorText(err); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("error %q, want %q", got, want)
		}
	}
}

func TestHangingHandshakesEndWithTheSwarm(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		l, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts, and no program answers
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		o := Options{URL: "ws://" + l.Addr().String() + "/", Clients: 1, Prefix: "c", Cast: []Role{{steady, model.Policy{}, 1}}}
		if secure {
			o.URL = "wss" + o.URL[2:]
		}
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		begin := time.Now()
		if _, err := s.clients[0].dial(ctx); err == nil || time.Since(begin) > handshakeTimeout/2 {
			t.Errorf("error %v after %s", err, time.Since(begin))
		}
	}
}

// Whoever reads the JSON learns why the swarm did not start.
func TestReportWithoutASwarm(t *testing.T) {
	t.Parallel()
	refuses := newHostile(t, func(w io.Writer, _ string) {
		io.WriteString(w, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
	})
	c, err := command(refuses.url, "-n", "5", "--json", "--fail-if", "refused>0")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = c.run(t.Context(), &out, io.Discard)
	var found struct {
		Reason            string
		Attempts, Refused int
		FailIf            []Verdict `json:"fail_if"`
	}
	if jsonErr := json.Unmarshal(out.Bytes(), &found); jsonErr != nil {
		t.Fatalf("%v in %q", jsonErr, &out)
	}
	if found.Reason == "" || found.Reason != errorText(err) || found.Attempts != 1 || found.Refused != 1 || len(found.FailIf) != 1 || !found.FailIf[0].Failed {
		t.Errorf("%+v, error %v", found, err)
	}
}

// What the first client is told when it goes ahead is its first attempt.
func TestBusyServer(t *testing.T) {
	t.Parallel()
	busy := newHostile(t, func(w io.Writer, _ string) {
		io.WriteString(w, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n")
	})
	c, err := command(busy.url, "-n", "3", "--ramp", "0s", "--duration", "500ms", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c.run(t.Context(), &out, io.Discard)
	var found struct {
		Attempts, Refused int
		PeakRate          int `json:"peak_per_s"`
	}
	if err := json.Unmarshal(out.Bytes(), &found); err != nil || found.Attempts != 3 || found.PeakRate != 3 || found.Refused != 3 {
		t.Errorf("%+v, %v", found, err)
	}
}
