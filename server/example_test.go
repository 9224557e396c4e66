package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	coder "github.com/coder/websocket"

	"holter/server"
)

// A net/http application on coder/websocket, watched by one added line.
func Example() {
	monitor := server.New(server.Options{Interval: 50 * time.Millisecond})
	defer run(monitor)()

	mux := http.NewServeMux()
	mux.HandleFunc("/rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
		ws, err := coder.Accept(w, r, &coder.AcceptOptions{Subprotocols: []string{"chat"}})
		if err != nil {
			return
		}
		defer ws.CloseNow()
		for {
			kind, message, err := ws.Read(r.Context())
			if err != nil || ws.Write(r.Context(), kind, message) != nil {
				return
			}
		}
	})
	application := httptest.NewServer(monitor.Wrap(mux)) // the added word
	defer application.Close()

	client := join(application.URL + "/rooms/red")
	fmt.Println(heartOf(monitor))
	client.Close(coder.StatusNormalClosure, "")
	// Output: /rooms/red speaks chat and is normal after 3 beats
}

// Hearts beat while Run runs. Its end closes what is still open.
func ExampleMonitor_Run() {
	monitor := server.New(server.Options{})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- monitor.Run(ctx) }()

	stop() // as the application would when it ends
	fmt.Println(<-done)
	// Output: <nil>
}

// Before an application stops, its connections are closed one after the other. Then the server below them may stop, and the
// monitor last.
func ExampleMonitor_Drain() {
	monitor := server.New(server.Options{Logger: slog.New(slog.DiscardHandler)})
	stop := run(monitor)
	application := &http.Server{Handler: monitor.Wrap(http.NotFoundHandler())}

	fmt.Println(monitor.Drain(context.Background(), 20*time.Second))
	fmt.Println(application.Shutdown(context.Background()))
	stop()
	// Output:
	// <nil>
	// <nil>
}

// An application may look at its connections, and act on them, by itself.
func ExampleMonitor_Source() {
	monitor := server.New(server.Options{})
	snapshot, err := monitor.Source().Snapshot(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d connections, a beat every %s\n", len(snapshot.Connections), snapshot.Monitor.Interval)
	// Output: 0 connections, a beat every 5s
}

// run runs a monitor until the returned function is called.
func run(monitor *server.Monitor) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- monitor.Run(ctx) }()
	return func() {
		cancel()
		<-done
	}
}

// join is a client: it says one thing, and reads on.
func join(address string) *coder.Conn {
	ctx := context.Background()
	client, _, err := coder.Dial(ctx, strings.Replace(address, "http", "ws", 1), &coder.DialOptions{Subprotocols: []string{"chat"}})
	if err != nil {
		panic(err)
	}
	client.Write(ctx, coder.MessageText, []byte("hello"))
	client.Read(ctx)
	client.CloseRead(ctx) // answers pings
	return client
}

// heartOf waits until a monitor has had three beats of its connection.
func heartOf(monitor *server.Monitor) string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for ; ctx.Err() == nil; time.Sleep(time.Millisecond) {
		s, err := monitor.Source().Snapshot(ctx)
		if err != nil {
			return err.Error()
		}
		for _, c := range s.Connections {
			if c.PongsReceived >= 3 {
				return fmt.Sprintf("%s speaks %s and is %s after 3 beats", c.Path, c.Subprotocol, c.State)
			}
		}
	}
	return "no beats"
}
