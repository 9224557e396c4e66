package tui

import (
	"cmp"
	"fmt"
	"slices"

	"holter/model"
	"holter/tui/advice"
	"holter/tui/alerts"
	"holter/tui/flood"
	"holter/tui/look"
)

// What the screen remembers at most: notable events, and samples of the host, one a second.
const (
	keptEvents  = 2000
	keptSamples = 600

	keptOfFlood = 500 // at least, of the events of a flood that push others out
)

// How much an event matters on the message line.
const (
	weightArrival = iota + 1
	weightEnd
	weightTrouble
	weightLoss
)

// feed is the newest of what the source told: the notable events and the samples of the host, oldest first. Events that come
// in a flood take one row together, and do not push others out of what is remembered.
type feed struct {
	items   []*item
	watch   flood.Watch
	samples []model.Host
	seq     uint64       // of the newest event seen
	held    uint64       // items from this one on are not shown, 0 while all are
	still   []model.Host // the samples that are shown while items are held
}

// add takes a batch and returns the weightiest row of it, the newest of several. first says that
// there was no batch before it: what it reports as lost was never this screen's.
func (f *feed) add(batch []model.Event, first bool) (item, bool) {
	var heaviest *item
	for i := range batch {
		ev := &batch[i]
		f.seq = max(f.seq, ev.Seq)
		if ev.Type == model.HostSampled && ev.Host != nil {
			f.samples = newest(append(f.samples, *ev.Host), keptSamples)
		}
		it, ok := itemOf(ev)
		if !ok || first && ev.Type == model.Dropped {
			continue
		}
		f.items = append(f.items, &it)
		if it.common() {
			f.watch.Add(&it.Event)
		}
		if heaviest == nil || it.weight >= heaviest.weight {
			heaviest = &it
		}
	}
	f.forget()
	if heaviest == nil {
		return item{}, false
	}
	return *f.rowWith(heaviest), true
}

// rowWith is the row that shows an item: the item, or the flood that it is part of.
func (f *feed) rowWith(it *item) *item {
	if it.Flood == nil {
		return it
	}
	var members []*item
	for _, x := range f.items {
		if x.Flood == it.Flood {
			members = append(members, x)
		}
	}
	return folded(members, it.Flood.Gone)
}

// forget drops what is more than is kept: the oldest items of long floods, and then the oldest of all.
func (f *feed) forget() {
	extra := len(f.items) - keptEvents
	if extra <= 0 {
		return
	}
	kept := map[*flood.Flood]int{}
	for _, it := range f.items {
		kept[it.Flood]++
	}
	f.items = slices.DeleteFunc(f.items, func(it *item) bool {
		if it.Flood == nil || kept[it.Flood] <= keptOfFlood || extra == 0 {
			return false
		}
		kept[it.Flood]--
		it.Flood.Gone++
		extra--
		return true
	})
	f.items = newest(f.items, keptEvents)
}

// newest is the last n of list, in its array.
func newest[T any](list []T, n int) []T {
	if extra := len(list) - n; extra > 0 {
		return append(list[:0], list[extra:]...)
	}
	return list
}

// hold keeps what is shown as it is, and release lets it go on.
func (f *feed) hold() { f.held, f.still = f.seq+1, slices.Clone(f.samples) }

func (f *feed) release() { f.held, f.still = 0, nil }

// hosts are the samples up to where they are held.
func (f *feed) hosts() []model.Host {
	if f.held == 0 {
		return f.samples
	}
	return f.still
}

// shown are the items up to where they are held.
func (f *feed) shown() []*item {
	if f.held == 0 {
		return f.items
	}
	i, _ := slices.BinarySearchFunc(f.items, f.held, func(it *item, seq uint64) int { return cmp.Compare(it.seq, seq) })
	return f.items[:i]
}

// since is how many items there are beyond those that are shown.
func (f *feed) since() int { return len(f.items) - len(f.shown()) }

// rows are items with one row for each flood, where its newest item would be. Those of a flood that is unfolded follow it.
// whole says that no items were left out: then the row also counts those of the flood that are forgotten.
func rows(items []*item, whole bool, unfolded map[*flood.Flood]bool) []*item {
	members := map[*flood.Flood][]*item{}
	for _, it := range items {
		if it.Flood != nil {
			members[it.Flood] = append(members[it.Flood], it)
		}
	}
	list := make([]*item, 0, len(items))
	for _, it := range items {
		gone, all := 0, members[it.Flood]
		if it.Flood != nil && whole {
			gone = it.Flood.Gone
		}
		switch {
		case it.Flood == nil, len(all)+gone < flood.Least:
			list = append(list, it)
		case it != all[len(all)-1]:
		case unfolded[it.Flood]:
			list = append(append(list, folded(all, gone)), below(all)...)
		default:
			list = append(list, folded(all, gone))
		}
	}
	return list
}

// folded is the row of a flood.
func folded(members []*item, gone int) *item {
	row := *members[len(members)-1]
	row.connection, row.refusal, row.service, row.text = nil, nil, nil, ""
	row.members, row.gone, row.first = members, gone, members[0].seq
	for _, it := range members {
		if it.state.Trouble() {
			row.state = it.state
		}
	}
	return &row
}

// below are the rows of a flood's items below its own.
func below(members []*item) []*item {
	list := make([]*item, len(members))
	for i, it := range members {
		inner := *it
		inner.inside = true
		list[i] = &inner
	}
	return list
}

// view is the newest items in h lines, the newest one last, in two columns where there is room.
func (f *feed) view(s *look.Styles, w, h int) []string {
	items := f.newest(feedRoom(w, h))
	if n := feedColumns(w); n > 1 {
		w = (w - barWidth) / n
	}
	lines := make([]string, len(items))
	for i := range items {
		lines[i] = items[i].view(s, w)
	}
	if len(lines) <= h {
		return look.Fill(lines, h)
	}
	return look.SideBySide(lines[:h:h], look.Fill(lines[h:], h), w, "  ")
}

// feedRoom is how many items h lines of w cells have room for.
func feedRoom(w, h int) int { return max(0, h) * feedColumns(w) }

func feedColumns(w int) int {
	if w >= rightWidth {
		return 2
	}
	return 1
}

// newest are the last n of the rows that are shown.
func (f *feed) newest(n int) []*item { return newest(rows(f.shown(), true, nil), max(n, 0)) }

// itemOf puts an event into words. Not every event deserves some.
func itemOf(e *model.Event) (item, bool) {
	source := *e // and not the batch that it came in
	it := item{source: &source, seq: e.Seq, connection: e.Connection, refusal: e.Refusal, Event: flood.Event{At: e.Time}}
	if e.Connection != nil {
		it.Who = e.Connection.Client
	}
	switch {
	case e.Type == model.ConnectionOpened && e.Connection != nil:
		it.weight, it.Kind = weightArrival, "opened"
		it.text = look.Who(e.Connection) + " connected"
		if g := e.Connection.Generation; g > 1 {
			it.text += fmt.Sprintf(" again, generation %d", g)
		}
	case e.Type == model.ConnectionClosed && e.Connection != nil:
		it = endOf(e.Connection, it)
	case e.Type == model.StateChanged && e.Connection != nil:
		it = changeOf(e, it)
	case e.Type == model.ConnectionRefused && e.Refusal != nil:
		it.weight, it.Kind, it.state = weightEnd, "refused", model.Failed
		it.Who, it.How = cmp.Or(e.Refusal.Client, e.Refusal.Remote), e.Refusal.Answer()
		it.text = refusalOf(e.Refusal)
	case e.Type == model.TokenExpiring && e.Connection != nil:
		it.weight, it.Kind, it.state = weightArrival, "expiring", e.Connection.State
		it.text = look.Who(e.Connection) + " will be closed: its token expires at " + look.Clock(e.Connection.Expires)
	case e.Type == model.RequestRefused && e.Refusal != nil:
		it.weight, it.Kind, it.state = weightEnd, "refused", model.Suspect
		it.Who, it.How = e.Refusal.Remote, e.Refusal.Answer()
		it.text = requestRefused(e)
	case e.Type == model.FaultSet && e.Connection != nil:
		it.weight, it.Kind, it.state = weightArrival, "fault", e.Connection.State
		it.How = e.Connection.Faults.String()
		it.text = look.Who(e.Connection) + " faults: " + it.How
	case e.Type == model.StormStarted && e.Storm != nil:
		it.weight, it.Kind, it.state = weightLoss, "storm", model.Suspect
		it.text = fmt.Sprintf("storm %d: %s", e.Storm.ID, beginning(e.Storm))
	case e.Type == model.StormEnded && e.Storm != nil:
		it.weight, it.Kind = weightLoss, "calm"
		it.text = fmt.Sprintf("storm %d is over: %s", e.Storm.ID, outcome(e.Storm))
	case e.Type == model.StormFlapping && e.Storm != nil:
		it.weight, it.Kind, it.state = weightLoss, "storm", model.Flapping
		it.text = fmt.Sprintf("storm %d does not end: %s", e.Storm.ID, flapWords(e.Storm, "x"))
	case e.Type == model.WarningRaised && e.Warning != nil:
		it.weight, it.Kind, it.state = weightLoss, "warning", advice.State(e.Warning)
		it.text = fmt.Sprintf("%s: %s", e.Warning.Kind, e.Warning.Detail)
		if e.Warning.Path != "" {
			it.text = fmt.Sprintf("%s on %s: %s", e.Warning.Kind, e.Warning.Path, e.Warning.Detail)
		}
	case e.Type == model.CohortFound && e.Cohort != nil:
		it.weight, it.Kind, it.state = weightLoss, "cohort", model.Failed
		if e.Cohort.Farewell() {
			it.weight, it.state = weightArrival, model.Closed
		}
		it.text = cohortWords(e.Cohort)
	case e.Type == model.CauseFound && e.Connection != nil:
		it.weight, it.Kind, it.state = weightArrival, "cause", e.Connection.State
		it.How = string(e.Connection.Diagnosis.Cause)
		it.text = look.Who(e.Connection) + " is understood: " + it.How
		if e.Connection.Open() {
			it.weight, it.text = weightLoss, look.Who(e.Connection)+": "+it.How
		}
	case e.Type == model.HostLate && e.Late != nil:
		it.weight, it.Kind, it.state = weightLoss, "late", model.Suspect
		it.text = e.Late.String() + ": judgements of that time say so"
	case e.Type == model.ServiceChanged && e.Service != nil:
		it = serviceOf(e, it)
	case e.Type == model.AlertChanged && e.Alert != nil:
		it.weight, it.Kind, it.state = weightLoss, "alert", alerts.State(e.Alert)
		it.text = alerts.Line(e.Alert)
	case e.Type == model.ConfigReloaded && e.Reload != nil:
		it.weight, it.Kind, it.text = weightLoss, "settings", e.Reload.String()
		if e.Reload.Error != "" || e.Reload.Warning != "" {
			it.state = model.Suspect
		}
	case e.Type == model.Dropped:
		it.weight, it.Kind, it.state = weightLoss, "lost", model.Suspect
		it.text = fmt.Sprintf("%d events lost: the screen or the line to it could not keep up", e.Count)
	case !slices.Contains(model.EventTypes[:], e.Type):
		it.weight, it.Kind, it.text = weightArrival, "other", string(e.Type)
		if e.Connection != nil {
			it.text = look.Who(e.Connection) + " " + it.text
		}
	}
	return it, it.weight > 0
}

// cohortWords are a cohort's cause, if it is known, and its sentence.
func cohortWords(c *model.Cohort) string {
	if c.Cause == "" || c.Cause == model.CauseUnknown {
		return c.Detail
	}
	return string(c.Cause) + ": " + c.Detail
}

// refusalOf words a refusal. The reason is what the client was told; what broke the handshake says more.
func refusalOf(r *model.Refusal) string {
	who := cmp.Or(r.Client, r.Remote)
	if r.By != "" && r.By != model.RefusedByHolter {
		return fmt.Sprintf("refused %s by %s: %s", who, r.By, r.Answer())
	}
	return fmt.Sprintf("refused %s: %s", who, r.Answer())
}

// requestRefused words the refusal of a request to the API, or of several.
func requestRefused(e *model.Event) string {
	text := fmt.Sprintf("the API refused %s: %s", e.Refusal.Remote, e.Refusal.Answer())
	if e.Count > 1 {
		text += fmt.Sprintf(" (%d times)", e.Count)
	}
	return text
}

// endOf words the end of a connection.
func endOf(c *model.Connection, it item) item {
	it.weight, it.Kind, it.state = weightEnd, "closed", c.State
	it.text = look.Who(c) + " closed"
	if c.Close == nil {
		return it
	}
	if cause := c.Diagnosis.Cause; cause.ByCohort() {
		it.How = string(cause)
		it.text += ": " + it.How
		return it
	}
	end := *c.Close
	it.text += ": " + look.Ending(&end)
	end.Reason = model.WithoutRetryAfter(end.Reason) // in a flood, where each has another time
	it.How = look.Ending(&end)
	return it
}

// changeOf words a change of state. The end of a connection is told by another event.
func changeOf(e *model.Event, it item) item {
	if e.To == model.Closed {
		return it
	}
	it.weight, it.state = weightArrival, min(e.To, model.Unknown)
	it.Kind = it.state.String()
	if e.To.Trouble() {
		it.weight = weightTrouble
	}
	it.text = fmt.Sprintf("%s %s, was %s", look.Who(e.Connection), e.To, e.From)
	if cause := e.Connection.Diagnosis.Cause; cause != "" {
		it.How = string(cause)
		it.text += ": " + it.How
	}
	if late := e.Connection.Late; late > 0 {
		it.text += fmt.Sprintf(" (holter was late by %s itself)", look.Silence(late))
	}
	return it
}

// serviceOf words a change of a service's state.
func serviceOf(e *model.Event, it item) item {
	s := e.Service
	it.service, it.Who = s, s.ID
	it.weight, it.Kind, it.state = weightTrouble, "service", min(e.To, model.Unknown)
	switch {
	case e.From == model.Closed:
		it.weight, it.text = weightEnd, fmt.Sprintf("service %s is there", s.ID)
	case e.To == model.Closed:
		it.weight, it.text = weightEnd, fmt.Sprintf("service %s said goodbye", s.ID)
	case e.From == model.Unknown:
		it.text = fmt.Sprintf("service %s %s", s.ID, e.To)
	default:
		it.text = fmt.Sprintf("service %s %s, was %s", s.ID, e.To, e.From)
	}
	if e.To == model.Failed {
		it.weight = weightLoss
	}
	if cause := s.Diagnosis.Cause; cause != "" {
		it.How = string(cause)
		it.text += ": " + it.How
	}
	if s.Late > 0 {
		it.text += fmt.Sprintf(" (holter was late by %s itself)", look.Silence(s.Late))
	}
	return it
}
