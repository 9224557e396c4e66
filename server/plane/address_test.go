package plane

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
		if got := Reachable(a); got != want {
			t.Errorf("%s is reached at %s, want %s", address, got, want)
		}
	}
}

func TestValidateAddresses(t *testing.T) {
	for _, tc := range []struct {
		admin, listen, want string
	}{
		{"127.0.0.1:7071", "127.0.0.1:7070", ""},
		{"127.0.0.1:7070", "127.0.0.1:7070", "same port"},
		{"127.0.0.1:7070", ":7070", "same port"},
		{"127.0.0.1:7070", "[::]:7070", "same port"},
		{"127.0.0.1:7070", "10.0.0.1:7070", ""},
		{"127.0.0.1:0", "127.0.0.1:0", ""},
		{"", "127.0.0.1:7070", ""},
	} {
		err := ValidateAddresses(tc.admin, tc.listen)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("--admin %s --listen %s: error %v, want %q", tc.admin, tc.listen, err, tc.want)
		}
	}
}
