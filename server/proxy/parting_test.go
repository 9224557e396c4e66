package proxy

import (
	"testing"

	"github.com/gobwas/ws"

	"holter/model"
)

// One end of a proxied connection closes. Both legs tell who was first, and what the other end sent.
func TestPartingOfBothLegs(t *testing.T) {
	bye := func() ws.Frame { return closing(4001, "bye") }
	for name, test := range map[string]struct {
		do               func(t *testing.T, e ends)
		client, upstream model.Parting
	}{
		"the client says goodbye": {func(t *testing.T, e ends) {
			tell(t, e.client, maskedFrame(bye()))
			hearClose(t, e.fromClient, 4001, "bye")
			tell(t, e.upstream, bareFrame(bye()))
			hearClose(t, e.fromUpstream, 4001, "bye")
			e.upstream.Close()
			e.client.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignFrame, Answer: model.SignFrame},
			model.Parting{First: model.ByApp, How: model.SignFrame, Answer: model.SignFrame}},
		"the upstream says goodbye": {func(t *testing.T, e ends) {
			tell(t, e.upstream, bareFrame(bye()))
			hearClose(t, e.fromUpstream, 4001, "bye")
			e.client.Close()
			e.upstream.Close()
		}, model.Parting{First: model.ByApp, How: model.SignFrame, Answer: model.SignFIN},
			model.Parting{First: model.ByPeer, How: model.SignFrame, Answer: model.SignFIN}},
		"the client goes": {func(t *testing.T, e ends) {
			e.client.Close()
			end(t, e.fromClient, nil)
			e.upstream.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignFIN, Answer: model.SignFIN},
			model.Parting{First: model.ByApp, How: model.SignFIN, Answer: model.SignFIN}},
		"the upstream is killed": {func(t *testing.T, e ends) {
			e.upstream.SetLinger(0)
			e.upstream.Close()
		}, model.Parting{First: model.ByApp, How: model.SignReset},
			model.Parting{First: model.ByPeer, How: model.SignReset}},
	} {
		t.Run(name, func(t *testing.T) {
			e := link(t, quiet)
			test.do(t, e)
			waitFor(t, "the end", func() bool { return e.monitor.Source().Size() == 0 })
			d := e.state(t, "the end of both legs", func(d model.Detail) bool { return d.Legs[0].Close != nil && d.Legs[1].Close != nil })
			if got := d.Legs[0].Close.Parting; got != test.client {
				t.Errorf("the client's leg: %+v, want %+v", got, test.client)
			}
			if got := d.Legs[1].Close.Parting; got != test.upstream {
				t.Errorf("the upstream's leg: %+v, want %+v", got, test.upstream)
			}
		})
	}
}
