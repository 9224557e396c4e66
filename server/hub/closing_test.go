package hub

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
)

// The peer may end a connection before its handshake is over, while the application's first frame is on
// its way.
func TestClosedBeforeItIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		server, _ := inMemory()
		c := h.Adopt(request("ann"), server, nil, nil)
		c.Close()
		c.Write([]byte{0x81, 0})
		if s := snapshot(t, h); len(s.Connections) != 0 || len(s.Clients) != 0 || len(events(h)) != 0 {
			t.Errorf("%+v, published %+v", s, events(h))
		}
		wantEmpty(t, h)
	})
}

// Of a connection that closes while it opens, either nothing is published, or opened before closed.
func TestClosedWhileItOpens(t *testing.T) {
	h, _ := start(t, quick())
	const n = 300
	var open sync.WaitGroup
	for range n {
		server, _ := inMemory()
		c := h.Adopt(request("ann"), server, nil, nil)
		open.Go(func() { io.WriteString(c, switching) })
		open.Go(func() { c.Close() })
	}
	open.Wait()
	wantEmpty(t, h)
	s := snapshot(t, h)
	for _, c := range s.Connections {
		wantStory(t, h, c.ID, "connection.opened", "closed 1006 by app while closed")
	}
	t.Logf("%d of %d were open", len(s.Connections), n)
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.MaxIdle = 10 * time.Second
		h, _ := start(t, o)
		var peers []*peer
		for range 20 {
			peers = append(peers, connect(t, h, "ann"))
		}
		time.Sleep(5 * time.Second)
		for _, p := range peers {
			p.say("not idle")
		}
		said := time.Now()
		time.Sleep(o.MaxIdle + aRun)
		synctest.Wait()
		for _, p := range peers {
			wantStory(t, h, p.id, "connection.opened", "closed 1000 by holter while closed")
			got := p.closed()
			if len(got) != 1 || got[0].code != 1000 || !strings.Contains(got[0].reason, "10s") || got[0].at.Sub(said) < o.MaxIdle {
				t.Errorf("%v after a message at %v", got, said)
			}
		}
		wantEmpty(t, h)
	})
}

// A peer may send its close frame while the application leaves the socket open.
func TestIdleConnectionIsDroppedAfterItsCloseFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.MaxIdle = 10 * time.Second
		h, _ := start(t, o)
		p := connect(t, h, "ann")
		p.send(ws.NewCloseFrame(ws.NewCloseFrameBody(4001, "bye")))
		time.Sleep(o.MaxIdle + closeWait + 2*aRun)
		synctest.Wait()
		wantStory(t, h, p.id, "connection.opened", "closed 4001 by peer while closed")
		wantEmpty(t, h)
	})
}

// A handshake that ends while the monitor stops must not leave its connection open.
func TestShutdownDuringAHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stop := start(t, quick())
		server, end := inMemory()
		c := h.Adopt(request("ann"), server, nil, nil)
		go stop()
		time.Sleep(closeWait / 2)
		io.WriteString(c, switching)
		stop()
		wantEmpty(t, h)
		wantStory(t, h, 1, "connection.opened", "closed 1001 by holter while closed")
		end.Close()
	})
}

// The close of a TLS connection sends a goodbye first, and waits up to five seconds for room.
func TestFullSocketUnderTLSDoesNotDelayOthers(t *testing.T) {
	pair := httptest.NewUnstartedServer(nil)
	pair.StartTLS()
	pair.Close()
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.Rhythm.Scheme = model.SchemeNone
		h, _ := start(t, o)
		first := connect(t, h, "first")
		server, end := inMemory()
		secure := tls.Server(server, &tls.Config{Certificates: pair.TLS.Certificates})
		client := tls.Client(end, &tls.Config{InsecureSkipVerify: true})
		shaken := make(chan error)
		go func() { shaken <- client.Handshake() }()
		if err := errors.Join(secure.Handshake(), <-shaken); err != nil {
			t.Fatal(err)
		}
		c := h.Adopt(request("full"), secure, nil, nil)
		io.WriteString(c, switching)
		server.out.mu.Lock()
		server.out.room = len(server.out.bytes) // the peer does not read any more
		server.out.mu.Unlock()

		kicked(t, h, model.Kick{IDs: []model.ID{first.id, first.id + 1}, Reset: true, Over: 2 * time.Second}, 2)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if h.late.VoidBefore() != 0 {
			t.Errorf("the scheduler was held up: %+v", snapshot(t, h).Monitor)
		}
		wantEmpty(t, h)
	})
}
