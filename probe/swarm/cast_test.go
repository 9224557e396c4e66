package swarm

import (
	"math"
	"testing"
	"time"
)

func TestRolesFollowTheirShares(t *testing.T) {
	for _, n := range []int{1, 3, 10, 20, 200, 1000, 9999} {
		counts := map[string]int{}
		list := assignRoles(demoCast, n)
		for _, role := range list {
			counts[role.userAgent("demo")]++
		}
		if len(list) != n {
			t.Errorf("%d roles for %d clients", len(list), n)
		}
		if want := min(n, len(demoCast)); len(counts) != want {
			t.Errorf("%d clients have %d different roles, want %d", n, len(counts), want)
		}
		for _, role := range demoCast {
			want := role.Share / 100 * float64(n)
			if n >= 100 && math.Abs(float64(counts[role.userAgent("demo")])-want) > 1 {
				t.Errorf("%d of %d clients are %s, want %g", counts[role.userAgent("demo")], n, role.userAgent("demo"), want)
			}
		}
	}
}

func TestDemoCastIsComplete(t *testing.T) {
	if err := validateRoles(demoCast); err != nil {
		t.Error(err)
	}
	total := 0.0
	for _, role := range demoCast {
		total += role.Share
	}
	if total != 100 {
		t.Errorf("the shares add up to %g %%, want 100 %%", total)
	}
}

// The same seed gives the same roles, and another seed gives others.
func TestRolesFollowTheSeed(t *testing.T) {
	agents := func(seed uint64) (list string) {
		o := Demo("ws://127.0.0.1:1/ws", 50, nil)
		o.Seed = seed
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.clients {
			list += c.id + " " + c.role.userAgent("demo") + "\n"
		}
		return list
	}
	again := agents(1)
	if agents(1) != again {
		t.Error("the same seed gave different roles")
	}
	if agents(1) == agents(2) {
		t.Error("different seeds gave the same roles")
	}
}

// The demo has something to show within seconds: clients freeze and drop soon, and the first storm does not wait long.
func TestDemoBeginsInTheMiddleOfLife(t *testing.T) {
	o := Demo("ws://127.0.0.1:1/ws", 200, nil)
	for _, role := range o.Cast {
		for _, spell := range []Spell{role.Freeze, role.Drop} {
			if spell.First.Min > time.Second || spell.First.Max > 10*time.Second {
				t.Errorf("%s: its first trouble comes after %v to %v", role.Name, spell.First.Min, spell.First.Max)
			}
		}
	}
	if o.Ramp > 2*time.Second || o.Storm.First.Max > 30*time.Second {
		t.Errorf("200 clients need %v to start, and the first storm comes after %v", o.Ramp, o.Storm.First.Max)
	}
}
