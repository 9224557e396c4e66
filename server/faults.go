package server

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"holter/model"
	"holter/server/api"
)

// disturbOne answers PUT /api/v1/connections/{id}/faults.
func (a *admin) disturbOne(c *gin.Context) {
	var body api.FaultOrder
	if err := readJSON(c, &body); err != nil {
		fail(c, err)
		return
	}
	if len(body.IDs) > 0 || body.Q != "" {
		fail(c, model.Errorf(model.Invalid, "ids and q are for POST /api/v1/faults: the path says which connection"))
		return
	}
	body.IDs = []string{c.Param("id")}
	a.disturb(c, body)
}

// disturbMatching answers POST /api/v1/faults.
func (a *admin) disturbMatching(c *gin.Context) {
	var body api.FaultOrder
	if err := readJSON(c, &body); err != nil {
		fail(c, err)
		return
	}
	a.disturb(c, body)
}

func (a *admin) disturb(c *gin.Context, body api.FaultOrder) {
	order, err := body.Model()
	if err != nil {
		fail(c, err)
		return
	}
	n, err := a.source.SetFaults(c.Request.Context(), order)
	if err != nil && n == 0 {
		fail(c, err)
		return
	}
	answer := api.Disturbed{Disturbed: n}
	if err != nil {
		answer.Error = &api.ErrorBody{Code: model.ErrorCode(err), Message: err.Error()}
	}
	c.JSON(http.StatusOK, answer)
}
