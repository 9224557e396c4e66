package plane

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holter/model"
)

// turnAway reports the requests that package http turns away before a handler sees them. It finds the fault in the
// request, and the setting that mends it.
type turnAway struct {
	timeout time.Duration // of a head
	report  func(r *http.Request, refusal model.Refusal)
}

// farewell bounds how long an answer of turnAway's own may take.
const farewell = time.Second

// answered reports an answer that package http itself wrote, and passes it on with one more sentence.
func (t *turnAway) answered(v *visitor, answer []byte) (int, error) {
	status, reason := parseAnswer(answer)
	refusal := model.Refusal{Status: status, Reason: reason, By: model.RefusedByHTTP}
	if status == http.StatusRequestHeaderFieldsTooLarge {
		refusal.Limit = model.LimitHead
	}
	if status >= http.StatusBadRequest {
		refusal.Diagnosis = broken(whatBroke(status, reason, v.remembered()))
	}
	t.tell(v, refusal)
	if refusal.Diagnosis.Detail == "" || !bytes.Contains(answer, []byte("\r\nConnection: close\r\n\r\n")) {
		return v.Conn.Write(answer)
	}
	n, err := v.Conn.Write(fmt.Appendf(bytes.Clone(answer), "\n%s\n", refusal.Diagnosis.Detail))
	return min(n, len(answer)), err
}

// late answers a head that did not come in time. Package http gives up without an answer.
func (t *turnAway) late(v *visitor) {
	d := broken(fmt.Sprintf("the head of the request was not whole after %v: --header-timeout gives slow clients more time", t.timeout))
	t.tell(v, model.Refusal{Status: http.StatusRequestTimeout, Reason: "the head took too long", By: model.RefusedByHTTP, Diagnosis: d, Limit: model.LimitSlow})
	v.Conn.SetWriteDeadline(time.Now().Add(farewell))
	io.WriteString(v.Conn, "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"+d.Detail+"\n")
}

// crowdedOut answers a client whose place another one needs.
func (t *turnAway) crowdedOut(v *visitor) {
	refusal := crowdedOut()
	t.tell(v, refusal)
	v.Conn.SetWriteDeadline(time.Now().Add(farewell))
	fmt.Fprintf(v.Conn, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: %d\r\nConnection: close\r\n\r\n%s\n",
		int(refusal.RetryAfter/time.Second), refusal.Reason)
}

func crowdedOut() model.Refusal {
	return model.Refusal{
		Status: http.StatusServiceUnavailable, Reason: "too many handshakes are under way: --max-handshakes allows more", By: model.RefusedByHolter,
		RetryAfter: time.Duration(1+rand.IntN(5)) * time.Second, Limit: model.LimitWaiting,
	}
}

// gone reports a client that reset its connection in the middle of a head.
func (t *turnAway) gone(v *visitor) {
	t.tell(v, model.Refusal{
		Reason: "the connection was reset", By: model.RefusedByClient,
		Diagnosis: broken("the client reset the connection before the head of its request was whole"),
	})
}

// tell reports a refusal, with the parts of the head that can be read.
func (t *turnAway) tell(v *visitor, refusal model.Refusal) {
	t.report(requestOf(v.RemoteAddr().String(), v.remembered()), refusal)
}

// remembered returns the beginning of the head, as far as it was kept.
func (v *visitor) remembered() []byte {
	if v.head == nil {
		return nil
	}
	return *v.head
}

func broken(detail string) model.Diagnosis {
	return model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: detail}
}

// parseAnswer returns the status of an answer, and package http's reason, which follows the status text after a
// colon or is that text itself.
func parseAnswer(answer []byte) (status int, reason string) {
	line, _, _ := strings.Cut(string(answer), "\r\n")
	_, line, _ = strings.Cut(line, " ")
	code, text, _ := strings.Cut(line, " ")
	status, _ = strconv.Atoi(code)
	if _, after, found := strings.Cut(text, ": "); found {
		text = after
	}
	return status, text
}

// whatBroke describes the fault in a head that package http has refused, and the setting that mends it. It sees only
// the beginning of the head.
func whatBroke(status int, reason string, head []byte) string {
	switch status {
	case http.StatusRequestHeaderFieldsTooLarge:
		return "the head of the request is longer than holter takes: send fewer or shorter cookies and header fields, or let --header-limit allow more"
	case http.StatusHTTPVersionNotSupported:
		return "the request is of a version of HTTP that holter does not speak: set the client, or the proxy in front, to HTTP/1.1"
	case http.StatusNotImplemented:
		return "the request has a transfer coding other than chunked: a handshake has no body, and the proxy in front must not give it one"
	case http.StatusExpectationFailed:
		return "the request expects something else than 100-continue: leave the header Expect out"
	}
	if foreign := protocolOf(head); foreign != "" {
		return foreign
	}
	if reason != http.StatusText(status) {
		return describeReason(reason)
	}
	line, rest, _ := bytes.Cut(head, []byte("\n"))
	return cmp.Or(wrongLine(strings.TrimSuffix(string(line), "\r")), wrongFields(rest, len(head) == longestKept), unreadable)
}

const unreadable = "the request is no HTTP that can be read: the client, or what stands in front of holter, built it wrongly"

// protocolOf recognises other protocols than HTTP by their first bytes, and describes the mistake.
func protocolOf(head []byte) string {
	begins := func(with string) bool { return bytes.HasPrefix(head, []byte(with)) }
	switch {
	case begins("\x16\x03"):
		return "the client speaks TLS to a port that speaks plain HTTP: write ws:// in place of wss://, or give holter --tls-cert and --tls-key"
	case begins("PROXY "), begins("\r\n\r\n\x00\r\nQUIT\n"):
		return "the request begins with the PROXY protocol, which holter does not speak: switch it off in the load balancer (send-proxy in HAProxy, proxy_protocol in nginx), and let it set X-Forwarded-For"
	case begins("SSH-"):
		return "the client speaks SSH and not HTTP"
	}
	return ""
}

// describeReason explains the reason that package http gave.
func describeReason(reason string) string {
	switch strings.ToLower(reason) {
	case "missing required host header":
		return "the request has no Host header, which HTTP/1.1 asks for: in nginx proxy_set_header Host $host"
	case "malformed host header", "too many host headers":
		return "the Host header of the request is wrong (" + reason + "): in nginx proxy_set_header Host $host, once"
	}
	return "the request is wrong: " + reason
}

// wrongLine describes the fault in the first line of a request. It returns "" if the line is right.
func wrongLine(line string) string {
	parts := strings.Split(line, " ")
	switch {
	case len(parts) < 3 || !strings.HasPrefix(parts[len(parts)-1], "HTTP/"):
		return unreadable // or two requests came at once and this is the second: then its beginning is not known
	case len(parts) > 3:
		return "the target of the request has a space in it: write %20 in its place"
	}
	if _, _, ok := http.ParseHTTPVersion(parts[2]); !ok {
		return "the request names a version of HTTP that there is not"
	}
	_, err := url.ParseRequestURI(parts[1])
	path, _, _ := strings.Cut(parts[1], "?")
	if _, bad := url.PathUnescape(path); err != nil && bad != nil {
		return "the path of the request has a % that no two hexadecimal digits follow: write %25 for the character itself"
	}
	if err != nil {
		return "the target of the request is no path and no URL: control characters must be written with %"
	}
	return ""
}

// wrongFields describes the fault in the header fields of a request. It returns "" if it finds none. cut says that b
// may not be all of them.
func wrongFields(b []byte, cut bool) string {
	hosts := 0
	for {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		name, _, colon := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Host")) {
			hosts++
		}
		switch {
		case !whole && cut, whole && len(line) == 0:
			return ""
		case !whole:
			return "the request ended in the middle of its head"
		case !colon && line[0] != ' ' && line[0] != '\t':
			return "the request has a header line without a colon"
		case hosts > 1:
			return describeReason("too many Host headers")
		}
		b = rest
	}
}

// requestOf parses the readable parts of a head. The result always has an address, a URL and a header.
func requestOf(remote string, head []byte) *http.Request {
	r := &http.Request{RemoteAddr: remote, URL: &url.URL{}, Header: http.Header{}}
	lines := textproto.NewReader(bufio.NewReader(bytes.NewReader(head)))
	first, _ := lines.ReadLine()
	if _, target, ok := strings.Cut(first, " "); ok {
		target, _, _ = strings.Cut(target, " ")
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	}
	for {
		line, err := lines.ReadLine()
		name, value, ok := strings.Cut(line, ":")
		if err != nil || line == "" {
			return r
		}
		if ok {
			r.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
}
