package tui

import (
	"fmt"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
)

// victims are the connections that a command is about. They become fewer, never more: a connection that ends, or that
// the filter no longer chooses, is left out.
type victims struct {
	label  string // names them in a sentence
	ids    []model.ID
	none   string        // why there are no ids
	filter filter.Filter // by which they were chosen; empty for those chosen one by one

	// chooses reports whether the filter chooses a connection of a picture, on the page where it was typed.
	chooses func(f filter.Filter, p *picture, c *model.Connection) bool
}

// meant reports whether the filter, if there is one, chooses a connection of a picture.
func (v *victims) meant(p *picture, c *model.Connection) bool {
	return v.filter.Empty() || v.chooses(v.filter, p, c)
}

// still are the victims that are meant in a picture. A single one that was chosen itself is meant even if it is gone: the
// source says so.
func (p *picture) still(to victims) []model.ID {
	if to.single() {
		return to.ids
	}
	var now []model.ID
	for _, id := range to.ids {
		if c := p.find(id); c != nil && c.Open() && to.meant(p, c) {
			now = append(now, id)
		}
	}
	return now
}

// tell says how the victims are now, whatever the picture behind a dialog shows.
func (p *picture) tell(s *look.Styles, to victims) string {
	if !to.single() {
		how := "are there"
		if !to.filter.Empty() {
			how = "match now"
		}
		return fmt.Sprintf("live: %d of %d %s", len(p.still(to)), len(to.ids), how)
	}
	c := p.find(to.ids[0])
	if c == nil || !c.Open() {
		return "live: it is gone already"
	}
	return fmt.Sprintf("live: %s %s for %s, from %s", s.Glyphs.States[min(c.State, model.Unknown)], c.State,
		look.Silence(c.Stayed(p.Time)), model.Address(c.Remote))
}

// single reports whether a connection was chosen by itself.
func (v *victims) single() bool { return len(v.ids) == 1 && v.filter.Empty() }

// errGone is the error of a command that came too late.
var errGone = model.Errorf(model.Gone, "it is gone already")

// noneLeft says why nothing was done.
func (v *victims) noneLeft() string {
	if v.filter.Empty() {
		return "all of them are gone by now"
	}
	return "none of them matches any more"
}

// others says why something was done to some of the victims only.
func (v *victims) others() string {
	if v.filter.Empty() {
		return "the others were gone"
	}
	return "the others are gone or no longer match"
}
