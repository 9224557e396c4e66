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
	snapshot, err := a.source.Snapshot(r.Context())
	if err != nil {
		return err
	}
	newest := snapshot.Newest()
	list := []api.Client{}
	for i := range snapshot.Clients {
		c := &snapshot.Clients[i]
		if chosen.selects(filter.Row{Client: c, Connection: newest[c.ID], Now: snapshot.Time}) {
			list = append(list, api.FromClient(c))
		}
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
