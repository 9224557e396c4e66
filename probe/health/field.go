package health

import (
	"fmt"
	"net/http"
	"strings"

	"holter/model"
)

// ParseField parses FIELD:VALUE, a header field as a user writes it. The error says what to write instead, without the name of
// a flag in front, and does not show the value.
func ParseField(text string) (name, value string, err error) {
	name, value, found := strings.Cut(text, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !found || !isToken(name) || model.FirstInvisible(value) >= 0 {
		return "", "", fmt.Errorf("%.40q is no header field: write FIELD:VALUE, such as 'Accept: application/json'", name)
	}
	return http.CanonicalHeaderKey(name), value, nil
}

// isToken reports whether a name is one of a header field (RFC 9110 section 5.6.2).
func isToken(name string) bool {
	other := func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c))
	}
	return name != "" && !strings.ContainsFunc(name, other)
}
