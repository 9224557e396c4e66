package hub

import (
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

func TestRefuseEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		refusing := func(want time.Duration) {
			t.Helper()
			s, _ := h.Snapshot(t.Context())
			until := s.Monitor.RefusingUntil
			if h.Refusing() != (want > 0) || want == 0 != until.IsZero() || want > 0 && until.Sub(s.Time) != want {
				t.Errorf("refusing: %v, until %v; want %v", h.Refusing(), until, want)
			}
		}
		refusing(0)
		for _, length := range []time.Duration{-1, model.MaxRefuse + 1} {
			if err := h.Refuse(t.Context(), length); model.ErrorCode(err) != model.Invalid {
				t.Errorf("%v: error %v", length, err)
			}
		}
		refuse := func(length time.Duration) {
			if err := h.Refuse(t.Context(), length); err != nil {
				t.Error(err)
			}
		}
		refuse(10 * time.Second)
		refusing(10 * time.Second)
		time.Sleep(4 * time.Second)
		refusing(6 * time.Second)
		time.Sleep(6 * time.Second)
		refusing(0)
		refuse(time.Minute)
		refuse(0)
		refusing(0)
	})
}

func TestOrigins(t *testing.T) {
	var h Hub
	for _, remote := range []string{"192.0.2.1:1000", "192.0.2.1:1001", "[::ffff:192.0.2.1]:1002", "[2001:db8::1]:1", "[2001:db8::2:1]:1", "@"} {
		h.origins.add(addrPort(remote).Addr())
	}
	for remote, want := range map[string]int{
		"192.0.2.1:9": 3, "192.0.2.2:9": 0, "[2001:db8::ffff:0:0:7]:9": 2, "[2001:db8:0:1::1]:9": 0, "somewhere": 1,
	} {
		if n := h.SizeFrom(remote); n != want {
			t.Errorf("%s: %d connections, want %d", remote, n, want)
		}
	}
	h.origins.remove(addrPort("192.0.2.1:1000").Addr())
	h.origins.remove(addrPort("@").Addr())
	if n := h.SizeFrom("192.0.2.1:9"); n != 2 || len(h.origins.counts) != 2 {
		t.Errorf("%d connections left, of %d origins", n, len(h.origins.counts))
	}
}
