package metrics

import (
	"cmp"
	"net/http"

	"holter/model"
)

// Why a handshake did not become a connection.
const (
	reasonRate        = "rate"             // --accept-rate
	reasonConnections = "max-connections"  // --max-conns
	reasonAddress     = "max-per-address"  // --max-conns-per-ip
	reasonOrdered     = "ordered"          // a key or the API had them refused
	reasonDraining    = "draining"         // holter is about to restart
	reasonOrigin      = "origin"           // --allow-origin
	reasonBroken      = "handshake-broken" // it was none that holter can take
	reasonDown        = "upstream-down"    // the backend of a proxy could not be reached, or did not answer
	reasonUpstream    = "upstream"         // the backend answered with something else
	reasonApp         = "application"      // so did the application that holter is in
	reasonGone        = "client-gone"      // the client went away, or did not trust the certificate
	reasonOther       = "other"
)

var reasons = append([]string{
	reasonRate, reasonConnections, reasonAddress, reasonOrdered, reasonDraining, reasonOrigin, reasonBroken, reasonDown, reasonUpstream, reasonApp,
	reasonGone, reasonOther,
}, tokenReasons()...)

// tokenReasons are what may be wrong with a token: token-expired and so on.
func tokenReasons() (all []string) {
	for _, limit := range model.TokenLimits {
		all = append(all, string(limit))
	}
	return all
}

// reasonOf is the label for a refusal.
func reasonOf(r *model.Refusal) string {
	switch r.By {
	case model.RefusedByUpstream:
		return reasonUpstream
	case model.RefusedByApp:
		return reasonApp
	case model.RefusedByClient:
		return reasonGone
	case model.RefusedByHTTP:
		return reasonBroken
	}
	switch {
	case r.Limit != "":
		return cmp.Or(limitReasons[r.Limit], string(r.Limit))
	case r.Status == http.StatusBadGateway || r.Status == http.StatusGatewayTimeout:
		return reasonDown
	case r.Status == http.StatusForbidden:
		return reasonOrigin
	case r.Diagnosis.Cause == model.CauseHandshakeBroken:
		return reasonBroken
	}
	return reasonOther
}

var limitReasons = map[model.RefusalLimit]string{
	model.LimitRate: reasonRate, model.LimitConnections: reasonConnections, model.LimitAddress: reasonAddress, model.LimitOrdered: reasonOrdered,
	model.LimitDraining: reasonDraining,
}
