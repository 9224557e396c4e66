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
	return &server.Figures{Figures: new(hub.Figures)}
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
