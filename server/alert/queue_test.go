package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// transport answers requests without a network.
type transport func(*http.Request, []byte) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	return f(r, body)
}

func status(code int) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}
}

// posts are what an output has posted.
type posts struct {
	mu   sync.Mutex
	all  []string // "2s msg 1: Many firing 1", with a number for each id
	ids  map[string]int
	from time.Time
}

func (p *posts) add(r *http.Request, body []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ids == nil {
		p.ids = map[string]int{}
	}
	id := r.Header.Get("Webhook-Id")
	if p.ids[id] == 0 {
		p.ids[id] = len(p.ids) + 1
	}
	var n Notice
	json.Unmarshal(body, &n)
	p.all = append(p.all, fmt.Sprintf("msg %d: %s %s %d", p.ids[id], n.GroupLabels["alertname"], n.Status, len(n.Alerts)))
	return len(p.all)
}

// told are the posts so far.
func (p *posts) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all)
}

// queued runs the queue of a webhook whose posts are answered by a function, in a bubble.
func queued(t *testing.T, answer func(n int) (*http.Response, error), test func(q *queue, p *posts)) {
	synctest.Test(t, func(t *testing.T) {
		h, p := newWebhook("http://hooks.example/x", "", ""), &posts{from: time.Now()}
		h.client.Transport = transport(func(r *http.Request, body []byte) (*http.Response, error) { return answer(p.add(r, body)) })
		q := newQueue(h, quiet)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { q.run(ctx); close(done) }()
		test(q, p)
		cancel()
		<-done
	})
}

func fired(rule string, n int) model.Alert {
	return model.Alert{ID: fmt.Sprint(rule, n), Rule: rule, State: model.AlertFiring, Labels: []model.Label{{Name: "alertname", Value: rule}}}
}

func ended(rule string, n int) model.Alert {
	a := fired(rule, n)
	a.State = model.AlertResolved
	return a
}

func TestAnAnswer500IsTriedAgain(t *testing.T) {
	queued(t, func(n int) (*http.Response, error) {
		if n < 4 {
			return status(500), nil
		}
		return status(200), nil
	}, func(q *queue, p *posts) {
		q.tell(fired("Many", 1))
		synctest.Wait()
		if r := q.report(); r.Failing != "it answers 500" || r.Since.IsZero() || r.Sent != 0 {
			t.Errorf("after the first attempt: %+v", r)
		}
		time.Sleep(time.Minute)
		if got := strings.Join(p.told(), ", "); got != "msg 1: Many firing 1, msg 1: Many firing 1, msg 1: Many firing 1, msg 1: Many firing 1" {
			t.Errorf("%s", got)
		}
		if r := q.report(); r.Failing != "" || r.Sent != 1 || r.Waiting != 0 || r.Dropped != 0 {
			t.Errorf("in the end: %+v", r)
		}
	})
}

func TestWhatIsRefusedIsDropped(t *testing.T) {
	queued(t, func(n int) (*http.Response, error) {
		if n == 1 {
			return status(404), nil
		}
		return status(200), nil
	}, func(q *queue, p *posts) {
		q.tell(fired("Many", 1))
		synctest.Wait()
		q.tell(fired("More", 1))
		time.Sleep(time.Minute)
		if r := q.report(); len(p.told()) != 2 || r.Dropped != 1 || r.Sent != 1 || r.Failing != "" {
			t.Errorf("%v, %+v", p.told(), r)
		}
	})
}

// A receiver that is dead for an hour is tried every minute or so, and what waits is bounded.
func TestADeadReceiverCostsLittle(t *testing.T) {
	queued(t, func(n int) (*http.Response, error) { return nil, errors.New("no route to host") }, func(q *queue, p *posts) {
		for i := range 1000 {
			began := time.Now()
			q.tell(fired("Many", i))
			q.tell(ended("Many", i))
			if time.Since(began) > 0 {
				t.Fatal("telling waits")
			}
			time.Sleep(3600 * time.Millisecond)
		}
		q.tell(fired("Lasts", 1))
		time.Sleep(time.Hour)
		if n := len(p.told()); n < 60 || n > 150 {
			t.Errorf("%d attempts in two hours", n)
		}
		if r := q.report(); r.Waiting > 1 || r.Dropped > 10 || r.Failing != "no route to host" {
			t.Errorf("%+v", r)
		}
	})
}

// A receiver that comes back is told where each alert stands, and not how it came there.
func TestAReceiverThatComesBackIsToldOfThePresent(t *testing.T) {
	var dead atomic.Bool
	dead.Store(true)
	queued(t, func(int) (*http.Response, error) {
		if dead.Load() {
			return nil, errors.New("no route to host")
		}
		return status(200), nil
	}, func(q *queue, p *posts) {
		q.tell(fired("Lasts", 1))
		synctest.Wait()
		q.tell(fired("Comes", 1))
		for range 50 {
			q.tell(fired("Flaps", 1))
			time.Sleep(15 * time.Second)
			q.tell(ended("Flaps", 1))
			q.tell(ended("Comes", 1))
			time.Sleep(15 * time.Second)
			q.tell(fired("Comes", 1))
		}
		before := len(p.told())
		if before > 60 {
			t.Errorf("%d attempts in 25 minutes", before)
		}
		dead.Store(false)
		time.Sleep(2 * time.Minute)
		got := p.told()[before:]
		for i := range got {
			_, got[i], _ = strings.Cut(got[i], ": ")
		}
		slices.Sort(got)
		text := strings.Join(got, ", ")
		if text != "Comes firing 1, Lasts firing 1" && text != "Comes firing 1, Flaps resolved 1, Lasts firing 1" { // it may know that Flaps fired
			t.Errorf("then it is told: %s", text)
		}
		if r := q.report(); r.Waiting != 0 || r.Failing != "" {
			t.Errorf("%+v", r)
		}
	})
}

// What ends while it is tried is not told as if it fired: the receiver may have got it, so its end follows.
func TestWhatIsOvertakenIsNotTriedAgain(t *testing.T) {
	queued(t, func(n int) (*http.Response, error) {
		if n < 4 {
			return status(500), nil
		}
		return status(200), nil
	}, func(q *queue, p *posts) {
		q.lock.Lock()
		q.list = []model.Alert{fired("Many", 1)}
		q.lock.Unlock()
		q.tell(fired("Many", 2))
		synctest.Wait()
		q.tell(ended("Many", 1))
		q.tell(fired("More", 1))
		q.tell(ended("More", 1)) // of which it cannot know
		time.Sleep(time.Minute)
		if got := strings.Join(p.told(), ", "); got != "msg 1: Many firing 2, msg 1: Many firing 1, msg 1: Many firing 1, msg 1: Many firing 1, msg 2: Many resolved 1" {
			t.Errorf("%s", got)
		}
		if r := q.report(); r.Failing != "" || r.Sent != 2 || r.Waiting != 0 || r.Dropped != 0 {
			t.Errorf("in the end: %+v", r)
		}
	})
}

func TestAlertsOfOneRuleGoTogether(t *testing.T) {
	queued(t, func(int) (*http.Response, error) { return status(200), nil }, func(q *queue, p *posts) {
		q.lock.Lock()
		q.list = []model.Alert{fired("Race", 1), fired("Race", 2), fired("Many", 1), ended("Race", 1), ended("Race", 2), fired("Race", 3)}
		q.lock.Unlock()
		q.tell(fired("Race", 4))
		synctest.Wait()
		if got := strings.Join(p.told(), ", "); got != "msg 1: Race firing 2, msg 2: Many firing 1, msg 3: Race resolved 2, msg 4: Race firing 2" {
			t.Errorf("%s", got)
		}
	})
}

// What was silenced is told when the silence is over, and what ends in silence is told to those who were told of its beginning.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{failed: 6}
		d := New(Options{Alert: rules(t, "Many=count(state=failed) > 5")}, "", w.snapshot, w.publish, quiet)
		out := &heard{}
		d.outputs = []output{out}
		order := func(do model.AlertAction, length time.Duration) {
			if _, err := d.Carry(model.AlertOrder{Target: "Many", Do: do, For: length}); err != nil {
				t.Error(err)
			}
		}
		seconds := func(n int) string {
			before := len(out.told)
			for range n {
				time.Sleep(time.Second)
				w.look(d)
			}
			return strings.Join(out.told[before:], " ")
		}
		order(model.Silence, 5*time.Second)
		for _, step := range []struct {
			what string
			do   func()
			want string
		}{
			{"silent", func() {}, ""},
			{"the silence is over", func() { seconds(2) }, "Many:firing"},
			{"told", func() {}, ""},
			{"it ends in silence", func() { order(model.Silence, time.Hour); w.set(0) }, "Many:resolved"},
			{"it begins and ends in silence", func() { w.set(6); seconds(3); w.set(0) }, ""},
			{"acknowledged before anybody was told", func() { w.set(6); seconds(2); order(model.Acknowledge, 0); order(model.Silence, 0) }, ""},
			{"its end", func() { w.set(0) }, ""},
		} {
			before := len(out.told)
			step.do()
			seconds(3)
			if got := strings.Join(out.told[before:], " "); got != step.want {
				t.Errorf("%s: told %q, want %q", step.what, got, step.want)
			}
		}
	})
}

// heard is an output that keeps what it is told.
type heard struct{ told []string }

func (h *heard) tell(a model.Alert)        { h.told = append(h.told, a.Rule+":"+string(a.State)) }
func (h *heard) run(context.Context) error { return nil }
func (h *heard) report() model.AlertOutput { return model.AlertOutput{} }

func TestRulesOfHolterAreForTheScreenAlone(t *testing.T) {
	for builtin, want := range map[string]int{"": 0, "screen": 0, "all": 1, "off": 0} {
		w := &ward{failed: 6}
		d := New(Options{AlertBuiltin: builtin}, "", w.snapshot, w.publish, quiet)
		out := &heard{}
		d.outputs = []output{out}
		s, _ := w.snapshot(context.Background())
		d.judge(&s)
		s.Time = s.Time.Add(9 * time.Second)
		d.judge(&s)
		s.Time = s.Time.Add(9 * time.Second)
		d.judge(&s)
		if len(out.told) != want || (len(d.Alerts()) == 0) != (builtin == "off") {
			t.Errorf("%q: told %v of %d alerts", builtin, out.told, len(d.Alerts()))
		}
	}
}

func TestAnOutputThatFailsIsItselfAnAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newWebhook("http://hooks.example/x", "", "")
		h.client.Transport = transport(func(*http.Request, []byte) (*http.Response, error) { return nil, errors.New("no route to host") })
		w := &ward{failed: 6}
		d := New(Options{Alert: rules(t, "Many=count(state=failed) > 5")}, "", w.snapshot, w.publish, quiet)
		d.outputs = []output{newQueue(h, quiet)}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { d.Run(ctx); close(done) }()
		time.Sleep(2 * time.Minute)
		found := false
		for _, a := range d.Alerts() {
			found = found || a.Rule == "AlertsUndelivered" && a.State == model.AlertFiring
		}
		if !found {
			t.Errorf("%+v", d.Alerts())
		}
		cancel()
		<-done
	})
}

func TestTheCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no sh")
	}
	dir := t.TempDir()
	run := func(line string, alerts ...model.Alert) error {
		return (&command{line: line}).deliver(t.Context(), "1", alerts)
	}
	a := fired("Many", 1)
	a.Detail, a.Annotations = "count is 6; $(touch "+dir+"/broken)\x00", []model.Label{{Name: "summary", Value: "a\nb `touch " + dir + "/broken`"}}
	out := filepath.Join(dir, "out")
	if err := run("cat > "+out+"; echo \"$HOLTER_ALERT_NAME $HOLTER_ALERT_STATE $HOLTER_ALERT_COUNT $HOLTER_ALERT_SUMMARY|$HOLTER_ALERT_DETAIL\" >> "+out, a); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(out)
	var n Notice
	if err := json.Unmarshal(text[:strings.LastIndexByte(string(text), '}')+1], &n); err != nil || n.Alerts[0].Labels["alertname"] != "Many" {
		t.Errorf("%s: %v", text, err)
	}
	if !strings.Contains(string(text), "Many firing 1 a b `touch") {
		t.Errorf("%s", text)
	}
	if _, err := os.Stat(filepath.Join(dir, "broken")); err == nil {
		t.Error("a part of an alert was run")
	}
	if err := run("echo first >&2; printf 'it \\033[31mbroke\\n' >&2; exit 3", a); err == nil || !strings.Contains(err.Error(), "exit status 3: it ") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%v", err)
	}
	if err := run("head -c 100000000 /dev/zero >&2; exit 1", a); err == nil || len(err.Error()) > 300 {
		t.Errorf("%.500v", err)
	}
	if err := run("exit 0 < /dev/null", a); err != nil { // it reads nothing
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := (&command{line: "sleep 600 & sleep 600"}).deliver(ctx, "1", []model.Alert{a}); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
