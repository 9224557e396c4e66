package proxy

import (
	"net/http"
	"slices"
	"strings"
)

// hops is the transport of ReverseProxy. ReverseProxy removes the fields for one hop from every response, but the client
// needs some of them, so hops keeps those: the Upgrade of a 426, which names the protocol (RFC 9110 section 15.5.22),
// and the Proxy-Authenticate of a 407, which names the scheme (section 15.5.8).
type hops struct{ http.RoundTripper }

func (h hops) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := h.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch res.StatusCode {
	case http.StatusUpgradeRequired:
		clientOf(r).keep(res.Header, "Upgrade")
	case http.StatusProxyAuthRequired:
		clientOf(r).keep(res.Header, "Proxy-Authenticate")
	}
	return res, nil
}

func (c *client) keep(h http.Header, name string) {
	if values := h[name]; values != nil {
		c.kept = http.Header{name: values}
	}
}

// restore puts the kept fields back into a response.
func (c *client) restore(res *http.Response) {
	for name, values := range c.kept {
		res.Header[name] = values
		if name != "Upgrade" {
			continue
		}
		list := "Upgrade" // as RFC 9110 section 7.8 has it
		if res.Close || c.request.Close {
			list = "close, Upgrade" // package http would put close in its place
		}
		res.Header.Set("Connection", list)
	}
}

// forwardHop puts fields back into a request that ReverseProxy has removed: the answer to a 407, and the fields that
// belong to the upgrade that it asks for, such as HTTP2-Settings beside Upgrade: h2c.
func forwardHop(out, in http.Header) {
	if values := in["Proxy-Authorization"]; values != nil {
		out["Proxy-Authorization"] = values
	}
	if out["Upgrade"] == nil {
		return
	}
	for _, value := range in["Connection"] {
		for name := range strings.SplitSeq(value, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			if values := in[name]; values != nil && !slices.Contains(ofTheHop, name) {
				out[name] = values
				out.Add("Connection", name)
			}
		}
	}
}

// ofTheHop are fields that are never passed on, or that the proxy sets by itself.
var ofTheHop = []string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Close",
	"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded",
}
