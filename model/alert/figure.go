package alert

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"holter/model"
)

// unit is how a figure is written.
type unit struct {
	wants string
	parse func(s string) (float64, bool)
	word  func(v float64) string
	most  float64 // that the figure can be, 0 for any
}

var (
	parts    = unit{"a percentage such as 10%", parsePercent, wordPercent, 100}
	percents = unit{"a percentage such as 10%", parsePercent, wordPercent, 0}
	numbers  = unit{"a number such as 3", parseNumber, short, 0}
	seconds  = unit{"a duration such as 30s", parseSeconds, wordSeconds, 0}
	sizes    = unit{"a size such as 500MiB", parseSize, wordSize, 0}
	rates    = unit{"a number per second such as 50/s", parseRate, func(v float64) string { return short(v) + "/s" }, 0}
	flows    = unit{"bytes per second such as 10MB/s", parseFlow, func(v float64) string { return wordSize(v) + "/s" }, 0}
)

// figure is something that there is one of, for all that holter watches.
type figure struct {
	name  string
	about string // in a few words, for users
	unit  unit
	get   func(m *moment) (v float64, known bool)
}

// figures are all of them, in the order of the manual.
var figures = []figure{
	{"connections", "open connections", numbers, func(m *moment) (float64, bool) { return float64(m.open()), true }},
	{"clients", "clients on the list, with or without a connection", numbers, func(m *moment) (float64, bool) { return float64(len(m.Clients)), true }},
	{"away", "clients without a connection", numbers, func(m *moment) (float64, bool) { return float64(m.counts().Away + m.counts().Between), true }},
	{"flapping", "clients whose connections do not last", numbers, func(m *moment) (float64, bool) { return float64(m.counts().Flapping), true }},

	{"connects", "connections opened", rates, rateOf(func(r *model.Rates) float64 { return r.Connects })},
	{"reconnects", "of these, by clients that came back", rates, rateOf(func(r *model.Rates) float64 { return r.Reconnects })},
	{"closes", "connections closed", rates, rateOf(func(r *model.Rates) float64 { return r.Closes })},
	{"refused", "handshakes refused", rates, rateOf(func(r *model.Rates) float64 { return r.Refused })},
	{"beats", "holter's beats", rates, rateOf(func(r *model.Rates) float64 { return r.Beats })},
	{"bytes_in", "from all clients", flows, rateOf(func(r *model.Rates) float64 { return r.BytesIn })},
	{"bytes_out", "to all clients", flows, rateOf(func(r *model.Rates) float64 { return r.BytesOut })},

	{"cpu", "of the whole machine", parts, hostOf(func(h *model.Host) (float64, bool) { return h.CPU, true })},
	{"memory", "of the machine's memory that is in use", parts, hostOf(func(h *model.Host) (float64, bool) {
		return portion(float64(h.MemoryUsed), float64(h.MemoryTotal))
	})},
	{"load", "over the last minute", numbers, hostOf(func(h *model.Host) (float64, bool) { return h.Load1, true })},

	{"self_cpu", "of one core that this process uses", percents, hostOf(func(h *model.Host) (float64, bool) { return h.Process.CPU, true })},
	{"self_memory", "of this process", sizes, hostOf(func(h *model.Host) (float64, bool) { return float64(h.Process.RSS), h.Process.RSS > 0 })},
	{"goroutines", "of this process", numbers, hostOf(func(h *model.Host) (float64, bool) { return float64(h.Process.Goroutines), true })},
	{"files", "of the files and sockets that this process may have open", parts, hostOf(func(h *model.Host) (float64, bool) {
		return portion(float64(h.Process.OpenFiles), float64(h.Process.MaxFiles))
	})},
	{"places", "of the connections that `--max-conns` allows", parts, func(m *moment) (float64, bool) {
		return portion(float64(m.open()), float64(m.Monitor.MaxConns))
	}},
	{"lateness", "the factor by which timeouts are longer because holter itself ran late, from 1 to 8", numbers, func(m *moment) (float64, bool) {
		return m.Monitor.Lateness, m.Monitor.Lateness > 0
	}},
	{"undelivered", "outputs of alerts that do not work at the moment", numbers, func(m *moment) (float64, bool) { return float64(m.failing), true }},
}

// calls are the functions of a filter.
var calls = []struct {
	name, about string
	unit        unit
	of          func(m *moment, matching int, others int) (float64, bool)
}{
	{"count", "connections on the list that the filter selects, those that closed lately too", numbers, func(_ *moment, matching, _ int) (float64, bool) {
		return float64(matching), true
	}},
	{"share", "these, of themselves and all others that are not closed", parts, func(_ *moment, matching, others int) (float64, bool) {
		return portion(float64(matching), float64(matching+others))
	}},
}

// flags are what is so or not.
var flags = []struct {
	name, about string
	get         func(m *moment) (yes bool, detail string, at model.Place)
}{
	{"storm", "many clients are coming back at once", func(m *moment) (bool, string, model.Place) {
		s := m.Storm()
		if s == nil {
			return false, "", model.Place{}
		}
		return true, stormWords(s), model.Place{Page: model.StormsPage, Query: strconv.Itoa(s.ID)}
	}},
	{"refusing", "upgrades are refused on request", func(m *moment) (bool, string, model.Place) {
		return m.Time.Before(m.Monitor.RefusingUntil), "upgrades are refused on request", model.Place{}
	}},
}

func stormWords(s *model.Storm) string {
	return "storm " + strconv.Itoa(s.ID) + ": " + strconv.Itoa(s.Away) + " of " + strconv.Itoa(s.Clients) + " clients are not back"
}

func rateOf(get func(*model.Rates) float64) func(*moment) (float64, bool) {
	return func(m *moment) (float64, bool) { return get(&m.Rates), true }
}

// hostOf makes a figure of the newest sample of the machine. Before the first one it is unknown.
func hostOf(get func(*model.Host) (float64, bool)) func(*moment) (float64, bool) {
	return func(m *moment) (float64, bool) {
		if m.Host.Time.IsZero() {
			return 0, false
		}
		return get(&m.Host)
	}
}

// portion is a part of a whole in percent, which is unknown of nothing.
func portion(part, whole float64) (float64, bool) { return 100 * part / max(whole, 1), whole > 0 }

func parsePercent(s string) (float64, bool) {
	number, ok := strings.CutSuffix(s, "%")
	v, valid := parseNumber(strings.TrimRight(number, " "))
	return v, ok && valid
}

func wordPercent(v float64) string { return short(v) + "%" }

func parseNumber(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && strings.Trim(s, "0123456789.") == "" && !math.IsInf(v, 0)
}

func parseSeconds(s string) (float64, bool) {
	d, err := time.ParseDuration(s)
	return d.Seconds(), err == nil && d >= 0
}

func parseSize(s string) (float64, bool) {
	n, ok := model.ParseSize(s)
	return float64(n), ok
}

func parseRate(s string) (float64, bool) { return parseNumber(strings.TrimSuffix(s, "/s")) }

func parseFlow(s string) (float64, bool) { return parseSize(strings.TrimSuffix(s, "/s")) }

// short words a number with at most three digits, where that loses nothing before the point.
func short(v float64) string {
	return strconv.FormatFloat(math.Round(v*precision(v))/precision(v), 'f', -1, 64)
}

func precision(v float64) float64 {
	switch v = math.Abs(v); {
	case v >= 100:
		return 1
	case v >= 10:
		return 10
	}
	return 100
}

func wordSeconds(v float64) string {
	d := time.Duration(v * float64(time.Second))
	switch s := int64(d.Round(time.Second) / time.Second); {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return d.Round(max(time.Millisecond, d/1000)).String()
}

func wordSize(v float64) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if v >= u.size {
			return short(v/u.size) + u.name
		}
	}
	return short(v) + "B"
}
