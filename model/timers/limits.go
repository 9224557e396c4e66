package timers

import (
	"net/http"
	"strings"
	"time"

	"holter/model"
)

// Boxes are what handshakes show to stand between the client and the server, a bit for each.
type Boxes uint16

// What can be told by a header that it adds. A client may add one too, so a limit of these is called named, never seen.
const (
	Nginx Boxes = 1 << iota
	ALB
	CloudFront
	GoogleLB
	Cloudflare
	Envoy
	Heroku
	Cowboy
)

// known is a limit of something that is often on the way.
type known struct {
	model.Limit
	box     Boxes  // by which handshakes show it; 0 for none
	setting string // that changes it, for a sentence; "" if it is fixed
}

// limits are those of which a source says that they hold for WebSocket connections unless somebody has set them otherwise.
var limits = []known{
	silence(30*time.Second, "HAProxy timeout tunnel (often)", "github.com/nextcloud/HaRP/issues/115", 0, "timeout tunnel"),
	silence(55*time.Second, "Heroku router", "devcenter.heroku.com/articles/http-routing#timeouts", Heroku, ""),
	silence(60*time.Second, "nginx proxy_read_timeout", "nginx.org/en/docs/http/websocket.html", Nginx, "proxy_read_timeout"),
	silence(60*time.Second, "AWS ALB idle timeout", "github.com/mattermost/docs/issues/8929", ALB, "idle_timeout.timeout_seconds"),
	silence(60*time.Second, "DigitalOcean load balancer", "github.com/digitalocean/openapi/issues/758", 0, "its idle timeout"),
	silence(60*time.Second, "cowboy idle_timeout", "ninenines.eu/docs/en/cowboy/2.12/manual/cowboy_websocket", Cowboy, "idle_timeout"),
	silence(100*time.Second, "Cloudflare (seen by users)", "github.com/Menci/Floway/issues/57", Cloudflare, ""),
	silence(5*time.Minute, "Envoy stream_idle_timeout", "envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts", Envoy, "stream_idle_timeout"),
	silence(10*time.Minute, "AWS API Gateway", "docs.aws.amazon.com/apigateway/latest/developerguide/limits.html", 0, ""),
	silence(10*time.Minute, "CloudFront", "docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-working-with.websockets.html", CloudFront, ""),
	age(30*time.Second, "Google Cloud load balancer", "cloud.google.com/load-balancing/docs/https#timeout-bes", GoogleLB, "the timeout of the backend service"),
	age(time.Hour, "Cloud Run (at most)", "cloud.google.com/run/docs/triggering/websockets", 0, "its request timeout"),
	age(2*time.Hour, "AWS API Gateway", "docs.aws.amazon.com/apigateway/latest/developerguide/limits.html", 0, ""),
}

// Known returns the limits of a kind that a length agrees with, to within a tolerance.
func Known(kind model.LimitKind, after, tolerance time.Duration) (all []model.Limit) {
	for _, k := range limits {
		if k.Kind == kind && (k.After-after).Abs() <= tolerance {
			all = append(all, k.Limit)
		}
	}
	return all
}

func silence(after time.Duration, name, source string, box Boxes, setting string) known {
	return known{model.Limit{Kind: model.SilenceLimit, After: after, Name: name, Source: source}, box, setting}
}

func age(after time.Duration, name, source string, box Boxes, setting string) known {
	return known{model.Limit{Kind: model.AgeLimit, After: after, Name: name, Source: source}, box, setting}
}

// InRequest returns what the header of a request shows.
func InRequest(h http.Header) (seen Boxes) {
	has := func(name string) bool { return len(h[name]) > 0 }
	if has("Cf-Ray") {
		seen |= Cloudflare
	}
	if has("X-Amz-Cf-Id") {
		seen |= CloudFront
	} else if has("X-Amzn-Trace-Id") { // CloudFront adds it too
		seen |= ALB
	}
	if has("X-Envoy-Expected-Rq-Timeout-Ms") || has("X-Envoy-External-Address") || has("X-Envoy-Internal") {
		seen |= Envoy
	}
	if has("X-Scheme") && has("X-Forwarded-Scheme") { // both together are those of ingress-nginx
		seen |= Nginx
	}
	return seen | inVia(h)
}

// InResponse returns what the header of the answer of an upstream shows.
func InResponse(h http.Header) (seen Boxes) {
	server, _, _ := strings.Cut(h.Get("Server"), "/")
	switch strings.ToLower(server) {
	case "nginx", "openresty":
		seen = Nginx
	case "cloudflare":
		seen = Cloudflare
	case "envoy", "istio-envoy":
		seen = Envoy
	case "cowboy":
		seen = Cowboy
	}
	return seen | inVia(h)
}

func inVia(h http.Header) (seen Boxes) {
	for _, via := range h["Via"] {
		switch via = strings.ToLower(via); {
		case strings.HasSuffix(via, " google"):
			seen |= GoogleLB
		case strings.Contains(via, "vegur"), strings.Contains(via, "heroku-router"):
			seen |= Heroku
		}
	}
	return seen
}
