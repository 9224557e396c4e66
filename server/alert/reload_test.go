package alert

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
	"holter/model/alert"
)

// renew has other options take the place of those of a desk.
func renew(t *testing.T, d *Desk, next Options) {
	t.Helper()
	commit, err := d.Prepare(next)
	if err != nil {
		t.Fatal(err)
	}
	commit()
}

func states(d *Desk) string {
	var list []string
	for _, a := range d.Alerts() {
		list = append(list, a.Rule+":"+string(a.State))
	}
	return strings.Join(list, " ")
}

// A rule that stays keeps its alert, one that goes is resolved, and one that comes is judged from then on.
func TestRulesAreReplaced(t *testing.T) {
	w := &ward{failed: 6}
	first := Options{AlertBuiltin: "off", Alert: rules(t, "Stays=count(state=failed) > 5", "Goes=count(state=failed) > 4", "Changes=count(state=failed) > 3", "Waits=count(state=failed) > 5 for 1h")}
	d := New(first, "", w.snapshot, w.publish, quiet)
	w.look(d)
	if got := states(d); strings.Count(got, "firing") != 3 || !strings.Contains(got, "Waits:pending") {
		t.Fatalf("%s", got)
	}
	fired := d.Alerts()[0].Fired
	if _, err := d.Carry(model.AlertOrder{Target: "Stays", Do: model.Silence, For: time.Hour}); err != nil {
		t.Fatal(err)
	}
	renew(t, d, Options{AlertBuiltin: "off", Alert: rules(t, "Comes=count(state=failed) > 5", "Changes=count(state=failed) > 7", "Stays=count(state=failed) > 5")})
	if got := states(d); got != "Changes:firing Stays:firing Goes:resolved" && got != "Stays:firing Changes:firing Goes:resolved" {
		t.Errorf("after the reload: %s", got)
	}
	w.look(d)
	for _, want := range []string{"Comes:firing", "Stays:firing", "Changes:resolved", "Goes:resolved"} {
		if got := states(d); !strings.Contains(got, want) || strings.Contains(got, "Waits") {
			t.Errorf("%s, want %s in it", got, want)
		}
	}
	for _, a := range d.Alerts() {
		if a.Rule == "Stays" && (!a.Fired.Equal(fired) || a.SilencedUntil.IsZero()) {
			t.Errorf("%+v", a)
		}
	}
	if n := len(d.Book().Rules); n != 3 {
		t.Errorf("%d rules", n)
	}
	renew(t, d, Options{AlertBuiltin: "off"})
	if got := states(d); strings.Contains(got, "firing") || len(d.Book().Rules) != 0 {
		t.Errorf("without rules: %s", got)
	}
}

// Other labels are another alert: whoever is told by them is told of the end of the old one.
func TestLabelsAreReplaced(t *testing.T) {
	w := &ward{failed: 6}
	labelled := func(team string) Options {
		r, err := alert.Written{Alert: "Many", Expr: "count(state=failed) > 5", Labels: map[string]string{"team": team}}.Rule()
		if err != nil {
			t.Fatal(err)
		}
		return Options{AlertBuiltin: "off", Alert: []alert.Rule{r}}
	}
	d := New(labelled("a"), "", w.snapshot, w.publish, quiet)
	out := &heard{}
	d.outputs = only(out)
	d.outputs.list[0].name = "heard"
	w.look(d)
	commit, _ := d.Prepare(labelled("b"))
	commit()
	d.outputs = only(out)
	w.look(d)
	if got := strings.Join(out.told, " "); got != "Many:firing Many:resolved Many:firing" {
		t.Errorf("told %s", got)
	}
	if a := d.Alerts()[0]; model.LabelOf(a.Labels, "team") != "b" || a.State != model.AlertFiring {
		t.Errorf("%+v", a)
	}
}

// An output that stays goes on, one that comes is told of what fires, and one that goes ends. All while the desk runs.
func TestOutputsAreReplaced(t *testing.T) {
	a, b, w := newHook(t, nil), newHook(t, nil), &ward{failed: 6}
	o := Options{AlertBuiltin: "off", Alert: rules(t, "Many=count(state=failed) > 5"), AlertWebhook: []string{a.URL, a.URL}}
	d := running(t, o, w)
	w.look(d)
	a.next(t)
	o.AlertWebhook = []string{b.URL, a.URL}
	renew(t, d, o)
	w.look(d)
	if n := b.next(t).notice; n.Status != "firing" {
		t.Errorf("the new one is told %+v", n)
	}
	deadline := time.Now().Add(5 * time.Second)
	for outputs := d.Book().Outputs; len(outputs) != 2 || outputs[1].Sent != 1; outputs = d.Book().Outputs {
		if time.Now().After(deadline) { // what was posted is counted once its answer has come
			t.Fatalf("%+v", outputs)
		}
		time.Sleep(time.Millisecond)
	}
	o.AlertWebhook = []string{b.URL}
	renew(t, d, o)
	w.set(0)
	w.look(d)
	if n := b.next(t).notice; n.Status != "resolved" {
		t.Errorf("%+v", n)
	}
	a.nothing(t, "after it was taken away")
	b.nothing(t, "after the end")
}

// A desk that began without rules judges those that come.
func TestRulesComeToADeskThatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{failed: 6}
		d := New(Options{AlertBuiltin: "off"}, "", w.snapshot, w.publish, quiet)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { d.Run(ctx); close(done) }()
		time.Sleep(time.Minute)
		renew(t, d, Options{AlertBuiltin: "off", Alert: rules(t, "Many=count(state=failed) > 5")})
		time.Sleep(2 * time.Second)
		if got := states(d); got != "Many:firing" {
			t.Errorf("%s", got)
		}
		cancel()
		<-done
	})
}

// A thousand rules and more alerts than there is room for are judged, listed and replaced in little time.
func TestAThousandRules(t *testing.T) {
	thousand := func(limit int) Options {
		texts := make([]string, model.MaxAlertRules)
		for i := range texts {
			texts[i] = fmt.Sprintf("Rule%d=count(state=failed client~\"^c%d\") >= %d", i, i, limit)
		}
		return Options{Alert: rules(t, texts...)}
	}
	w := &ward{failed: 6}
	o := thousand(0)
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	d := New(o, "", w.snapshot, w.publish, quiet)
	next := thousand(0)
	began := time.Now()
	w.look(d)
	d.Book()
	renew(t, d, next)
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v", took)
	}
	if n := len(d.Book().Rules); n < model.MaxAlertRules {
		t.Errorf("%d rules", n)
	}
	o.Alert = append(o.Alert, rules(t, "More=storm")...)
	if err := o.Validate(); err == nil {
		t.Error("there is no limit")
	}
}

// An output that no rule tells is never used, which the log says at the start and when the settings become so.
func TestTheLogSaysThatNothingWillBeSent(t *testing.T) {
	hook := []string{"http://hooks.example/secret"}
	own := rules(t, "Many=count(state=failed) > 5")
	for _, tt := range []struct {
		what  string
		o     Options
		warns bool
	}{
		{"no rule of the user's", Options{AlertWebhook: hook}, true},
		{"none at all", Options{AlertWebhook: hook, AlertBuiltin: "off"}, true},
		{"one of the user's", Options{AlertWebhook: hook, Alert: own}, false},
		{"those of holter", Options{AlertWebhook: hook, AlertBuiltin: "all"}, false},
		{"no output", Options{}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log strings.Builder
			w := &ward{}
			d := New(tt.o, "", w.snapshot, w.publish, slog.New(slog.NewTextHandler(&log, nil)))
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { d.Run(ctx); close(done) }()
			synctest.Wait()
			cancel()
			<-done
			text := log.String()
			if strings.Contains(text, "nothing will be sent") != tt.warns || strings.Contains(text, "secret") || tt.warns && !strings.Contains(text, "webhook http://hooks.example") {
				t.Errorf("%s: %s", tt.what, text)
			}
			log.Reset()
			renew(t, d, Options{AlertWebhook: hook})
			if !strings.Contains(log.String(), "nothing will be sent") {
				t.Errorf("%s, and then no rule: %s", tt.what, log.String())
			}
		})
	}
}
