package pass

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// A pass is seen by those that hold the request, and what they set in it stays.
func TestAttach(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	if Of(r) != nil || Of(r).Claim("sub") != "" || Of(r).Term() != nil {
		t.Error("a request without a pass has one")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(_ http.ResponseWriter, r *http.Request) {
		(&Pass{Claims: map[string]any{"sub": "ann", "n": 1.0}}).Attach(r)
	})
	mux.ServeHTTP(httptest.NewRecorder(), r)
	if p := Of(r); p.Claim("sub") != "ann" || p.Claim("n") != "" || p.Claim("x") != "" || p.Term() != nil {
		t.Errorf("%+v", p)
	}
	if r.Pattern != "GET /{$}" {
		t.Errorf("pattern %q", r.Pattern)
	}
}

func TestTerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		expires := time.Now().Add(3 * time.Hour)
		term := (&Pass{Expires: expires, Until: expires.Add(30 * time.Second), Warn: time.Minute}).Term()
		var warned, over time.Time
		for over.IsZero() {
			next := term.Next()
			if next > longest {
				t.Fatalf("nothing to do for %v", next)
			}
			time.Sleep(next)
			if term.Warn() {
				if !warned.IsZero() {
					t.Fatal("warns twice")
				}
				warned = time.Now()
			}
			if term.Over() {
				over = time.Now()
			}
		}
		if w, o := warned.Sub(expires), over.Sub(expires); w != -time.Minute || o != 30*time.Second {
			t.Errorf("warned at %v, over at %v, as seen from the end", w, o)
		}
		late := (&Pass{Expires: time.Now().Add(time.Second), Warn: time.Minute}).Term()
		if !late.Warn() || late.Warn() || late.Over() || late.Next() != time.Second {
			t.Error("a client that comes with a token that is about to expire")
		}
	})
}
