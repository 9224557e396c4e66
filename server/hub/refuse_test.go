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
