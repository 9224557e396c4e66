package ginmonitor_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"holter/server"
	"holter/server/ginmonitor"
)

// A Gin application on gorilla/websocket, watched by one added line.
func Example() {
	monitor := server.New(server.Options{})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- monitor.Run(ctx) }()
	defer func() { stop(); <-done }()

	upgrader := websocket.Upgrader{Subprotocols: []string{"chat"}}
	r := gin.New()
	r.Use(ginmonitor.Middleware(monitor)) // the added line
	r.GET("/rooms/:room", func(c *gin.Context) {
		ws, err := upgrader.Upgrade(c.Writer, c.Request, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		for {
			kind, message, err := ws.ReadMessage()
			if err != nil || ws.WriteMessage(kind, message) != nil {
				return
			}
		}
	})
	application := httptest.NewServer(r)
	defer application.Close()

	dialer := websocket.Dialer{Subprotocols: []string{"chat"}}
	client, _, err := dialer.Dial(strings.Replace(application.URL, "http", "ws", 1)+"/rooms/blue", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	snapshot, err := monitor.Source().Snapshot(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range snapshot.Connections {
		fmt.Printf("%s speaks %s and is %s\n", c.Path, c.Subprotocol, c.State)
	}
	// Output: /rooms/blue speaks chat and is normal
}
