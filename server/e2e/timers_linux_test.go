package e2e

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server/api"
)

// A box cuts what is silent for three seconds. Clients that fall silent show that; then it is on the map of the path, with
// their ends, and names the beat of others that is about as long, while these live.
func TestCutsMakeTheMapAndNameTheRace(t *testing.T) {
	t.Parallel()
	p := start(t, "--scheme", "none", "--linger", "5m")
	b := &box{from: "127.0.0.6", to: strings.TrimSuffix(strings.TrimPrefix(p.websocket, "ws://"), "/ws"), silence: 3 * time.Second}
	to := b.place(t)
	const sent, named = 12, 8 // a busy machine cuts a few later, and they are not named
	crowdOf(t, sent, 2*time.Second, to, "silent", 200*time.Millisecond, func() time.Duration { return time.Duration(rand.Float64() * float64(4*time.Second)) })
	eventually(t, patience, "silent clients are cut", func() bool {
		return len(p.connections(t, "state=closed")) == sent && p.causesOf(t, "silent")[model.CauseIdleCut] >= named
	})

	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), to+"?client=beating", nil)
	if err != nil {
		t.Fatal(err)
	}
	var over sync.WaitGroup
	defer over.Wait()
	defer c.NetConn().Close()
	over.Go(func() {
		for {
			if _, _, err := c.NextReader(); err != nil {
				return
			}
		}
	})
	over.Go(func() {
		for c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) == nil {
			<-time.After(2600 * time.Millisecond)
		}
	})
	var path api.Path
	eventually(t, patience, "the race is named", func() bool {
		var all api.Paths
		p.ask(t, http.MethodGet, "/api/v1/paths", nil, &all)
		path = all.Paths[0]
		return len(path.Warnings) > 0 && path.Warnings[0].Kind == model.TimerRace
	})
	if w := path.Warnings[0]; !strings.Contains(w.Detail, " 2.6 s") || !strings.Contains(w.Detail, "that ended ") {
		t.Errorf("%+v", w)
	}
	if len(path.Ends) == 0 || path.Ends[0].Cause != model.CauseIdleCut || path.Ends[0].Count < named || path.Open != 1 {
		t.Errorf("ends %+v, %d open", path.Ends, path.Open)
	}
	for _, l := range path.Limits {
		if l.From == model.LimitSeen && (l.Kind != model.SilenceLimit || l.AfterMS < 2900 || l.AfterMS > 3300 || l.Ends < named) {
			t.Errorf("%+v", l)
		}
	}
}
