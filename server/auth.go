package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/gin-gonic/gin"

	"holter/model"
)

// bearer lets only requests with the token pass (RFC 6750 section 2.1), and all if the token is empty.
func bearer(token string) gin.HandlerFunc {
	if token == "" {
		return func(*gin.Context) {}
	}
	want := sha256.Sum256([]byte(token))
	return func(c *gin.Context) {
		// The sums have one length, so that comparing takes one time whatever was sent.
		got := sha256.Sum256([]byte(credentials(c.GetHeader("Authorization"))))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			c.Header("WWW-Authenticate", `Bearer realm="holter"`)
			fail(c, model.Errorf(model.Unauthorized, "send the token as Authorization: Bearer TOKEN"))
		}
	}
}

// credentials is the token in an Authorization header of the scheme Bearer, else nothing.
func credentials(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
