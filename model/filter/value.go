package filter

import (
	"cmp"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"holter/model"
	"holter/model/path"
)

// unit is a text form of figures.
type unit struct {
	wants string
	parse func(s string) (value int64, ok bool)
}

var (
	durations     = unit{"a duration such as 100ms", parseDuration}
	sizes         = unit{"a size such as 1MiB", model.ParseSize}
	rates         = unit{"bytes per second such as 10k", parseRate}
	counts        = unit{"a number such as 3", parseCount}
	connectionIDs = unit{"a connection id such as c17", parseConnectionID}
	clocks        = unit{"a time of day such as 12:01:07", parseClock}
)

func figureField(name string, u unit, get func(Row) (int64, bool)) field {
	return field{name: name, on: everywhere, wants: everyPlace(u.wants), figure: get, compare: func(op operator, value string, _ Place) condition {
		want, ok := u.parse(value)
		if !ok {
			return nil
		}
		return func(r Row) bool {
			have, ok := get(r)
			if !ok {
				return op == opNotEqual
			}
			return op.holds(cmp.Compare(have, want))
		}
	}}
}

func durationField(name string, get func(*model.Connection) time.Duration) field {
	return figureField(name, durations, func(r Row) (int64, bool) {
		d := get(r.known())
		return int64(d), d != 0
	})
}

func countField(name string, get func(*model.Connection) uint64) field {
	return totalField(name, counts, get)
}

func sizeField(name string, get func(*model.Connection) uint64) field {
	return totalField(name, sizes, get)
}

// totalField makes a field for a figure that every connection has.
func totalField(name string, u unit, get func(*model.Connection) uint64) field {
	return figureField(name, u, func(r Row) (int64, bool) { return int64(get(r.known())), r.Connection != nil })
}

// rateField makes a field for bytes per second as the screen shows them, which is rounded.
func rateField(name string, get func(Row) float64) field {
	return figureField(name, rates, func(r Row) (int64, bool) { return int64(math.Round(get(r))), r.Connection != nil }).only(onRows)
}

// holds reports whether "have op want" is true. order is the result of comparing have with want.
func (op operator) holds(order int) bool {
	switch op {
	case opEqual:
		return order == 0
	case opNotEqual:
		return order != 0
	case opGreater:
		return order > 0
	case opGreaterOrEqual:
		return order >= 0
	case opLess:
		return order < 0
	case opLessOrEqual:
		return order <= 0
	}
	return false
}

func textField(name string, get func(Row) string) field {
	return field{name: name, on: everywhere, wants: everyPlace("a text"), text: get, compare: func(op operator, value string, _ Place) condition {
		return func(r Row) bool { return strings.EqualFold(get(r), value) == (op == opEqual) }
	}}
}

// pathField makes a field for a path. A * in the value stands for one segment: see path.Match.
func pathField(name string, get func(Row) string) field {
	f := textField(name, get)
	compare := f.compare
	f.wants = everyPlace("a path, or a template such as /rooms/*")
	f.compare = func(op operator, value string, p Place) condition {
		if !path.IsTemplate(value) {
			return compare(op, value, p)
		}
		return func(r Row) bool { return path.Match(value, get(r)) == (op == opEqual) }
	}
	return f
}

// choiceField makes a field for a text with known values, which depend on the place. The empty text stands for none of
// them.
func choiceField(name string, known func(Place) []string, get func(Row) string) field {
	f := textField(name, get)
	f.values = known
	f.wants = func(p Place) string { return "one of " + strings.Join(known(p), ", ") }
	compare := f.compare
	f.compare = func(op operator, value string, p Place) condition {
		if value != "" && !contains(known(p), value) {
			return nil
		}
		return compare(op, value, p)
	}
	return f
}

// stateField makes the field that compares states.
func stateField(name string) field {
	f := choiceField(name, stateNames, Row.state)
	compare := f.compare
	f.compare = func(op operator, value string, p Place) condition {
		switch {
		case p == Services && strings.EqualFold(value, stateAlive):
			return func(r Row) bool { return r.service().Alive() == (op == opEqual) }
		case !strings.EqualFold(value, stateOpen) || p == Services:
			return compare(op, value, p)
		}
		return func(r Row) bool { return r.isOpen() == (op == opEqual) }
	}
	return f
}

// faultField makes the field that compares the kinds of faults on a connection. The empty text stands for none.
func faultField(name string) field {
	kinds := func(r Row) []string { return r.known().Faults.Kinds() }
	f := choiceField(name, everyPlace(model.FaultKinds()), func(r Row) string { return strings.Join(kinds(r), " ") })
	compare := f.compare
	f.compare = func(op operator, value string, p Place) condition {
		if value == "" || compare(op, value, p) == nil {
			return compare(op, value, p)
		}
		return func(r Row) bool {
			return contains(kinds(r), value) == (op == opEqual)
		}
	}
	return f
}

func addressField(name string, text func(Row) string) field {
	wants := "an address such as 10.0.0.7 or a network such as 10.0.0.0/8"
	return field{name: name, on: everywhere, wants: everyPlace(wants), text: text, compare: func(op operator, value string, _ Place) condition {
		want, ok := parseNetwork(value)
		if !ok {
			return nil
		}
		return func(r Row) bool { return want.contains(r.remote()) == (op == opEqual) }
	}}
}

// network is a set of addresses.
type network struct {
	prefix netip.Prefix
	port   uint16 // 0 for any
}

func (n network) contains(a netip.AddrPort) bool {
	return n.prefix.Contains(a.Addr().Unmap().WithZone("")) && (n.port == 0 || n.port == a.Port())
}

// parseNetwork parses a network, an address, or an address with a port.
func parseNetwork(s string) (network, bool) {
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return network{prefix: prefix}, true
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		return network{prefix: singleAddress(addr)}, true
	}
	if addr, err := netip.ParseAddrPort(s); err == nil {
		return network{prefix: singleAddress(addr.Addr()), port: addr.Port()}, true
	}
	return network{}, false
}

func singleAddress(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen())
}

// parseDuration parses a duration as the screen shows it: with days and years too, as in 12d04h.
func parseDuration(s string) (int64, bool) {
	long, rest := int64(0), s
	for _, u := range [...]struct {
		name   string
		length time.Duration
	}{{"y", 365 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		number, after, found := strings.Cut(rest, u.name)
		if !found {
			continue
		}
		n, ok := parseCount(number)
		if !ok || n > 100*365 {
			return 0, false
		}
		long, rest = long+n*int64(u.length), after
	}
	if rest == "" && rest != s {
		return long, true
	}
	d, err := time.ParseDuration(rest)
	return long + int64(d), err == nil && d >= 0 && long <= math.MaxInt64-int64(d)
}

// parseRate parses a rate as the screen shows it: with k, M and G, and with or without B and /s.
func parseRate(s string) (int64, bool) {
	return model.ParseSize(strings.TrimSuffix(strings.ToLower(s), "/s"))
}

// parseClock parses a time of day. It returns the nanoseconds since midnight.
func parseClock(s string) (int64, bool) {
	for _, layout := range []string{time.TimeOnly, "15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return int64(t.Sub(t.Truncate(24 * time.Hour))), true
		}
	}
	return 0, false
}

func parseCount(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err == nil
}

func parseConnectionID(s string) (int64, bool) {
	id, err := model.ParseID(strings.ToLower(s))
	return int64(id), err == nil
}
