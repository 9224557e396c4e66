package tui

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/tui/advice"
	"holter/tui/alerts"
	"holter/tui/look"
	"holter/tui/widget"
)

// isReadOnly reports whether the screen was told to change nothing, or what it shows now does not let it.
func (a *App) isReadOnly() bool { return a.readOnly || a.live != nil && a.live.Monitor.ReadOnly }

// mayAct reports whether the screen may change something, and says so if not.
func (a *App) mayAct() bool {
	if a.isReadOnly() {
		a.status.complain("read-only: this screen changes nothing")
	}
	return !a.isReadOnly()
}

// askKick opens the dialog for the connection that is selected now, if it is there by now.
func (a *App) askKick() {
	c, absent := a.chosen()
	if c == nil {
		a.status.say(absent)
		return
	}
	if !a.mayAct() {
		return
	}
	now := a.live.find(c.ID)
	if now == nil || !now.Open() {
		a.status.complain("nothing to kick: " + look.Who(c) + " is gone already")
		return
	}
	a.ask(newKickDialog(a.styles, &a.keys, a.fx, a.live, victims{label: look.Who(c), ids: []model.ID{c.ID}}))
}

// askKickAll opens the dialog for those that are marked, or else listed.
func (a *App) askKickAll() {
	p, ok := a.page().(many)
	if !ok {
		a.status.say("there are no connections to kick on this page")
		return
	}
	if !a.mayAct() {
		return
	}
	to := p.targets()
	if len(to.ids) == 0 {
		a.status.complain("nothing to kick: " + to.none)
		return
	}
	a.ask(newKickDialog(a.styles, &a.keys, a.fx, a.live, to))
}

// targets are never more than the user can take them for: marks stand for nothing else when what was marked has gone, and
// a detail that stands alone is about its own connection.
func (p *connections) targets() victims {
	switch c := p.detail.connection(); {
	case p.marks.any():
		ids := p.marks.open(p.picture)
		return victims{label: fmt.Sprintf("%d marked", len(ids)), ids: ids,
			none: fmt.Sprintf("%s marked, gone by now: %s unmarks", look.Count(p.marks.count()), p.keys.Unmark.Help().Key)}
	case p.detail.stage == whole && p.picture.isOpen(c.ID):
		return victims{label: look.Who(c), ids: []model.ID{c.ID}}
	case p.detail.stage == whole:
		return victims{none: look.Who(c) + " is gone already"}
	}
	return listed(&p.sorted, choosesConnection, func(c *model.Connection) *model.Connection { return c })
}

func (p *clients) targets() victims {
	return listed(&p.sorted, choosesClient, func(row *clientRow) *model.Connection { return row.connection })
}

// listed are the connections of all rows that the page's filter chooses. Until a command has chosen anew, the rows are
// still those of the filter before.
func listed[R any, K comparable](l *sorted[R, K], chooses func(filter.Filter, *picture, *model.Connection) bool,
	connection func(*R) *model.Connection) victims {
	to := victims{filter: l.search.filter, chooses: chooses, none: "no connection that is listed is open"}
	for _, row := range l.list.Rows {
		if c := connection(row); c != nil && c.Open() && to.meant(l.picture, c) {
			to.ids = append(to.ids, c.ID)
		}
	}
	to.label = fmt.Sprintf("all %d", len(to.ids))
	if l.search.text != "" {
		to.none = "no open connection matches " + l.search.text
		to.label = fmt.Sprintf("%d that match %s", len(to.ids), l.search.text)
	}
	return to
}

// kicked shows what became of a kick.
func (a *App) kicked(msg *kicked) {
	code := model.ErrorCode(msg.err)
	gone := code == model.NotFound || code == model.Gone
	switch {
	case msg.err == nil && (msg.n == msg.asked || msg.asked == 1):
		a.status.say("kicked " + msg.label + ": " + msg.how)
	case msg.err == nil || gone && msg.n > 0:
		a.status.say(fmt.Sprintf("kicked %d of %s: %s; %s", msg.n, msg.label, msg.how, msg.others))
	case gone:
		a.status.complain("nothing to kick: " + msg.label + " is gone already")
	default:
		a.status.complain("could not kick " + msg.label + ": " + msg.err.Error())
	}
}

// advising is the dialog with the advice of the newest picture.
type advising struct{ *advice.Dialog }

func (d advising) refresh(p *picture) { d.Set(slices.Concat(p.advice, p.waived), p.Time) }

// openAdvice lists the advice, with the cursor on one of its pieces.
func (a *App) openAdvice(at int) {
	if a.live == nil || len(a.live.advice)+len(a.live.waived) == 0 {
		a.status.say("there is no advice: nothing is known that could be better")
		return
	}
	k := advice.Keys{Keys: &a.keys.Keys, Advice: a.keys.Advice, Open: a.keys.Open, Dismiss: a.keys.Dismiss}
	d := advice.NewDialog(a.styles, k, advice.Actions{Visit: a.visit, Dismiss: a.dismiss})
	advising{d}.refresh(a.live)
	d.GoTo(at)
	a.ask(advising{d})
}

// dismiss takes a piece of advice away, or brings back one that is dismissed.
func (a *App) dismiss(w *model.Warning) tea.Cmd {
	switch {
	case !a.mayAct():
		return nil
	case w.ID == "":
		a.status.complain("the other holter is of a version that keeps its advice")
		return nil
	}
	id, do := w.ID, a.fx.source.Dismiss
	report := reported{what: "dismiss it", done: string(w.Kind) + " is dismissed until it becomes worse"}
	if w.Dismissed {
		do, report = a.fx.source.Recall, reported{what: "bring it back", done: string(w.Kind) + " is among the advice again"}
	}
	return a.fx.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		report.err = do(ctx, id)
		return report
	})
}

// alerting is the dialog with the alerts of the newest picture.
type alerting struct{ *alerts.Dialog }

func (d alerting) refresh(p *picture) { d.Set(p.Alerts, p.Time) }

// openAlerts lists the alerts.
func (a *App) openAlerts() {
	if a.live == nil {
		return
	}
	k := alerts.Keys{Keys: &a.keys.Keys, Alerts: a.keys.Alerts, Open: a.keys.Open, Acknowledge: a.keys.Toggle, Silence: a.keys.Silence, Rules: a.keys.NextPage}
	do := alerts.Actions{Visit: a.visit, Order: a.orderAlert, Book: a.fx.book}
	a.ask(alerting{alerts.NewDialog(a.styles, k, do, a.live.Alerts, a.live.Time)})
}

// orderAlert acknowledges or silences alerts, and says done.
func (a *App) orderAlert(o model.AlertOrder, done string) tea.Cmd {
	if !a.mayAct() {
		return nil
	}
	return a.fx.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		what := string(o.Do) + " it"
		if _, err := a.fx.source.OrderAlert(ctx, o); err != nil {
			return booked{what: what, err: err}
		}
		b, err := a.fx.source.Alerts(ctx)
		return booked{b, what, done, err}
	})
}

// book asks for all that is known of alerts.
func (e *effects) book() tea.Cmd {
	return e.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		b, err := e.source.Alerts(ctx)
		return booked{b, "ask for the rules", "", err}
	})
}

// booked is all that is known of alerts, after something that was asked for.
type booked struct {
	book       model.AlertBook
	what, done string // as of reported; "" for nothing to say
	err        error
}

// booked shows the rules, if they are still asked for, and what became of an order.
func (a *App) booked(msg *booked) {
	if d, open := a.dialog.(alerting); open && msg.err == nil {
		d.SetBook(&msg.book)
	}
	if msg.err != nil || msg.done != "" {
		a.reported(&reported{what: msg.what, done: msg.done, err: msg.err})
	}
}

// ring has the terminal tell of alerts that began to fire, once of each. What fires when the screen begins is on it.
func (a *App) ring() {
	loud, known := alerts.Loud(a.live.Alerts, a.live.Time), a.rung
	a.rung = make(map[string]time.Time, len(loud))
	var fired []*model.Alert
	for _, one := range loud {
		a.rung[one.ID] = one.Fired
		if at, told := known[one.ID]; known != nil && !(told && at.Equal(one.Fired)) {
			fired = append(fired, one)
		}
	}
	if len(fired) == 0 {
		return
	}
	if sequence := alerts.Notification(a.notify, fired); sequence != "" {
		io.WriteString(a.fx.screen, around(sequence, os.Getenv))
	}
}

// alarms are how many alerts call for somebody, in fewer and fewer words.
func (a *App) alarms() []string {
	if a.shown() == nil {
		return nil
	}
	n := len(alerts.Loud(a.shown().Alerts, a.shown().Time))
	if n == 0 {
		return nil
	}
	return []string{a.keys.Alerts.Help().Key + " " + counted(n, "alert"), fmt.Sprintf("%s %d", a.keys.Alerts.Help().Key, n)}
}

// startDemo starts demo clients while there are no connections.
func (a *App) startDemo() tea.Cmd {
	switch {
	case a.live == nil || len(a.live.Connections) > 0:
		a.status.say("demo clients start only while there are no connections")
	case a.mayAct():
		a.status.say("starting 20 demo clients")
		return a.fx.startDemo()
	}
	return nil
}

// refuseFor are the times to choose from, the usual one first.
var refuseFor = []time.Duration{10 * time.Second, time.Minute}

// askRefuse asks for how long upgrades are to be refused. Any other key leaves it.
func (a *App) askRefuse() {
	if a.live == nil || !a.mayAct() {
		return
	}
	items := []widget.Item{
		{Letter: "y", Label: "yes, for " + look.Interval(refuseFor[0]), Do: func() tea.Cmd { return a.fx.refuse(refuseFor[0]) }},
		{Letter: "m", Label: "for " + look.Interval(refuseFor[1]), Do: func() tea.Cmd { return a.fx.refuse(refuseFor[1]) }},
	}
	if a.refusing() > 0 {
		items = append(items, widget.Item{Letter: "0", Label: "let them in again", Do: func() tea.Cmd { return a.fx.refuse(0) }})
	}
	a.ask(&widget.Menu{Styles: a.styles, Keys: &a.keys.Keys, Title: "refuse upgrades?", Items: items})
}

// refusing is for how much longer upgrades are refused.
func (a *App) refusing() time.Duration {
	if a.live == nil {
		return 0
	}
	return max(0, a.live.Monitor.RefusingUntil.Sub(a.live.Time))
}

// refuse refuses upgrades for a time, or accepts them again for 0.
func (e *effects) refuse(length time.Duration) tea.Cmd {
	return e.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		err := e.source.Refuse(ctx, length)
		if length == 0 {
			return reported{what: "let upgrades in", done: "upgrades are let in again", err: err}
		}
		return reported{what: "refuse upgrades", done: fmt.Sprintf("upgrades are refused for %s: R ends it", look.Interval(length)), err: err}
	})
}
