package export

import (
	"fmt"
	"io"
	"strings"

	"holter/model"
)

// Paths is functions that write paths by the ending of the file: a row for each.
func Paths(rows []model.Path, hide bool) map[string]func(io.Writer) error {
	return formats(pathColumns, rows, hide)
}

var pathColumns = []column[model.Path]{
	{"id", func(r *model.Path) any { return fmt.Sprintf("p%d", r.ID) }},
	{"path", func(r *model.Path) any { return r.Template }},
	{"upstream", func(r *model.Path) any { return named(r.Upstream) }},
	{"since", func(r *model.Path) any { return moment(r.Since) }},
	{"open", func(r *model.Path) any { return r.Open }},
	{"opened", func(r *model.Path) any { return r.Opened }},
	{"ended", func(r *model.Path) any { return r.Ended }},
	{"ends_over_ms", func(r *model.Path) any { return known(r.EndsOver) }},
	{"median_age_ms", func(r *model.Path) any { return known(r.MedianAge) }},
	{"server_period_ms", period(model.ServerClock)},
	{"client_period_ms", period(model.ClientClock)},
	{"messages_period_ms", period(model.MessageClock)},
	{"holter_period_ms", period(model.HolterClock)},
	{"data_median_ms", func(r *model.Path) any { return known(r.Data.Median) }},
	{"data_p99_ms", func(r *model.Path) any { return known(r.Data.P99) }},
	{"survived_ms", func(r *model.Path) any { return known(r.Survived) }},
	{"data_survived_ms", func(r *model.Path) any { return known(r.DataSurvived) }},
	{"kept_alive_ms", func(r *model.Path) any { return known(r.KeptAlive) }},
	{"cut_ms", func(r *model.Path) any {
		if cut := r.Cut(); cut != nil {
			return millis(cut.After)
		}
		return nil
	}},
	{"margin", func(r *model.Path) any {
		if r.Margin < 0 {
			return nil
		}
		return r.Margin
	}},
	{"warnings", func(r *model.Path) any {
		var kinds []string
		for i := range r.Warnings {
			kinds = append(kinds, string(r.Warnings[i].Kind))
		}
		return named(strings.Join(kinds, " "))
	}},
}

// period is that of the most frequent clock of one kind.
func period(of model.ClockOf) func(*model.Path) any {
	return func(r *model.Path) any {
		for i := range r.Clocks {
			if c := &r.Clocks[i]; c.Of == of {
				return known(c.Period)
			}
		}
		return nil
	}
}
