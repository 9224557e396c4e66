package admin

import (
	"net/http"

	"holter/server/api"
)

// clients answers GET /api/v1/clients: all identities, by id.
func (a *Plane) clients(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.source.Snapshot(r.Context())
	if err != nil {
		return err
	}
	list := make([]api.Client, len(snapshot.Clients))
	for i := range snapshot.Clients {
		list[i] = api.FromClient(&snapshot.Clients[i])
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
