package model

import "fmt"

// Parting is which end of a socket closed first, with what, and what the other end sent after that. The zero Parting is
// that of a connection of which nothing of this is known.
type Parting struct {
	First  Closer // who sent How; ByNetwork for SignLost
	How    Sign   // SignNone if it is not known who was first
	Answer Sign   // SignNone if the other end has sent nothing
}

// Sign is what an end of a socket sends when it closes.
type Sign uint8

const (
	SignNone  Sign = iota
	SignFrame      // a close frame
	SignFIN        // the end of its stream; under TLS also the notification of that
	SignReset      // a TCP reset
	SignLost       // nothing: the connection broke, or our kernel gave the peer up
	SignOther      // a holter of another version says it in a word that is not known here
)

var SignNames = [...]string{"", "frame", "fin", "reset", "lost", "other"}

func (s Sign) String() string {
	if int(s) < len(SignNames) {
		return SignNames[s]
	}
	return fmt.Sprintf("sign(%d)", uint8(s))
}

// ParseSign is the inverse of Sign.String.
func ParseSign(name string) (Sign, error) {
	for i, n := range SignNames {
		if n == name {
			return Sign(i), nil
		}
	}
	return 0, fmt.Errorf("unknown sign %q", name)
}

// Words says in a sentence who closed first and who only answered: "the client closed first, with a close frame; the
// application answered with one". It is "" if that is not known. peer and app name the two ends.
func (p Parting) Words(peer, app string) string {
	first, other := peer, app
	switch {
	case p.How == SignNone:
		return ""
	case p.How == SignLost:
		return "neither end closed: the connection to " + peer + " broke"
	case p.First == ByHolter:
		first, other = "holter", peer
	case p.First == ByApp:
		first, other = app, peer
	}
	text := first + " closed first, with " + p.How.phrase()
	switch {
	case p.How == SignReset: // which leaves nothing to answer
		return text
	case p.Answer == SignNone:
		return text + "; " + other + " has not answered"
	}
	return text + "; " + other + " answered with " + p.Answer.phrase()
}

func (s Sign) phrase() string {
	switch s {
	case SignFrame:
		return "a close frame"
	case SignFIN:
		return "the end of its stream (FIN)"
	case SignReset:
		return "a reset (RST)"
	}
	return "something unknown"
}
