package pause

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		for _, tc := range []struct {
			d    time.Duration
			took time.Duration
			over bool
		}{
			{0, 0, true},
			{-time.Second, 0, true},
			{20 * time.Second, 20 * time.Second, true},
			{time.Hour, 40 * time.Second, false}, // what is left of the minute
			{0, 0, false},
		} {
			begin := time.Now()
			if over := For(ctx, tc.d); over != tc.over || time.Since(begin) != tc.took {
				t.Errorf("%v: %t after %v", tc.d, over, time.Since(begin))
			}
		}
	})
}
