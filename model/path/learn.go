package path

import (
	"hash/crc32"
	"iter"
	"math"
	"slices"
	"strings"
)

// Routes are the templates of the paths of many clients: see Learn. They do not change, and any goroutine may use them.
type Routes struct {
	templates map[string]string // by path, its surest ids masked; and by template
	places    map[int]*place    // the first ones, by the number of segments
}

// place is what may come next in a path.
type place struct {
	words map[string]*place
	wild  *place // after an id
}

const (
	// fewClients is the number of clients from which on a value is no client's own: they make a pool by themselves.
	fewClients = 8
	// variety is the number of values, nearly each of one client only, that show a place of ids. First segments need
	// more: they are the names of routes in most applications.
	variety      = 10
	firstVariety = 24
	// series is the number of values that differ in their digits only, as in CP1, CP2 and CP3.
	series      = 3
	firstSeries = 8

	// mostLearnt bounds the paths of few clients that are learnt from: more would not change the result.
	mostLearnt = 8192
)

// Learn returns the routes behind paths, one for each client.
func Learn(paths iter.Seq[string]) *Routes {
	routes := make(map[string]*route)
	var buffer []byte
	for p := range paths {
		buffer = appendMasked(buffer[:0], p, id)
		r := routes[string(buffer)]
		if r == nil {
			r = &route{text: string(buffer)}
			routes[r.text] = r
		}
		r.clients++
	}
	return generalise(routes)
}

// Of returns the template of a path. What was not learnt from gets the template that fits, its ids masked.
func (r *Routes) Of(path string) string {
	var room, other [256]byte
	masked := appendMasked(room[:0], path, id)
	if t, known := r.templates[string(masked)]; known {
		return t
	}
	fitting := r.appendFitting(other[:0], string(masked))
	if t, known := r.templates[string(fitting)]; known {
		return t
	}
	return string(fitting)
}

// appendFitting appends path to b, masked where ids were learnt to be.
func (r *Routes) appendFitting(b []byte, path string) []byte {
	at := r.places[1+min(strings.Count(path, "/"), maxSegments-1)]
	for from, n := 0, 1; from <= len(path); n++ {
		to := segmentEnd(path, from, n)
		segment := path[from:to]
		switch next := at.after(segment); {
		case next != nil || at == nil:
			at = next
		case at.wild != nil && segment != "" && !isRest(segment):
			segment, at = Wild, at.wild
		default:
			at = nil
		}
		if b = append(b, segment...); to < len(path) {
			b = append(b, '/')
		}
		from = to + 1
	}
	return b
}

// after returns the place after a word, or after a Wild, nil for none.
func (p *place) after(segment string) *place {
	switch {
	case p == nil:
		return nil
	case segment == Wild:
		return p.wild
	}
	return p.words[segment]
}

// route is a path with the number of its clients.
type route struct {
	text     string
	segments []string
	clients  int
	next     *route // at the same place, with the same value there
}

func generalise(routes map[string]*route) *Routes {
	thin(routes)
	byLength := make(map[int]*route)
	for _, r := range routes {
		r.segments = strings.SplitN(r.text, "/", maxSegments)
		r.next, byLength[len(r.segments)] = byLength[len(r.segments)], r
	}
	all := &Routes{make(map[string]string, len(routes)), make(map[int]*place)}
	for n, list := range byLength {
		all.places[n] = all.learn(list, 0, true)
	}
	return all
}

// thin takes routes of few clients out of many. Which ones stay depends on their texts alone.
func thin(routes map[string]*route) {
	few := 0
	for _, r := range routes {
		if r.clients < fewClients {
			few++
		}
	}
	if few <= mostLearnt {
		return
	}
	limit := uint64(float64(mostLearnt) / float64(few) * math.MaxUint32)
	for text, r := range routes {
		if r.clients < fewClients && uint64(crc32.ChecksumIEEE([]byte(text))) > limit {
			delete(routes, text)
		}
	}
}

// learn finds the templates of routes that have the same number of segments, and the same ones before depth. All of these
// are empty if first is set.
func (all *Routes) learn(routes *route, depth int, first bool) *place {
	here := new(place)
	if depth == len(routes.segments) {
		template := strings.Join(routes.segments, "/") // the same of all
		all.templates[template] = template
		for r := routes; r != nil; r = r.next {
			all.templates[r.text] = template
		}
		return here
	}
	values := valuesAt(routes, depth)
	for _, s := range ids(values, first) {
		values.makeWild(s, depth)
	}
	for s, v := range values {
		next := all.learn(v.routes, depth+1, first && s == "")
		switch {
		case s == Wild:
			here.wild = next
		case here.words == nil:
			here.words = map[string]*place{s: next}
		default:
			here.words[s] = next
		}
	}
	return here
}

// values are what is at one place of paths.
type values map[string]*value

func valuesAt(routes *route, depth int) values {
	all := make(values)
	for r, next := routes, routes; r != nil; r = next {
		next = r.next
		v := all[r.segments[depth]]
		if v == nil {
			v = new(value)
			all[r.segments[depth]] = v
		}
		v.add(r)
	}
	return all
}

// makeWild moves the routes with a value to those with an id.
func (all values) makeWild(s string, depth int) {
	wild := all[Wild]
	if wild == nil {
		wild = new(value)
		all[Wild] = wild
	}
	for r := all[s].routes; r != nil; {
		next := r.next
		r.segments[depth] = Wild
		wild.add(r)
		r = next
	}
	delete(all, s)
}

// value is one of them, with the routes that have it.
type value struct {
	clients  int
	routes   *route
	numbered bool // one of a series
}

func (v *value) add(r *route) {
	v.clients += r.clients
	r.next, v.routes = v.routes, r
}

// ids returns those of the values that are ids although their shape does not show it.
func ids(values values, first bool) []string {
	if len(values) == 1 {
		return nil
	}
	enough, inSeries := variety, series
	if first {
		enough, inSeries = firstVariety, firstSeries
	}
	found := numbered(values, inSeries)
	masked, singles, others := 0, 0, 0
	var few, alone, unsures []string
	for s, v := range values {
		switch {
		case s == "", isRest(s):
		case s == Wild, v.numbered:
			masked += v.clients
		default:
			others++
			if v.clients < fewClients {
				few = append(few, s)
			}
			if v.clients > 1 {
				continue
			}
			singles++
			if shapeOf(s) == unsure {
				unsures = append(unsures, s)
			} else {
				alone = append(alone, s)
			}
		}
	}
	if singles >= enough && mostly(singles, others) {
		return append(found, few...)
	}
	if masked == 0 || masked+len(unsures) < inSeries {
		return found
	}
	found, masked = append(found, unsures...), masked+len(unsures) // they may be ids, as those beside them are
	if all := masked + len(alone); all >= fewClients && mostly(masked, all) {
		found = append(found, alone...) // random texts that happen to have no digit
	}
	return found
}

// mostly reports whether n is at least three quarters of all.
func mostly(n, all int) bool { return 4*n >= 3*all }

// numbered returns, and marks, the values that differ from others in their digits only and are of few clients each.
func numbered(values values, enough int) []string {
	families := make(map[string][]string)
	for s := range values {
		if shapeOf(s) == unsure {
			stem := strings.Map(withoutDigits, s)
			families[stem] = append(families[stem], s)
		}
	}
	var found []string
	for _, members := range families {
		all := len(members)
		members = slices.DeleteFunc(members, func(s string) bool { return values[s].clients >= fewClients })
		if len(members) >= enough && mostly(len(members), all) {
			found = append(found, members...)
		}
	}
	for _, s := range found {
		values[s].numbered = true
	}
	return found
}

func withoutDigits(r rune) rune {
	if '0' <= r && r <= '9' {
		return -1
	}
	return r
}
