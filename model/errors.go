package model

import (
	"errors"
	"fmt"
	"strings"
)

// Code is the class of an error, from which an HTTP status or an exit code follows.
type Code string

const (
	Invalid      Code = "invalid"
	NotFound     Code = "not_found"
	Gone         Code = "gone"
	Forbidden    Code = "forbidden"
	Unauthorized Code = "unauthorized"
	Unavailable  Code = "unavailable"
	BadSettings  Code = "bad_settings" // of holter itself: what is written in its configuration
	TooCostly    Code = "too_costly"
	TooMany      Code = "too_many"
	Internal     Code = "internal"
)

// Error is an error whose message may be shown to the user.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrorCode returns the code of err, Internal if it has none.
func ErrorCode(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// OneOf formats a list of alternatives for a sentence: "a, b or c".
func OneOf(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
