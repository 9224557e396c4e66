package cohort

import (
	"strings"
	"time"

	"holter/model"
)

// standard is a limit that something has.
type standard struct {
	what   string
	length time.Duration
	age    bool // it limits the age, and not the silence
}

// standards are limits that are common, with where each is documented.
var standards = []standard{
	// nginx.org/en/docs/http/ngx_http_proxy_module.html
	{what: "nginx's proxy_read_timeout is 60 s unless it is set", length: 60 * time.Second},
	// docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
	{what: "so is that of AWS' application load balancers unless it is set", length: 60 * time.Second},
	// devcenter.heroku.com/articles/http-routing
	{what: "that of Heroku's router is 55 s", length: 55 * time.Second},
	// envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts
	{what: "Envoy's stream_idle_timeout is 5 minutes unless it is set", length: 5 * time.Minute},
	// docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
	{what: "that of AWS API Gateway is 10 minutes", length: 10 * time.Minute},
	{what: "that of AWS API Gateway is 2 hours", length: 2 * time.Hour, age: true},
	// cloud.google.com/load-balancing/docs/https: the backend service timeout ends a WebSocket, idle or not
	{what: "the backend service timeout of Google's load balancers is 30 s unless it is set", length: 30 * time.Second, age: true},
}

// known names the standards that a cohort's limit agrees with. They prove nothing: others may be set to the same.
func known(c *model.Cohort) string {
	if c.Kind == model.CohortData {
		return ""
	}
	var words []string
	for _, s := range standards {
		off := (c.Length - s.length).Abs()
		if s.age == (c.Kind == model.CohortAge) && off <= max(c.Spread, 200*time.Millisecond, s.length/200) {
			words = append(words, s.what)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}
