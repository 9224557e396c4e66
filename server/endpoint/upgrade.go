package endpoint

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"golang.org/x/net/http/httpguts"

	"holter/model"
	"holter/server/plane"
)

// badUpgrade is why a request cannot become a WebSocket, and the status that says so.
type badUpgrade struct {
	status int
	reason string
}

// checkUpgrade returns what is wrong with an opening handshake by RFC 6455 section 4.2.1, nil if nothing is. The
// reason is often all that people see of what their proxy or library did.
func checkUpgrade(r *http.Request) *badUpgrade {
	has := func(header, token string) bool { return httpguts.HeaderValuesContainsToken(r.Header[header], token) }
	keys := r.Header["Sec-Websocket-Key"]
	switch {
	case !has("Upgrade", "websocket"):
		return &badUpgrade{http.StatusUpgradeRequired, "this is a WebSocket endpoint: the request has no header Upgrade: websocket"}
	case !r.ProtoAtLeast(1, 1):
		return &badUpgrade{http.StatusUpgradeRequired, "a WebSocket needs HTTP/1.1; nginx in front needs proxy_http_version 1.1"}
	case !has("Connection", "upgrade"):
		return &badUpgrade{http.StatusBadRequest, "the request has no header Connection: Upgrade; a proxy in front may have removed it"}
	case !has("Sec-Websocket-Version", "13"):
		return &badUpgrade{http.StatusUpgradeRequired, "the version of the WebSocket protocol must be 13"}
	case len(keys) != 1 || !validKey(keys[0]):
		return &badUpgrade{http.StatusBadRequest, "the header Sec-WebSocket-Key must be 16 bytes in base64"}
	case r.ContentLength != 0:
		return &badUpgrade{http.StatusBadRequest, "the request for a WebSocket has no body"}
	}
	return nil
}

func validKey(key string) bool {
	nonce, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	return err == nil && len(nonce) == 16
}

// requireUpgrade lets only proper opening handshakes pass. It reports what was meant as one: not a page that was
// opened by mistake.
func (d *endpoint) requireUpgrade(c *gin.Context) {
	bad := checkUpgrade(c.Request)
	if bad == nil {
		return
	}
	if !plane.Handshaking(c.Request) && d.explain(c.Writer, c.Request) {
		c.Abort()
		return
	}
	broken := plane.CheckHandshake(c.Request)
	if broken.Cause == "" {
		broken = model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: bad.reason}
	}
	if plane.Handshaking(c.Request) {
		d.refused(c.Request, model.Refusal{Status: bad.status, Reason: bad.reason, By: model.RefusedByHolter, Diagnosis: broken})
	}
	if bad.status == http.StatusUpgradeRequired {
		c.Header("Upgrade", "websocket")
		c.Header("Connection", "Upgrade")
		c.Header("Sec-WebSocket-Version", "13")
	}
	c.String(bad.status, "%s\n", bad.reason)
	c.Abort()
}
