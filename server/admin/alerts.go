package admin

import (
	"net/http"

	"holter/model"
	"holter/server/api"
)

// alerts answers GET /api/v1/alerts: alerts, rules, the log of what fired and was resolved, and the outputs.
func (a *Plane) alerts(w http.ResponseWriter, r *http.Request) error {
	book, err := a.source.Alerts(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromAlertBook(&book))
}

// acknowledge answers PUT /api/v1/alerts/{id}/acknowledgement, where the id is that of an alert or the name of a rule.
func (a *Plane) acknowledge(w http.ResponseWriter, r *http.Request) error {
	return a.orderPlainly(w, r, model.Acknowledge)
}

// unacknowledge answers DELETE /api/v1/alerts/{id}/acknowledgement.
func (a *Plane) unacknowledge(w http.ResponseWriter, r *http.Request) error {
	return a.orderPlainly(w, r, model.Unacknowledge)
}

func (a *Plane) orderPlainly(w http.ResponseWriter, r *http.Request, do model.AlertAction) error {
	if r.ContentLength != 0 {
		return model.Errorf(model.Invalid, "this call takes no body")
	}
	return a.orderAlert(w, r, model.AlertOrder{Do: do})
}

// silence answers PUT /api/v1/alerts/{id}/silence.
func (a *Plane) silence(w http.ResponseWriter, r *http.Request) error {
	var body api.Silence
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	if body.ForMS == nil {
		return model.Errorf(model.Invalid, "for_ms is missing: write for how long to tell nobody, or 0 to end that")
	}
	return a.orderAlert(w, r, model.AlertOrder{Do: model.Silence, For: body.ForMS.Duration()})
}

// unsilence answers DELETE /api/v1/alerts/{id}/silence.
func (a *Plane) unsilence(w http.ResponseWriter, r *http.Request) error {
	return a.orderPlainly(w, r, model.Silence) // for no time
}

func (a *Plane) orderAlert(w http.ResponseWriter, r *http.Request, o model.AlertOrder) error {
	o.Target = r.PathValue("id")
	n, err := a.source.OrderAlert(r.Context(), o)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.AlertsOrdered{Alerts: n})
}
