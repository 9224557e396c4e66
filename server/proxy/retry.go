package proxy

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestRetry is the longest time that an upstream can ask for.
const longestRetry = time.Hour

// retryAfter returns how long an answer asks the client to wait (RFC 9110 section 10.2.3), in seconds or as a time. It
// is 0 if the answer does not ask, or if the field is invalid.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if at, err := http.ParseTime(text); err == nil {
		return min(max(0, at.Sub(now)), longestRetry)
	}
	seconds, err := strconv.ParseUint(text, 10, 32)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, longestRetry)
}
