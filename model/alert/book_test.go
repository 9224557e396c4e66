package alert

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// ward is a book that is judged each second, by the number of failed connections.
type ward struct {
	t    *testing.T
	book *Book
	now  time.Time
}

func newWard(t *testing.T, rules ...string) *ward {
	t.Helper()
	var parsed []Rule
	for _, text := range rules {
		var r Rule
		if err := r.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, r)
	}
	return &ward{t, NewBook(parsed), noon}
}

func (w *ward) judge(failed int) []model.Alert {
	s := &model.Snapshot{Time: w.now}
	for i := range failed {
		s.Connections = append(s.Connections, model.Connection{ID: model.ID(i + 1), State: model.Failed})
	}
	return w.book.Judge(s, 0)
}

// seconds lets time pass with a number of failed connections, and returns what changed in each second, such as "3:firing".
func (w *ward) seconds(n, failed int) string {
	var changes []string
	for i := range n {
		w.now = w.now.Add(time.Second)
		for _, a := range w.judge(failed) {
			changes = append(changes, fmt.Sprintf("%d:%s", i+1, a.State))
		}
	}
	return strings.Join(changes, " ")
}

func (w *ward) expect(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestAnAlertWaitsFiresAndIsResolved(t *testing.T) {
	w := newWard(t, "Many=count(state=failed) > 2 for 5s keep_firing_for 3s")
	w.expect("nothing", w.seconds(3, 2), "")
	w.expect("shorter than for", w.seconds(5, 3), "") // pending from the first, so for four seconds
	if a := w.book.Alerts(); len(a) != 1 || a[0].State != model.AlertPending || a[0].Detail != "count(state=failed) is 3 (> 2)" {
		t.Errorf("while it is pending: %+v", a)
	}
	w.expect("it recovered by itself", w.seconds(1, 0), "")
	if a := w.book.Alerts(); len(a) != 0 {
		t.Errorf("then: %+v", a)
	}
	w.expect("longer than for", w.seconds(10, 4), "6:firing")
	w.expect("gone for less than keep_firing_for", w.seconds(2, 0), "")
	w.expect("back before that", w.seconds(1, 9), "")
	w.expect("gone", w.seconds(9, 0), "3:resolved")
	if a := w.book.Alerts(); len(a) != 1 || a[0].State != model.AlertResolved || a[0].Detail != "count(state=failed) is 9 (> 2)" || a[0].Value != 9 {
		t.Errorf("afterwards: %+v", a)
	}
	w.expect("again", w.seconds(6, 3), "6:firing")
	if log := w.book.Log(); len(log) != 3 || log[0].Alert.State != model.AlertFiring || log[1].Alert.State != model.AlertResolved || log[2].Alert.ID != log[0].Alert.ID {
		t.Errorf("the log: %+v", log)
	}
	w.expect("and over", w.seconds(10, 0), "3:resolved")
	w.expect("long after", w.seconds(int(resolvedFor/time.Second)+1, 0), "")
	if a := w.book.Alerts(); len(a) != 0 {
		t.Errorf("long after: %+v", a)
	}
}

func TestWithoutForItFiresAtOnce(t *testing.T) {
	w := newWard(t, "Any=count(state=failed) > 0")
	w.expect("at once", w.seconds(2, 1), "1:firing")
	w.expect("over", w.seconds(2, 0), "1:resolved")
}

// While holter itself stood still, nothing is known to have held.
func TestTimeInWhichNobodyLookedCountsForNothing(t *testing.T) {
	w := newWard(t, "Many=count(state=failed) > 2 for 30s keep_firing_for 30s")
	w.seconds(3, 3)
	w.now = w.now.Add(time.Hour)
	w.expect("after it stood still", w.seconds(20, 3), "")
	w.expect("after for", w.seconds(20, 3), "9:firing") // two seconds before, and 28 after the first look
	w.seconds(3, 0)
	w.now = w.now.Add(time.Hour)
	w.expect("after it stood still again", w.seconds(20, 0), "")
	w.expect("after keep_firing_for", w.seconds(20, 0), "8:resolved")
}

func TestAcknowledgeAndSilence(t *testing.T) {
	w := newWard(t, "Many=count(state=failed) > 2", "More=count(state=failed) > 5 for 3s")
	w.seconds(1, 6)
	many, more := w.book.Alerts()[0], w.book.Alerts()[1]
	if !many.Loud(w.now) || more.Loud(w.now) {
		t.Fatalf("%+v %+v", many, more)
	}
	order := func(target string, do model.AlertAction, length time.Duration) error {
		_, err := w.book.Carry(model.AlertOrder{Target: target, Do: do, For: length}, w.now)
		return err
	}
	for _, tt := range []struct {
		err  error
		want model.Code
	}{
		{order("nothing", model.Acknowledge, 0), model.NotFound},
		{order("", model.Silence, time.Minute), model.Invalid},
		{order("Many", model.Silence, -1), model.Invalid},
		{order("Many", model.Silence, 1000*time.Hour), model.Invalid},
		{order("Many", "shout", 0), model.Invalid},
		{order("More", model.Acknowledge, 0), model.Gone}, // it is pending
	} {
		if model.ErrorCode(tt.err) != tt.want || tt.err == nil {
			t.Errorf("%v, want %s", tt.err, tt.want)
		}
	}
	if err := order(many.ID, model.Acknowledge, 0); err != nil || w.book.Alerts()[0].Loud(w.now) {
		t.Errorf("acknowledged: %v, %+v", err, w.book.Alerts()[0])
	}
	if err := order("Many", model.Unacknowledge, 0); err != nil || !w.book.Alerts()[0].Loud(w.now) {
		t.Errorf("not any more: %v, %+v", err, w.book.Alerts()[0])
	}
	order(many.ID, model.Acknowledge, 0)
	w.seconds(1, 0)
	w.seconds(1, 6)
	if a := w.book.Alerts()[0]; !a.Loud(w.now) || !a.Acknowledged.IsZero() {
		t.Errorf("one that fires anew is acknowledged: %+v", a)
	}
	if err := order("More", model.Silence, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	w.expect("silent, and it fires", w.seconds(4, 6), "3:firing")
	for _, a := range w.book.Alerts() {
		if a.Loud(w.now) != (a.Rule == "Many") || a.Loud(w.now.Add(time.Minute)) != true {
			t.Errorf("%+v", a)
		}
	}
	if err := order("More", model.Silence, 0); err != nil || !w.book.Alerts()[0].Loud(w.now) {
		t.Errorf("the silence ended: %v, %+v", err, w.book.Alerts()[0])
	}
}

// There are as many alerts of a rule as there are paths, up to a bound, and it says how many are left out.
func TestAlertsAreBounded(t *testing.T) {
	w := newWard(t, "Race=margin < 1.3")
	for round := range 20 {
		s := &model.Snapshot{Time: noon.Add(time.Duration(round) * time.Second)}
		for i := range 100 {
			s.Paths = append(s.Paths, model.Path{Template: fmt.Sprintf("/%d/%d", round, i), Margin: 1, Open: 1})
		}
		if w.book.Judge(s, 0); len(w.book.entries) > model.MaxAlerts {
			t.Fatalf("%d alerts", len(w.book.entries))
		}
		r := w.book.Rules()[0]
		if r.Alerts != model.MaxAlertsOfRule || r.LeftOut != 100-model.MaxAlertsOfRule {
			t.Fatalf("round %d: %+v", round, r)
		}
	}
	if len(w.book.log) != model.MaxAlertLog {
		t.Errorf("%d in the log", len(w.book.log))
	}
}

// An alert about a thing stays the same one while that changes.
func TestLabelsStayWhileItLasts(t *testing.T) {
	w := newWard(t, "Cut=cohort~.")
	s := sample()
	s.Cohorts = s.Cohorts[1:2]
	fired := w.book.Judge(s, 0)
	s.Cohorts[0].Kind, s.Cohorts[0].Count = model.CohortAge, 99
	again := w.book.Judge(s, 0)
	if now := w.book.Alerts(); len(fired) != 1 || len(again) != 0 || len(now) != 1 || now[0].Label("kind") != "silence" {
		t.Errorf("%+v, %+v, %+v", fired, again, now)
	}
}

// A critical alert stands above a newer one that is not.
func TestTheWorstComesFirst(t *testing.T) {
	var rules []Rule
	for i, severity := range []string{"critical", "warning", "", "info", "page"} {
		w := Written{Alert: fmt.Sprintf("R%d%s", i, severity), Expr: fmt.Sprintf("count(state=failed) > %d", i)}
		if severity != "" {
			w.Labels = map[string]string{"severity": severity}
		}
		r, err := w.Rule()
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	w := &ward{t, NewBook(rules), noon}
	order := func() string {
		var names []string
		for _, a := range w.book.Alerts() {
			names = append(names, a.Rule)
		}
		return strings.Join(names, " ")
	}
	for n := range 6 {
		w.seconds(1, n)
	}
	w.expect("those that fire", order(), "R4page R0critical R2 R1warning R3info")
	w.seconds(1, 1)
	w.expect("what fires is above what is resolved, of which the severity is no matter", order(), "R0critical R1warning R2 R3info R4page")
}
