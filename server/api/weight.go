package api

import (
	"unsafe"

	"holter/model"
)

// The functions here return the memory that a value takes, in bytes: its own size, and the size of its texts and lists.

func weighText(s *string) int { return int(unsafe.Sizeof(*s)) + len(*s) }

func weighWord[T int | model.ID](*T) int { return 8 }

func weighConnection(c *model.Connection) int {
	n := int(unsafe.Sizeof(*c)) + len(c.Client) + len(c.Path) + len(c.UserAgent) + len(c.Subprotocol) +
		len(c.Diagnosis.Cause) + len(c.Diagnosis.Detail)
	if c.Close != nil {
		n += int(unsafe.Sizeof(*c.Close)) + len(c.Close.Reason)
	}
	if c.Faults != nil {
		n += int(unsafe.Sizeof(*c.Faults)) + len(c.Faults.Other)
	}
	return n
}

func weighClient(c *model.Client) int {
	n := int(unsafe.Sizeof(*c)) + len(c.ID) + len(c.UserAgent) + len(c.Shared) + weighList(c.Reconnects) + weighList(c.Attempts)
	if o := c.Outage; o != nil {
		n += int(unsafe.Sizeof(*o)) + len(o.Close.Reason) + len(o.By) + len(o.Reason)
	}
	return n
}

func weighStorm(s *model.Storm) int {
	n := int(unsafe.Sizeof(*s)) + weighList(s.Causes) + weighList(s.Flaps) + weighList(s.Refusals) + weighList(s.Curve) + weighList(s.Delays.Counts)
	for i := range s.Policies {
		p := &s.Policies[i]
		n += int(unsafe.Sizeof(*p)) + len(p.UserAgent) + len(p.Path) + len(p.Kind) + len(p.Jitter) + len(p.Like) +
			weighList(p.Steps) + weighList(p.First.Counts) + len(p.Doubt.Reason) + weighList(p.Doubt.Seen)
	}
	return n
}

func weighPath(p *model.Path) int {
	n := int(unsafe.Sizeof(*p)) + len(p.Template) + len(p.Upstream) + weighList(p.Ends) + weighList(p.Clocks) + weighList(p.Data.Bins)
	for i := range p.Ends {
		n += len(p.Ends[i].Cause)
	}
	for i := range p.Clocks {
		n += len(p.Clocks[i].Of)
	}
	for i := range p.Limits {
		l := &p.Limits[i]
		n += int(unsafe.Sizeof(*l)) + len(l.Kind) + len(l.From) + len(l.Name) + len(l.Source)
	}
	for i := range p.Warnings {
		n += weighWarning(&p.Warnings[i])
	}
	for i := range p.Notes {
		n += weighText(&p.Notes[i])
	}
	return n
}

func weighWarning(w *model.Warning) int {
	return int(unsafe.Sizeof(*w)) + len(w.ID) + len(w.Kind) + len(w.Detail) + len(w.At.Page) + len(w.At.Query) + len(w.Path) +
		len(w.Upstream) + len(w.Agent) + len(w.Client) + len(w.Identity)
}

func weighService(s *model.Service) int {
	n := int(unsafe.Sizeof(*s)) + len(s.ID) + len(s.Kind) + len(s.Target) + len(s.Diagnosis.Cause) + len(s.Diagnosis.Detail) + len(s.Status)
	for i := range s.Changes {
		c := &s.Changes[i]
		n += int(unsafe.Sizeof(*c)) + len(c.Diagnosis.Cause) + len(c.Diagnosis.Detail)
	}
	return n
}

func weighEvent(e *model.Event) int {
	n := int(unsafe.Sizeof(*e)) + len(e.Type)
	if e.Alert != nil {
		n += weighAlert(e.Alert)
	}
	if e.Connection != nil {
		n += weighConnection(e.Connection)
	}
	if r := e.Refusal; r != nil {
		n += int(unsafe.Sizeof(*r)) + len(r.Remote) + len(r.Client) + len(r.Reason) +
			len(r.By) + len(r.Diagnosis.Cause) + len(r.Diagnosis.Detail)
	}
	if e.Host != nil {
		n += int(unsafe.Sizeof(*e.Host)) + weighList(e.Host.Cores)
	}
	if e.Storm != nil {
		n += weighStorm(e.Storm)
	}
	if e.Cohort != nil {
		n += weighCohort(e.Cohort)
	}
	if w := e.Warning; w != nil {
		n += weighWarning(w)
	}
	if e.Service != nil {
		n += weighService(e.Service)
	}
	return n
}

func weighPicture(s *model.Snapshot) (n int) {
	for i := range s.Connections {
		n += weighConnection(&s.Connections[i])
	}
	for i := range s.Clients {
		n += weighClient(&s.Clients[i])
	}
	for i := range s.Storms {
		n += weighStorm(&s.Storms[i])
	}
	for i := range s.Paths {
		n += weighPath(&s.Paths[i])
	}
	for i := range s.Cohorts {
		n += weighCohort(&s.Cohorts[i])
	}
	for i := range s.Alerts {
		n += weighAlert(&s.Alerts[i])
	}
	for i := range s.Services {
		n += weighService(&s.Services[i])
	}
	return n
}

func weighList[T any](list []T) int {
	var t T
	return cap(list) * int(unsafe.Sizeof(t))
}
