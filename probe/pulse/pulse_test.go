package pulse

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"holter/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client is one end of a pipe to a gorilla server, with a pulse and what that reported. It runs in the
// bubble of a synctest.
type client struct {
	*Pulse
	conn    *websocket.Conn
	next    model.Instant
	states  []model.State
	trips   []time.Duration
	running sync.WaitGroup
	stop    func()
}

// connect has a client whose pings the server takes answerAfter to answer, or never if that is negative. The
// server sends text messages back.
func connect(o Options, answerAfter func() time.Duration) (*client, error) {
	near, far := net.Pipe()
	c := &client{}
	listener := make(oneConn, 1)
	listener <- far
	srv := &http.Server{Handler: answering(answerAfter, &c.running)}
	c.running.Go(func() { srv.Serve(listener) })
	dialer := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
	conn, _, err := dialer.Dial("ws://server/", nil)
	if err != nil {
		return nil, err
	}
	clock := NewClock()
	ctx, stop := context.WithCancel(context.Background())
	c.running.Go(func() { clock.Run(ctx) })
	o.Changed = func(to model.State) { c.states = append(c.states, to) }
	o.RoundTrip = func(rtt time.Duration) { c.trips = append(c.trips, rtt) }
	c.conn, c.Pulse = conn, New(clock, conn, o)
	c.next = c.Start()
	c.running.Go(c.read)
	c.stop = func() {
		stop()
		conn.Close()
		srv.Close()
		c.running.Wait()
	}
	return c, nil
}

func (c *client) read() {
	c.conn.SetPongHandler(func(payload string) error {
		c.Pong(payload)
		return nil
	})
	for {
		_, text, err := c.conn.ReadMessage()
		switch {
		case err != nil:
			return
		case string(text) == "ping":
			c.Answered(0)
		default:
			c.Heard()
		}
	}
}

// live beats for so long, or until there is an error.
func (c *client) live(d time.Duration) error {
	for end := c.clock.Now() + model.Instant(d); c.next < end; {
		time.Sleep(c.clock.Until(c.next))
		var err error
		if c.next, err = c.Beat(); err != nil {
			return err
		}
	}
	time.Sleep(10 * time.Millisecond) // for the last answer
	synctest.Wait()
	return nil
}

// answering is the server.
func answering(after func() time.Duration, running *sync.WaitGroup) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		running.Add(1)
		defer running.Done()
		conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		pong := conn.PingHandler()
		conn.SetPingHandler(func(payload string) error {
			d := after()
			if d < 0 {
				return nil
			}
			running.Go(func() {
				time.Sleep(d)
				pong(payload)
			})
			return nil
		})
		for {
			kind, message, err := conn.ReadMessage()
			if err != nil {
				return
			}
			conn.WriteMessage(kind, message)
		}
	}
}

// oneConn accepts what is in it.
type oneConn chan net.Conn

func (l oneConn) Accept() (net.Conn, error) {
	if c, ok := <-l; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l oneConn) Close() error   { close(l); return nil }
func (l oneConn) Addr() net.Addr { return &net.IPAddr{} }

func bubble(t *testing.T, o Options, answerAfter func() time.Duration, test func(c *client)) {
	synctest.Test(t, func(t *testing.T) {
		c, err := connect(o, answerAfter)
		if err != nil {
			t.Fatal(err)
		}
		defer c.stop()
		test(c)
	})
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func beating() Options { return Options{Rhythm: Rhythm(5 * time.Second), Spread: 0.5, Among: 1} }

func TestServerThatAnswersIsTrusted(t *testing.T) {
	bubble(t, beating(), always(30*time.Millisecond), func(c *client) {
		if err := c.live(time.Minute); err != nil || len(c.states) > 0 {
			t.Errorf("%v after %v", err, c.states)
		}
		if len(c.trips) != 12 || c.trips[0] != 30*time.Millisecond {
			t.Errorf("round trips %v", c.trips)
		}
	})
}

func TestSilentServerIsSuspectedAndThenDead(t *testing.T) {
	bubble(t, beating(), always(-1), func(c *client) {
		began := time.Now()
		if err := c.live(time.Minute); !errors.Is(err, ErrDead) {
			t.Fatal(err)
		}
		// The first ping after half a second, a second for its answer, and probes for 3.5 s.
		if took := time.Since(began); took < 5*time.Second || took > 5100*time.Millisecond {
			t.Errorf("dead after %v", took)
		}
		if !slices.Equal(c.states, []model.State{model.Suspect, model.Failed}) {
			t.Errorf("it was %v", c.states)
		}
	})
}

func TestLateAnswerEndsASuspicion(t *testing.T) {
	delay := 2 * time.Second
	bubble(t, beating(), func() time.Duration { return delay }, func(c *client) {
		if err := c.live(time.Minute); err != nil {
			t.Fatal(err)
		}
		if len(c.states) < 2 || c.states[0] != model.Suspect || c.states[1] != model.Normal {
			t.Errorf("it was %v", c.states)
		}
	})
}

func TestAnythingThatComesInIsASign(t *testing.T) {
	bubble(t, beating(), always(-1), func(c *client) {
		c.running.Go(func() { // the server sends it back
			for range 30 {
				if c.conn.WriteMessage(websocket.TextMessage, []byte("hello")) != nil {
					return
				}
				time.Sleep(400 * time.Millisecond)
			}
		})
		if err := c.live(10 * time.Second); err != nil {
			t.Errorf("%v after %v", err, c.states)
		}
		if slices.Contains(c.states, model.Failed) {
			t.Errorf("it was %v", c.states)
		}
	})
}

func TestBeatsAsMessages(t *testing.T) {
	o := beating()
	var c *client
	o.Write = func(uint32) error { return c.conn.WriteMessage(websocket.TextMessage, []byte("ping")) }
	bubble(t, o, always(-1), func(it *client) {
		c = it
		if err := c.live(time.Minute); err != nil || len(c.states) > 0 {
			t.Errorf("%v after %v", err, c.states)
		}
		if len(c.trips) != 12 {
			t.Errorf("%d round trips", len(c.trips))
		}
	})
}

func TestPongsOfOtherPingsAreNoRoundTrips(t *testing.T) {
	bubble(t, beating(), always(-1), func(c *client) {
		for _, payload := range []string{"", "0", "abc", "99999999999", "17"} {
			c.Pong(payload)
		}
		if len(c.trips) > 0 || len(c.states) > 0 {
			t.Errorf("round trips %v, states %v", c.trips, c.states)
		}
	})
}

func TestFailedWriteEndsThePulse(t *testing.T) {
	bubble(t, beating(), always(0), func(c *client) {
		c.conn.Close()
		if err := c.live(time.Minute); err == nil || errors.Is(err, ErrDead) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestStartingAgainForgets(t *testing.T) {
	bubble(t, beating(), always(-1), func(c *client) {
		for range 20 {
			c.next = c.Start()
			if err := c.live(time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if slices.Contains(c.states, model.Failed) {
			t.Errorf("it was %v", c.states)
		}
	})
}

func TestNoPulse(t *testing.T) {
	var none *Pulse
	if none.Start() != Never {
		t.Error("it beats")
	}
	none.Heard()
	none.Pong("1")
	none.Answered(1)
}

// A socket that this process has not read is no silence of the server's.
func TestSocketIsAsked(t *testing.T) {
	connected, release := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		<-connected // or the message might be read with the handshake
		conn.WriteMessage(websocket.TextMessage, []byte("unread"))
		<-release
	}))
	defer srv.Close()
	defer close(release)
	conn, _, err := websocket.DefaultDialer.Dial("ws"+srv.URL[len("http"):], nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	close(connected)
	asked := server{New(NewClock(), conn, beating())}
	for deadline := time.Now().Add(10 * time.Second); !asked.Unread(); {
		if time.Now().After(deadline) {
			t.Fatal("nothing unread")
		}
	}
	if rto, rtt := asked.Timing(); (rto > 0) != (rtt > 0) {
		t.Errorf("the kernel says %v and %v", rto, rtt)
	}
	if _, _, err := conn.ReadMessage(); err != nil || asked.Unread() {
		t.Errorf("unread after it was read: %v", err)
	}
}

func TestClockKnowsHowLateItRan(t *testing.T) {
	c := NewClock()
	now := c.Now()
	for _, step := range []time.Duration{0, 50, 80, 350, 400} { // milliseconds
		c.observe(now+model.Instant(step*time.Millisecond), 0)
	}
	c.observe(now+model.Instant(600*time.Millisecond), 150*time.Millisecond)
	if worst, often := c.Late(); worst != 150*time.Millisecond || often != 2 {
		t.Errorf("late by %v, %d times", worst, often)
	}
}

func TestUntilIsTheEndOfASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock()
		if d := c.Until(c.Now() + 1); d != 10*time.Millisecond {
			t.Errorf("%v", d)
		}
		if d := c.Until(c.Now()); d != 0 {
			t.Errorf("%v", d)
		}
	})
}
