package admin

import (
	"net/http"

	"holter/model/filter"
	"holter/server/api"
)

// clients answers GET /api/v1/clients?q=&state=, by id.
func (a *Plane) clients(w http.ResponseWriter, r *http.Request) error {
	chosen, err := parseChoice(r.URL.Query(), filter.Clients)
	if err != nil {
		return err
	}
	snapshot, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	newest := snapshot.Newest()
	list := []api.Client{}
	all := snapshot.Clients
	err = chosen.choose(r, a.bounds.filters, len(all),
		func(i int) filter.Row {
			return filter.Row{Client: &all[i], Connection: newest[all[i].ID], Now: snapshot.Time}
		},
		func(i int) { list = append(list, api.FromClient(&all[i])) })
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.Clients{Clients: list})
}

// client answers GET /api/v1/clients/{id}, with the generations that are still on the list.
func (a *Plane) client(w http.ResponseWriter, r *http.Request) error {
	client, connections, err := a.source.Client(r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.ClientDetail{Client: api.FromClient(&client), Connections: wireConnections(connections)})
}
