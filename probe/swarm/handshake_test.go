package swarm

import (
	"strings"
	"testing"
)

// What a report and an error have of the address gives no token away.
func TestAddressIsShownWithoutSecrets(t *testing.T) {
	for address, want := range map[string]string{
		"ws://a/b":                               "ws://a/b",
		"ws://a/b?token=s3cret&client={id}&x":    "ws://a/b?token=(not shown)&client={id}&x",
		"wss://a/b?client=%7Bid%7D&key=s3cret?x": "wss://a/b?client=%7Bid%7D&key=(not shown)",
		"ws://a/b?":                              "ws://a/b?",
	} {
		if got := displayed(address); got != want {
			t.Errorf("%s is shown as %s, want %s", address, got, want)
		}
	}
	for _, bad := range []string{"http://a/?token=s3cret", "ws://a/?token=s3cret#x", "ws://me:s3cret@a/", "%zz?token=s3cret", "ws://me:s3c%zzret@a/", "ws://me:x@s3cret@a:b/"} {
		if _, err := parseURL(bad); err == nil || strings.Contains(err.Error(), "s3c") {
			t.Errorf("%s: error %v", bad, err)
		}
	}
	for _, bad := range []string{"Authorization Bearer s3cret", "Authorization Bearer s3cret:x"} {
		h := Handshake{Header: []string{bad}}
		if _, err := h.header(); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error %v", bad, err)
		}
	}
}
