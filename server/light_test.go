package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What an application does not get with its monitor: a web framework, a WebSocket library, a terminal, a command
// line.
var unwanted = []string{
	"gin-gonic", "gorilla", "coder/websocket", "charmbracelet", "termenv", "x/term", "tcell", "kong", "html/template", "prometheus", "MicahParks", "holter/server/bearer",
	"holter/tui", "holter/server/endpoint", "holter/server/proxy", "holter/server/ginmonitor",
}

func TestMonitorImportsNothingUnwanted(t *testing.T) {
	packages := strings.Fields(goRun(t, ".", "list", "-deps", "holter/server"))
	if len(packages) < 100 {
		t.Fatalf("the list is not one of dependencies: %s", packages)
	}
	for _, path := range packages {
		for _, part := range unwanted {
			if strings.Contains(path, part) {
				t.Errorf("holter/server imports %s", path)
			}
		}
	}
}

// An application on net/http and gorilla/websocket may grow so much by its monitor.
const (
	morePackages  = 64  // more than half of them are rooms of the monitor
	moreMegabytes = 7.3 // a megabyte of it is the HTTP client that tells of alerts, a half the TLS of a server
)

const application = `package main

import (
	"net/http"

	"github.com/gorilla/websocket"
)

func main() { http.ListenAndServe("127.0.0.1:0", watched(http.HandlerFunc(echo))) }

func echo(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	ws, err := upgrader.Upgrade(w, r, nil)
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
}
`

const (
	unmonitored = `package main

import "net/http"

func watched(h http.Handler) http.Handler { return h }
`
	monitored = `package main

import (
	"context"
	"net/http"

	"holter/server"
)

func watched(h http.Handler) http.Handler {
	monitor := server.New(server.Options{Admin: "127.0.0.1:7071"})
	go monitor.Run(context.Background())
	return monitor.Wrap(h)
}
`
)

func TestMonitorIsLight(t *testing.T) {
	before, beforeSize := weigh(t, unmonitored)
	after, afterSize := weigh(t, monitored)
	t.Logf("a small application grows from %d to %d packages and from %.1f to %.1f MB", before, after, beforeSize, afterSize)
	if after-before >= morePackages || afterSize-beforeSize >= moreMegabytes {
		t.Errorf("more than %d packages or %.1f MB", morePackages, moreMegabytes)
	}
}

// weigh builds the application, with one of the files that say whether it is monitored, as a module of its own.
// It returns the number of packages in it and the megabytes of the program.
func weigh(t *testing.T, watched string) (packages int, megabytes float64) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mod := read(t, filepath.Join(root, "go.mod")) // for the same versions
	mod = strings.Replace(mod, "module holter\n", "module small\n\nrequire holter v0.0.0\n\nreplace holter => "+root+"\n", 1)
	for name, text := range map[string]string{
		"go.mod": mod, "go.sum": read(t, filepath.Join(root, "go.sum")), "main.go": application, "watched.go": watched,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packages = len(strings.Fields(goRun(t, dir, "list", "-deps", ".")))
	goRun(t, dir, "build", "-o", "small", ".")
	program, err := os.Stat(filepath.Join(dir, "small"))
	if err != nil {
		t.Fatal(err)
	}
	return packages, float64(program.Size()) / 1e6
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// goRun runs a go command in a directory, without a network.
func goRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.Command("go", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := command.Output()
	if failed, ok := err.(*exec.ExitError); ok {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, failed.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
