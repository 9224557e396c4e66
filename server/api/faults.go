package api

import (
	"slices"
	"strings"

	"holter/model"
)

// fromFaults returns a word for each fault, as model.ParseFaults reads it.
func fromFaults(f *model.Faults) []string {
	if f.None() {
		return []string{}
	}
	return f.Words()
}

// Model converts f back, or returns an Invalid error that says what to write.
func (f *FaultOrder) Model() (model.FaultOrder, error) {
	o := model.FaultOrder{Query: f.Q}
	if f.IDs != nil && f.Q != "" {
		return o, model.Errorf(model.Invalid, "both ids and q: write one of them")
	}
	if f.Faults == nil {
		return o, model.Errorf(model.Invalid, `no faults: write a list such as ["latency=200ms"], or [] to end them`)
	}
	if slices.ContainsFunc(f.Faults, blank) {
		return o, model.Errorf(model.Invalid, `an empty fault: write one such as "latency=200ms", or [] in place of the list to end them`)
	}
	for _, text := range f.IDs {
		id, err := model.ParseID(text)
		if err != nil {
			return o, model.Errorf(model.Invalid, "%.40q is not a connection id: write it like c17", text)
		}
		o.IDs = append(o.IDs, id)
	}
	var err error
	o.Faults, err = model.ParseFaults(strings.Join(f.Faults, " "))
	return o, err
}

func blank(fault string) bool { return strings.TrimSpace(fault) == "" }

// faultsOf reads words that came from another holter. It keeps those that it does not understand.
func faultsOf(words []string) *model.Faults {
	f := model.ReadFaults(strings.Fields(text(strings.Join(words, " "))))
	if f.None() {
		return nil
	}
	return &f
}
