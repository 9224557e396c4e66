package server

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"holter/server/api"
)

// clients answers GET /api/v1/clients: all identities, by id.
func (a *admin) clients(c *gin.Context) {
	snapshot, err := a.source.Snapshot(c.Request.Context())
	if err != nil {
		fail(c, err)
		return
	}
	list := make([]api.Client, len(snapshot.Clients))
	for i := range snapshot.Clients {
		list[i] = api.FromClient(&snapshot.Clients[i])
	}
	c.JSON(http.StatusOK, api.Clients{Clients: list})
}

// client answers GET /api/v1/clients/{id}, with the generations that are still on the list.
func (a *admin) client(c *gin.Context) {
	client, connections, err := a.source.Client(strings.TrimPrefix(c.Param("id"), "/"))
	if err != nil {
		fail(c, err)
		return
	}
	c.JSON(http.StatusOK, api.ClientDetail{Client: api.FromClient(&client), Connections: wireConnections(connections)})
}
