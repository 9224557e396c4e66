package reconnect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"holter/model"
)

// pathsOf gives the clients of a fleet their paths.
func pathsOf(clients []*Attempts, path func(i int) string) []*Attempts {
	for i, a := range clients {
		a.pool.Path = path(i)
	}
	return clients
}

// Clients that name themselves in their paths are a pool, and their policy is known. Routes that are not the same are
// pools of their own.
func TestPoolsByTemplate(t *testing.T) {
	f := named("fixed 1 s")
	f.clients, f.refused = 12, 40*time.Second
	for want, path := range map[string]func(i int) string{
		"/ocpp/*": func(i int) string { return fmt.Sprintf("/ocpp/CP%d", i) },
		"/api/kernels/*/channels": func(i int) string {
			return fmt.Sprintf("/api/kernels/%08x-20c3-4f20-9f0a-1d2a1b1f1e11/channels", i*99991)
		},
		"/sockjs/*/*/websocket": func(i int) string { return fmt.Sprintf("/sockjs/%03d/4%d30pm%dd/websocket", 83*i%1000, i, i) },
	} {
		clients := pathsOf(f.attempts(rand.New(rand.NewPCG(5, 7))), path)
		policies, _ := Infer(clients, model.Instant(3*time.Hour))
		if p := &policies[0]; len(policies) != 1 || p.Path != want || p.Clients != 12 || p.Kind != model.PolicyFixed {
			t.Errorf("%s: %d pools, the first one is %+v", want, len(policies), *p)
		}
	}
	f.clients = 24
	clients := pathsOf(f.attempts(rand.New(rand.NewPCG(5, 7))), func(i int) string { return []string{"/chat", "/orders"}[i%2] })
	if policies, _ := Infer(clients, model.Instant(3*time.Hour)); len(policies) != 2 || policies[0].Path != "/chat" || policies[1].Path != "/orders" {
		t.Errorf("%+v", policies)
	}
}

// Clients that are told apart only by the order in which they come back have no policy: their attempts are mixed up. Few
// of them among others do no harm.
func TestMixedClients(t *testing.T) {
	f := named("AWS full")
	f.clients, f.refused = 40, 40*time.Second
	for mixed, want := range map[int]model.DoubtReason{0: "", 10: "", 30: model.DoubtShared, 40: model.DoubtShared} {
		clients := f.attempts(rand.New(rand.NewPCG(5, 7)))
		for _, a := range clients[:mixed] {
			a.mixed = true
		}
		p := largest(clients, model.Instant(3*time.Hour))
		if p.Doubt.Reason != want || (want == "") != (p.Kind == model.PolicyExponential) || p.Clients != 40 || len(p.Doubt.Seen) > 1 {
			t.Errorf("%d of 40 are mixed: %s, %+v", mixed, p.Kind, p.Doubt)
		}
	}
}

// Pools for which there is no room are counted, however many there are, and the policies are those of the largest.
func TestManyPools(t *testing.T) {
	const pools = 40
	var clients []*Attempts
	f := named("fixed 1 s")
	f.refused = 40 * time.Second
	for i := range pools {
		f.clients = 20 + i
		clients = append(clients, pathsOf(f.attempts(rand.New(rand.NewPCG(5, 7))), func(int) string {
			return "/" + string([]byte{'a' + byte(i/26), 'a' + byte(i%26)})
		})...)
	}
	policies, more := Infer(clients, model.Instant(3*time.Hour))
	for i := range policies {
		if p := &policies[i]; p.Clients != 20+pools-1-i || p.Kind != model.PolicyFixed {
			t.Errorf("%+v", *p)
		}
	}
	if n := len(policies); n != model.MaxStormPolicies || more.Pools != pools-n || more.Clients+sum(policies) != len(clients) {
		t.Errorf("%d pools, and %+v", n, more)
	}
}

func sum(policies []model.PoolPolicy) (clients int) {
	for i := range policies {
		clients += policies[i].Clients
	}
	return clients
}

// BenchmarkInferPools has a hundred thousand attempts of clients in five thousand pools, or of as many chargers. In "falling off"
// the i-th pool has an i-th of the clients of the first.
func BenchmarkInferPools(b *testing.B) {
	f := named("AWS full")
	f.clients = 20_000
	for name, path := range map[string]func(i int) string{
		"pools": func(i int) string {
			return "/svc/" + string([]byte{'a' + byte(i%26), 'a' + byte(i/26%26), 'a' + byte(i/676%8)}) + "/ws"
		},
		"falling off": func(i int) string {
			k := int(math.Pow(5000, float64(i%20_000)/20_000))
			return "/svc/" + string([]byte{'a' + byte(k%26), 'a' + byte(k/26%26), 'a' + byte(k/676%8)}) + "/ws"
		},
		"chargers": func(i int) string { return fmt.Sprintf("/ocpp/CP%06d", i) },
		"one":      func(int) string { return "/ws" },
	} {
		clients := pathsOf(f.attempts(rand.New(rand.NewPCG(1, 1))), path)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Infer(clients, model.Instant(3*time.Hour))
			}
		})
	}
}
