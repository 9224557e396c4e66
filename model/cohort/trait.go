package cohort

import (
	"fmt"
	"iter"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"holter/model"
	"holter/model/path"
)

// nearly all are all but one in so many.
const nearly = 20

// traitOrder is the order in which traits are told, the narrowest first.
var traitOrder = [...]model.TraitKind{model.TraitAddress, model.TraitBlock, model.TraitPath, model.TraitAgent, model.TraitCode}

// templates masks paths, each once while there are few.
type templates map[string]string

const maxTemplates = 1024

func (t templates) of(p string) string {
	masked, known := t[p]
	if !known {
		masked = path.Mask(p)
		if len(t) >= maxTemplates {
			clear(t)
		}
		t[p] = masked
	}
	return masked
}

// block is the block of addresses around one, the zero Prefix if that is none of the internet's or a machine's own.
func block(a netip.Addr) netip.Prefix {
	if !a.IsValid() || a.IsLoopback() {
		return netip.Prefix{}
	}
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, _ := a.Prefix(bits)
	return p
}

// value is that of a trait, "" if the peer has none.
func (p *Peer) value(kind model.TraitKind, t templates) string {
	switch kind {
	case model.TraitAddress:
		if p.Via.IsValid() {
			return p.Via.String()
		}
	case model.TraitBlock:
		if b := block(p.Address); b.IsValid() {
			return b.String()
		}
	case model.TraitPath:
		return t.of(p.Path)
	case model.TraitAgent:
		return p.Agent
	}
	return ""
}

// code is how an end was told, as a trait.
func (e *End) code() string {
	switch {
	case e.Manner == Suspected:
		return ""
	case e.Code == 1006:
		return "none"
	}
	by := e.By
	switch { // as the client sees it
	case e.byApp():
		by = model.ByApp
	case e.Side == model.UpstreamSide && e.By == model.ByApp:
		by = model.ByPeer
	}
	return fmt.Sprintf("%s by %s", strconv.Itoa(e.Code), by)
}

// traitsOf returns what nearly all members share.
func traitsOf(members []*entry) (shared []model.Trait) {
	t := templates{}
	for _, kind := range traitOrder {
		if v := sharedBy(members, kind, t); v != "" {
			shared = append(shared, model.Trait{Kind: kind, Value: v})
		}
	}
	return shared
}

// sharedBy returns the value of a trait that nearly all members have, "" if there is none.
func sharedBy(members []*entry, kind model.TraitKind, t templates) string {
	counts := map[string]int{}
	for _, e := range members {
		v := e.value(kind, t)
		if kind == model.TraitCode {
			v = e.code()
		}
		if v != "" {
			counts[v]++
		}
	}
	for v, n := range counts {
		if n*nearly >= (nearly-1)*len(members) {
			return v
		}
	}
	return ""
}

// way is the few addresses that most members came through, and the path that they asked for.
type way struct {
	vias []netip.Addr // nil for none: they are many
	path string       // "" for none
	t    templates
}

// mostVias is the number of addresses that are few: those of a proxy and its like.
const mostVias = 4

func wayOf(members []*entry) way {
	t := templates{}
	return way{vias: viasOf(members), path: sharedBy(members, model.TraitPath, t), t: t}
}

func (w *way) equal(o *way) bool { return slices.Equal(w.vias, o.vias) && w.path == o.path }

// viasOf returns the few addresses that four of five came through, some through each; nil if there are none. The others are
// beside them.
func viasOf(members []*entry) []netip.Addr {
	counts := map[netip.Addr]int{}
	for _, e := range members {
		if e.Via.IsValid() {
			counts[e.Via]++
		}
	}
	vias, n := make([]netip.Addr, 0, mostVias), 0
	for via, k := range counts {
		if k < 2 {
			continue
		}
		if n += k; len(vias) == mostVias {
			return nil
		}
		vias = append(vias, via)
	}
	slices.SortFunc(vias, netip.Addr.Compare)
	if 5*n < 4*len(members) {
		return nil
	}
	return vias
}

// has reports whether a peer came the same way.
func (w *way) has(p *Peer) bool {
	return (w.vias == nil || slices.Contains(w.vias, p.Via)) && (w.path == "" || w.t.of(p.Path) == w.path)
}

const (
	// traitsOver is the time over which the ends are compared with the open connections.
	traitsOver = 5 * time.Minute
	// settled is the age of an end by which it has shown what else it may be a part of.
	settled = 12 * time.Second
	// fewestClients is the number of clients that can show a trait.
	fewestClients = 8
	// factorTrait is how much commoner a trait must be among the ends than among all.
	factorTrait = 2.5
)

// tally is how many clients have each value of a trait.
type tally map[model.Trait]int

// compare looks for traits that are far commoner among the ends of late that nobody wants than among all connections.
func (w *Watch) compare(now model.Instant, open iter.Seq[Living], news *News) {
	ends := w.unwanted(now)
	if len(ends) < fewestClients {
		return
	}
	t, dead, all := templates{}, tally{}, tally{}
	n := len(ends)
	for _, e := range ends {
		dead.add(&e.Peer, t)
		all.add(&e.Peer, t)
	}
	for l := range open {
		if l.Side == model.ClientSide {
			all.add(&l.Peer, t)
			n++
		}
	}
	for trait, k := range dead {
		p := binomial(k, len(ends), float64(all[trait])/float64(n)) + math.Log(float64(len(dead)))
		rare := float64(k)*float64(n) >= factorTrait*float64(all[trait])*float64(len(ends))
		if k >= fewestClients && rare && p < level(w.abnormal) {
			w.tellTrait(now, trait, ends, p, t, news)
		}
	}
}

// unwanted returns the ends of late that nobody wants and no cohort explains, one of each client.
func (w *Watch) unwanted(now model.Instant) (ends []*entry) {
	seen := map[string]bool{}
	for e := range w.newest() {
		age := time.Duration(now - e.At)
		if age > traitsOver+time.Second || len(ends) == scanned {
			break
		}
		explained := e.in != nil && e.in.Kind != model.CohortTrait
		if e.abnormal() && !explained && !seen[e.Client] && settled <= age && age <= traitsOver {
			seen[e.Client] = true
			ends = append(ends, e)
		}
	}
	return ends
}

func (t tally) add(p *Peer, masks templates) {
	for _, kind := range traitOrder {
		if v := p.value(kind, masks); v != "" {
			t[model.Trait{Kind: kind, Value: v}]++
		}
	}
}

// tellTrait makes a cohort of the ends with a trait, or adds them to the one that there is.
func (w *Watch) tellTrait(now model.Instant, trait model.Trait, ends []*entry, p float64, t templates, news *News) {
	var members []*entry
	for _, e := range ends {
		if e.in == nil && e.value(trait.Kind, t) == trait.Value {
			members = append(members, e)
		}
	}
	if len(members) == 0 {
		return
	}
	slices.SortStableFunc(members, byTime)
	for _, g := range w.all {
		if g.Kind == model.CohortTrait && slices.Contains(g.Traits, trait) && w.time(now).Sub(g.Newest) <= traitsOver {
			for _, e := range members {
				g.take(w, e)
			}
			g.Of, g.Length = max(len(ends), g.Count), g.Newest.Sub(g.Started)
			return
		}
	}
	if len(members) < fewestClients {
		return
	}
	g := &group{Cohort: model.Cohort{Kind: model.CohortTrait, Cause: model.CauseUnknown, Side: model.ClientSide, Of: len(ends), Chance: math.Exp(p)}}
	g.Traits = append([]model.Trait{trait}, slices.DeleteFunc(traitsOf(members), func(o model.Trait) bool { return o == trait })...)
	g.Length = time.Duration(members[len(members)-1].At - members[0].At)
	w.begin(g, members, news)
}
