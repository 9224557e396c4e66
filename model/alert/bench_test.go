package alert

import (
	"testing"
	"time"

	"holter/model"
)

// BenchmarkJudge judges the built-in rules by 10 000 connections.
func BenchmarkJudge(b *testing.B) {
	s := sample()
	s.Connections = nil
	for i := range 10_000 {
		s.Connections = append(s.Connections, model.Connection{ID: model.ID(i + 1), Client: "client", Path: "/rooms/1", State: model.Normal})
	}
	book := NewBook(BuiltIn())
	for b.Loop() {
		s.Time = s.Time.Add(time.Second)
		book.Judge(s, 0)
	}
}
