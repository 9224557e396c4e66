//go:build unix

package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"holter/server/api"
)

// hospital is a holter at a terminal with clients that are not its own, each with a fault on its connection.
type hospital struct {
	tmux
	*program
	guests map[string]*guest
}

func newHospital(t *testing.T, width, height int, names ...string) *hospital {
	t.Helper()
	listen, admin := freePort(t), freePort(t)
	h := &hospital{tmux: startTmux(t, width, height), program: &program{admin: "http://" + admin}, guests: map[string]*guest{}}
	h.tmux.write(t, holter+" --linger 2s --listen "+listen+" --admin "+admin)
	h.press(t, "Enter")
	h.until(t, "1 connections")
	for _, name := range names {
		h.guests[name] = visit(t, "ws://"+listen+"/ws", name)
		h.until(t, name)
	}
	var done map[string]any
	h.ask(t, http.MethodPost, "/api/v1/faults", map[string]any{"q": "all", "faults": []string{"latency=1ms"}}, &done)
	h.until(t, "FAULT")
	h.press(t, "s", "c") // by the clients' names
	h.until(t, "CLIENT▲")
	return h
}

// leaves lets a client go, and waits until its row is closed.
func (h *hospital) leaves(t *testing.T, name string) {
	t.Helper()
	h.guests[name].Close()
	h.until(t, "○ closed  "+name)
}

// stay fails unless these, and no others, are open and have their faults.
func (h *hospital) stay(t *testing.T, names ...string) {
	t.Helper()
	var all struct{ Connections []api.Connection }
	h.ask(t, http.MethodGet, "/api/v1/connections", nil, &all)
	var open []string
	for _, c := range all.Connections {
		switch {
		case c.Close != nil:
		case len(c.Faults) == 0:
			t.Errorf("%s has lost its faults", c.Client)
		default:
			open = append(open, c.Client)
		}
	}
	slices.Sort(open)
	if !slices.Equal(open, names) {
		t.Errorf("open are %v, want %v", open, names)
	}
}

// f on a row whose connection has gone says so. It opens no form for all others.
func TestFaultsOfAClosedRowAreNotThoseOfAll(t *testing.T) {
	t.Parallel()
	h := newHospital(t, 80, 24, "anna", "bert", "carl")
	h.leaves(t, "anna")
	h.press(t, "f")
	h.until(t, "nothing to disturb: anna (c1) is gone already")
	h.press(t, "0")
	h.press(t, "x")
	h.until(t, "nothing to kick: anna (c1) is gone already")
	h.stay(t, "bert", "carl")
}

// After a mistake in the form, what is typed again mends it and presses no key behind the form.
func TestMistakeInAFormPressesNoKeys(t *testing.T) {
	t.Parallel()
	h := newHospital(t, 80, 24, "anna", "bert")
	h.press(t, "f", "Tab", "C-u")
	h.tmux.write(t, "latency=fast")
	h.until(t, "is not a fault")
	h.press(t, "Enter")
	h.tmux.write(t, "latency=200ms, axXf")
	h.press(t, "Enter")
	h.until(t, "is not a fault")
	h.stay(t, "anna", "bert")
	h.press(t, "C-u")
	h.tmux.write(t, "latency=200ms")
	h.until(t, "latency=200ms ")
	h.press(t, "Enter", "Enter")
	h.until(t, "faults of anna (c1): latency=200ms")
	h.stay(t, "anna", "bert")
}

// X is not about all when what was marked has gone.
func TestMarksThatAreGoneAreNotAll(t *testing.T) {
	t.Parallel()
	h := newHospital(t, 80, 24, "anna", "bert", "carl", "dora")
	h.press(t, "Space", "Space")
	h.until(t, "2 marked")
	h.leaves(t, "anna")
	h.leaves(t, "bert")
	h.while(t, "○ closed  bert") // forgotten
	h.press(t, "X")
	h.until(t, "2 marked, gone by now: u unmarks")
	if strings.Contains(h.screen(t), "Cancel") {
		t.Errorf("there is a dialog all the same:\n%s", h.screen(t))
	}
	h.stay(t, "carl", "dora")
	h.press(t, "u", "X")
	h.until(t, "Kick all 2")
}

// The detail beside the list stays with its connection when that is closed and when it is forgotten.
func TestDetailBesideTheListStays(t *testing.T) {
	t.Parallel()
	h := newHospital(t, 120, 36, "anna", "bert", "carl")
	h.press(t, "j", "Enter")
	h.until(t, "─ bert (c2)")
	h.leaves(t, "bert")
	h.until(t, "holter has forgotten it")
	h.until(t, "─ bert (c2)")
	h.press(t, "x")
	h.until(t, "nothing to kick: bert (c2) is gone already")
	h.until(t, "─ bert (c2)")
	h.press(t, "g")
	h.until(t, "─ anna (c1)")
	h.stay(t, "anna", "carl")
}
