package model

import (
	"slices"
	"strings"
	"testing"
)

func TestReasons(t *testing.T) {
	broken := Diagnosis{Cause: CauseHandshakeBroken}
	seen := map[string]bool{}
	for _, tc := range []struct {
		refusal Refusal
		want    string
	}{
		{Refusal{By: RefusedByHolter, Status: 503, Limit: LimitRate}, "rate"},
		{Refusal{By: RefusedByHolter, Status: 503, Limit: LimitConnections}, "max-connections"},
		{Refusal{By: RefusedByHolter, Status: 503, Limit: LimitAddress}, "max-per-address"},
		{Refusal{By: RefusedByHolter, Status: 503, Limit: LimitOrdered}, "ordered"},
		{Refusal{By: RefusedByHolter, Status: 429, Limit: LimitClient}, "max-per-client"},
		{Refusal{By: RefusedByHolter, Status: 503, Limit: LimitMemory}, "memory"},
		{Refusal{By: RefusedByHTTP, Status: 431, Limit: LimitHead}, "head-too-large"},
		{Refusal{By: RefusedByHTTP, Status: 408, Limit: LimitSlow}, "head-too-slow"},
		{Refusal{By: RefusedByHolter, Status: 503, Limit: LimitWaiting}, "waiting"},
		{Refusal{By: RefusedByHolter, Status: 429, Limit: LimitCalls}, "api-rate"},
		{Refusal{By: RefusedByHolter, Status: 429, Limit: LimitToken}, "api-token"},
		{Refusal{By: RefusedByHolter, Status: 403, Limit: LimitRights}, "api-read-only"},
		{Refusal{By: RefusedByHolter, Status: 403, Limit: LimitSite}, "api-origin"},
		{Refusal{By: RefusedByHolter, Status: 503, Limit: LimitSubscribers}, "api-subscribers"},
		{Refusal{By: RefusedByHolter, Status: 413, Limit: LimitBody}, "api-body"},
		{Refusal{By: RefusedByHolter, Status: 422, Limit: LimitFilter}, "api-filter"},
		{Refusal{By: RefusedByHolter, Status: 403, Diagnosis: broken}, "origin"},
		{Refusal{By: RefusedByHolter, Status: 426, Diagnosis: broken}, "handshake-broken"},
		{Refusal{By: RefusedByHTTP, Status: 400}, "handshake-broken"},
		{Refusal{By: RefusedByHolter, Status: 502}, "upstream-down"},
		{Refusal{By: RefusedByHolter, Status: 504, Diagnosis: broken}, "upstream-down"},
		{Refusal{By: RefusedByUpstream, Status: 401, Diagnosis: broken}, "upstream"},
		{Refusal{By: RefusedByApp, Status: 401}, "application"},
		{Refusal{By: RefusedByClient}, "client-gone"},
		{Refusal{By: RefusedByHolter, Status: 503, Limit: LimitDraining}, "draining"},
		{Refusal{By: RefusedByHolter, Status: 403, Limit: TokenClaim, Diagnosis: broken}, "token-claim"},
		{Refusal{By: RefusedByHolter, Status: 401, Limit: TokenExpired, Diagnosis: broken}, "token-expired"},
		{Refusal{By: RefusedByHolter, Status: 500}, "other"},
	} {
		got := string(tc.refusal.Why())
		if seen[got] = true; got != tc.want {
			t.Errorf("%+v is %s, want %s", tc.refusal, got, tc.want)
		}
	}
	for _, reason := range slices.Concat(HandshakeReasons, RequestReasons) {
		if !seen[string(reason)] && !strings.HasPrefix(string(reason), "token-") { // these are the limits' own names
			t.Errorf("no refusal is for %s", reason)
		}
	}
}
