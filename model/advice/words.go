package advice

import (
	"fmt"
	"strings"
	"time"
)

// count is a number with its noun: "1 client", "12 clients".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func is(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func has(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// quoted names clients by their user agent.
func quoted(agent string) string {
	if agent == "" {
		return "clients without a user agent"
	}
	return agent
}

// span writes a duration for a sentence: "340 ms", "5.7 s", "2m10s".
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return strings.Replace(fmt.Sprintf("%.1f s", d.Seconds()), ".0 s", " s", 1)
	}
	return d.Round(time.Second).String()
}

// share writes a part of a whole in per cent: "0.6 %".
func share(part, whole int) string {
	return strings.Replace(fmt.Sprintf("%.1f %%", 100*float64(part)/float64(max(whole, 1))), ".0 %", " %", 1)
}

// flag writes a duration as it is typed: "1s", "750ms", "1m".
func flag(d time.Duration) string {
	text := d.String()
	if d >= time.Minute {
		text = strings.TrimSuffix(text, "0s")
	}
	return text
}
