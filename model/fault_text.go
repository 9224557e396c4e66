package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// faultKind is one kind of fault with its text form: its name, or name=value.
type faultKind struct {
	name  string
	form  string                         // an example for error messages
	read  func(f *Faults, s string) bool // parses the value; false if it is not valid
	write func(f *Faults) []string       // the words for such faults in f, none if there are none
}

// faultKinds are in the order in which they are shown.
var faultKinds = [...]faultKind{
	{"latency", "latency=200ms, latency=200ms±50ms or latency=200ms,down", readLatency, writeLatency},
	{"rate", "rate=64KiB or rate=64KiB,up", readRate, writeRate},
	flagFault("freeze", func(f *Faults) *bool { return &f.Freeze }),
	flagFault("half-open", func(f *Faults) *bool { return &f.HalfOpen }),
	flagFault("swallow-pongs", func(f *Faults) *bool { return &f.SwallowPongs }),
	numberFault("drop", "1/", "drop=1/10", func(f *Faults) *int { return &f.Drop }),
	{"slow-close", "slow-close=5s", readSlowClose, writeSlowClose},
	numberFault("cut", "", "cut=1011", func(f *Faults) *int { return &f.Cut }),
	flagFault("reset", func(f *Faults) *bool { return &f.Reset }),
}

// ParseFaults parses faults with spaces between them, in any order:
//
//	latency=200ms       bytes travel longer by this, in each direction
//	latency=200ms±50ms  with jitter; +- is the same as ±
//	latency=200ms,down  only to the client; up is from the client
//	rate=64KiB          limit in bytes per second, in each direction; ,up and ,down as above
//	freeze              neither read nor write
//	half-open           the same, and hide the end of the connection from the client
//	swallow-pongs       drop the client's pongs
//	drop=1/10           drop every tenth message of the client's
//	slow-close=5s       delay the close frame by this
//	cut=1011            end the connection now, with this close code
//	reset               end it now, with a TCP reset
//
// The empty text and "none" mean no faults. An error has the code Invalid and says what to write.
func ParseFaults(text string) (Faults, error) {
	var f Faults
	words := strings.Fields(text)
	if len(words) == 1 && words[0] == "none" {
		return f, nil
	}
	for _, word := range words {
		if err := f.read(word); err != nil {
			return Faults{}, err
		}
	}
	if err := f.Validate(); err != nil {
		return Faults{}, err
	}
	return f, nil
}

// ReadFaults reads words as ParseFaults does, but cannot fail: those that it does not understand are in Other.
func ReadFaults(words []string) Faults {
	var f Faults
	var other []string
	for _, word := range words {
		with := f
		if with.read(word) != nil || with.Validate() != nil {
			other = append(other, word)
			continue
		}
		f = with
	}
	f.Other = strings.Join(other, " ")
	return f
}

// read parses one word and adds its fault to f.
func (f *Faults) read(word string) error {
	name, value, valued := strings.Cut(word, "=")
	var names []string
	for i := range faultKinds {
		k := &faultKinds[i]
		names = append(names, k.name)
		if k.name != name {
			continue
		}
		var more Faults
		if valued == (k.name == k.form) || !k.read(&more, value) {
			return Errorf(Invalid, "%.60q is not a fault: write %s", word, k.form)
		}
		if !f.add(&more) {
			return Errorf(Invalid, "%.60q comes on top of another %s: write one of them", word, name)
		}
		return nil
	}
	if near := Nearest(name, names); near != "" {
		return Errorf(Invalid, "there is no fault %.40q: did you mean %s?", name, near)
	}
	return Errorf(Invalid, "there is no fault %.40q: write one of %s", name, strings.Join(names, ", "))
}

// add adds the faults of g to f. It reports false if f has one of them already.
func (f *Faults) add(g *Faults) bool {
	return addTo(&f.Up.Latency, g.Up.Latency) && addTo(&f.Down.Latency, g.Down.Latency) &&
		addTo(&f.Up.Jitter, g.Up.Jitter) && addTo(&f.Down.Jitter, g.Down.Jitter) &&
		addTo(&f.Up.Rate, g.Up.Rate) && addTo(&f.Down.Rate, g.Down.Rate) &&
		addTo(&f.Freeze, g.Freeze) && addTo(&f.HalfOpen, g.HalfOpen) && addTo(&f.SwallowPongs, g.SwallowPongs) &&
		addTo(&f.Drop, g.Drop) && addTo(&f.SlowClose, g.SlowClose) &&
		addTo(&f.Cut, g.Cut) && addTo(&f.Reset, g.Reset)
}

func addTo[T comparable](to *T, value T) bool {
	var none T
	if value == none {
		return true
	}
	fresh := *to == none
	*to = value
	return fresh
}

func flagFault(name string, flag func(*Faults) *bool) faultKind {
	return faultKind{name, name, func(f *Faults, _ string) bool {
		*flag(f) = true
		return true
	}, func(f *Faults) []string {
		if !*flag(f) {
			return nil
		}
		return []string{name}
	}}
}

func numberFault(name, prefix, form string, number func(*Faults) *int) faultKind {
	return faultKind{name, form, func(f *Faults, s string) bool {
		digits, found := strings.CutPrefix(s, prefix)
		n, err := strconv.ParseUint(digits, 10, 31)
		*number(f) = int(n)
		return found && err == nil && n > 0
	}, func(f *Faults) []string {
		if *number(f) == 0 {
			return nil
		}
		return []string{fmt.Sprintf("%s=%s%d", name, prefix, *number(f))}
	}}
}

// lines splits a direction off a value and returns the lines that it means, none if it is unknown.
func (f *Faults) lines(s string) (value string, lines []*Line) {
	value, direction, directed := strings.Cut(s, ",")
	switch {
	case !directed:
		lines = []*Line{&f.Up, &f.Down}
	case direction == "up":
		lines = []*Line{&f.Up}
	case direction == "down":
		lines = []*Line{&f.Down}
	}
	return value, lines
}

// directions returns the words for a disturbance of two lines: one word if both have the same, "" for none.
func directions(up, down string) (words []string) {
	if up == down {
		down = ""
	} else if up != "" {
		up += ",up"
	}
	if up != "" {
		words = append(words, up)
	}
	if down != "" {
		words = append(words, down+",down")
	}
	return words
}

func readLatency(f *Faults, s string) bool {
	s, lines := f.lines(strings.Replace(s, "+-", "±", 1))
	s, spread, varies := strings.Cut(s, "±")
	latency, ok := parseDelay(s)
	jitter, also := time.Duration(0), true
	if varies {
		jitter, also = parseDelay(spread)
	}
	for _, l := range lines {
		l.Latency, l.Jitter = latency, jitter
	}
	return ok && also && lines != nil
}

func writeLatency(f *Faults) []string { return directions(f.Up.latency(), f.Down.latency()) }

func (l Line) latency() string {
	switch {
	case l.Latency == 0:
		return ""
	case l.Jitter == 0:
		return "latency=" + l.Latency.String()
	}
	return "latency=" + l.Latency.String() + "±" + l.Jitter.String()
}

func readRate(f *Faults, s string) bool {
	s, lines := f.lines(s)
	n, ok := ParseSize(strings.TrimSuffix(s, "/s"))
	for _, l := range lines {
		l.Rate = n
	}
	return ok && n > 0 && lines != nil
}

func writeRate(f *Faults) []string { return directions(f.Up.rate(), f.Down.rate()) }

func (l Line) rate() string {
	if l.Rate == 0 {
		return ""
	}
	return "rate=" + formatSize(l.Rate) + "/s"
}

func readSlowClose(f *Faults, s string) (ok bool) {
	f.SlowClose, ok = parseDelay(s)
	return ok
}

func writeSlowClose(f *Faults) []string {
	if f.SlowClose == 0 {
		return nil
	}
	return []string{"slow-close=" + f.SlowClose.String()}
}

// parseDelay parses a duration above 0.
func parseDelay(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}

// formatSize formats a size, which is not 0, as ParseSize reads it.
func formatSize(n int64) string {
	for _, u := range []struct {
		name  string
		bytes int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n%u.bytes == 0 {
			return fmt.Sprintf("%d%s", n/u.bytes, u.name)
		}
	}
	return fmt.Sprintf("%dB", n)
}
