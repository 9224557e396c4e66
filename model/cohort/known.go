package cohort

import (
	"fmt"
	"strings"
	"time"

	"holter/model"
	"holter/model/timers"
)

// known names what is known to have a limit like that of a cohort. That proves nothing: others may be set to the same.
func known(c *model.Cohort) string {
	kind := model.SilenceLimit
	switch c.Kind {
	case model.CohortData:
		return ""
	case model.CohortAge:
		kind = model.AgeLimit
	}
	var names []string
	for _, l := range timers.Known(kind, c.Length, max(c.Spread, 300*time.Millisecond, c.Length/200)) {
		names = append(names, l.Name)
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("; known limits of that length: %s", strings.Join(names, ", "))
}
