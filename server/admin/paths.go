package admin

import (
	"net/http"

	"holter/model"
	"holter/server/api"
)

// paths answers GET /api/v1/paths: the paths with their clocks, by id.
func (a *Plane) paths(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	list := make([]api.Path, len(snapshot.Paths))
	for i := range snapshot.Paths {
		list[i] = api.FromPath(&snapshot.Paths[i])
	}
	return writeJSON(w, http.StatusOK, api.Paths{Paths: list})
}

// path answers GET /api/v1/paths/{id}.
func (a *Plane) path(w http.ResponseWriter, r *http.Request) error {
	id, err := api.ParsePathID(r.PathValue("id"))
	if err != nil {
		return err
	}
	snapshot, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	for i := range snapshot.Paths {
		if snapshot.Paths[i].ID == id {
			return writeJSON(w, http.StatusOK, api.FromPath(&snapshot.Paths[i]))
		}
	}
	return model.Errorf(model.NotFound, "there is no path %s, or nothing has happened on it for half an hour", api.PathID(id))
}
