package admin

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/server/api"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// connections answers GET /api/v1/connections?q=&state=&sort=&limit=&cursor=.
func (a *Plane) connections(w http.ResponseWriter, r *http.Request) error {
	list, err := parseList(r.URL.Query())
	if err != nil {
		return err
	}
	snapshot, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	conns := snapshot.Connections
	var chosen []*model.Connection
	err = list.chosen.choose(r, a.bounds.filters, len(conns),
		func(i int) filter.Row { return filter.Row{Connection: &conns[i], Now: snapshot.Time} },
		func(i int) { chosen = append(chosen, &conns[i]) })
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, list.page(chosen, snapshot.Time))
}

// connection answers GET /api/v1/connections/{id}.
func (a *Plane) connection(w http.ResponseWriter, r *http.Request) error {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	detail, err := a.source.Detail(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromDetail(&detail))
}

// list is a request for one page of the connections.
type list struct {
	chosen     choice
	key        filter.SortKey
	descending bool
	limit      int
	after      cursor
}

// parseList reads a query. Sort is a key, with a - in front for descending order.
func parseList(query url.Values) (list, error) {
	l := list{key: filter.SortID, limit: defaultLimit}
	var err error
	if l.chosen, err = parseChoice(query, filter.Connections); err != nil {
		return l, err
	}
	if sort := query.Get("sort"); sort != "" {
		sort, l.descending = strings.CutPrefix(sort, "-")
		if l.key, err = filter.ParseSortKey(sort); err != nil {
			return l, err
		}
	}
	if limit := query.Get("limit"); limit != "" {
		if l.limit, err = strconv.Atoi(limit); err != nil || l.limit < 1 || l.limit > maxLimit {
			return l, model.Errorf(model.Invalid, "limit %.20q: write a number from 1 to %d", limit, maxLimit)
		}
	}
	l.after, err = parseCursor(query.Get("cursor"))
	return l, err
}

// page is the part of the chosen connections that l asks for.
func (l list) page(chosen []*model.Connection, now time.Time) api.Connections {
	filter.Sort(chosen, l.key, l.descending, now)
	start := l.start(chosen)
	end := min(start+l.limit, len(chosen))
	page := api.Connections{Connections: make([]api.Connection, 0, end-start), Total: len(chosen)}
	for _, c := range chosen[start:end] {
		page.Connections = append(page.Connections, api.FromConnection(c))
	}
	if end < len(chosen) {
		page.Next = cursor{chosen[end-1].ID, end}.String()
	}
	return page
}

// start returns the index in the sorted conns at which the page begins. In the order of ids that is right after the
// last connection of the page before, even if connections have come and gone since. Other sort keys change all the
// time, so there the page begins at a count.
func (l list) start(conns []*model.Connection) int {
	if l.key != filter.SortID {
		return min(l.after.position, len(conns))
	}
	next := slices.IndexFunc(conns, func(c *model.Connection) bool {
		if l.descending {
			return l.after.id == 0 || c.ID < l.after.id
		}
		return c.ID > l.after.id
	})
	if next < 0 {
		return len(conns)
	}
	return next
}

func wireConnections(conns []model.Connection) []api.Connection {
	list := make([]api.Connection, len(conns))
	for i := range conns {
		list[i] = api.FromConnection(&conns[i])
	}
	return list
}

// cursor is where a page ended: the last connection on it and how many there were up to it. Its zero
// value is the beginning. Clients have no business in it, so they get it in base64.
type cursor struct {
	id       model.ID
	position int
}

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d", c.id, c.position))
}

func parseCursor(s string) (cursor, error) {
	if s == "" {
		return cursor{}, nil
	}
	var c cursor
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d %d", &c.id, &c.position)
	}
	if err != nil || c.position < 0 {
		return cursor{}, model.Errorf(model.Invalid, "the cursor is none that holter gave: write the next of the page before")
	}
	return c, nil
}
