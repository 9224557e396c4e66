package advice

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/model/heart"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func look(r heart.Rhythm) *Look { return NewLook(&r, model.OnFailObserve, noon) }

// only returns the only warning of a look.
func only(t *testing.T, l *Look) model.Warning {
	t.Helper()
	all := l.Warnings()
	if len(all) != 1 {
		t.Fatalf("%d warnings: %+v", len(all), all)
	}
	readable(t, &all[0])
	return all[0]
}

// readable wants a query that its page can read, and a sentence.
func readable(t *testing.T, w *model.Warning) {
	t.Helper()
	if w.At.Page == model.ConnectionsPage {
		if _, err := filter.ConnectionRows.Parse(w.At.Query); err != nil {
			t.Errorf("%q: %v", w.At.Query, err)
		}
	}
	if !strings.HasSuffix(w.Detail, ".") || w.Touched == 0 || len(w.Detail) > 1000 || len(w.At.Query) > 500 {
		t.Errorf("%+v", w)
	}
}

func silent(id model.ID, agent string) *model.Connection {
	return &model.Connection{ID: id, UserAgent: agent, PingsSent: 9}
}

func TestPeersThatNeverPong(t *testing.T) {
	l := look(heart.DefaultRhythm())
	l.Mute(silent(3, "tiny/1"))
	l.Mute(silent(5, "tiny/1"))
	l.Mute(&model.Connection{ID: 6, UserAgent: "tiny/1", PingsSent: 9, PongsReceived: 1}) // it has answered once
	l.Mute(&model.Connection{ID: 7, UserAgent: "tiny/1", PingsSent: 2})                   // and this one may still
	w := only(t, l)
	if w.Kind != model.NeverPongs || w.Urgency != model.Risk || w.Touched != 2 || w.Agent != "tiny/1" || w.At.Query != "id=c3 or id=c5" ||
		!strings.HasPrefix(w.Detail, "2 connections of tiny/1 are alive, but answered none of at least 3 pings") {
		t.Errorf("%+v", w)
	}
	l = look(heart.DefaultRhythm())
	for i := range 40 {
		c := silent(model.ID(i+1), "")
		c.Side = model.UpstreamSide
		l.Mute(c)
	}
	if w := only(t, l); w.Touched != 40 || !strings.Contains(w.Detail, "40 connections of the upstream") || !strings.HasPrefix(w.At.Query, "id=c1 or id=c2") {
		t.Errorf("%+v", w)
	}
	l = look(heart.DefaultRhythm())
	for i := range 12 {
		l.Mute(silent(model.ID(i+1), `odd "one" or not`))
	}
	w = only(t, l)
	f, err := filter.ConnectionRows.Parse(w.At.Query)
	if err != nil || !strings.HasPrefix(w.At.Query, "cause=no-pong ua=") {
		t.Fatalf("%q: %v", w.At.Query, err)
	}
	c := silent(1, `odd "one" or not`)
	c.Diagnosis.Cause = model.CauseNoPong
	if !f.Match(c, noon) || f.Match(silent(1, "other"), noon) {
		t.Errorf("%q does not find them", w.At.Query)
	}
}

// Of many kinds of clients the commonest are told, and many are as cheap as one.
func TestKindsThatNeverPongAreBounded(t *testing.T) {
	l := look(heart.DefaultRhythm())
	for i := range 5000 {
		l.Mute(silent(model.ID(i+1), fmt.Sprint("agent ", i)))
		l.Mute(silent(model.ID(i+1), "agent 7"))
	}
	all := l.Warnings()
	if len(all) != mostMute || all[0].Agent != "agent 7" || len(l.mute) > mostKinds {
		t.Errorf("%d of %d kinds: %+v", len(all), len(l.mute), all)
	}
}

func TestDuplicates(t *testing.T) {
	old := model.Connection{ID: 1, Client: "ann", Path: "/ws", State: model.Failed, Opened: noon.Add(-time.Hour)}
	newer := model.Connection{ID: 2, Client: "ann", Path: "/ws", State: model.Normal, Opened: noon.Add(-time.Minute)}
	for name, change := range map[string]func(old, newer *model.Connection){
		"the old one is well":       func(old, _ *model.Connection) { old.State = model.Normal },
		"it is only suspect":        func(old, _ *model.Connection) { old.State = model.Suspect },
		"it is closed":              func(old, _ *model.Connection) { old.Close = &model.Close{At: noon} },
		"the new one is in trouble": func(_, newer *model.Connection) { newer.State = model.Suspect },
		"it is closed too":          func(_, newer *model.Connection) { newer.Close = &model.Close{At: noon} },
		"it has just come":          func(_, newer *model.Connection) { newer.Opened = noon.Add(-time.Second) },
		"it is to another path":     func(_, newer *model.Connection) { newer.Path = "/other" },
		"it is the older one":       func(_, newer *model.Connection) { newer.Opened = noon.Add(-2 * time.Hour) },
	} {
		a, b := old, newer
		change(&a, &b)
		l := look(heart.DefaultRhythm())
		if l.Double(&a, &b); len(l.Warnings()) > 0 {
			t.Errorf("%s: %+v", name, l.Warnings())
		}
	}
	l := look(heart.DefaultRhythm())
	l.Double(&old, &newer)
	w := only(t, l)
	if w.Kind != model.Duplicate || w.Touched != 1 || w.At.Query != "client=ann" || !strings.Contains(w.Detail, "--on-fail close") {
		t.Errorf("%+v", w)
	}
	for range 30 {
		l.Double(&old, &newer)
	}
	if w := only(t, l); w.Touched != 31 || w.At.Query != "client=ann" || !strings.HasPrefix(w.Detail, "31 connections are open that have failed") {
		t.Errorf("%+v", w)
	}
}

// The newest storm that knows decides: what clients did before counts no more.
func TestDelaysThatStartAnewAtEachOpen(t *testing.T) {
	policy := func(agent string, n int, r model.Reset) model.PoolPolicy {
		return model.PoolPolicy{Pool: model.Pool{UserAgent: agent, Path: "/ws"}, Policy: model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2}, Clients: n, Resets: r}
	}
	l := look(heart.DefaultRhythm())
	l.Storms([]model.Storm{
		{ID: 1, Ended: noon, Policies: []model.PoolPolicy{policy("mended", 30, model.ResetAtOpen), policy("old", 40, model.ResetAtOpen)}},
		{ID: 2, Ended: noon, Policies: []model.PoolPolicy{policy("mended", 30, model.ResetAfterStay), policy("old", 12, model.ResetUnknown)}},
	})
	w := only(t, l)
	if w.Kind != model.ResetsAtOpen || w.Agent != "old" || w.Path != "/ws" || w.Touched != 40 || w.Urgency != model.Risk ||
		w.At != (model.Place{Page: model.StormsPage, Query: "1"}) || !strings.Contains(w.Detail, "again after 1 s") {
		t.Errorf("%+v", w)
	}
	l.Storms([]model.Storm{{ID: 3, Clients: 40, Flapping: 20, Policies: []model.PoolPolicy{policy("old", 40, model.ResetAtOpen)}}})
	if w := only(t, l); w.Urgency != model.Harm || w.At.Query != "3" {
		t.Errorf("while they flap: %+v", w)
	}
}

// TestReadmeKinds holds the table of the README against model.WarningKinds.
func TestReadmeKinds(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []model.WarningKind
	for line := range strings.Lines(string(text)) {
		if kind, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |"); ok && strings.HasPrefix(line, "| `") {
			rows = append(rows, model.WarningKind(kind))
		}
	}
	if !slices.Equal(rows, model.WarningKinds[:]) {
		t.Errorf("the table has %v, and model.WarningKinds are %v", rows, model.WarningKinds)
	}
}
