// Package services draws and words the services beside the connections: the columns of their list, and what is known of one.
//
// It gets a model.Service, a room in cells and the styles, and returns lines of at most that width. It keeps nothing and asks
// for nothing: which services are shown, in which order, and where, is the page's.
package services

import (
	"cmp"
	"slices"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/tui/chart"
	"holter/tui/look"
	"holter/tui/widget"
)

// Sort keys of services.
const (
	SortService filter.SortKey = "service"
	SortLatency filter.SortKey = "latency"
	SortUptime  filter.SortKey = "uptime"
	SortSince   filter.SortKey = "since"
	SortHeard   filter.SortKey = "heard"
	SortKind    filter.SortKey = "kind"
)

// Moment is how and when services are drawn.
type Moment struct {
	Styles *look.Styles
	Now    time.Time
	Per    int // beats in a cell of a strip
}

// Columns are those of the list of services. at returns the present moment.
func Columns(at func() Moment) []widget.Column[model.Service] {
	type row = model.Service
	plain := func(text func(*row) string) func(*row, int) string {
		return func(r *row, w int) string {
			g := &at().Styles.Glyphs
			return g.Cut(g.Plain(text(r)), w)
		}
	}
	return []widget.Column[row]{
		{Title: "STATE", Sort: filter.SortState, Letter: "s", Inverse: true, Min: 9, Want: 9, Loud: true, Text: func(r *row, w int) string {
			g := &at().Styles.Glyphs
			return g.Cut(g.States[min(r.State, model.Unknown)]+" "+r.State.String(), w)
		}},
		{Title: "SERVICE", Sort: SortService, Letter: "e", Min: 12, Want: 24, Ample: 48, Fits: true, Text: plain(func(r *row) string { return r.ID })},
		{Title: "KIND", Sort: SortKind, Letter: "k", Min: 8, Rank: widget.Third, Text: plain(func(r *row) string { return string(r.Kind) })},
		{Title: "LATENCY", Sort: SortLatency, Letter: "l", Descending: true, Min: 7, Want: 7, Right: true, Text: func(r *row, _ int) string { return latency(r) }},
		{Title: "BEATS", Min: 12, Want: 18, Ample: 48, Rank: widget.Second,
			Text:  func(r *row, w int) string { return chart.PlainStrip(r.Strip[:], at().Per, w, &at().Styles.Glyphs) },
			Vivid: func(r *row, w int) string { return chart.Strip(r.Strip[:], at().Per, w, at().Styles) }},
		{Title: "TIMEOUT", Min: 8, Want: 8, Rank: widget.Third, Right: true, Text: func(r *row, _ int) string { return look.Seconds(r.Timeout) }},
		{Title: "HEARD", Sort: SortHeard, Letter: "h", Min: 6, Rank: widget.Third, Right: true, Text: func(r *row, _ int) string { return heard(r, at().Now) }},
		{Title: "UP 1H", Sort: SortUptime, Letter: "u", Inverse: true, Min: 7, Want: 7, Right: true, Text: func(r *row, _ int) string { return Uptime(r) }},
		{Title: "FOR", Sort: SortSince, Letter: "f", Descending: true, Min: 6, Want: 6, Right: true, Text: func(r *row, _ int) string { return look.Span(at().Now.Sub(r.Since)) }},
		{Title: "WHY", Min: 12, Want: 18, Ample: 40, Text: func(r *row, w int) string { return why(r, w, &at().Styles.Glyphs) }, Vivid: func(r *row, w int) string {
			s := at().Styles
			text := look.Pad(why(r, w, &s.Glyphs), w)
			if r.State.Trouble() {
				return s.States[r.State].String(text)
			}
			return s.Dim.String(text)
		}},
	}
}

// State is that of a service's colours.
func State(r *model.Service) model.State { return r.State }

// Sorted sorts services that are by id.
func Sorted(rows []*model.Service, o widget.Order) {
	compare := map[filter.SortKey]func(x, y *model.Service) int{
		filter.SortState: func(x, y *model.Service) int { return cmp.Compare(urgency(x.State), urgency(y.State)) },
		SortService:      func(x, y *model.Service) int { return cmp.Compare(x.ID, y.ID) },
		SortLatency:      func(x, y *model.Service) int { return cmp.Compare(x.Latency, y.Latency) },
		SortUptime:       func(x, y *model.Service) int { return cmp.Compare(x.Uptime, y.Uptime) },
		SortSince:        func(x, y *model.Service) int { return y.Since.Compare(x.Since) },
		SortHeard:        func(x, y *model.Service) int { return y.Heard.Compare(x.Heard) },
		SortKind:         func(x, y *model.Service) int { return cmp.Compare(x.Kind, y.Kind) },
	}[o.By]
	if compare == nil {
		return
	}
	slices.SortStableFunc(rows, func(x, y *model.Service) int {
		if o.Descending {
			x, y = y, x
		}
		return compare(x, y)
	})
}

// urgency is the place of a state among those that want attention.
func urgency(s model.State) int {
	return slices.Index([]model.State{model.Failed, model.Suspect, model.Unknown, model.Closed, model.Normal}, s)
}

// latency is that of the newest beat, while the service lives. A report that came when it was due has none.
func latency(r *model.Service) string {
	if r.Latency <= 0 || r.Received == 0 || !r.Alive() {
		return look.None
	}
	return look.Brief(r.Latency)
}

func heard(r *model.Service, now time.Time) string {
	if r.Heard.IsZero() {
		return look.None
	}
	return look.Span(now.Sub(r.Heard))
}

// Uptime is the share of the last hour in which a service lived.
func Uptime(r *model.Service) string {
	switch {
	case r.State == model.Unknown:
		return look.None
	case r.Uptime >= 1:
		return "100%"
	}
	return look.Share(r.Uptime)
}

// why is the cause with its sentence or, where that does not fit, in a few words; of a service that is well what it says of
// itself, and that its clock is off.
func why(r *model.Service, w int, g *look.Glyphs) string {
	if r.Diagnosis.Cause == "" {
		return g.Cut(g.Plain(remark(r)), w)
	}
	cause := g.Plain(string(r.Diagnosis.Cause))
	for _, words := range []string{r.Diagnosis.Detail, causeHelp[r.Diagnosis.Cause]} {
		if text := cause + "  " + g.Plain(words); words != "" && look.Width(text) <= w {
			return text
		}
	}
	return g.Cut(cause, w)
}

// remark is what is worth a word about a service with which nothing is wrong.
func remark(r *model.Service) string {
	switch {
	case r.State == model.Closed:
		return "said goodbye"
	case r.Clock != 0:
		return "clock " + offBy(r.Clock)
	case r.Kind == model.Reported && r.Status != "":
		return r.Status
	}
	return ""
}

// offBy says by how much a clock is ahead or behind.
func offBy(off time.Duration) string {
	if off < 0 {
		return look.Span(-off) + " behind"
	}
	return look.Span(off) + " ahead"
}

// causeHelp is what each of model.ServiceCauses means, for tables in which its sentence does not fit.
var causeHelp = map[model.Cause]string{
	model.CauseNoHeartbeat: "no report came",
	model.CauseRefused:     "nobody listens",
	model.CauseTimedOut:    "no answer in time",
	model.CauseDNS:         "name without address",
	model.CauseTLS:         "certificate or handshake",
	model.CauseStatus:      "it says it is not well",
	model.CauseNoHTTP:      "no answer of HTTP",
	model.CauseUnreachable: "no way to it",
	model.CauseJitter:      "it recovered",
	model.CauseBack:        "it lives again",
}
