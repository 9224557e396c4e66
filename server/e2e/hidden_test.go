//go:build unix

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holter/server/api"
)

// throttleSoon has the timers of a hidden tab run once a minute after a few seconds, and not after five minutes.
const throttleSoon = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/5"

// feed has the page send something five times a second, until holter knows its habit.
func (p *program) feed(t *testing.T, tab *devtools) {
	t.Helper()
	tab.evaluate(t, fmt.Sprintf(`feed = new WebSocket(%q + "?client=feed"); feed.onopen = () => setInterval(() => feed.send("x"), 200); 0`, p.websocket))
	p.feeds(t, 2*time.Minute, "enough messages", func(c api.Connection) bool { return c.FramesIn > 300 })
}

// feeds waits until the feed is as wanted.
func (p *program) feeds(t *testing.T, limit time.Duration, what string, wanted func(api.Connection) bool) (c api.Connection) {
	t.Helper()
	eventually(t, limit, what, func() bool {
		found := p.connections(t, "client=feed")
		if len(found) == 1 {
			c = found[0]
		}
		return len(found) == 1 && wanted(c)
	})
	return c
}

// throttled reports whether a feed is known as that of a page that does not run, with those words.
func throttled(words string) func(api.Connection) bool {
	return func(c api.Connection) bool {
		return c.Diagnosis.Cause == "page-throttled" && strings.Contains(c.Diagnosis.Detail, words)
	}
}

// stayedNormal checks that the feed was never in doubt, and that its cause was an event.
func stayedNormal(t *testing.T, events *tape) {
	t.Helper()
	told := 0
	for _, e := range events.since(t, time.Time{}, func(e *api.Event) bool { return e.Connection != nil && e.Connection.Client == "feed" }) {
		switch e.Type {
		case "state.changed":
			t.Errorf("%s to %s: %+v", e.From, e.To, e.Diagnosis)
		case "cause.found":
			told++
		}
	}
	if told == 0 {
		t.Error("no event told the cause")
	}
}

// A tab is hidden: Chromium answers pings, and runs the timers of the page once a minute.
func hiddenTab(t *testing.T) {
	p := start(t, "--interval", "250ms", "--on-fail", "observe")
	events := p.record(t)
	chrome, tab := browse(t, p.page, throttleSoon)
	p.pageClient(t, "normal", 1)
	p.feed(t, tab)
	chrome.cover(t)
	eventually(t, patience, "the page is hidden", func() bool { return tab.evaluate(t, `document.hidden`) == "true" })
	c := p.feeds(t, 5*time.Minute, "a throttled page", throttled("about a minute apart"))
	t.Log(c.Diagnosis.Detail)
	tab.call(t, "Page.bringToFront", struct{}{}, &struct{}{})
	p.feeds(t, patience, "the page in front again", func(c api.Connection) bool { return c.Diagnosis.Cause == "" })
	stayedNormal(t, events)
}

// A tab is frozen: Chromium answers pings, and nothing of the page runs.
func TestFrozenTab(t *testing.T) {
	long(t, "it takes half a minute")
	t.Parallel()
	p := start(t, "--interval", "250ms", "--on-fail", "observe")
	events := p.record(t)
	_, tab := browse(t, p.page)
	p.pageClient(t, "normal", 1)
	p.feed(t, tab)
	tab.call(t, "Page.setWebLifecycleState", map[string]any{"state": "frozen"}, &struct{}{})
	c := p.feeds(t, patience, "a frozen page", throttled("The page has sent nothing for "))
	t.Log(c.Diagnosis.Detail)
	stayedNormal(t, events)
}
