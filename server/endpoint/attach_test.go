package endpoint

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server"
	"holter/server/api"
	"holter/server/plane"
	"holter/server/proxy"
)

// A screen that is attached sees what one in the process would see: the same connections down to the last
// figure, told in changes while they beat, come and go.
func TestAttachedSeesTheSame(t *testing.T) {
	s := runServer(t, func(o *server.Options, _ *Options) {
		o.Interval, o.MinTimeout, o.MaxTimeout, o.Linger = 20*time.Millisecond, 10*time.Millisecond, time.Second, 100*time.Millisecond
	})
	var clients []*websocket.Conn
	var wire bytes.Buffer
	w, r := api.NewSnapshotWriter(&wire), api.NewSnapshotReader(&wire)
	pongs, late := uint64(0), time.Now().Add(patienceOfTests)
	for i := 0; pongs < 50; i++ {
		if time.Now().After(late) {
			t.Fatal("no beats")
		}
		if i < 20 {
			c := s.dial(t, fmt.Sprint("client ", i%7))
			go read(c)
			clients = append(clients, c)
		}
		if i%8 == 7 && len(clients) > 5 {
			clients[0].Close()
			clients = clients[1:]
		}
		want, err := s.monitor.Source().Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(&want); err != nil {
			t.Fatal(err)
		}
		got, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		sameSnapshot(t, got, want)
		pongs = 0
		for _, c := range got.Connections {
			pongs += c.PongsReceived
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// An attached screen learns of the other holter what that one's own screen knows.
func TestAttachedKnowsWhatItIsAttachedTo(t *testing.T) {
	app := httptest.NewServer(http.NotFoundHandler())
	defer app.Close()
	served := runServer(t, func(o *server.Options, _ *Options) { o.ReadOnly = true })
	proxied, err := proxy.New(server.New(server.Options{Admin: "127.0.0.1:0", Logger: silent}).Door(), proxy.Options{
		ListenOptions: plane.ListenOptions{Listen: "127.0.0.1:0"}, UpstreamOptions: proxy.UpstreamOptions{Upstream: app.URL + "/"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := proxied.Listen(); err != nil {
		t.Fatal(err)
	}
	runUntilEnd(t, proxied.Run)
	monitor := server.New(server.Options{Admin: "127.0.0.1:0", Logger: silent})
	if err := monitor.Door().Listen(); err != nil {
		t.Fatal(err)
	}
	runUntilEnd(t, monitor.Run)
	for name, c := range map[string]struct {
		admin, address, upstream string
		readOnly                 bool
	}{
		"a read-only server": {served.AdminURL(), served.URL(), "", true},
		"a proxy":            {proxied.AdminURL(), proxied.URL(), app.URL, false},
		"a middleware":       {monitor.Door().AdminURL(), "", "", false},
	} {
		remote, err := api.Attach(t.Context(), c.admin, "")
		if err != nil {
			t.Fatal(err)
		}
		runUntilEnd(t, remote.Run)
		now, err := remote.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if m := now.Monitor; m.Address != c.address || m.Upstream != c.upstream || m.ReadOnly != c.readOnly {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// read reads until the end, which is what answers pings.
func read(c *websocket.Conn) {
	for {
		if _, _, err := c.NextReader(); err != nil {
			return
		}
	}
}

// sameSnapshot compares two in the form that has one time zone and no monotonic clock.
func sameSnapshot(t *testing.T, got, want model.Snapshot) {
	t.Helper()
	if a, b := wire(got.Connections, api.FromConnection), wire(want.Connections, api.FromConnection); !reflect.DeepEqual(a, b) {
		t.Fatalf("connections\n%+v\nwant\n%+v", a, b)
	}
	if a, b := wire(got.Clients, api.FromClient), wire(want.Clients, api.FromClient); !reflect.DeepEqual(a, b) {
		t.Fatalf("clients\n%+v\nwant\n%+v", a, b)
	}
	if len(got.Activity) != len(want.Activity) || len(want.Activity) > 0 && !reflect.DeepEqual(got.Activity, want.Activity) {
		t.Fatalf("activity %v, want %v", got.Activity, want.Activity)
	}
	if a, b := api.FromSnapshot(&got), api.FromSnapshot(&want); !reflect.DeepEqual(a, b) {
		t.Fatalf("summary\n%+v\nwant\n%+v", a, b)
	}
}

func wire[M, W any](list []M, from func(*M) W) []W {
	all := []W{}
	for i := range list {
		all = append(all, from(&list[i]))
	}
	return all
}
