package model

import (
	"fmt"
	"time"
)

// Lateness is a time in which holter itself did not run, and so knew nothing of its peers. One event may tell of several.
type Lateness struct {
	Kind  LateKind
	At    time.Time     // the end of the newest
	For   time.Duration // the longest
	Times int           // 1 or more
	Total time.Duration // of all
}

// LateKind is why holter did not run.
type LateKind string

const (
	LateStopped LateKind = "stopped" // this process was stopped by a signal, and told to go on
	LateSlept   LateKind = "slept"   // the machine was suspended
	LateStarved LateKind = "starved" // this process waited for a processor, or its own work left none over
	LateUnknown LateKind = "unknown" // nothing shows why, such as where a virtual machine stood still
)

// String is a sentence without its end: "holter was stopped for 5.0 s".
func (l *Lateness) String() string {
	text := "holter was late by " + seconds(l.For) + ", and nothing here shows why"
	switch l.Kind {
	case LateStopped:
		text = "holter was stopped for " + seconds(l.For)
	case LateSlept:
		text = "this machine slept for " + seconds(l.For)
	case LateStarved:
		text = "holter got no processor for " + seconds(l.For)
	}
	if l.Times > 1 {
		text += fmt.Sprintf(", the longest of %d times, %s in all", l.Times, seconds(l.Total))
	}
	return text
}

func seconds(d time.Duration) string {
	if d >= time.Minute {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
