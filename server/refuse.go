package server

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"holter/model"
	"holter/server/api"
)

// refuse answers POST /api/v1/refuse.
func (a *admin) refuse(c *gin.Context) {
	var body api.Refuse
	if err := readJSON(c, &body); err != nil {
		fail(c, err)
		return
	}
	if body.ForMS == nil {
		fail(c, model.Errorf(model.Invalid, "for_ms is missing: write for how long to refuse, or 0 to let clients in again"))
		return
	}
	length := body.ForMS.Duration()
	if err := a.source.Refuse(c.Request.Context(), length); err != nil {
		fail(c, err)
		return
	}
	answer := api.Refusing{}
	if length > 0 {
		until := time.Now().Add(length).UTC()
		answer.Until = &until
	}
	c.JSON(http.StatusOK, answer)
}
