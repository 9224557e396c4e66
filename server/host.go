package server

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"holter/server/api"
)

// host answers GET /api/v1/host.
func (a *admin) host(c *gin.Context) {
	snapshot, err := a.source.Snapshot(c.Request.Context())
	if err != nil {
		fail(c, err)
		return
	}
	c.JSON(http.StatusOK, api.FromHost(&snapshot.Host))
}
