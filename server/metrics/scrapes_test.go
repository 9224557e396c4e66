package metrics

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"holter/server"
	"holter/server/hub"
)

// counted is a source that counts how often it has to walk over all connections.
type counted struct {
	mu    sync.Mutex // protects walks
	walks int
}

func (c *counted) Observe(hub.Observer) {}
func (c *counted) Figures() *server.Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.walks++
	return &server.Figures{Figures: new(hub.Figures), Beyond: 7}
}

// Scrapes in a hurry, and many at a time, cost no more walks over the connections than four a second.
func TestScrapesInAHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var source counted
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(&collector{source: &source, counts: newCounts()})
		for range 100 { // ten seconds
			var scrapes sync.WaitGroup
			for range 5 {
				scrapes.Go(func() {
					if _, err := registry.Gather(); err != nil {
						t.Error(err)
					}
				})
			}
			scrapes.Wait()
			time.Sleep(100 * time.Millisecond)
		}
		if source.walks > 40 || source.walks < 30 {
			t.Errorf("%d walks", source.walks)
		}
	})
}

// What a full list turned away is counted.
func TestReportsTurnedAway(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(&collector{source: new(counted), counts: newCounts()})
	all, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.GetName() == "holter_service_reports_turned_away_total" {
			if got := one.GetMetric()[0].GetCounter().GetValue(); got != 7 {
				t.Errorf("%v reports were turned away, not 7", got)
			}
			return
		}
	}
	t.Error("there is no such figure")
}
