package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Kick asks to close connections: those in IDs or, if there are none, all that match Query.
type Kick struct {
	IDs    []ID
	Query  string        // in the filter language; "all" for all, as an empty query is an error
	Code   int           // of the close frame, 0 for 1001
	Reason string        // at most MaxReason bytes
	Reset  bool          // a TCP reset instead of a close frame
	Over   time.Duration // to spread the closes over evenly; 0 for at once
}

// Validate returns an Invalid error for what RFC 6455 does not allow in a close frame (sections 5.5 and 7.4). The
// error says what to write instead.
func (k Kick) Validate() error {
	switch {
	case k.Code != 0 && !sendable(k.Code):
		return Errorf(Invalid, "close code %d may not be sent: write 1000, 1001, 1003, 1007 to 1014, or 3000 to 4999", k.Code)
	case len(k.Reason) > MaxReason:
		return Errorf(Invalid, "the reason has %d bytes: a close frame takes at most %d", len(k.Reason), MaxReason)
	case !utf8.ValidString(k.Reason):
		return Errorf(Invalid, "the reason is not valid UTF-8")
	case k.Over < 0:
		return Errorf(Invalid, "a kick cannot be spread over %s", k.Over)
	}
	return nil
}

func sendable(code int) bool {
	return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
}

// MaxRefuse is the longest time for which upgrades are refused on request.
const MaxRefuse = 24 * time.Hour

// retryAfter is how the reason of a close frame says, in seconds, when to come back: as the header Retry-After does.
const retryAfter = "retry-after="

// RestartReason is the reason of a close frame for a restart of the server, which asks the client to come back after a time.
func RestartReason(wait time.Duration) string {
	return fmt.Sprintf("restart; %s%.1f", retryAfter, wait.Seconds())
}

// WithoutRetryAfter is the reason of a close frame without the time to wait, which differs between the clients of one restart.
func WithoutRetryAfter(reason string) string {
	reason, _, _ = strings.Cut(reason, "; "+retryAfter)
	return reason
}

// RetryAfter returns the time that the reason of a close frame asks the client to wait, 0 if it does not.
func RetryAfter(reason string) time.Duration {
	_, text, found := strings.Cut(reason, retryAfter)
	if !found {
		return 0
	}
	end := strings.IndexFunc(text, func(c rune) bool { return (c < '0' || c > '9') && c != '.' })
	if end >= 0 {
		text = text[:end]
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || seconds > longestRetry.Seconds() {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// longestRetry is the longest time to wait that a client believes.
const longestRetry = 24 * time.Hour

// MaxReason bounds the reason in a close frame, in bytes: a control frame has at most 125, two of which are the
// code (RFC 6455 section 5.5).
const MaxReason = 123
