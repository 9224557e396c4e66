package admin

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"holter/model"
	"holter/server/plane"
)

const longestBody = 1 << 20 // bytes of a request: the ids of a hundred thousand connections

// readJSON reads a bounded body that holds one JSON object into the struct behind v, with no field that this
// does not know, and none twice: a misspelt one would silently mean its default, and of two only the last counts.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(plane.RequestTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return model.Errorf(plane.CodeTooLarge, "the body has more than %d bytes", longestBody)
	}
	if err != nil {
		return model.Errorf(model.Invalid, "the body did not arrive whole")
	}
	if !utf8.Valid(body) {
		return model.Errorf(model.Invalid, "the body is no JSON: it is not in UTF-8")
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return explainJSON(err, v)
	}
	if _, err := d.Token(); err != io.EOF {
		return model.Errorf(model.Invalid, "the body has something after its JSON value")
	}
	if name := twice(json.NewDecoder(strings.NewReader(string(body)))); name != "" {
		return model.Errorf(model.Invalid, "the body has the field %.40q more than once", name)
	}
	return nil
}

// twice is the name of a field that an object has twice in the next value of d, "" if there is none. To package
// json, names that differ only in case are the same.
func twice(d *json.Decoder) string {
	opening, _ := d.Token()
	if opening != json.Delim('{') && opening != json.Delim('[') {
		return ""
	}
	var names []string
	for d.More() {
		if opening == json.Delim('{') {
			token, _ := d.Token()
			name, _ := token.(string)
			if slices.ContainsFunc(names, func(other string) bool { return strings.EqualFold(name, other) }) {
				return name
			}
			names = append(names, name)
		}
		if name := twice(d); name != "" {
			return name
		}
	}
	d.Token() // the closing one
	return ""
}

// explainJSON returns an error that describes the fault in a body for v, in the terms of JSON.
func explainJSON(err error, v any) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return model.Errorf(model.Invalid, "the body is no JSON: it stops making sense at position %d", e.Offset)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return explainType(e)
	}
	name, isUnknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	switch {
	case isUnknown:
		return model.Errorf(model.Invalid, "there is no field %.40s here, only %s", name, strings.Join(fieldsOf(v), ", "))
	case err == io.EOF:
		return model.Errorf(model.Invalid, "the body is empty: write a JSON object with the fields %s", strings.Join(fieldsOf(v), ", "))
	case err == io.ErrUnexpectedEOF:
		return model.Errorf(model.Invalid, "the body ends in the middle of its JSON")
	}
	return model.Errorf(model.Invalid, "the body is not the JSON that is expected here")
}

// explainType says which value has a type that is not expected there. That of an element stands for its list's.
func explainType(e *json.UnmarshalTypeError) error {
	place, came, wanted := "the field "+e.Field, jsonValues[e.Value], jsonType(e.Type)
	if e.Field == "" {
		place = "the body"
	}
	if number, ok := strings.CutPrefix(e.Value, "number "); ok { // one with a fraction, or too large a one
		came, wanted = number, wanted+" of at most 18 digits"
	}
	return model.Errorf(model.Invalid, "in %s, %.40s came where %s is expected", place, came, wanted)
}

// jsonValues are what package json calls a value.
var jsonValues = map[string]string{
	"array": "a list", "bool": "true or false", "number": "a number", "object": "an object", "string": "a string",
}

// jsonType is what JSON has for a type.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "an object"
	}
	return "a string"
}

// fieldsOf are the names in JSON of the fields of the struct behind v.
func fieldsOf(v any) []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v).Elem()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
