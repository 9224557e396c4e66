package admin

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/server/api"
)

func TestSnapshots(t *testing.T) {
	for _, encoding := range []string{"identity", "gzip"} {
		s := newFakeSource()
		a := serveAdmin(t, s, "")
		r, err := http.NewRequestWithContext(t.Context(), "GET", a.URL()+"/api/v1/snapshots?every_ms=100", nil)
		if err != nil {
			t.Fatal(err)
		}
		client := http.Client{Transport: &http.Transport{DisableCompression: encoding == "identity", DisableKeepAlives: true}}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.Uncompressed != (encoding == "gzip") || response.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%s: header %v", encoding, response.Header)
		}
		series := api.NewSnapshotReader(response.Body)
		for range 3 {
			got, err := series.Read()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Connections, s.snapshot.Connections) || len(got.Clients) != 2 || got.Monitor.Version != "v1" {
				t.Errorf("%s: got %+v", encoding, got)
			}
		}
	}
}

func TestSnapshotsRefuses(t *testing.T) {
	a := serveAdmin(t, newFakeSource(), "")
	for _, every := range []string{"0", "99", "60001", "-1", "1e3", "99999999999"} {
		if status, answer, _ := call(t, a.URL(), "GET", "/api/v1/snapshots?every_ms="+every, ""); status != 400 || !strings.Contains(wantError(t, answer), "from 100 to 60000") {
			t.Errorf("every_ms=%s: status %d, %s", every, status, answer)
		}
	}
}

func TestEncodingsOf(t *testing.T) {
	for header, want := range map[string]encodings{
		"": {identity: true}, "gzip": {true, true}, "br, GZIP;q=0.5": {true, true}, "gzip;q=0": {identity: true},
		"gzip; q=0.0, br": {identity: true}, "identity": {identity: true}, "xgzip": {identity: true},
		"gzip, identity;q=0": {gzip: true}, "identity; q=0,gzip": {gzip: true},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", header)
		if got := encodingsOf(r); got != want {
			t.Errorf("%q: %+v", header, got)
		}
	}
}

func TestSnapshotsEndWithThePlane(t *testing.T) {
	a := New(newFakeSource(), Options{Address: "127.0.0.1:0"}, silent)
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx) }()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patienceOfTests}
	response, err := client.Get(a.URL() + "/api/v1/snapshots")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	stop()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Errorf("the answer ended with %v", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A kick by ids reaches the source, and what it says of some of them the caller.
func TestAttachedKick(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "s3cret")
	remote, err := api.Attach(t.Context(), a.plane.Listener.Addr().String(), "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- remote.Run(ctx) }()
	defer func() { stop(); <-done }()

	n, err := remote.Kick(t.Context(), model.Kick{IDs: []model.ID{1, 3}, Over: time.Second})
	if n != 1 || err != nil || len(s.kicks) != 1 || !slices.Equal(s.kicks[0].IDs, []model.ID{1, 3}) || s.kicks[0].Over != time.Second {
		t.Errorf("kicked %d of %+v, error %v", n, s.kicks, err)
	}
	if _, err := remote.Kick(t.Context(), model.Kick{}); model.ErrorCode(err) != model.Invalid {
		t.Errorf("a kick of nobody: error %v", err)
	}
	if _, err := remote.Detail(t.Context(), 4); model.ErrorCode(err) != model.NotFound {
		t.Errorf("a detail of nobody: error %v", err)
	}
	happen(s, 2)
	events, err := remote.Events(t.Context(), 0)
	if err != nil || events[0].Type != model.ConnectionRefused {
		t.Errorf("events %+v, error %v", events, err)
	}
	if _, err := api.Attach(t.Context(), a.plane.Listener.Addr().String(), "guess"); model.ErrorCode(err) != model.Unauthorized {
		t.Errorf("with another token: error %v", err)
	}
}
