package process

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		began, calls := time.Now(), 0
		err := Every(ctx, time.Second, func() {
			calls++
			switch calls {
			case 2:
				time.Sleep(3500 * time.Millisecond) // it is called once for what it missed
			case 4:
				cancel()
			}
		})
		if took := time.Since(began); err != nil || calls != 4 || took != 6*time.Second {
			t.Errorf("%d calls in %v: %v", calls, took, err)
		}
	})
}
