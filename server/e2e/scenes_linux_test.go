package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"

	"holter/model"
)

const (
	cutAfter = 3 * time.Second // silence, for all that cut it

	longMessage = 6 << 20
)

// words are of no kind that a path template leaves out.
var words = strings.Fields("apple birch cedar daisy elder ferns grape hazel ivies jasmin kapok lilac maple nettle olive poppy quince roses sorrel thyme")

// playMixture has clients die of all causes at the same time, behind one holter that beats more seldom than silence is cut.
func playMixture(t *testing.T, m *matrix) {
	need(t, "nginx", "haproxy")
	partitioned, discreet, frank := isolate(t), isolate(t), isolate(t)
	a := runApplication(t)
	s := openStage(t, a.URL, a.struck, "--listen", "0.0.0.0:0", "--interval", "4s")
	behindNginx := nginx(t, "127.0.0.11", s.host(), cutAfter)
	behindHAProxy, _ := haproxy(t, "127.0.0.12", s.host(), cutAfter)
	behindReload, reload := haproxy(t, "127.0.0.13", s.host(), time.Hour)
	aged := &box{from: "127.0.0.14", to: s.host(), age: 6 * time.Second}
	behindAged := aged.place(t)
	s.onStrike(reload)

	scenes := []scene{
		{name: "dropped", what: "all packets to and from a machine are dropped", cause: model.CausePathDown,
			enter: crewOf(partitioned, s.at(partitioned.here)+"/", func(*crew) { partitioned.cut(t, "-A") })},
		{name: "forgotten", what: "a NAT of iptables forgets silent connections, and drops their packets", cause: model.CausePathDown,
			enter: crewOf(discreet.hide(t, cutAfter, true), s.at(discreet.here)+"/", nil)},
		{name: "denied", what: "a NAT of iptables forgets silent connections, and resets them when a ping comes",
			enter: crewOf(frank.hide(t, cutAfter, false), s.at(frank.here)+"/silent", nil)},
		{name: "stopped", what: "the client's process is stopped", cause: model.CausePeerStalled,
			enter: crewOf(namespace{}, s.url+"/", func(c *crew) { c.signal(t, syscall.SIGSTOP) })},

		{name: "idle-nginx", what: "nginx, proxy_read_timeout 3s", cause: model.CauseIdleCut, enter: chatting("ws://"+behindNginx+"/", 5*time.Second)},
		{name: "idle-haproxy", what: "HAProxy, timeout tunnel 3s", cause: model.CauseIdleCut, enter: chatting("ws://"+behindHAProxy+"/", 5*time.Second)},
		{name: "aged", what: "a box with an age limit of 6 s", cause: model.CauseAgeCut, enter: chatting(strings.TrimSuffix(behindAged, "ws"), time.Minute)},
		{name: "reloaded", what: "a hard reload of HAProxy", cause: model.CauseProxyReload, enter: chatting("ws://"+behindReload+"/", time.Minute)},

		{name: "mute", what: "the client's library answers no pings", cause: model.CauseNoPong, enter: mute},
		{name: "tardy", what: "a pong comes two seconds late", cause: model.CauseJitter, early: []model.Cause{model.CausePeerStalled}, enter: tardy},
		{name: "slow", what: "the client does not read", cause: model.CauseBackpressure, enter: slow},
		{name: "deaf", what: "the upstream does not read", cause: model.CauseAppNotReading, enter: deaf},
		{name: "sender", what: "the client sends a large message over a thin line", cause: model.CausePingBehindData, enter: sender},
		{name: "receiver", what: "the client gets a large message over a thin line", cause: model.CausePingBehindData, enter: receiver},
		{name: "hostile", what: "the client hangs up on a ping", cause: model.CausePingHostile, enter: hostile},
		{name: "hostile-upstream", what: "the upstream hangs up on a ping", cause: model.CausePingHostile,
			enter: func(s *stage, client string, i int) {
				travel(s.T, s.url+"/hangs-up/"+words[i], client, time.Second, time.Minute)
			}},
		{name: "garbled", what: "the client sends what is no frame", cause: model.CauseFramesLost, enter: garbled},
		{name: "broken", what: "nginx without the Upgrade header, a wrong path, a foreign origin, no key, a redirection", cause: model.CauseHandshakeBroken,
			enter: func(s *stage, client string, i int) { broken(s, "http://"+behindNginx, client, i) }},

		{name: "leaver", what: "the client's process ends at any time", enter: leaver},
		{name: "parting", what: "the client says goodbye at any time", enter: parting},
		{name: "well", what: "nothing happens", enter: chatting(s.url+"/", time.Minute)},
	}
	s.play(m, scenes, 150*time.Millisecond, 8*time.Second, 2*patience)
}

// crewOf hires a crew in a network namespace, or here if that has no name.
func crewOf(n namespace, url string, strike func(*crew)) func(*stage, string, int) {
	return func(s *stage, client string, i int) {
		if i > 0 {
			return
		}
		var command []string
		if n.name != "" {
			command = n.within()
		}
		c := hire(s.T, orders{URL: url, Clients: each, Name: client[:strings.LastIndexByte(client, '-')]}, command...)
		if strike != nil {
			s.onStrike(func() { strike(c) })
		}
	}
}

// chatting is a client that says something at its own pace, for a while or less, and then stays.
func chatting(url string, during time.Duration) func(*stage, string, int) {
	return func(s *stage, client string, _ int) {
		stays := during
		if during < time.Minute {
			stays = rand.N(during)
		}
		travel(s.T, url, client, 100*time.Millisecond+rand.N(800*time.Millisecond), stays)
	}
}

// read has a client of gorilla's read until its connection ends.
func read(s *stage, c *websocket.Conn) (over chan struct{}) {
	over = make(chan struct{})
	go func() {
		defer close(over)
		defer c.NetConn().Close()
		for {
			if _, _, err := c.NextReader(); err != nil {
				return
			}
		}
	}()
	s.Cleanup(func() { c.NetConn().Close(); <-over })
	return over
}

// mute talks, and answers no ping.
func mute(s *stage, client string, _ int) {
	c := s.dial(s.url+"/", client, "mute", false)
	c.SetPingHandler(func(string) error { return nil })
	over := read(s, c)
	go func() {
		for tick := time.Tick(500 * time.Millisecond); ; {
			select {
			case <-over:
				return
			case <-tick:
				c.WriteMessage(websocket.TextMessage, []byte("hello"))
			}
		}
	}()
}

// tardy answers one ping late.
func tardy(s *stage, client string, _ int) {
	var once sync.Once
	join(s.T, s.url+"/", client, func() {
		select {
		case <-s.struck:
			once.Do(func() { time.Sleep(2 * time.Second) })
		default:
		}
	})
}

// slow gets more and more, and reads nothing.
func slow(s *stage, client string, _ int) { s.dial(s.url+"/pours", client, "slow", true) }

// deaf sends more and more to an application that reads nothing.
func deaf(s *stage, client string, _ int) {
	c := s.dial(s.url+"/deaf", client, "deaf", false)
	over := read(s, c)
	go func() {
		for message := make([]byte, 64<<10); c.WriteMessage(websocket.BinaryMessage, message) == nil; {
		}
		<-over
	}()
}

// sender sends one frame in small pieces, and dies in the middle. Meanwhile it cannot answer pings.
func sender(s *stage, client string, _ int) {
	c := s.dial(s.url+"/", client, "sender", false)
	answer := c.PingHandler()
	c.SetPingHandler(func(payload string) error {
		select {
		case <-s.struck:
			return nil
		default:
			return answer(payload)
		}
	})
	over := read(s, c)
	go func() {
		<-s.struck
		conn := c.NetConn()
		conn.SetWriteDeadline(time.Time{}) // of the last pong
		ws.WriteHeader(conn, ws.Header{Fin: true, OpCode: ws.OpBinary, Masked: true, Length: longMessage})
		piece := make([]byte, 16<<10)
		for range 240 {
			if _, err := conn.Write(piece); err != nil {
				return
			}
			select {
			case <-over:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
		conn.Close()
	}()
}

// receiver reads one message in small pieces, and dies in the middle.
func receiver(s *stage, client string, _ int) {
	c := s.dial(s.url+"/long", client, "receiver", true)
	over := make(chan struct{})
	go func() {
		defer close(over)
		conn := c.NetConn()
		piece := make([]byte, 16<<10)
		for range 240 {
			if _, err := io.ReadFull(conn, piece); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		conn.Close()
	}()
	s.Cleanup(func() { c.NetConn().Close(); <-over })
}

// hostile hangs up when a ping comes. Each is of its own kind, or the first would teach holter to send none to the others.
func hostile(s *stage, client string, i int) {
	c := s.dial(s.url+"/", client, words[i]+"/1.0", false)
	c.SetPingHandler(func(string) error { return c.NetConn().Close() })
	read(s, c)
}

// garbled sends a header that is none.
func garbled(s *stage, client string, _ int) {
	c := s.dial(s.url+"/", client, "garbled", false)
	read(s, c)
	go func() {
		<-s.struck
		c.NetConn().SetWriteDeadline(time.Time{}) // of the last pong
		c.NetConn().Write([]byte("\x83\x85no frame"))
	}()
}

// broken asks for a WebSocket in a way that nobody can grant.
func broken(s *stage, behindNginx, client string, i int) {
	url, header := s.url, http.Header{}
	url = strings.Replace(url, "ws://", "http://", 1)
	key := "dGhlIHNhbXBsZSBub25jZQ=="
	switch i % 5 {
	case 0:
		url = behindNginx + "/plain"
	case 1:
		url += "/nowhere"
	case 2:
		header.Set("Origin", "https://elsewhere.example")
	case 3:
		key = ""
	case 4:
		url += "/moved"
	}
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, url+"?client="+client, nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Header = header
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.Fatalf("%s: %v", client, err)
	}
	res.Body.Close()
	if res.StatusCode == http.StatusSwitchingProtocols {
		s.Errorf("%s: switched protocols", client)
	}
}

// leaver goes without a word.
func leaver(s *stage, client string, _ int) {
	leave := travel(s.T, s.url+"/", client, 100*time.Millisecond+rand.N(800*time.Millisecond), time.Minute)
	time.AfterFunc(rand.N(15*time.Second), leave)
}

// parting goes as one should.
func parting(s *stage, client string, _ int) {
	c := s.dial(s.url+"/", client, "parting", false)
	read(s, c)
	time.AfterFunc(rand.N(15*time.Second), func() {
		c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	})
}

// feedingPage is a page that sends a steady stream over each of its WebSockets.
var feedingPage = fmt.Sprintf(`<!doctype html><title>feeding</title><script>
for (let i = 0; i < %d; i++) {
	const socket = new WebSocket("ws://" + location.host + "/?client=page-" + String(i).padStart(2, "0"));
	socket.onopen = () => setInterval(() => socket.send("x"), %d);
}
</script>`, each, feedEvery.Milliseconds())

// playStreams has data stop where it always came: at the application, and in a page of which the tab is hidden. holter looks at
// each stream with its beats, but for one that comes sooner than 187.5 ms after the look before, and knows a habit that wavers, as
// that of a tab does which is slowed in steps, after 255 looks. An interval of 230 ms is 207 to 253 ms.
func playStreams(t *testing.T, m *matrix) {
	a := runApplication(t)
	s := openStage(t, a.URL, a.struck, "--interval", "230ms")
	scenes := []scene{
		{name: "stalled", what: "the application sends no more data", cause: model.CauseStreamStalled, enter: func(s *stage, client string, _ int) {
			read(s, s.dial(s.url+"/feed", client, "reader", false))
		}},
		{name: "open", what: "a page is not hidden", enter: feeding},
		{name: "flowing", what: "data flows on beside that", enter: func(s *stage, client string, _ int) {
			read(s, s.dial(s.url+"/feed", client, "reader", false))
		}},
		{name: "page", what: "a tab of Chromium is hidden", cause: model.CausePageThrottled, early: []model.Cause{model.CauseJitter},
			enter: func(s *stage, _ string, i int) {
				if i == 0 {
					chrome, _ := browse(s.T, s.watched.page+"page", throttleSoon)
					s.onStrike(func() { chrome.cover(s.T) })
				}
			}},
	}
	s.play(m, scenes, 0, 110*time.Second, 2*patience)
}

// feeding sends a steady stream.
func feeding(s *stage, client string, _ int) {
	c := s.dial(s.url+"/", client, "Mozilla/5.0", false)
	over := read(s, c)
	go func() {
		for tick := time.Tick(feedEvery); ; {
			select {
			case <-over:
				return
			case <-tick:
				c.WriteMessage(websocket.TextMessage, []byte("x"))
			}
		}
	}()
}

// playLate stops holter itself while pings are on their way, of which the answers come only after it goes on.
func playLate(t *testing.T, m *matrix) {
	a := runApplication(t)
	s := openStage(t, a.URL, a.struck, "--interval", "200ms")
	goesOn := make(chan struct{})
	var held atomic.Int32 // pongs
	s.onStrike(func() {
		eventually(t, patience, "all clients have been pinged", func() bool { return held.Load() == each })
		s.watched.stop(t, 3*time.Second)
		time.AfterFunc(700*time.Millisecond, func() { close(goesOn) })
	})
	s.play(m, []scene{{name: "late", what: "holter itself is stopped, and pongs are late for that", cause: model.CauseHostBusy,
		early: []model.Cause{model.CauseJitter}, enter: func(s *stage, client string, _ int) {
			join(s.T, s.url+"/", client, func() {
				select {
				case <-s.struck:
					held.Add(1)
					<-goesOn
				default:
				}
			})
		}}}, 50*time.Millisecond, 6*time.Second, patience)
}

// playRace has a server beat every three seconds, more or less, where nginx cuts after three. The race is told before anything
// has died of it.
func playRace(t *testing.T, m *matrix) {
	need(t, "nginx")
	a := runApplication(t)
	s := openStage(t, "http://"+nginx(t, "127.0.0.15", strings.TrimPrefix(a.URL, "http://"), cutAfter), a.struck, "--scheme", "none", "--idle-cut", cutAfter.String())
	s.play(m, []scene{{name: "raced", what: "a beat of 3.0 s loses the race with nginx, proxy_read_timeout 3s", cause: model.CauseIdleCut,
		enter: func(s *stage, client string, _ int) { read(s, s.dial(s.url+"/beats", client, "racer", false)) }}},
		137*time.Millisecond, 0, 2*patience)
	s.told.mu.Lock()
	defer s.told.mu.Unlock()
	for i := range s.told.events {
		switch e := &s.told.events[i]; {
		case e.Warning != nil && e.Warning.Kind == model.TimerRace:
			t.Logf("told: %s", e.Warning.Detail)
			return
		case e.Type == model.ConnectionClosed:
			t.Errorf("%s died before a word of the race", e.Connection.Client)
			return
		}
	}
	t.Error("the race was never told")
}
