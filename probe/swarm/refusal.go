package swarm

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"holter/model"
)

// maxRetryAfter bounds how long a server can make a client wait.
const maxRetryAfter = 5 * time.Minute

// refused is the error of a handshake that was answered with a status other than 101.
type refused struct {
	status     int
	retryAfter time.Duration // the wait that the server asks for, 0 for none
	location   string        // where a redirection leads
	body       string        // its first bytes
}

// newRefused reads what is kept of an answer. The server's texts are made safe to show.
func newRefused(response *http.Response) *refused {
	body, _ := io.ReadAll(io.LimitReader(response.Body, keptBody))
	return &refused{
		status:     response.StatusCode,
		retryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now()),
		location:   shown(response.Header.Get("Location")),
		body:       shown(strings.Join(strings.Fields(string(body)), " ")),
	}
}

// longestText bounds what is shown of a server's text, in characters.
const longestText = 160

// shown makes a server's text safe to show, and cuts it.
func shown(text string) string {
	safe := []rune(model.Clean(text, utf8.UTFMax*len(text)))
	if len(safe) > longestText {
		safe = append(safe[:longestText], '…')
	}
	return string(safe)
}

func (r *refused) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("handshake refused with %d %s", r.status, http.StatusText(r.status)))
	if said := quoted(r.location, r.body); said != "" {
		text += " (" + said + ")"
	}
	return text
}

// quoted describes what a refusal says besides its status, "" if it says nothing.
func quoted(location, body string) string {
	var parts []string
	if location != "" {
		parts = append(parts, "to "+location)
	}
	if body != "" {
		parts = append(parts, `"`+body+`"`)
	}
	return strings.Join(parts, ", ")
}

// busy reports whether the server may accept the same client later.
func (r *refused) busy() bool {
	return r.status == http.StatusServiceUnavailable || r.status == http.StatusTooManyRequests
}

// retryAfter parses a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3). It returns 0 for a
// header that it cannot parse, and at most maxRetryAfter, also for a number beyond all bounds.
func retryAfter(header string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil || errors.Is(err, strconv.ErrRange) {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
