package proxy

import "testing"

func TestNamesHost(t *testing.T) {
	for _, tc := range []struct {
		origin, host string
		want         bool
	}{
		{"https://app.example", "app.example", true},
		{"http://app.example", "app.example", true},
		{"https://App.Example", "app.eXample", true},
		{"https://app.example", "app.example:443", true},
		{"https://app.example:443", "app.example", true},
		{"http://app.example:8080", "app.example:8080", true},
		{"http://[::1]:8080", "[::1]:8080", true},
		{"http://app.example", "app.example:443", false},
		{"https://app.example:8443", "app.example", false},
		{"https://app.example", "app.example:8443", false},
		{"https://app.example.evil.example", "app.example", false},
		{"https://evil.example", "app.example", false},
		{"https://evil.example/app.example", "app.example", false},
		{"https://app.example@evil.example", "app.example", false},
		{"https://evil.example@app.example", "app.example", false},
		{"https://app.example/", "app.example", false},
		{"https://app.example, https://evil.example", "app.example", false},
		{"app.example", "app.example", false},
		{"//app.example", "app.example", false},
		{"chrome-extension://app.example", "app.example", false},
		{"file://", "app.example", false},
		{"null", "null", false},
		{"null", "", false},
		{"", "", false},
		{"https://", "", false},
		{"https://app.example", "x@app.example", false},
		{"https://app.example", "app.example/x", false},
		{"https://%zz", "%zz", false},
	} {
		if got := namesHost(tc.origin, tc.host); got != tc.want {
			t.Errorf("%q names %q: %v", tc.origin, tc.host, got)
		}
	}
}
