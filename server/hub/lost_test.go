package hub

import (
	"testing"
	"testing/synctest"
)

// A kick may come just after a ping has gone out.
func TestCloseFrameRightAfterAPing(t *testing.T) {
	for i := range 3000 {
		synctest.Test(t, func(t *testing.T) {
			h := New(quick())
			_, app, end := forged(t, h, "ann")
			end.Read(make([]byte, 512))
			app.Ping(1)
			readFrame(end)
			app.Shut(1001, "")
			synctest.Wait()
			end.in.mu.Lock()
			n := len(end.in.bytes)
			end.in.mu.Unlock()
			if n == 0 {
				t.Fatalf("%d: the close frame still waits", i)
			}
			app.Close()
		})
		if t.Failed() {
			return
		}
	}
}
