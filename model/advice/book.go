package advice

import (
	"strconv"
	"time"

	"holter/model"
)

// Book keeps since when each warning stands, and which of them the user has dismissed.
type Book struct {
	last    int // the number of the newest entry
	entries map[subject]*entry
}

// subject is what a warning is about. Two with the same subject are the same one.
type subject struct {
	kind                model.WarningKind
	path, client, agent string
}

func subjectOf(w *model.Warning) subject { return subject{w.Kind, w.Path, w.Client, w.Agent} }

type entry struct {
	id          string
	since, held model.Instant
	urgency     model.Urgency // the newest
	touched     int           // the newest
	dismissed   bool
	as          struct { // what it was when it was dismissed
		urgency model.Urgency
		touched int
	}
}

const (
	// quietFor is how long a warning must not have held so that it is news when it holds again.
	quietFor = time.Minute
	// mostEntries bounds those that are kept: four for each path, and room for the others.
	mostEntries = 4*model.MaxPaths + 512
	// worseBy is by how many more, at least, a warning is about that has become worse.
	worseBy = 3
)

// NewBook returns an empty book.
func NewBook() *Book { return &Book{entries: make(map[subject]*entry)} }

// Stand notes that a warning holds at now, and sets its ID and whether it is dismissed. It returns since when the warning
// stands, and whether that is news: it has not held lately, or has become worse since it was dismissed.
func (b *Book) Stand(w *model.Warning, now model.Instant) (since model.Instant, news bool) {
	e := b.entries[subjectOf(w)]
	switch {
	case e == nil:
		e = b.add(subjectOf(w), now)
		news = true
	case time.Duration(now-e.held) > quietFor:
		e.since = now
		news = !e.dismissed
	}
	e.held, e.urgency, e.touched = now, w.Urgency, w.Touched
	if e.dismissed && e.worse() {
		e.dismissed, news = false, true
	}
	w.ID, w.Dismissed = e.id, e.dismissed
	return e.since, news
}

func (b *Book) add(s subject, now model.Instant) *entry {
	if len(b.entries) >= mostEntries {
		b.drop()
	}
	b.last++
	e := &entry{id: "a" + strconv.Itoa(b.last), since: now, held: now}
	b.entries[s] = e
	return e
}

// drop forgets the entry that has not held for the longest.
func (b *Book) drop() {
	var oldest subject
	found := false
	for s, e := range b.entries {
		if !found || e.held < b.entries[oldest].held {
			oldest, found = s, true
		}
	}
	delete(b.entries, oldest)
}

// worse reports whether a warning has become worse since it was dismissed: more urgent, or about half as many again.
func (e *entry) worse() bool {
	return e.urgency > e.as.urgency || e.touched >= e.as.touched+max(e.as.touched/2, worseBy)
}

// Mark sets the ID of a warning that has stood before, and whether it is dismissed by now. It returns since when it stands.
func (b *Book) Mark(w *model.Warning) (since model.Instant, ok bool) {
	e := b.entries[subjectOf(w)]
	if e == nil {
		return 0, false
	}
	w.ID, w.Dismissed = e.id, e.dismissed
	return e.since, true
}

// Dismiss takes the warning with an id from the advice, for as long as it does not become worse. It returns a NotFound error
// if there is none.
func (b *Book) Dismiss(id string) error {
	e, err := b.find(id)
	if err != nil {
		return err
	}
	e.dismissed = true
	e.as.urgency, e.as.touched = e.urgency, e.touched
	return nil
}

// Recall takes back that the warning with an id was dismissed. It returns a NotFound error if there is none.
func (b *Book) Recall(id string) error {
	e, err := b.find(id)
	if err != nil {
		return err
	}
	e.dismissed = false
	return nil
}

func (b *Book) find(id string) (*entry, error) {
	for _, e := range b.entries {
		if e.id == id {
			return e, nil
		}
	}
	return nil, model.Errorf(model.NotFound, "there is no advice %q, or it no longer holds", model.Clean(id, 40))
}

// Tidy forgets the warnings that have not held for a while. Those that were dismissed are kept.
func (b *Book) Tidy(now model.Instant) {
	for s, e := range b.entries {
		if !e.dismissed && time.Duration(now-e.held) > quietFor {
			delete(b.entries, s)
		}
	}
}
