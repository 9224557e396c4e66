package admin

import (
	"net/http"
	"strconv"
	"time"

	"holter/model"
	"holter/server/api"
)

const (
	usualPause    = 250 * time.Millisecond // between two snapshots
	shortestPause = 100 * time.Millisecond
	longestPause  = time.Minute
)

// snapshots answers GET /api/v1/snapshots?every_ms=250: the whole picture, and then the changes in it, as lines of JSON
// until the reader leaves or the plane stops. To a slow reader at most one picture is under way: the handler takes the
// next picture only after the last one has gone out, so each picture is recent.
func (a *Plane) snapshots(w http.ResponseWriter, r *http.Request) error {
	every, err := parseEvery(r.URL.Query().Get("every_ms"))
	if err != nil {
		return err
	}
	giveBack, err := a.subscribe()
	if err != nil {
		return err
	}
	defer giveBack()
	s, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	out := newEndless(w, r, "application/x-ndjson", a.stuck)
	out.compress(w, r, every)
	defer out.close()
	changes := api.NewSnapshotWriter(out)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err = changes.Write(&s); err == nil {
			err = out.send()
		}
		if err != nil {
			a.ended(r, out, err)
			return nil
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return nil
		}
		if s, err = a.picture(r.Context()); err != nil {
			return nil // after the head, only the end of the answer can show an error
		}
	}
}

func parseEvery(text string) (time.Duration, error) {
	if text == "" {
		return usualPause, nil
	}
	ms, err := strconv.ParseUint(text, 10, 32)
	every := time.Duration(ms) * time.Millisecond
	if err != nil || every < shortestPause || every > longestPause {
		return 0, model.Errorf(model.Invalid, "every_ms %.20q: write a number from %d to %d",
			text, shortestPause.Milliseconds(), longestPause.Milliseconds())
	}
	return every, nil
}
