package api

import (
	"time"
	"unsafe"

	"holter/model"
)

// Cohorts are those that are remembered, oldest first.
type Cohorts struct {
	Cohorts []Cohort `json:"cohorts"`
}

// Cohort is ends of connections, or suspicions, that belong together.
type Cohort struct {
	ID    int              `json:"id"`
	Kind  model.CohortKind `json:"kind"`  // silence, silence-in, silence-out, data-silence, age, moment, suspects or trait
	Cause model.Cause      `json:"cause"` // of the members; unknown if they have none in common or several fit, empty if the application closed them itself
	Side  string           `json:"side"`  // where they ended: client, or upstream behind a proxy

	StartedAt time.Time `json:"started_at"` // when the first member ended
	NewestAt  time.Time `json:"newest_at"`
	Count     int       `json:"count"` // members
	Of        int       `json:"of"`    // those that might have been members

	LengthMS Millis `json:"length_ms"` // the silence or the age that they have in common, or how long a moment was
	SpreadMS Millis `json:"spread_ms"` // how far silences or ages stray from it

	Traits  []Trait  `json:"traits"`  // that nearly all members have, the narrowest first
	Chance  float64  `json:"chance"`  // upper bound of the probability that it came about by chance
	Detail  string   `json:"detail"`  // in words
	Members []string `json:"members"` // ids of the newest
}

// Trait is something that connections share.
type Trait struct {
	Kind  model.TraitKind `json:"kind"` // address, block, path, user-agent or code
	Value string          `json:"value"`
}

// FromCohort converts c.
func FromCohort(c *model.Cohort) Cohort {
	w := Cohort{
		ID: c.ID, Kind: c.Kind, Cause: c.Cause, Side: c.Side.String(),
		StartedAt: c.Started.UTC(), NewestAt: c.Newest.UTC(), Count: c.Count, Of: c.Of,
		LengthMS: millis(c.Length), SpreadMS: millis(c.Spread),
		Traits: make([]Trait, len(c.Traits)), Chance: finite(c.Chance), Detail: c.Detail, Members: names(c.Members),
	}
	for i, t := range c.Traits {
		w.Traits[i] = Trait(t)
	}
	return w
}

// Model converts c back.
func (c *Cohort) Model() model.Cohort {
	m := model.Cohort{
		ID: c.ID, Kind: model.CohortKind(text(string(c.Kind))), Cause: model.Cause(text(string(c.Cause))), Side: sideOf(c.Side),
		Started: c.StartedAt, Newest: c.NewestAt, Count: c.Count, Of: c.Of,
		Length: c.LengthMS.Duration(), Spread: c.SpreadMS.Duration(), Chance: c.Chance, Detail: text(c.Detail),
	}
	for _, t := range newest(c.Traits, model.MaxTraits) {
		m.Traits = append(m.Traits, model.Trait{Kind: model.TraitKind(text(string(t.Kind))), Value: text(t.Value)})
	}
	for _, id := range newest(c.Members, model.MaxMembers) {
		if id, err := model.ParseID(id); err == nil {
			m.Members = append(m.Members, id)
		}
	}
	return m
}

func cohortKey(c *model.Cohort) int { return c.ID }

// sameCohort compares what changes while a cohort grows.
func sameCohort(a, b *model.Cohort) bool {
	return a.Count == b.Count && a.Of == b.Of && a.Newest.Equal(b.Newest) && a.Detail == b.Detail
}

func weighCohort(c *model.Cohort) int {
	n := int(unsafe.Sizeof(*c)) + weighList(c.Traits) + weighList(c.Members) + len(c.Kind) + len(c.Cause) + len(c.Detail)
	for _, t := range c.Traits {
		n += len(t.Kind) + len(t.Value)
	}
	return n
}
