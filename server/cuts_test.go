package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// An application that closes its connections at an age is told as what cuts them, over real sockets and with a real library.
func TestCutsOfAnApplicationAreTold(t *testing.T) {
	t.Parallel()
	a := watch(t, libraries[0], doors[1])
	for i := range 12 {
		p := dial(t, a.server, "/ws?idle=3s", http.Header{"X-Client-Id": {fmt.Sprint("client-", i)}})
		time.AfterFunc(time.Duration(200*i)*time.Millisecond, func() { p.text("hello") })
		p.awaitBeat(t) // and the openings are apart
		for range 7 {
			p.awaitBeat(t)
		}
	}
	var found []model.Cohort
	eventually(t, "the cohort", func() bool {
		s, err := a.monitor.Source().Snapshot(t.Context())
		found = s.Cohorts
		return err == nil && len(found) == 1 && found[0].Count == 12
	})
	if c := found[0]; c.Kind != model.CohortAge || c.Cause != "" || !strings.HasPrefix(c.Detail, "Your application closes connections 3.") {
		t.Errorf("%+v", c)
	}
}
