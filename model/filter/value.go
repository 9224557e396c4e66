package filter

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"holter/model"
)

// unit is a text form of figures.
type unit struct {
	wants string
	parse func(s string) (value int64, ok bool)
}

var (
	durations     = unit{"a duration such as 100ms", parseDuration}
	sizes         = unit{"a size such as 1MiB", model.ParseSize}
	counts        = unit{"a number such as 3", parseCount}
	connectionIDs = unit{"a connection id such as c17", parseConnectionID}
)

func figureField(name, short string, u unit, get func(*model.Connection, time.Time) (int64, bool)) field {
	return field{name: name, short: short, wants: u.wants, figure: get, compare: func(op operator, value string) condition {
		want, ok := u.parse(value)
		if !ok {
			return nil
		}
		return func(c *model.Connection, now time.Time) bool {
			have, ok := get(c, now)
			if !ok {
				return op == opNotEqual
			}
			return op.holds(cmp.Compare(have, want))
		}
	}}
}

func durationField(name string, get func(*model.Connection) time.Duration) field {
	return figureField(name, "", durations, func(c *model.Connection, _ time.Time) (int64, bool) {
		d := get(c)
		return int64(d), d != 0
	})
}

func countField(name, short string, get func(*model.Connection) uint64) field {
	return figureField(name, short, counts, func(c *model.Connection, _ time.Time) (int64, bool) { return int64(get(c)), true })
}

func sizeField(name string, get func(*model.Connection) uint64) field {
	return figureField(name, "", sizes, func(c *model.Connection, _ time.Time) (int64, bool) { return int64(get(c)), true })
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

func textField(name, short string, get func(*model.Connection) string) field {
	return field{name: name, short: short, wants: "a text", text: get, compare: func(op operator, value string) condition {
		return func(c *model.Connection, _ time.Time) bool {
			return strings.EqualFold(get(c), value) == (op == opEqual)
		}
	}}
}

// choiceField makes a field for a text with known values. The empty text stands for none of them.
func choiceField(name string, known []string, get func(*model.Connection) string) field {
	f := textField(name, "", get)
	f.wants = "one of " + strings.Join(known, ", ")
	compare := f.compare
	f.compare = func(op operator, value string) condition {
		if value != "" && !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, value) }) {
			return nil
		}
		return compare(op, value)
	}
	return f
}

// faultField makes the field that compares the kinds of faults on a connection. The empty text stands for none.
func faultField(name string) field {
	text := func(c *model.Connection) string { return strings.Join(c.Faults.Kinds(), " ") }
	f := choiceField(name, model.FaultKinds(), text)
	compare := f.compare
	f.compare = func(op operator, value string) condition {
		if value == "" || compare(op, value) == nil {
			return compare(op, value)
		}
		return func(c *model.Connection, _ time.Time) bool {
			has := slices.ContainsFunc(c.Faults.Kinds(), func(kind string) bool { return strings.EqualFold(kind, value) })
			return has == (op == opEqual)
		}
	}
	return f
}

func addressField(name string, text func(*model.Connection) string) field {
	wants := "an address such as 10.0.0.7 or a network such as 10.0.0.0/8"
	return field{name: name, wants: wants, text: text, compare: func(op operator, value string) condition {
		want, ok := parseNetwork(value)
		if !ok {
			return nil
		}
		return func(c *model.Connection, _ time.Time) bool { return want.contains(c.Remote) == (op == opEqual) }
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

func parseDuration(s string) (int64, bool) {
	d, err := time.ParseDuration(s)
	return int64(d), err == nil && d >= 0
}

func parseCount(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err == nil
}

func parseConnectionID(s string) (int64, bool) {
	id, err := model.ParseID(strings.ToLower(s))
	return int64(id), err == nil
}
