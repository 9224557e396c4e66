package model

import (
	"fmt"
	"time"
)

// Doubt is why a policy is unknown, and what was seen instead. The zero Doubt is that of a policy that is known.
type Doubt struct {
	Reason  DoubtReason
	Have    int // of what Reason counts, 0 if it counts nothing
	Need    int // as many would be enough, 0 if that is not known
	Attempt int // that is missing or cannot be told from others, counting from 1; 0 for none in particular

	Seen []AttemptDelays // of the first attempts, at most MaxAttemptDelays
}

// DoubtReason is a reason why a policy is unknown. The others of its pool may still be known.
type DoubtReason string

const (
	DoubtFewClients  DoubtReason = "few-clients"  // the pool has Have clients
	DoubtFewAttempts DoubtReason = "few-attempts" // Have attempts in a row are known of enough clients: most came back before the next
	DoubtWaiting     DoubtReason = "waiting"      // Have clients have yet to make the attempt, and those that have are the quick ones
	DoubtGaveUp      DoubtReason = "gave-up"      // Have clients have long made no other attempt
	DoubtHidden      DoubtReason = "hidden"       // Have clients closed their connection themselves or had lost it before, so that it is hidden when they began to wait
	DoubtFlapping    DoubtReason = "flapping"     // Have clients were closed again within Stay: they may count on after that, or begin anew
	DoubtFewPairs    DoubtReason = "few-pairs"    // each delay seems to depend on the one before, but only Have pairs of them are known
	DoubtShared      DoubtReason = "shared"       // Have clients share a name, an address and a user agent, so that their attempts are mixed up
	DoubtAmbiguous   DoubtReason = "ambiguous"    // the delays of all attempts are known, and fit several policies
	DoubtAsked       DoubtReason = "asked"        // the clients may have waited as refusals asked, always for about the same time
	DoubtNoFit       DoubtReason = "no-fit"       // the delays of all attempts are known, and fit no kind of policy
	DoubtKinds       DoubtReason = "kinds"        // they fit none, and differ by client: there may be several kinds of clients
)

// AttemptDelays are the delays before the attempts of one number.
type AttemptDelays struct {
	Attempt           int // counting from 1; 0 stands for those after short connections, which clients may count or not
	Clients           int
	Low, Median, High time.Duration // a tenth of the delays are shorter than Low, and a tenth longer than High
}

// MaxAttemptDelays bounds what is kept of the delays behind a doubt.
const MaxAttemptDelays = 6

// String is the doubt as a sentence without a subject, "" for none. One of another version is its reason.
func (d Doubt) String() string {
	switch d.Reason {
	case DoubtFewClients:
		return fmt.Sprintf("%s in all, and %d are needed", count(d.Have, "client"), d.Need)
	case DoubtFewAttempts:
		return fmt.Sprintf("%s in a row known of enough clients, and %d are needed: most were back before the next", count(d.Have, "attempt"), d.Need)
	case DoubtWaiting:
		return fmt.Sprintf("%s yet to make attempt %d, and the quick ones do not stand for all", have(d.Have), d.Attempt)
	case DoubtGaveUp:
		return fmt.Sprintf("%s not made attempt %d for a long time, and seem to have given up", have(d.Have), d.Attempt)
	case DoubtHidden:
		return fmt.Sprintf("%s closed the connection, or had lost it before it ended, so it does not show how long they waited; a kick shows it", count(d.Have, "client"))
	case DoubtFlapping:
		return fmt.Sprintf("%s closed again within seconds, and only attempts that are refused show how delays grow", are(d.Have))
	case DoubtFewPairs:
		return fmt.Sprintf("each delay may depend on the one before, but %s of delays are too few to tell, and %d are needed", count(d.Have, "pair"), d.Need)
	case DoubtShared:
		return fmt.Sprintf("%s a name with others and can only be told apart by order: see the warning shared-identity", share(d.Have))
	case DoubtAmbiguous:
		return "the delays fit several policies; more attempts, or more clients, tell them apart"
	case DoubtAsked:
		return "refusals always asked for the same wait, so it does not show whether that is in the delays; refusals that ask for different ones tell"
	case DoubtNoFit:
		return "the delays fit no kind of policy that is known"
	case DoubtKinds:
		return "the delays fit no kind of policy, and differ from client to client: there may be more than one kind of client here"
	}
	return string(d.Reason)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func share(clients int) string {
	if clients == 1 {
		return "1 client shares"
	}
	return count(clients, "client") + " share"
}

func are(clients int) string {
	if clients == 1 {
		return "1 client is"
	}
	return count(clients, "client") + " are"
}

func have(clients int) string {
	if clients == 1 {
		return "1 client has"
	}
	return count(clients, "client") + " have"
}
