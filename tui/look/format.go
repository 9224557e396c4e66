package look

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"holter/model"
)

// None stands where there is no figure.
const None = "-"

// Brief is a duration with two or three figures in at most seven cells: 0.42ms, 1.2ms, 31ms, 1.10s,
// 12.4s, 4m12s, 3h07m, 12d04h.
func Brief(d time.Duration) string {
	switch {
	case d <= 0:
		return None
	case d < time.Millisecond:
		return decimal(d, time.Millisecond, 2) + "ms"
	case d < 10*time.Millisecond:
		return decimal(d, time.Millisecond, 1) + "ms"
	case d < time.Second:
		return decimal(d, time.Millisecond, 0) + "ms"
	}
	return Seconds(d)
}

// Seconds is a duration in seconds, in larger units from a minute on: 0.52s, 12.4s, 4m12s.
func Seconds(d time.Duration) string {
	switch {
	case d <= 0:
		return None
	case d < 10*time.Second:
		return decimal(d, time.Second, 2) + "s"
	case d < time.Minute:
		return decimal(d, time.Second, 1) + "s"
	}
	return Span(d)
}

// Silence is a duration in tenths of a second, in larger units from a minute on: 0.8s, 12.4s, 4m12s.
func Silence(d time.Duration) string {
	if d < time.Minute {
		return decimal(max(d, 0), time.Second, 1) + "s"
	}
	return Span(d)
}

// Span is a long duration in at most six cells: 41s, 4m12s, 3h07m, 12d04h, 250d, 3y.
func Span(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	switch {
	case s < 60:
		return strconv.FormatInt(s, 10) + "s"
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 24*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	days := s / (24 * 3600)
	switch {
	case days < 100:
		return fmt.Sprintf("%dd%02dh", days, s/3600%24)
	case days < 1000:
		return fmt.Sprintf("%dd", days)
	}
	return fmt.Sprintf("%dy", days/365)
}

// Interval is a duration from the settings, or one near it: 5s, 1m30s, 5.08s.
func Interval(d time.Duration) string {
	if d <= 0 {
		return None
	}
	return d.Round(10 * time.Millisecond).String()
}

// decimal cuts rather than rounds, so that 59.96s does not read 60.0s where 1m00s is meant.
func decimal(d, unit time.Duration, places int) string {
	step := unit
	for range places {
		step /= 10
	}
	return strconv.FormatFloat(float64(d/step*step)/float64(unit), 'f', places, 64)
}

// Uptime is a duration as on a clock: 12:41, 3:07:09.
func Uptime(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Amount is a number with a decimal prefix in at most four cells: 0, 7, 310k, 1.2M.
func Amount(v float64) string {
	v = min(max(v, 0), 999e18)
	prefixes := []string{"", "k", "M", "G", "T", "P", "E"}
	i := 0
	for v >= 999.5 && i < len(prefixes)-1 {
		v /= 1000
		i++
	}
	if v < 9.95 && i > 0 {
		return strconv.FormatFloat(v, 'f', 1, 64) + prefixes[i]
	}
	return strconv.FormatFloat(v, 'f', 0, 64) + prefixes[i]
}

// Rate is how often something happens, with a decimal for small numbers.
func Rate(v float64) string {
	if 0 < v && v < 9.95 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return Amount(v)
}

// Count is a number in at most four cells, exact below ten thousand.
func Count(n int) string {
	if 0 <= n && n < 10_000 {
		return strconv.Itoa(n)
	}
	return Amount(float64(n))
}

// Percent is a share of 100, without decimals.
func Percent(v float64) string {
	return strconv.FormatFloat(min(max(v, 0), 9999), 'f', 0, 64) + "%"
}

// Memory is the share of the host's memory that is in use, None if it is not known.
func Memory(h *model.Host) string {
	if h.MemoryTotal == 0 {
		return None
	}
	return Percent(100 * float64(h.MemoryUsed) / float64(h.MemoryTotal))
}

// Who names a connection in a sentence: its client and its id. The text is as unsafe as the client's name.
func Who(c *model.Connection) string {
	return c.Client + " (" + c.ID.String() + ")"
}

// Ending says how a connection closed: "1001 going away, by holter". It is as unsafe as the reason.
func Ending(c *model.Close) string { return CloseCode(c.Code, c.Reason) + ", by " + c.By.String() }

// CloseCode is a close code with its reason, or with its name if there was none.
func CloseCode(code int, reason string) string {
	if reason == "" {
		reason = codeName(code)
	}
	return strings.TrimSpace(strconv.Itoa(code) + " " + reason)
}

// codeName is what RFC 6455 section 7.4.1 and the IANA registry of close codes call a code.
func codeName(code int) string {
	switch code {
	case 1000:
		return "normal closure"
	case 1001:
		return "going away"
	case 1002:
		return "protocol error"
	case 1003:
		return "unsupported data"
	case 1005:
		return "no code given"
	case 1006:
		return "no close frame"
	case 1007:
		return "invalid data"
	case 1008:
		return "policy violation"
	case 1009:
		return "message too big"
	case 1010:
		return "extension missing"
	case 1011:
		return "internal error"
	case 1012:
		return "service restart"
	case 1013:
		return "try again later"
	case 1014:
		return "bad gateway"
	case 1015:
		return "TLS failure"
	}
	return ""
}

// Plural is a number of things: "1 FAULT", "3 FAULTS".
func Plural(n int, what string) string {
	if n != 1 {
		what += "S"
	}
	return Count(n) + " " + what
}

// Ago is a round time: 30s, 1m30s, 5m.
func Ago(d time.Duration) string {
	if d%time.Minute == 0 {
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return d.String()
}

// Clock is a time of day on the reader's clock.
func Clock(t time.Time) string { return t.Local().Format("15:04:05") }

// Share formats a share from 0 to 1 in per cent, with as many places as it takes to tell it from all: 99.98%.
func Share(f float64) string {
	switch {
	case f >= 0.9:
		return strconv.FormatFloat(math.Floor(f*1e4)/100, 'f', 2, 64) + "%"
	case f > 0 && f < 0.001:
		return "<0.1%"
	}
	return strconv.FormatFloat(math.Floor(f*1e3)/10, 'f', 1, 64) + "%"
}
