package metrics

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"holter/server"
)

// The name of a service that is asked for its health may be its address, and it is a label: users learn that where they open
// the metrics to all.
func TestOpenMetricsSayWhatTheyName(t *testing.T) {
	field, _ := reflect.TypeFor[server.Options]().FieldByName("MetricsOpen")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"the help of --metrics-open": field.Tag.Get("help"), "README.md": string(readme)} {
		if !strings.Contains(text, "host, port and path") || !strings.Contains(text, "--health") {
			t.Errorf("%s does not say that the name of a service may be its address", name)
		}
	}
}
