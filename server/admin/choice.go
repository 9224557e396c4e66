package admin

import (
	"net/url"

	"holter/model"
	"holter/model/filter"
)

// choice is what the parameters q and state of a list choose. A state is what a filter takes after state=, and no other.
type choice struct{ q, state filter.Filter }

func parseChoice(query url.Values, of filter.Place) (c choice, err error) {
	if c.q, err = of.Parse(query.Get("q")); err != nil {
		return c, err
	}
	if state := query.Get("state"); state != "" {
		if c.state, err = of.Parse("state=" + filter.Quote(state)); err != nil {
			err = model.Errorf(model.Invalid, "the parameter state, as in a filter: %s", err)
		}
	}
	return c, err
}

func (c *choice) selects(r filter.Row) bool { return c.q.Selects(r) && c.state.Selects(r) }
