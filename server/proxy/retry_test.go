package proxy

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"holter/model"
	"holter/server"
	"holter/server/api"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 500_000_000, time.UTC)
	for text, want := range map[string]time.Duration{
		"":                                  0,
		"0":                                 0,
		"7":                                 7 * time.Second,
		" 7 ":                               7 * time.Second,
		"-7":                                0,
		"7s":                                0,
		"1.5":                               0,
		"soon":                              0,
		"99999999":                          longestRetry,
		"99999999999999999999999":           longestRetry,
		"Wed, 04 Mar 2026 05:06:17 GMT":     9500 * time.Millisecond,
		"Wed, 04 Mar 2026 05:06:00 GMT":     0,
		"Fri, 04 Mar 2036 05:06:00 GMT":     longestRetry,
		"Wednesday, 04-Mar-26 05:06:17 GMT": 9500 * time.Millisecond,
	} {
		h := http.Header{}
		h.Set("Retry-After", text)
		if got := retryAfter(h, now); got != want {
			t.Errorf("%q asks for %v, want %v", text, got, want)
		}
	}
}

// What an upstream asks those to wait whom it refuses is known of their attempts to come back.
func TestProxyKnowsWhatTheUpstreamAsks(t *testing.T) {
	var full atomic.Bool
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if full.Load() {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(c, accepted)
		io.Copy(io.Discard, c)
		c.Close()
	}).URL
	p := runProxy(t, url, func(o *server.Options, _ *Options) { o.Admin = "127.0.0.1:0" })
	c := connectTo(t, p.Addr().String())
	shake(t, c, "", "X-Client-ID: ann")
	full.Store(true)
	c.Close()
	p.state(t, "the end", func(d model.Detail) bool { return d.Close != nil })
	for range 2 {
		res, _ := shake(t, connectTo(t, p.Addr().String()), "", "X-Client-ID: ann")
		if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "7" {
			t.Errorf("%s, %v", res.Status, res.Header)
		}
	}
	var ann api.Client
	if p.get(t, "/api/v1/clients/ann", &ann); len(ann.Attempts) != 2 || ann.Attempts[0].AskedMS != 0 || ann.Attempts[1].AskedMS != 7000 {
		t.Errorf("%+v", ann.Attempts)
	}
}
