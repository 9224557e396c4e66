package advice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/model/heart"
)

// Look gathers what the connections of a hub show at one time.
type Look struct {
	rhythm *heart.Rhythm
	onFail model.OnFail
	now    time.Time

	mute    map[kind]*crowd[model.ID]
	doubles crowd[string]
	storms  []model.Storm
	timeouts
}

// kind is peers that are probably the same program.
type kind struct {
	side  model.Side
	agent string // of clients
}

// crowd is connections that a warning is about. It names some of them, the same ones in each look.
type crowd[K cmp.Ordered] struct {
	count int
	some  []K // the first mostNamed, in their order
}

const (
	mostNamed = 8  // names or ids in a filter
	mostKinds = 64 // that are counted
	mostMute  = 4  // of these, that are told

	// certainPings is how many pings a peer must have got and not answered.
	certainPings = 3
)

func (c *crowd[K]) add(name K) {
	c.count++
	if at, known := slices.BinarySearch(c.some, name); !known && at < mostNamed {
		c.some = slices.Insert(c.some, at, name)
		c.some = c.some[:min(len(c.some), mostNamed)]
	}
}

// anyOf is a filter for some values of a field.
func anyOf[K any](field string, values []K) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = field + "=" + filter.Quote(fmt.Sprint(v))
	}
	return strings.Join(words, " or ")
}

// NewLook begins a look at now. The rhythm is that of all hearts.
func NewLook(r *heart.Rhythm, onFail model.OnFail, now time.Time) *Look {
	return &Look{rhythm: r, onFail: onFail, now: now, mute: make(map[kind]*crowd[model.ID]), timeouts: newTimeouts()}
}

// Mute shows a connection whose peer lives, and has never answered a ping.
func (l *Look) Mute(c *model.Connection) {
	if c.PongsReceived > 0 || c.PingsSent < certainPings {
		return
	}
	k := kind{side: c.Side}
	if c.Side == model.ClientSide {
		k.agent = c.UserAgent
	}
	of := l.mute[k]
	if of == nil {
		if len(l.mute) >= mostKinds {
			return
		}
		of = new(crowd[model.ID])
		l.mute[k] = of
	}
	of.add(c.ID)
}

// Double shows a connection of a client and a newer one of the same client.
func (l *Look) Double(old, newer *model.Connection) {
	if old.State == model.Failed && old.Open() && newer.State == model.Normal && newer.Open() && newer.Path == old.Path &&
		newer.Opened.After(old.Opened) && newer.Age(l.now) >= model.Stay {
		l.doubles.add(old.Client)
	}
}

// Storms shows the storms that are remembered, the oldest first.
func (l *Look) Storms(all []model.Storm) { l.storms = all }

// Warnings returns what was found. They have no ID and no time yet.
func (l *Look) Warnings() []model.Warning {
	all := slices.Concat(l.mutes(), l.backoffs(), l.timeouts.warnings(l.rhythm))
	if l.doubles.count > 0 {
		all = append(all, l.double())
	}
	return all
}

// mutes are those about peers that never pong, the kinds with the most of them.
func (l *Look) mutes() (all []model.Warning) {
	for k, of := range l.mute {
		w := model.Warning{Kind: model.NeverPongs, Urgency: model.Risk, Touched: of.count, Agent: k.agent,
			At: model.Place{Page: model.ConnectionsPage, Query: anyOf("id", of.some)}}
		who, by := quoted(k.agent), "their library"
		switch {
		case k.side == model.UpstreamSide:
			who, by = "the upstream", "its library"
		case len(of.some) < of.count:
			w.At.Query = "cause=" + string(model.CauseNoPong) + " ua=" + filter.Quote(k.agent)
		}
		w.Detail = fmt.Sprintf("%s of %s %s alive, but answered none of at least %d pings: if the program at that end hangs, only its kernel answers, and nobody notices. Let %s read, and answer pings (RFC 6455 section 5.5.2).",
			count(of.count, "connection"), who, is(of.count), certainPings, by)
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b model.Warning) int { return a.Compare(&b) })
	return all[:min(len(all), mostMute)]
}

// double is the one about earlier connections of clients that have come back.
func (l *Look) double() model.Warning {
	d := &l.doubles
	w := model.Warning{Kind: model.Duplicate, Urgency: model.Risk, Touched: d.count,
		At: model.Place{Page: model.ConnectionsPage, Query: anyOf("client", d.some)}}
	mend := "Let the application close the earlier connection when its client comes back"
	if l.onFail == model.OnFailObserve {
		mend += ", or run with --on-fail close"
	}
	w.Detail = fmt.Sprintf("%s open that %s failed, beside a newer and good one of the same client on the same path: what is sent to the earlier one is lost. %s.",
		count(d.count, "connection")+" "+is(d.count), has(d.count), mend)
	return w
}

// backoffs are those about clients that start their delays anew after each connection. Of one kind of client, the newest
// storm that knows decides.
func (l *Look) backoffs() (all []model.Warning) {
	known := make(map[model.Pool]bool)
	for _, s := range slices.Backward(l.storms) {
		for i := range s.Policies {
			p := &s.Policies[i]
			if p.Resets == model.ResetUnknown || known[p.Pool] {
				continue
			}
			known[p.Pool] = true
			if p.Resets == model.ResetAtOpen {
				all = append(all, backoff(&s, p))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b model.Warning) int { return a.Compare(&b) })
	return all[:min(len(all), model.MaxStormPolicies)]
}

func backoff(s *model.Storm, p *model.PoolPolicy) model.Warning {
	w := model.Warning{Kind: model.ResetsAtOpen, Urgency: model.Risk, Touched: p.Clients, Path: p.Path, Agent: p.UserAgent,
		At: model.Place{Page: model.StormsPage, Query: fmt.Sprint(s.ID)}}
	if s.On() && s.Unsettled() {
		w.Urgency = model.Harm
	}
	first := "soon"
	if d := p.Delay(1); d > 0 {
		first = "after " + span(d)
	}
	w.Detail = fmt.Sprintf("%s of %s on %s begin again with their first delay after each connection, however short: whatever closes connections at once meets all of them again %s. Begin anew only when a connection has lasted for some seconds.",
		count(p.Clients, "client"), quoted(p.UserAgent), cmp.Or(p.Path, "all paths"), first)
	return w
}
