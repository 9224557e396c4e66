package server

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"holter/server/api"
)

// summary answers GET /api/v1/summary.
func (a *admin) summary(c *gin.Context) {
	snapshot, err := a.source.Snapshot(c.Request.Context())
	if err != nil {
		fail(c, err)
		return
	}
	c.JSON(http.StatusOK, api.FromSnapshot(&snapshot))
}
