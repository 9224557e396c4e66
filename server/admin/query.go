package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"holter/model"
	"holter/model/filter"
)

// parameters are the names that the query string of a call may have, with spaces between them. A … at the end
// stands for any others, which the call ignores.
type parameters string

// only returns a handler that accepts only these parameters in the query string, each at most once. Otherwise a
// parameter that is misspelt, given twice or cut off at a ; would have no effect: no filter, or the usual code.
func (p parameters) only(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := p.check(r); err != nil {
			return err
		}
		return h(w, r)
	}
}

func (p parameters) check(r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return model.Errorf(model.Invalid, "the query string does not parse (%.60s): write & between parameters, and in a value %%3B for ;, %%26 for & and %%25 for %%", err)
	}
	names := strings.Fields(string(p))
	for name, values := range query {
		switch known := slices.Contains(names, name); {
		case !known && !slices.Contains(names, "…"):
			return model.Errorf(model.Invalid, "there is no parameter %.40q here%s", name, p.instead(r.Method))
		case known && len(values) > 1:
			return model.Errorf(model.Invalid, "the parameter %s more than once: write it once", name)
		}
	}
	return nil
}

// instead returns a hint at the parameters that the caller could have meant.
func (p parameters) instead(method string) string {
	switch {
	case p != "":
		return ", only " + strings.Join(strings.Fields(string(p)), ", ")
	case method == http.MethodPost || method == http.MethodPut:
		return ": what it takes goes into the body"
	}
	return ": it takes none"
}

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

// choose calls found for each of n rows that c selects, within the time that there is for filters.
func (c *choice) choose(r *http.Request, b *filter.Budget, n int, row func(i int) filter.Row, found func(i int)) error {
	return b.Select(r.Context(), c.q, n, row, func(i int) {
		if c.state.Selects(row(i)) {
			found(i)
		}
	})
}
