package hub

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"holter/model"
)

// reportShared publishes a warning for each name that turns out to be no client's own.
func (h *Hub) reportShared() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	for _, d := range h.registry.findShared(now) {
		w := d.warning(h)
		h.log.Publish(model.Event{Time: h.time(now), Type: model.WarningRaised, Warning: &w})
	}
}

// warnings are those about the present crowds, the oldest first.
func (h *Hub) warnings() []model.Warning {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []model.Warning
	for _, d := range h.registry.crowds {
		if len(d.spots) > 0 {
			all = append(all, d.warning(h))
		}
	}
	slices.SortFunc(all, func(a, b model.Warning) int {
		return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.Client, b.Client))
	})
	return all
}

func (d *crowd) warning(h *Hub) model.Warning {
	w := model.Warning{
		Kind: model.SharedIdentity, Since: h.time(d.since), Client: d.name, Connections: max(d.most, d.open),
		Identity: d.advice.identity,
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
		text = fmt.Sprintf("%d clients that are refused are named %s", max(d.refused, d.clients()), d.name)
	}
	text += ": they are told apart by address and user agent"
	switch {
	case d.by != nil:
		text += " and by a part of their requests"
	case byOrder:
		text += " or, where these are the same, by the order in which they come back"
	}
	switch a := d.advice; {
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
