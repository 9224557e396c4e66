// Package reload is how the parts of a running program take new settings: all of them or none.
//
// A reload has two halves. First every part prepares: it reads what is new, such as a certificate, checks it, and changes
// nothing. If every part could, each puts in force what it has prepared. If one could not, nothing changes. A part is what has
// a method Prepare; the flags that it takes anew carry the tag `reload:""`, and all others stay as they are until a restart.
//
// A reload touches no connection: what is open stays open, and meets new limits, rules and certificates only where it does
// something new. What a part prepares holds nothing that has to be closed, because a reload that another part refuses drops it.
//
// The package starts nothing and reads nothing. The command line reads the settings, and package main says which part gets
// which of them.
package reload

import "errors"

// Commit puts in force what was prepared. It cannot fail, it does not wait, and it may be nil if there is nothing to do.
type Commit func()

// Part takes settings of the type S. Prepare gets all of them; those without the tag `reload` are as before. It is called by
// one goroutine at a time, and may take as long as it takes to read a few files. The error says what is wrong and what to
// write instead.
type Part[S any] interface {
	Prepare(next S) (Commit, error)
}

// Step prepares one part.
type Step func() (Commit, error)

// Of is the step of a part that gets next.
func Of[S any](part Part[S], next S) Step {
	return func() (Commit, error) { return part.Prepare(next) }
}

// All prepares all parts. It returns what puts all in force, in their order, or the errors of all that could not.
func All(steps ...Step) (Commit, error) {
	commits := make([]Commit, 0, len(steps))
	var failed []error
	for _, prepare := range steps {
		commit, err := prepare()
		if err != nil {
			failed = append(failed, err)
		} else if commit != nil {
			commits = append(commits, commit)
		}
	}
	if failed != nil {
		return nil, errors.Join(failed...)
	}
	return func() {
		for _, commit := range commits {
			commit()
		}
	}, nil
}
