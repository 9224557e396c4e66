package admin

import (
	"context"
	"net/http"

	"holter/model"
	"holter/server/api"
)

// advice answers GET /api/v1/advice: what matters most, the worst first.
func (a *Plane) advice(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromAdvice(snapshot.Warnings))
}

// dismiss answers DELETE /api/v1/advice/{id}.
func (a *Plane) dismiss(w http.ResponseWriter, r *http.Request) error {
	return onAdvice(w, r, a.source.Dismiss, api.Dismissed{ID: r.PathValue("id")})
}

// recall answers PUT /api/v1/advice/{id}.
func (a *Plane) recall(w http.ResponseWriter, r *http.Request) error {
	return onAdvice(w, r, a.source.Recall, api.Recalled{ID: r.PathValue("id")})
}

// onAdvice does something to the piece of advice that a request names, and writes the answer.
func onAdvice(w http.ResponseWriter, r *http.Request, do func(context.Context, string) error, answer any) error {
	if r.ContentLength != 0 {
		return model.Errorf(model.Invalid, "this call takes no body")
	}
	if err := do(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}
