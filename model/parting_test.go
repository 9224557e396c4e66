package model

import "testing"

func TestPartingWords(t *testing.T) {
	for want, p := range map[string]Parting{
		"": {First: ByPeer, Answer: SignFIN},
		"the client closed first, with a close frame; the application answered with a close frame":      {ByPeer, SignFrame, SignFrame},
		"the application closed first, with the end of its stream (FIN); the client has not answered":   {ByApp, SignFIN, SignNone},
		"holter closed first, with a close frame; the client answered with the end of its stream (FIN)": {ByHolter, SignFrame, SignFIN},
		"the client closed first, with a reset (RST)":                                                   {ByPeer, SignReset, SignNone},
		"neither end closed: the connection to the client broke":                                        {ByNetwork, SignLost, SignNone},
		"the client closed first, with something unknown; the application answered with a reset (RST)":  {ByPeer, SignOther, SignReset},
	} {
		if got := p.Words("the client", "the application"); got != want {
			t.Errorf("%+v: %q, want %q", p, got, want)
		}
	}
}

func TestSignNames(t *testing.T) {
	for s := SignNone; s <= SignOther; s++ {
		if got, err := ParseSign(s.String()); err != nil || got != s {
			t.Errorf("%v is read back as %v, %v", s, got, err)
		}
	}
	if _, err := ParseSign("wave"); err == nil {
		t.Error("a wave is a sign")
	}
	if got := Sign(9).String(); got != "sign(9)" {
		t.Errorf("an unknown sign is %q", got)
	}
}
