package server

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"holter/server/api"
)

// storms answers GET /api/v1/storms: those that are remembered, oldest first.
func (a *admin) storms(c *gin.Context) {
	snapshot, err := a.source.Snapshot(c.Request.Context())
	if err != nil {
		fail(c, err)
		return
	}
	list := make([]api.StormDetail, len(snapshot.Storms))
	for i := range snapshot.Storms {
		list[i] = api.FromStormDetail(&snapshot.Storms[i])
	}
	c.JSON(http.StatusOK, api.Storms{Storms: list})
}
