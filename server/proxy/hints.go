package proxy

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"holter/model"
	"holter/server/plane"
	"holter/server/redact"
)

// attempt is a handshake that the upstream refused.
type attempt struct {
	in       *http.Request  // as the client sent it
	out      *http.Request  // as the upstream got it
	res      *http.Response // its answer
	upstream *url.URL
	rewrite  bool // --rewrite-host
}

// hint recognises one fault that can break a handshake. It returns a sentence with the fault and the setting that
// mends it, or "" if this fault did not break the handshake.
type hint func(a *attempt) string

// hints are tried in this order, and the first sentence is used. Faults of fields that holter changed come before
// faults of other fields, and certain faults before likely ones.
var hints = []hint{
	replacedForwarded, moved, otherVersion, unauthorized, malformed, rewrittenHost, keptHost, otherScheme, foreignOrigin, asPage, byStatus,
}

// whatBroke returns the diagnosis of a handshake that the upstream did not answer with a 101. It is empty if the status
// means trouble of the upstream itself (429, 5xx), or if no hint applies.
func (p *proxy) whatBroke(from *http.Request, res *http.Response) model.Diagnosis {
	if d := plane.CheckHandshake(from); d.Cause != "" {
		return d
	}
	if res.StatusCode >= http.StatusInternalServerError || res.StatusCode == http.StatusTooManyRequests {
		return model.Diagnosis{}
	}
	a := &attempt{from, res.Request, res, p.upstream.url, p.rewriteHost}
	for _, h := range hints {
		if sentence := h(a); sentence != "" {
			return model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: sentence}
		}
	}
	return model.Diagnosis{}
}

// denied reports whether the status is one with which an upstream rejects a host, scheme or origin.
func (a *attempt) denied() bool {
	switch a.res.StatusCode {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMisdirectedRequest:
		return true
	}
	return false
}

// redirected returns the target of a redirect. It reports false if the answer is not a redirect.
func (a *attempt) redirected() (*url.URL, bool) {
	switch a.res.StatusCode {
	case 301, 302, 303, 307, 308:
		to, err := url.Parse(a.res.Header.Get("Location"))
		return to, err == nil && to.String() != ""
	}
	return nil, false
}

// toHTTPS reports whether a redirect goes to the same host by https.
func (a *attempt) toHTTPS(to *url.URL) bool {
	if to.Scheme != "https" {
		return false
	}
	for _, host := range []string{a.in.Host, a.out.Host, a.in.Header.Get("X-Forwarded-Host")} {
		if h, err := url.Parse("//" + host); err == nil && h.Hostname() != "" && strings.EqualFold(h.Hostname(), to.Hostname()) {
			return true
		}
	}
	return false
}

// replacedForwarded: TLS ends at a proxy in front of holter, and holter does not trust the fields of that proxy.
func replacedForwarded(a *attempt) string {
	to, redirected := a.redirected()
	if !a.denied() && !(redirected && a.toHTTPS(to)) {
		return ""
	}
	for _, name := range []string{"X-Forwarded-Proto", "X-Forwarded-Host"} {
		was, is := a.in.Header.Get(name), a.out.Header.Get(name)
		if was != "" && was != is {
			return fmt.Sprintf("holter replaced %s: %.100s with %.100s, since it came from %s, which is not among its trusted proxies: --trusted-proxies %[4]s passes it on",
				name, was, is, peer(a.in))
		}
	}
	return ""
}

func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// moved: the upstream redirects, but WebSocket clients do not follow a redirect of a handshake.
func moved(a *attempt) string {
	to, ok := a.redirected()
	path, _, _ := strings.Cut(a.in.RequestURI, "?")
	switch {
	case !ok:
		return ""
	case a.toHTTPS(to) && a.out.Header.Get("X-Forwarded-Proto") == "http":
		return "the upstream wants https and was told that the client came by http: give holter --tls-cert and --tls-key, or let the proxy in front that ends TLS send X-Forwarded-Proto, and name it with --trusted-proxies"
	case to.Path == path+"/" || path == to.Path+"/":
		return fmt.Sprintf("the upstream redirects to %.100s, and WebSocket clients follow no redirect: let the client connect to that path", redact.Path(to.Path))
	}
	there := redact.Path(to.Path) // the query may hold a secret, too
	if to.Host != "" {
		there = to.Scheme + "://" + to.Host + there
	}
	return fmt.Sprintf("the upstream redirects to %.200s, and WebSocket clients follow no redirect: let the client connect there, or log in first if that is a login", there)
}

func otherVersion(a *attempt) string {
	if a.res.StatusCode != http.StatusUpgradeRequired {
		return ""
	}
	if speaks := a.res.Header.Get("Sec-Websocket-Version"); speaks != "" && !strings.Contains(speaks, a.in.Header.Get("Sec-Websocket-Version")) {
		return fmt.Sprintf("the upstream speaks version %.40s of the WebSocket protocol, and the client asked for %.40q: update the client's library", speaks, a.in.Header.Get("Sec-Websocket-Version"))
	}
	return "the upstream did not see an upgrade, though holter passed one on: what stands between holter and it takes Upgrade and Connection out; " + plane.Nginx
}

func unauthorized(a *attempt) string {
	switch a.res.StatusCode {
	case http.StatusUnauthorized:
		return "the upstream asks for credentials, which this handshake lacks or has wrong: a browser cannot send a header Authorization with a WebSocket, so use a cookie, the query or a subprotocol"
	case http.StatusProxyAuthRequired:
		return "a proxy between holter and the upstream asks for credentials"
	}
	return ""
}

// malformed: the handshake breaks a rule of RFC 6455 section 4.2.1.
func malformed(a *attempt) string {
	keys := a.in.Header["Sec-Websocket-Key"]
	switch {
	case a.res.StatusCode < 400:
		return ""
	case a.in.Method != http.MethodGet:
		return fmt.Sprintf("the handshake is a %.20s, and must be a GET", a.in.Method)
	case len(keys) != 1:
		return fmt.Sprintf("the handshake has %d headers Sec-WebSocket-Key, and must have one: a proxy in front may have taken it out", len(keys))
	case len(strings.TrimSpace(keys[0])) != 24:
		return "the header Sec-WebSocket-Key is not 16 bytes in base64"
	case a.in.Header.Get("Sec-Websocket-Version") != "13":
		return "the header Sec-WebSocket-Version is not 13"
	}
	return ""
}

// rewrittenHost: the upstream compares Origin with Host, and holter has rewritten only the Host.
func rewrittenHost(a *attempt) string {
	origin := a.origin()
	if !a.rewrite || !a.denied() || origin == "" || namesHost(origin, a.out.Host) {
		return ""
	}
	return fmt.Sprintf("--rewrite-host made the Host %s, and left the Origin %.100s, since it is not that of the Host that the client used: allow that origin in the upstream's settings, or leave --rewrite-host out", a.out.Host, origin)
}

// keptHost: a server with several names may not know the name of the proxy, which the client uses. A server that
// speaks http may also refuse the Origin of a foreign page: foreignOrigin covers that.
func keptHost(a *attempt) string {
	own := a.upstream.Scheme + "://" + a.upstream.Host
	if a.rewrite || !a.denied() || namesHost(own, a.out.Host) {
		return ""
	}
	origin := a.origin()
	if a.upstream.Scheme != "https" && (!named(a.upstream) || origin != "" && !namesHost(origin, a.out.Host)) {
		return ""
	}
	hint := fmt.Sprintf("holter passed the client's Host %.100s on, and the upstream is %s: if it serves by name, --rewrite-host sends that one", a.out.Host, a.upstream.Host)
	if a.res.StatusCode == http.StatusNotFound {
		hint += "; otherwise it has no WebSocket at this path"
	}
	return hint
}

// named reports whether the host of a URL is a name, and not an address or localhost.
func named(u *url.URL) bool {
	_, err := netip.ParseAddr(u.Hostname())
	return err != nil && !strings.EqualFold(u.Hostname(), "localhost")
}

// otherScheme: TLS ends at a proxy in front of holter, and that proxy does not send X-Forwarded-Proto.
func otherScheme(a *attempt) string {
	origin := a.origin()
	if a.rewrite || !a.denied() || !strings.HasPrefix(origin, "https://") || a.out.Header.Get("X-Forwarded-Proto") == "https" || !namesHost(origin, a.out.Host) {
		return ""
	}
	return fmt.Sprintf("the Origin is %.100s, and holter told the upstream that the client came by http: let the proxy in front that ends TLS send X-Forwarded-Proto, and name it with --trusted-proxies", origin)
}

func foreignOrigin(a *attempt) string {
	origin := a.origin()
	if a.res.StatusCode != http.StatusForbidden && a.res.StatusCode != http.StatusBadRequest || origin == "" || namesHost(origin, a.out.Host) {
		return ""
	}
	return fmt.Sprintf("the Origin is %.100s, and the Host is %.100s: an upstream that compares them refuses; allow that origin in its settings", origin, a.out.Host)
}

// origin returns the scheme and host of the Origin that the upstream got, or "".
func (a *attempt) origin() string {
	u, err := url.Parse(a.out.Header.Get("Origin"))
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func asPage(a *attempt) string {
	if a.res.StatusCode < 200 || a.res.StatusCode > 299 {
		return ""
	}
	return "the upstream answered as if this were no handshake: it serves no WebSocket at this path, or what stands between takes Upgrade out; " + plane.Nginx
}

func byStatus(a *attempt) string {
	switch a.res.StatusCode {
	case http.StatusNotFound, http.StatusGone, http.StatusMethodNotAllowed:
		return "the upstream has no WebSocket at this path: compare the path with the one in its settings, and what proxies in front add or take away"
	case http.StatusForbidden:
		return "the upstream does not let this client in: its log says why (origin, credentials, addresses)"
	case http.StatusBadRequest:
		return "the upstream found the handshake wrong, and nothing in it is: its log says why (a session that it does not know, subprotocols, origin)"
	}
	return fmt.Sprintf("the upstream answered %d: its log says why", a.res.StatusCode)
}
