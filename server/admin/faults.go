package admin

import (
	"net/http"

	"holter/model"
	"holter/server/api"
)

// disturbOne answers PUT /api/v1/connections/{id}/faults.
func (a *Plane) disturbOne(w http.ResponseWriter, r *http.Request) error {
	var body api.FaultOrder
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	if body.IDs != nil || body.Q != "" {
		return model.Errorf(model.Invalid, "ids and q are for POST /api/v1/faults: the path says which connection")
	}
	body.IDs = []string{r.PathValue("id")}
	return a.disturb(w, r, body)
}

// disturbMatching answers POST /api/v1/faults.
func (a *Plane) disturbMatching(w http.ResponseWriter, r *http.Request) error {
	var body api.FaultOrder
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	return a.disturb(w, r, body)
}

func (a *Plane) disturb(w http.ResponseWriter, r *http.Request, body api.FaultOrder) error {
	order, err := body.Model()
	if err != nil {
		return err
	}
	if body.DryRun {
		return a.preview(w, r, order.IDs, order.Query)
	}
	n, err := a.source.SetFaults(r.Context(), order)
	if err != nil && n == 0 {
		return err
	}
	return writeJSON(w, http.StatusOK, api.Disturbed{Disturbed: n, Error: why(err)})
}
