package hub

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"holter/model"
	"holter/model/filter"
)

// reportShared publishes a warning for each name that turns out to be no client's own.
func (h *Hub) reportShared() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	h.registry.findShared(now)
	for _, w := range h.registry.shared() {
		h.raise(&w, now)
	}
}

// shared are the warnings about the present crowds, in the order of their names.
func (r *registry) shared() (all []model.Warning) {
	for _, d := range r.crowds {
		if len(d.spots) > 0 {
			all = append(all, d.warning())
		}
	}
	slices.SortFunc(all, func(a, b model.Warning) int { return strings.Compare(a.Client, b.Client) })
	return all
}

func (d *crowd) warning() model.Warning {
	w := model.Warning{
		Kind: model.SharedIdentity, Urgency: model.Risk, Client: d.name, Connections: max(d.most, d.open), Identity: d.apart.identity,
		At: model.Place{Page: model.ClientsPage, Query: "shared=" + filter.Quote(d.name)},
	}
	w.Touched = w.Connections
	if w.Connections == 0 {
		w.Touched = max(d.refused, d.clients())
	}
	from, byOrder := make(map[netip.Addr]bool), false
	for s, g := range d.spots {
		from[s.addr] = true
		byOrder = byOrder || g.clients > 1
	}
	w.Addresses = len(from)
	w.Detail = d.detail(&w, byOrder)
	return w
}

// detail is the warning in words. byOrder is set if there are clients with the same address and user agent.
func (d *crowd) detail(w *model.Warning, byOrder bool) string {
	from := "one address"
	if w.Addresses > 1 {
		from = fmt.Sprintf("%d addresses", w.Addresses)
	}
	text := fmt.Sprintf("%d connections at once from %s are named %s", w.Connections, from, d.name)
	if w.Connections == 0 {
		text = fmt.Sprintf("%d clients that are refused are named %s", w.Touched, d.name)
		if w.Touched == maxSamples {
			text = "At least " + text // more are not counted before they are told apart
		}
	}
	text += ": they are told apart by address and user agent"
	switch {
	case d.by != nil:
		text += " and by a part of their requests"
	case byOrder:
		text += " or, where these are the same, by the order in which they come back"
	}
	switch a := d.apart; {
	case a.identity != "" && a.kept:
		return text + "; --identity " + a.identity + " tells them apart"
	case a.identity != "":
		return text + "; --identity " + a.identity + " is different for each, and would tell them apart if each comes back with its own"
	case a.fleeting:
		return text + "; what differs in their requests is new in each connection"
	case a.looked:
		return text + "; nothing in their requests differs"
	}
	return text + "; which --identity tells them apart is found when they connect again"
}
