package server

import (
	"net"
	"strings"
	"testing"
)

func TestReachable(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:7070": "127.0.0.1:7070",
		"[::1]:7070":     "[::1]:7070",
		"0.0.0.0:7070":   "localhost:7070",
		"[::]:7070":      "localhost:7070",
		"10.0.0.1:80":    "10.0.0.1:80",
	} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := reachable(a); got != want {
			t.Errorf("%s is reached at %s, want %s", address, got, want)
		}
	}
}

func TestAddressesOfAServer(t *testing.T) {
	s := runServer(t, func(_ *Options, d *DataOptions) { d.Listen = ":0" })
	for got, want := range map[string]string{s.URL(): "ws://localhost:", s.PageURL(): "http://localhost:", s.AdminURL(): "http://127.0.0.1:"} {
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s…", got, want)
		}
	}
}
