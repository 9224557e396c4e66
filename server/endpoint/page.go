package endpoint

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"holter/server/plane"
)

//go:embed page/index.html
var page string

// adminMark stands in the page where the address of the admin plane belongs.
const adminMark = `data-admin=""`

// servePage answers with the page, and has the browser run and load only what is in it. The page names the admin plane
// if that can be reached from this machine only: to know its address then helps nobody else.
func servePage(admin func() string) gin.HandlerFunc {
	policy := strings.Join([]string{
		"default-src 'none'",
		"script-src " + sourceHash("script"),
		"style-src " + sourceHash("style"),
		"img-src data:",
		"connect-src 'self' ws: wss:", // Safari does not count a WebSocket as 'self'
		"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
	}, "; ")
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		text := page
		if root, err := url.Parse(admin()); err == nil && plane.Loopback(root.Hostname()) {
			text = strings.Replace(page, adminMark, `data-admin="`+html.EscapeString(root.String())+`"`, 1)
		}
		c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(text))
	}
}

// sourceHash names the content of the page's only element of that tag (Content Security Policy level 3,
// section 2.3.1).
func sourceHash(tag string) string {
	_, content, _ := strings.Cut(page, "<"+tag+">")
	content, _, _ = strings.Cut(content, "</"+tag+">")
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
